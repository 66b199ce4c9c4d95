"""Load spoken digits for the tiny SenseVoiceSmall model that recognises them."""

import os
import random
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tests.helpers.recordings import EXTRA, samples_of

DATA = Path(__file__).resolve().parent.parent / "data"
MODEL = DATA / "sensevoice-digits"
HELD_OUT = "digits-test"


class Digits(NamedTuple):
    """A recording and its spoken text; the text is empty if unknown."""

    name: str
    pcm: bytes
    text: str = ""


def shipped_digits() -> list[Digits]:
    """Return the twelve recordings of ``tests/data/digits``."""
    lines = (DATA / "digits" / "transcripts.tsv").read_text("utf-8").splitlines()[1:]
    rows = (line.split("\t") for line in lines)
    return [Digits(name, _pcm(DATA / "digits" / f"{name}.flac"), text) for name, _, _, _, text in rows]


def every_digits() -> list[Digits]:
    """Return the shipped recordings and the held-out ones.

    Held-out recordings are in a folder ``digits-test`` at or below ``KIKIPOUNAMU_EXTRA_AUDIO``.
    """
    root = os.environ.get(EXTRA)
    found = sorted(Path(root).rglob("digits_*.wav")) if root else []
    held_out = [path for path in found if path.parent.name == HELD_OUT]
    return [*shipped_digits(), *(Digits(path.stem, _pcm(path)) for path in held_out)]


def mixed_sounds(count: int, seed: int) -> list[bytes]:
    """Return this many distinct segments: one to three shipped strings in a row, or noise, or silence."""
    chance, generator = random.Random(seed), np.random.default_rng(seed)
    digits = [digit.pcm for digit in shipped_digits()]
    sounds: dict[bytes, None] = {}
    while len(sounds) < count:
        what = chance.random()
        if what < 0.1:
            sounds[bytes(chance.randrange(16_000, 48_000) * 2)] = None
        elif what < 0.2:
            sounds[(generator.standard_normal(16_000) * 300).astype("<i2").tobytes()] = None
        else:
            pause = bytes(chance.randrange(1_600, 6_400) * 2)
            sounds[pause.join(chance.sample(digits, chance.randint(1, 3)))] = None
    return list(sounds)


def _pcm(path: Path) -> bytes:
    return samples_of(path).astype("<i2").tobytes()
