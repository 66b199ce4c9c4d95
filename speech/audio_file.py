"""Recordings as streams of 16 kHz mono blocks: wav, flac, ogg, mp3; m4a and video with the ``media`` extra.

A file is never in memory as a whole. Every defect of a file has an error of ``speech.errors``.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader, FileIO
from pathlib import Path
from typing import Any, Final

import numpy as np
import soundfile
from numpy.typing import NDArray

from protocol.audio import samples_to_seconds
from speech.declared_size import RIFF_CHUNK, chunks, missing_bytes
from speech.errors import AudioDamaged, AudioEmpty, AudioMissing, AudioTruncated, AudioUnsupported
from speech.media_file import (
    HEAD_BYTES,
    Opened,
    SoundTrack,
    length_of_media,
    media_format,
    no_such_track,
    read_media,
    track_of_media,
)
from speech.ogg_pages import fault_in_pages
from speech.resampling import Resampler

KINDS: Final = "wav, flac, ogg and mp3 files; m4a and video files with the media extra"

_VALUES_PER_BLOCK: Final = 16_384
_UNCLAIMED_BYTES: Final = 4_096
_LONGEST_S: Final = 1_000 * 3600
_UNRECOGNISED_FORMAT, _UNSUPPORTED_ENCODING = 1, 4  # SF_ERR_* of sndfile.h
_NO_FRAME: Final = 7  # SFE_BAD_FILE: the MP3 reader reports this if an open file has no complete frame
_MP3_FRAMES: Final = (b"\xff\xfb", b"\xff\xfa", b"\xff\xf3", b"\xff\xf2")

Samples = NDArray[np.int16]


def read_audio(
    path: str | os.PathLike[str], track: int = 0, opened: Opened = lambda track: None
) -> Iterator[Samples]:
    """Yield blocks of at least one sample, reading on demand. Raises ``AudioUnreadable``, perhaps half-way.

    If a part of the file is missing or damaged, raises ``AudioTruncated`` after all available blocks.
    ``track``: the number of a film's sound track; 0: the default one. ``opened`` is called with the track.
    """
    path = Path(path)
    head, missing = _head_and_size(path)
    if not media_format(head) and track > 1:
        raise no_such_track(path, track, 1)
    blocks = read_media(path, track, opened) if media_format(head) else _read_sound(path)
    size, samples = _size(path), 0
    try:
        for block in blocks:
            if len(block):
                samples += len(block)
                yield block
    except AudioTruncated:
        raise
    except AudioDamaged as error:
        raise (_cut_off_error(path, samples, error.reason or str(error)) if samples else error) from error
    except OSError as error:  # its drive was unplugged
        why = error.strerror or str(error)
        raise (_cut_off_error(path, samples, why) if samples else _open_error(path, why)) from error
    if missing:
        why = f"its header promises at least {missing:,} bytes more"
        raise _cut_off_error(path, samples, why) if samples else _damaged_error(path, why)
    if not samples:
        raise AudioEmpty(f"{path} contains no sound: record it again")
    if _size(path) not in (size, None):
        raise _cut_off_error(path, samples, "its size changed while it was read")


def check_audio(path: str | os.PathLike[str], track: int = 0) -> SoundTrack:
    """Open the file, read its first block, and return the sound track. Raises ``AudioUnreadable``."""
    found = [SoundTrack()]
    for _ in read_audio(path, track, found.append):
        break
    return found[-1]


class AvailableAudio:
    """Available blocks of ``read_audio``; afterwards ``cut`` describes the missing part."""

    def __init__(self, path: str | os.PathLike[str], track: int = 0) -> None:
        self._path, self._track = path, track
        self.cut: AudioTruncated | None = None

    def __iter__(self) -> Iterator[Samples]:
        try:
            yield from read_audio(self._path, self._track)
        except AudioTruncated as error:
            self.cut = error


def length_s(path: str | os.PathLike[str], track: int = 0) -> float | None:
    """Return the declared length in seconds, or ``None`` if unknown. Raises ``AudioUnreadable``."""
    path = Path(path)
    if media_format(_head_and_size(path)[0]):
        return length_of_media(path, track)
    with _open_sound_file(path) as file:
        seconds = file.frames / file.samplerate if file.samplerate else 0.0
    if not seconds:
        raise AudioEmpty(f"{path} contains no sound: record it again")
    return seconds if 0 < seconds < _LONGEST_S else None  # streams declare no end


def sound_track(path: str | os.PathLike[str]) -> SoundTrack:
    """Return the sound track that ``read_audio`` reads unless another one is named. Raises ``AudioUnreadable``."""
    path = Path(path)
    return track_of_media(path) if media_format(_head_and_size(path)[0]) else SoundTrack()


def _head_and_size(path: Path) -> tuple[bytes, int]:
    """Return the beginning of the file, and how many bytes are missing at its end."""
    try:
        if path.is_dir():
            raise AudioMissing(f"{path} is a folder: name its files")
        if path.exists() and not path.is_file():
            raise AudioMissing(f"{path} is not a regular file: copy its contents into one")
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
        missing = missing_bytes(path)
    except (OSError, ValueError) as error:
        raise _open_error(path, error.strerror if isinstance(error, OSError) else error) from error
    if not head:
        raise AudioEmpty(f"{path} is an empty file: record it again")
    return head, missing


def _size(path: Path) -> int | None:
    """Return the size of the file, or ``None`` if it is gone: what was opened can still be read."""
    try:
        return path.stat().st_size
    except OSError:
        return None


def _open_error(path: Path, reason: object) -> AudioMissing:
    return AudioMissing(f"{path} cannot be opened ({reason}): check the name and its permissions")


def _cut_off_error(path: Path, samples: int, why: str) -> AudioTruncated:
    seconds = samples_to_seconds(samples)
    return AudioTruncated(f"{path} breaks off after {seconds:.1f} s ({why}): copy or record it again")


def _read_sound(path: Path) -> Iterator[Samples]:
    with _open_sound_file(path) as file:
        yield from _resample_file(file, path)


@contextmanager
def _open_sound_file(path: Path) -> Iterator[soundfile.SoundFile]:
    unclaimed, stream = _unclaimed_bytes(path)
    if unclaimed > _UNCLAIMED_BYTES and not stream:
        raise AudioDamaged(
            f"the header of {path} leaves out {unclaimed} bytes at its end, as if the recording had not been "
            "closed: rewrite it, for example with `sox --ignore-length`"
        )
    with _SoundBytes(_OpenEndedWav(path, stream) if stream else FileIO(path)) as opened:
        try:
            file = soundfile.SoundFile(opened)
        except soundfile.LibsndfileError as error:
            if error.code == _NO_FRAME or _is_scrap_of_mp3(path):
                raise _damaged_error(path, "it breaks off at its beginning") from error
            if error.code in (_UNRECOGNISED_FORMAT, _UNSUPPORTED_ENCODING):
                unreadable = f"{path} has no audio that can be read ({KINDS}): check that it plays, or convert it"
                raise AudioUnsupported(unreadable) from error
            raise _damaged_error(path, "its beginning cannot be decoded") from error
        with file:
            yield file


def _is_scrap_of_mp3(path: Path) -> bool:
    """Return whether the file has little more than the first frame of an MP3 file, or than the tag before it.

    Source: ID3v2.3, section 3.1.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(10)
    if not head.startswith(b"ID3"):
        return head.startswith(_MP3_FRAMES) and size < _UNCLAIMED_BYTES
    tag = sum(value << shift for value, shift in zip(head[6:], (21, 14, 7, 0), strict=False))
    return size < tag + _UNCLAIMED_BYTES


