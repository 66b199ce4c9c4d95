"""The process that reads one file: decodes it, cuts it into segments, writes them to its standard output.

    python -P -m backend.rest.media_process FILE TRACK [FOLDER OF FSMN-VAD]

A full pipe makes it wait, so it reads no more of the file than its gateway takes. Decoders of foreign files
crash and leak; in a separate process they harm nothing else. The process has low priority, and ends with its
gateway.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
import psutil

from backend.rest.media_frames import (
    FRAMES,
    Frame,
    MediaBroken,
    MediaEnded,
    MediaOpened,
    MediaProgress,
    MediaSegment,
)
from protocol.audio import BYTES_PER_SAMPLE, SAMPLE_RATE
from protocol.errors import ErrorCode
from speech.audio_file import AvailableAudio, length_s
from speech.errors import AudioUnreadable, AudioUnsupported, MediaExtraMissing
from speech.packing import PackingSegmenter
from speech.segmenter import SegmentAudio, SegmentClosed, SegmentOpened, SegmentOutput
from speech.vad import Vad, open_vad

_NICE: Final = 10
LONGEST_S: Final = 24 * 3600.0
_MORE_BYTES: Final = 4 * 1024**3
_HEARD_EVERY: Final = 5 * SAMPLE_RATE
_NOTHING: Final = np.empty(0, np.int16)


def main() -> None:
    """Read the file to its end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the gateway, which ends this process
    path, track, *folder = sys.argv[1:]
    if hasattr(os, "nice"):
        os.nice(_NICE)
    with os.fdopen(os.dup(1), "wb") as frames:
        os.dup2(2, 1)  # libraries print to standard output
        try:
            vad = open_vad(Path(folder[0]) if folder else None)
            _bound_memory()
            read_file(Path(path), vad, _saying(frames), track=int(track))
        except BrokenPipeError:  # the gateway has stopped reading
            os._exit(0)


def read_file(
    path: Path, vad: Vad, say: Callable[[Frame], None], longest_s: float = LONGEST_S, track: int = 0
) -> None:
    """Report the contents of the file frame by frame. ``track``: the sound track of a film; 0: the default one."""
    try:
        length = length_s(path, track)
        if length is not None and length > longest_s:
            say(_too_long(longest_s))
            return
        say(MediaOpened(vad.name, length))
        for frame in _frames(AvailableAudio(path, track), vad, longest_s):
            say(frame)
    except AudioUnreadable as error:
        unsupported = isinstance(error, AudioUnsupported | MediaExtraMissing)
        message = str(error).replace(str(path), "the file")  # clients must not learn our folders
        say(MediaBroken(ErrorCode.UNSUPPORTED if unsupported else ErrorCode.AUDIO_INVALID, message))


def _frames(audio: AvailableAudio, vad: Vad, longest_s: float) -> Iterator[Frame]:
    segmenter, whole = PackingSegmenter(), _Whole()
    samples = reported = 0
    for block in audio:
        samples += len(block)
        if samples > longest_s * SAMPLE_RATE:
            yield _too_long(longest_s)
            return
        yield from whole.pieces(segmenter.accept(block, vad.accept(block)))
        if samples - reported >= _HEARD_EVERY:
            reported = samples
            yield MediaProgress(samples)
    yield from whole.pieces(segmenter.accept(_NOTHING, vad.finish()))
    yield from whole.pieces(segmenter.finish())
    yield MediaEnded(whole.segments, samples, audio.cut is not None)


def _too_long(longest_s: float) -> MediaBroken:
    message = f"a file may have {longest_s / 3600:g} hours of sound: cut it into several"
    return MediaBroken(ErrorCode.TOO_LARGE, message)


def _bound_memory() -> None:
    """Limit the memory of this process: even a small file may claim to need much."""
    if sys.platform != "win32":
        import resource

        most = psutil.Process().memory_info().vms + _MORE_BYTES
        with suppress(ValueError, OSError):  # a lower limit already exists, or limits cannot be set
            resource.setrlimit(resource.RLIMIT_AS, (most, most))


class _Whole:
    """A joiner of the segmenter's outputs into complete segments; only one segment is open at a time."""

    def __init__(self) -> None:
        self.segments = 0
        self._begin = SegmentOpened(0, 0)
        self._pcm = bytearray()

    def pieces(self, outputs: list[SegmentOutput]) -> Iterator[MediaSegment]:
        for output in outputs:
            match output:
                case SegmentOpened():
                    self._begin, self._pcm = output, bytearray()
                case SegmentAudio():
                    self._pcm += output.pcm
                case SegmentClosed(number, samples):
                    self.segments = number + 1
                    pcm = bytes(self._pcm[: samples * BYTES_PER_SAMPLE])
                    yield MediaSegment(number, self._begin.at, pcm, self._begin.gain_db)


def _saying(pipe: BinaryIO) -> Callable[[Frame], None]:
    def say(frame: Frame) -> None:
        pipe.write(FRAMES.pack(frame))
        pipe.flush()

    return say


if __name__ == "__main__":
    main()
