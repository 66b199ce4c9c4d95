"""Sound of m4a and video files, read by PyAV (the ``media`` extra)."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from errno import EIO
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple, NoReturn

import numpy as np
from numpy.typing import NDArray

from protocol.audio import SAMPLE_RATE
from speech.errors import AudioDamaged, AudioUnsupported, MediaExtraMissing
from speech.resampling import Resampler

HEAD_BYTES: Final = 16
_DEFAULT: Final = 1  # AV_DISPOSITION_DEFAULT
_HEADS: Final = (
    (re.compile(rb"\x1aE\xdf\xa3"), "matroska"),  # and WebM
    (re.compile(rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11"), "asf"),  # wma, wmv
    (re.compile(rb"FLV\x01"), "flv"),
    (re.compile(rb"#!AMR"), "amr"),
    (re.compile(rb"\xff[\xf1\xf9]"), "aac"),  # ADTS
    (re.compile(rb".{4}(ftyp|moov|mdat)", re.DOTALL), "mov"),  # m4a, mp4, 3gp; older files have no ftyp
    (re.compile(rb"RIFF.{4}AVI ", re.DOTALL), "avi"),
)


class SoundTrack(NamedTuple):
    """A sound track: its number, from 1 on, and how many the file has."""

    number: int = 1
    tracks: int = 1


Opened = Callable[[SoundTrack], object]


def media_format(head: bytes) -> str | None:
    """Return FFmpeg's format name for a file with these first 16 bytes; ``None`` if ``read_media`` cannot read it.

    FFmpeg must not guess the format: it also accepts playlists and session descriptions, which name files and
    addresses.
    """
    return next((name for signature, name in _HEADS if signature.match(head)), None)


def length_of_media(path: Path, track: int = 0) -> float | None:
    """Return the seconds of the sound track or of the file, or ``None``. Raises ``AudioUnreadable``."""
    with open_media(path) as (av, container):
        stream = container.streams.audio[_track(path, container, track)]
        if stream.duration and stream.time_base:
            return float(stream.duration * stream.time_base)
        return container.duration / av.time_base if container.duration else None


def track_of_media(path: Path) -> SoundTrack:
    """Return the sound track that is read unless another one is named."""
    with open_media(path) as (_, container):
        return SoundTrack(_track(path, container) + 1, len(container.streams.audio))


def _track(path: Path, container: Any, number: int = 0) -> int:
    """Return the index of track ``number``; 0: of the one marked as the default, else of the first."""
    tracks = container.streams.audio
    if number > len(tracks):
        raise no_such_track(path, number, len(tracks))
    marked = (getattr(track, "disposition", 0) & _DEFAULT for track in tracks)  # not in PyAV 13
    return number - 1 if number else next((place for place, is_default in enumerate(marked) if is_default), 0)


def no_such_track(path: Path, number: int, count: int) -> AudioUnsupported:
    """Return the error for a file that has fewer sound tracks."""
    return AudioUnsupported(f"{path} has no sound track {number}: name one from 1 to {count}")


def read_media(path: Path, track: int = 0, opened: Opened = lambda track: None) -> Iterator[NDArray[np.int16]]:
    """Yield blocks of 16 kHz mono samples of one sound track.

    ``track``: its number from 1 on; 0: the one marked as the default, else the first. ``opened`` is called with
    the track before the first block. Raises ``AudioUnreadable``, perhaps half-way.
    """
    with open_media(path) as (av, container):
        place, failure = _track(path, container, track), None
        stream = container.streams.audio[place]
        if stream.codec_context is None:  # FFmpeg has no decoder, such as for the spatial sound of phones
            raise AudioUnsupported(f"{path} has sound in an unknown format: choose another track, or convert it")
        opened(SoundTrack(place + 1, len(container.streams.audio)))
        channels = 2 if stream.channels == 2 else 1  # FFmpeg mixes more with the speaker in front
        layout = "stereo" if channels == 2 else "mono"
        resampler, mixer = av.AudioResampler(format="s16", layout=layout, rate=SAMPLE_RATE), Resampler(SAMPLE_RATE)
        try:
            for frame in container.decode(stream):
                for piece in resampler.resample(frame):
                    yield _mix_down(mixer, piece.to_ndarray()[0], channels)
        except av.FFmpegError as error:
            failure = error
        for piece in resampler.resample(None):
            yield _mix_down(mixer, piece.to_ndarray()[0], channels)
        if failure:
            raise failure


def _mix_down(mixer: Resampler, samples: NDArray[np.int16], channels: int) -> NDArray[np.int16]:
    if channels == 1:
        return samples
    return mixer.accept(samples.reshape(-1, channels).astype(np.float32) / np.float32(1 << 15))


@contextmanager
def open_media(path: Path) -> Iterator[tuple[Any, Any]]:
    """Open a file that has a sound track; yield PyAV and the container. Converts PyAV's errors to ours."""
    try:
        import av  # from the media extra
    except ImportError as error:
        raise MediaExtraMissing(
            f"{path} needs PyAV: pip install 'kikipounamu[media]' (the small folder: take the full one), "
            "or convert the file to wav"
        ) from error
    try:
        # A file object, because FFmpeg treats some names as addresses.
        with path.open("rb") as file, av.open(file, "r", **_open_options(file)) as container:
            if not container.streams.audio:
                raise AudioUnsupported(f"{path} has no sound track")
            yield av, container
    except (av.FFmpegError, ValueError) as error:  # ValueError: the sound format changes half-way
        reason = error.strerror if isinstance(error, av.FFmpegError) else error
        if isinstance(error, av.FFmpegError) and error.errno == EIO:  # FFmpeg: the header is incomplete
            reason = "it breaks off, or its disk cannot be read"
        raise AudioDamaged(f"{path} is damaged ({reason}): copy it again", str(reason)) from error


def _open_options(file: BinaryIO) -> dict[str, Any]:
    """Return options that fix the format by the file's first bytes and forbid opening any other file."""
    head = file.read(HEAD_BYTES)
    file.seek(0)
    kind = media_format(head)
    if kind is None:
        raise AudioUnsupported("this is no m4a or video file: convert it to wav")
    return {"format": kind, "io_open": _refuse_open, "metadata_errors": "replace"}


def _refuse_open(url: str, flags: int, options: dict[str, str]) -> NoReturn:
    raise ValueError("it names another file, which is not opened")
