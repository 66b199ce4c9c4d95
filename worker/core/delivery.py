"""Delivered jobs, and the reasons why a job cannot be recognised."""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Final

from protocol.audio import BYTES_PER_SAMPLE, samples_to_seconds
from protocol.engine import DecodeFailure
from protocol.errors import ErrorCode, MalformedMessage
from protocol.job import MOST_DELIVERIES, Job, JobKind, decode_job, salvage_job

JOBS: Final = frozenset({JobKind.RECOGNISE, JobKind.SPECULATE})
PARTIALS: Final = frozenset({JobKind.HYPOTHESISE})


@dataclass(frozen=True)
class Delivery:
    """Entry ``entry`` of ``stream``, delivered ``count`` times, ``age_ms`` after it was queued (broker's clock).

    ``refusal``: why no worker can decode it. ``borrowed``: the job stays another worker's, which is late.
    ``taken_from``: the worker that had it, ``silent_ms`` after its last sign of life; set by a sweep.
    """

    stream: str
    entry: str
    count: int
    age_ms: int
    job: Job
    refusal: DecodeFailure | None = None
    borrowed: bool = False
    taken_from: str = ""
    silent_ms: int = 0

    @property
    def key(self) -> tuple[str, str]:
        """Identity of the delivery: entry ids are unique within one stream only."""
        return self.stream, self.entry

    @property
    def alone(self) -> bool:
        """True if the job may have killed a worker before and must be decoded alone."""
        return self.count > 1

    @property
    def seconds(self) -> float:
        """Length of the job's audio in seconds."""
        return samples_to_seconds(self.job.samples)


def read_delivery(
    stream: str, entry: str, count: int, now_ms: int, fields: Mapping[bytes, bytes], known: Set[JobKind] = JOBS
) -> Delivery:
    """Parse a stream entry. A malformed entry keeps the readable part of its identity and gets a refusal.

    ``known``: the kinds of job that this stream may contain.
    """
    age_ms = max(0, now_ms - int(entry.partition("-")[0]))
    try:
        job = decode_job(fields)
    except MalformedMessage as error:
        refusal = DecodeFailure(ErrorCode.MALFORMED, str(error))
        return Delivery(stream, entry, count, age_ms, salvage_job(fields), refusal)
    return Delivery(stream, entry, count, age_ms, job, _refusal(job, count, known))


def _refusal(job: Job, count: int, known: Set[JobKind]) -> DecodeFailure | None:
    if job.kind not in known:  # not ``unsupported``: clients take that for a language that the model does not know
        return DecodeFailure(ErrorCode.INTERNAL, f"this worker does not know how to {job.kind.value}: update it")
    if len(job.pcm) != job.samples * BYTES_PER_SAMPLE:
        text = f"the job says {job.samples} samples and brings {len(job.pcm)} bytes"
        return DecodeFailure(ErrorCode.AUDIO_INVALID, text)
    if count > MOST_DELIVERIES:
        return DecodeFailure(ErrorCode.INTERNAL, f"given to workers {count} times without an end")
    return None
