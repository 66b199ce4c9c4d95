"""Spoken digits, and the tiny SenseVoiceSmall that knows them."""

import os
from pathlib import Path
from typing import NamedTuple

from tests.helpers.recordings import EXTRA, samples_of

DATA = Path(__file__).resolve().parent.parent / "data"
MODEL = DATA / "sensevoice-digits"
HELD_OUT = "digits-test"


class Digits(NamedTuple):
    """A recording and what is said in it; the text is empty where it is not known here."""

    name: str
    pcm: bytes
    text: str = ""


def shipped_digits() -> list[Digits]:
    """The twelve strings of ``tests/data/digits``."""
    lines = (DATA / "digits" / "transcripts.tsv").read_text("utf-8").splitlines()[1:]
    rows = (line.split("\t") for line in lines)
    return [Digits(name, _pcm(DATA / "digits" / f"{name}.flac"), text) for name, _, _, _, text in rows]


def every_digits() -> list[Digits]:
    """The shipped ones, and those in a folder ``digits-test`` that is, or is in, ``KIKIPOUNAMU_EXTRA_AUDIO``."""
    root = os.environ.get(EXTRA)
    found = sorted(Path(root).rglob("digits_*.wav")) if root else []
    held_out = [path for path in found if path.parent.name == HELD_OUT]
    return [*shipped_digits(), *(Digits(path.stem, _pcm(path)) for path in held_out)]


def _pcm(path: Path) -> bytes:
    return samples_of(path).astype("<i2").tobytes()
