"""Recordings as a stream of 16 kHz mono blocks: wav, flac, ogg, mp3; m4a and video with the ``media`` extra.

A file is never in memory as a whole. Every way in which it can be wrong has an error of ``speech.errors``.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from struct import Struct
from typing import Final

import numpy as np
import soundfile
from numpy.typing import NDArray

from speech.errors import AudioDamaged, AudioEmpty, AudioMissing, AudioUnsupported
from speech.media_file import HEAD_BYTES, length_of_media, media_format, read_media
from speech.resampling import Resampler

KINDS: Final = "wav, flac, ogg and mp3 files; m4a and video files with the media extra"

_VALUES_PER_BLOCK: Final = 16_384
_CHUNK: Final = Struct("<4sI")  # a chunk of a RIFF file: name, length
_UNCLAIMED_BYTES: Final = 4_096
_LONGEST_S: Final = 1_000 * 3600
_UNRECOGNISED_FORMAT, _UNSUPPORTED_ENCODING = 1, 4  # SF_ERR_* of sndfile.h

Samples = NDArray[np.int16]


def read_audio(path: str | os.PathLike[str]) -> Iterator[Samples]:
    """Blocks of at least one sample, read while you iterate. Raises ``AudioUnreadable``, perhaps half-way."""
    path = Path(path)
    head = _head(path)
    blocks = read_media(path) if media_format(head) else _read_sound(path)
    samples = 0
    for block in blocks:
        if len(block):
            samples += len(block)
            yield block
    if not samples:
        raise AudioEmpty(f"{path} holds no sound: record it again")


def length_s(path: str | os.PathLike[str]) -> float | None:
    """How long it says it is; None where it does not say. Raises ``AudioUnreadable``, as ``read_audio`` would."""
    path = Path(path)
    if media_format(_head(path)):
        return length_of_media(path)
    with _opened(path) as file:
        seconds = file.frames / file.samplerate if file.samplerate else 0.0
    if not seconds:
        raise AudioEmpty(f"{path} holds no sound: record it again")
    return seconds if 0 < seconds < _LONGEST_S else None  # of a stream the end is not known


def _head(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise AudioMissing(f"{path} is a folder: name the files in it")
        if path.exists() and not path.is_file():
            raise AudioMissing(f"{path} is not a regular file: copy what it gives into one")
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise AudioMissing(f"{path} cannot be opened ({reason}): check the name and its permissions") from error
    if not head:
        raise AudioEmpty(f"{path} is an empty file: record it again")
    return head


def _read_sound(path: Path) -> Iterator[Samples]:
    with _opened(path) as file:
        yield from _resampled(path, file)


def _opened(path: Path) -> soundfile.SoundFile:
    unclaimed = _unclaimed_bytes(path)
    if unclaimed > _UNCLAIMED_BYTES:
        raise AudioDamaged(
            f"the header of {path} leaves out {unclaimed} bytes at its end, as if the recording had not been "
            "closed: rewrite it, for example with `sox --ignore-length`"
        )
    try:
        return soundfile.SoundFile(path)
    except soundfile.LibsndfileError as error:
        if error.code in (_UNRECOGNISED_FORMAT, _UNSUPPORTED_ENCODING):
            raise AudioUnsupported(f"{path} is not of a kind that can be read ({KINDS}): convert it") from error
        raise AudioDamaged(f"{path} is damaged ({error.error_string}): record or copy it again") from error


def _resampled(path: Path, file: soundfile.SoundFile) -> Iterator[Samples]:
    try:
        resampler = Resampler(file.samplerate)
    except ValueError as error:
        raise AudioDamaged(f"{path} is damaged or odd: {error}") from error
    frames_per_block = max(1, _VALUES_PER_BLOCK // file.channels)
    samples = 0
    try:
        while len(block := file.read(frames_per_block, dtype="float32", always_2d=True)):
            samples += len(block)
            yield resampler.accept(block)
    except soundfile.LibsndfileError as error:
        seconds = samples / file.samplerate
        raise AudioDamaged(
            f"{path} breaks off after {seconds:.1f} s ({error.error_string}): copy it again"
        ) from error
    yield resampler.finish()


def _unclaimed_bytes(path: Path) -> int:
    """How many bytes at the end of a WAV file belong to no chunk: sound, if its header was never completed."""
    size = path.stat().st_size
    with path.open("rb") as file:
        if file.read(4) != b"RIFF" or file.read(8)[4:] != b"WAVE":
            return 0
        at = file.tell()
        while len(header := file.read(_CHUNK.size)) == _CHUNK.size:
            name, length = _CHUNK.unpack(header)
            after = at + _CHUNK.size + length + length % 2
            if not _is_chunk_name(name) or (after > size + 1 and name != b"data"):
                return size - at
            at = file.seek(after)
    return 0


def _is_chunk_name(name: bytes) -> bool:
    return all(32 <= character < 127 for character in name)
