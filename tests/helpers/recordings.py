"""Provide the recordings that tests read."""

import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from speech.audio_file import read_audio
from speech.vad import Vad, VadEvent

SYNTHETIC = Path(__file__).resolve().parent.parent / "data" / "speech"
EXTRA = "KIKIPOUNAMU_EXTRA_AUDIO"


class Recording(NamedTuple):
    """A recording and its spoken text."""

    path: Path
    language: str
    text: str


def synthetic() -> list[Recording]:
    """Return the sixteen sentences of ``tests/data/speech``."""
    lines = (SYNTHETIC / "transcripts.tsv").read_text("utf-8").splitlines()[1:]
    rows = (line.split("\t") for line in lines)
    return [Recording(SYNTHETIC / f"{name}.flac", language, text) for name, language, _, _, text in rows]


def every_path() -> list[Path]:
    """Return the synthetic recordings, and every wav and flac of the folder ``KIKIPOUNAMU_EXTRA_AUDIO``."""
    paths = [recording.path for recording in synthetic()]
    if folder := os.environ.get(EXTRA):
        extra = sorted(path for path in Path(folder).iterdir() if path.suffix in (".wav", ".flac"))
        assert extra, f"{EXTRA} names a folder without recordings: {folder}"
        paths += extra
    return paths


def samples_of(path: Path) -> NDArray[np.int16]:
    """Return the whole recording at 16 kHz."""
    return np.concatenate(list(read_audio(path)))


def chunks(samples: NDArray[np.int16], size: int) -> list[NDArray[np.int16]]:
    """Split ``samples`` into pieces of ``size``; the last piece may be shorter."""
    return [samples[at : at + size] for at in range(0, len(samples), size)]


def events_of(vad: Vad, samples: NDArray[np.int16], size: int) -> list[VadEvent]:
    """Return the events that a detector finds in samples which it gets in chunks of this size."""
    return [event for chunk in chunks(samples, size) for event in vad.accept(chunk)] + vad.finish()
