"""The recordings that tests read."""

import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from speech.audio_file import read_audio

SYNTHETIC = Path(__file__).resolve().parent.parent / "data" / "speech"
EXTRA = "KIKIPOUNAMU_EXTRA_AUDIO"


class Recording(NamedTuple):
    """A file and what is said in it."""

    path: Path
    language: str
    text: str


def synthetic() -> list[Recording]:
    """The sixteen sentences of ``tests/data/speech``."""
    lines = (SYNTHETIC / "transcripts.tsv").read_text("utf-8").splitlines()[1:]
    rows = (line.split("\t") for line in lines)
    return [Recording(SYNTHETIC / f"{name}.flac", language, text) for name, language, _, _, text in rows]


def every_path() -> list[Path]:
    """The synthetic ones, and every wav and flac of the folder that ``KIKIPOUNAMU_EXTRA_AUDIO`` names."""
    paths = [recording.path for recording in synthetic()]
    if folder := os.environ.get(EXTRA):
        extra = sorted(path for path in Path(folder).iterdir() if path.suffix in (".wav", ".flac"))
        assert extra, f"{EXTRA} names a folder without recordings: {folder}"
        paths += extra
    return paths


def samples_of(path: Path) -> NDArray[np.int16]:
    """The whole recording at 16 kHz."""
    return np.concatenate(list(read_audio(path)))


def chunks(samples: NDArray[np.int16], size: int) -> list[NDArray[np.int16]]:
    """``samples`` in pieces of ``size``; the last one may be shorter."""
    return [samples[at : at + size] for at in range(0, len(samples), size)]