def _damaged_error(path: Path, reason: str) -> AudioDamaged:
    return AudioDamaged(f"{path} is damaged ({reason}): record or copy it again", reason)


def _resample_file(file: soundfile.SoundFile, path: Path) -> Iterator[Samples]:
    try:
        resampler = Resampler(file.samplerate)
    except ValueError as error:
        raise AudioDamaged(f"{path} is damaged or odd: {error}") from error
    frames_per_block = max(1, _VALUES_PER_BLOCK // file.channels)
    frames, nan_values, failure = 0, 0, ""
    try:
        while len(block := file.read(frames_per_block, dtype="float32", always_2d=True)):
            frames += len(block)
            nan_values += int(np.isnan(block).sum())
            yield resampler.accept(block)
    except soundfile.LibsndfileError:
        failure = "the rest cannot be decoded"
        yield resampler.accept(_failed_block(path, frames, frames_per_block))
    yield resampler.finish()
    if not failure and (loss := _loss_in(file, path, nan_values)):
        raise AudioTruncated(f"a part of {path} cannot be read ({loss}): copy or record it again", loss)
    # A failing disk, or a file that shrinks while it is read, looks like its end. Only the MP3 reader reports it.
    if not failure and file.format != "MP3" and frames < file.frames < _LONGEST_S * file.samplerate:
        failure = f"its header promises {file.frames / file.samplerate:.1f} s"
    if failure:
        raise _damaged_error(path, failure)


def _failed_block(path: Path, at: int, most: int) -> NDArray[np.float32]:
    """Return the frames from ``at`` on that can be read one by one: a read that fails returns no frame at all."""
    found: list[NDArray[np.float32]] = []
    with suppress(soundfile.LibsndfileError, AudioDamaged, OSError), _open_sound_file(path) as file:
        file.seek(at)
        for _ in range(most):
            found.append(file.read(1, dtype="float32", always_2d=True))
    return np.concatenate(found) if found else np.zeros((0, 1), np.float32)


def _loss_in(file: soundfile.SoundFile, path: Path, nan_values: int) -> str:
    """Return why a part of a file that was read to its end is missing or silent; empty if none is."""
    fault = fault_in_pages(path) if file.format == "OGG" else ""
    return fault or (f"{nan_values:,} of its values are no numbers" if nan_values else "")


class _SoundBytes(BufferedReader):
    """File that ignores seeks to impossible places, which libsndfile makes in damaged files.

    An error could not be caught: libsndfile's callback would print it, and the reader would continue.
    """

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place in the file, if there is one; return the place."""
        with suppress(OSError):
            return super().seek(offset, whence)
        return self.tell()


class _OpenEndedWav(FileIO):
    """WAV file whose header declares length 0 for its sound, as streams do: the sound extends to the end.

    ``at``: position of this length in the file.
    """

    def __init__(self, path: Path, at: int) -> None:
        super().__init__(path)
        self._at = at

    def readinto(self, buffer: Any) -> int:
        begin = self.tell()
        length = super().readinto(buffer) or 0
        view = memoryview(buffer).cast("B")
        for at in range(max(begin, self._at), min(begin + length, self._at + 4)):
            view[at - begin] = 0xFF
        return length


def _unclaimed_bytes(path: Path) -> tuple[int, int]:
    """Return how many bytes at the end of a WAV file belong to no chunk: sound, if the header was never completed.

    The second value is the position of the sound's length before those bytes if it is declared as 0; otherwise 0.
    """
    size, stream = path.stat().st_size, 0
    with path.open("rb") as file:
        if file.read(4) != b"RIFF" or file.read(8)[4:] != b"WAVE":
            return 0, 0
        for chunk in chunks(file, file.tell(), RIFF_CHUNK):
            if not _is_chunk_name(chunk.name) or (chunk.end > size + 1 and chunk.name != b"data"):
                return size - chunk.begin + RIFF_CHUNK.size, stream
            stream = chunk.begin - 4 if chunk.name == b"data" and not chunk.length else 0
    return 0, 0


def _is_chunk_name(name: bytes) -> bool:
    return all(32 <= character < 127 for character in name)
