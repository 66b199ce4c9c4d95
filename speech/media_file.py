"""The sound of m4a and video files, by PyAV (the ``media`` extra)."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from protocol.audio import SAMPLE_RATE
from speech.errors import AudioDamaged, AudioUnsupported, MediaExtraMissing

_SIGNATURES: Final = (
    (0, b"\x1aE\xdf\xa3"),  # Matroska, WebM
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"),  # ASF: wma, wmv
    (0, b"FLV\x01"),
    (0, b"#!AMR"),
    (0, b"\xff\xf1"),  # ADTS: aac
    (0, b"\xff\xf9"),
    (4, b"ftyp"),  # ISO base media: m4a, mp4, mov, 3gp
    (4, b"moov"),  # QuickTime before it had ftyp
    (4, b"mdat"),
    (8, b"AVI "),
)


def looks_like_media(head: bytes) -> bool:
    """Whether a file that begins with these 16 bytes is one for ``read_media``.

    Only these kinds are handed over: FFmpeg also takes playlists, which could name other files.
    """
    return any(head.startswith(signature, at) for at, signature in _SIGNATURES)


def length_of_media(path: Path) -> float | None:
    """Seconds of its first sound track, or of all of it; None if it does not say. Raises ``AudioUnreadable``."""
    with _opened(path) as (av, container):
        stream = container.streams.audio[0]
        if stream.duration and stream.time_base:
            return float(stream.duration * stream.time_base)
        return container.duration / av.time_base if container.duration else None


def read_media(path: Path) -> Iterator[NDArray[np.int16]]:
    """Blocks of 16 kHz mono samples from the first sound track. Raises ``AudioUnreadable``, perhaps half-way."""
    with _opened(path) as (av, container):
        resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
        for frame in container.decode(container.streams.audio[0]):
            for piece in resampler.resample(frame):
                yield piece.to_ndarray()[0]
        for piece in resampler.resample(None):
            yield piece.to_ndarray()[0]


@contextmanager
def _opened(path: Path) -> Iterator[tuple[Any, Any]]:
    """PyAV, and the file with a sound track. What it raises inside becomes ours."""
    try:
        import av  # an extra
    except ImportError as error:
        raise MediaExtraMissing(
            f"{path} needs the media extra: pip install 'kikipounamu[media]', or convert the file to wav"
        ) from error
    try:
        # A file object, because FFmpeg takes some names for addresses.
        with path.open("rb") as file, av.open(file, "r", metadata_errors="replace") as container:
            if not container.streams.audio:
                raise AudioUnsupported(f"{path} has no sound track")
            yield av, container
    except (av.FFmpegError, ValueError) as error:  # ValueError: the sound changes its format half-way
        reason = error.strerror if isinstance(error, av.FFmpegError) else error
        raise AudioDamaged(f"{path} is damaged ({reason}): copy it again") from error
