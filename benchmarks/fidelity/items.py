"""Recordings to dictate, by set: sentences, short answers, quiet speech, and sounds without words."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.fidelity.corpus import PARTS, TRANSCRIPTS, Sentence, read
from benchmarks.fidelity.sounds import MAKERS, SPEECH_DBFS, at_level, babble, speech_at
from protocol.audio import SAMPLE_RATE
from tests.helpers.recordings import samples_of

SETS: Final = (
    *(
        "held-out",
        "tuning",
        "tuning-2",
        "pairs-held-out",
        "pairs-tuning",
        "pairs-fresh",
        "pairs-fresh-2",
        "pairs-fresh-3",
        "pairs-fresh-4",
        "pairs-fresh-5",
        "pairs-fresh-6",
        "pairs-fresh-7",
    ),
    *("short", "level", "sounds", "other", PARTS),
)
SNRS: Final = (0, 10, 20)
LEVELS: Final = (-20, -50)
_SECONDS: Final = 60
_OF_EACH_LANGUAGE: Final = 20

Samples = NDArray[np.int16]


@dataclass(frozen=True)
class Item:
    """A recording with its text. ``condition``: its difference from others of its set.

    ``language`` is empty for sounds.
    """

    name: str
    language: str
    text: str
    pauses: tuple[str, ...]
    samples: Samples = field(repr=False)
    condition: str = ""


def items(folder: Path, chosen: str) -> list[Item]:
    """Return the recordings of a set. Exits with the command that builds the folder if it has no recordings."""
    if not (folder / TRANSCRIPTS).is_file():
        make = "python -m benchmarks.fidelity.corpus build PARTS AUDIO_DIR"
        sys.exit(f"{folder.absolute()} has no {TRANSCRIPTS}: name a folder made by `{make}`")
    sentences = read(folder / TRANSCRIPTS)
    match chosen:
        case "sounds":
            return list(_sounds(folder, [one for one in sentences if one.set == "tuning"]))
        case "level":
            return list(_levels(folder, [one for one in sentences if one.set == "held-out"]))
        case _:
            return [_spoken(folder, one) for one in sentences if one.set == chosen]


def _spoken(folder: Path, sentence: Sentence) -> Item:
    samples = samples_of(folder / f"{sentence.name}.wav")
    return Item(sentence.name, sentence.language, sentence.text, tuple(sentence.pauses), samples)


def _levels(folder: Path, sentences: Sequence[Sentence]) -> Iterator[Item]:
    """Yield the first sentences of each language at each level."""
    for language in ("zh", "en"):
        for sentence in [one for one in sentences if one.language == language][:_OF_EACH_LANGUAGE]:
            item = _spoken(folder, sentence)
            for dbfs in LEVELS:
                samples = speech_at(item.samples, dbfs)
                name = f"{item.name}@{dbfs}"
                yield Item(name, language, item.text, item.pauses, samples, f"{dbfs} dBFS")


def _sounds(folder: Path, sentences: Sequence[Sentence]) -> Iterator[Item]:
    length = _SECONDS * SAMPLE_RATE
    voices = [samples_of(folder / f"{one.name}.wav") for one in sentences]
    made = {name: maker(length) for name, maker in MAKERS.items()} | {"babble": babble(length, voices)}
    for name, signal in made.items():
        for snr in SNRS:
            samples = at_level(signal, SPEECH_DBFS - snr)
            yield Item(f"{name}@{snr}", "", "", (), samples, f"{name} {snr} dB")
