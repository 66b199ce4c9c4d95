"""Pieces of a take to recognise: its segments, or all of its audio without the VAD.

Only reads.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.journal.library import TakeSnapshot
from app.journal.take import Take
from client.errors import AudioGone
from protocol.audio import BYTES_PER_SAMPLE, SAMPLE_RATE
from speech.segmenter import SegmentClosed, Segmenter, SegmenterOptions, SegmentOpened, SegmentOutput


@dataclass(frozen=True)
class TakePart:
    """Part of a take, in samples."""

    at: int
    samples: int


def pieces_of(found: TakeSnapshot, vad: bool) -> list[TakePart]:
    """Return the pieces to recognise; none is longer than a segment may be. Raises ``AudioGone``."""
    if not vad:
        return _cut(found, 0)
    known = _known(found.take, found.samples)
    if found.take.finished:
        return known
    rest = known[-1].at + known[-1].samples if known else 0
    return [*known, *_cut(found, rest)]  # a crash left the rest without segments


def read(audio: Path, at: int, samples: int) -> bytes:
    """Read these samples; closes the file at once, so that it can be deleted. Raises ``AudioGone``."""
    try:
        with audio.open("rb") as file:
            file.seek(at * BYTES_PER_SAMPLE)
            pcm = file.read(samples * BYTES_PER_SAMPLE)
    except OSError as error:
        raise AudioGone(f"the recording {audio} cannot be read ({error.strerror}): it was deleted") from error
    if len(pcm) != samples * BYTES_PER_SAMPLE:
        raise AudioGone(f"samples {at} to {at + samples} are not in the recording {audio}")
    return pcm


def _known(take: Take, samples: int) -> list[TakePart]:
    """Return the segments that count; a segment without an end lasts until the next one."""
    spoken = sorted((each for each in take.counted.values() if not each.cancelled), key=lambda each: each.at)
    begins = [*(segment.at for segment in spoken), samples]
    pieces: list[TakePart] = []
    for segment, following in zip(spoken, begins[1:], strict=True):
        end = following if segment.samples is None else segment.at + segment.samples
        if (length := min(end, samples) - segment.at) > 0:
            pieces.append(TakePart(segment.at, length))
    return pieces


def _cut(found: TakeSnapshot, start: int) -> list[TakePart]:
    """Cut everything from a sample on at quiet points, without leaving anything out."""
    segmenter = Segmenter(SegmenterOptions(gate=False, quiet_ms=None))
    begins, lengths = list[int](), list[int]()

    def note(outputs: list[SegmentOutput]) -> None:
        begins.extend(start + output.at for output in outputs if isinstance(output, SegmentOpened))
        lengths.extend(output.samples for output in outputs if isinstance(output, SegmentClosed))

    for block in _blocks(found, start):
        note(segmenter.accept(block, ()))
    note(segmenter.finish())
    return [TakePart(at, samples) for at, samples in zip(begins, lengths, strict=True)]


def _blocks(found: TakeSnapshot, start: int) -> Iterator[NDArray[np.int16]]:
    for at in range(start, found.samples, SAMPLE_RATE):
        yield np.frombuffer(read(found.audio, at, min(SAMPLE_RATE, found.samples - at)), "<i2")
