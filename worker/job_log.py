"""Log of each job's progress: one line when it ends, and one for each unusual event.

Times are this worker's own clock in ms; ``queue_ms`` is the broker's. ``job`` is the entry id in its stream,
which begins with the broker's time: it puts the work of several workers on one job in order.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from protocol.audio import samples_to_ms
from protocol.engine import DecodeFailure
from protocol.job import JobKind
from runtime import loggers
from runtime.event_names import LogEvent
from worker.broker.jobs import Verdict
from worker.broker.scripts import RETURNED
from worker.core.delivery import Delivery
from worker.leases import Key

log = loggers.WORKER_STORY


@dataclass
class _Held:
    """Job that the worker holds. ``decodes``: when its decode began; 0: it waits."""

    taken: float
    decodes: float = 0.0
    logged: bool = False


class JobLog:
    """Progress log of one worker. Tracks only jobs that the worker holds. Time comes in as a value."""

    def __init__(self) -> None:
        self._held: dict[Key, _Held] = {}

    def note_taken(self, delivery: Delivery, now: float) -> None:
        """Record a delivered job; log it if it came from another worker."""
        self._held[delivery.key] = _Held(now)
        if delivery.taken_from and delivery.taken_from != RETURNED:
            silent = {"taken_from": delivery.taken_from, "silent_ms": delivery.silent_ms}
            event = LogEvent.JOB_BORROWED if delivery.borrowed else LogEvent.JOB_TAKEN_OVER
            log.warning(event, **_about(delivery), **silent)

    def note_decoding(self, batch: Iterable[Delivery], now: float) -> None:
        """Record that the decode of a batch begins."""
        for delivery in batch:
            self._of(delivery, now).decodes = now

    def log_renewal(self, deliveries: Iterable[Delivery], now: float) -> None:
        """Log once that a job is still held, so that the log shows since when if this worker dies with it."""
        for delivery in deliveries:
            held = self._of(delivery, now)
            if not held.logged:
                held.logged = True
                since = {"held_ms": _ms(now - held.taken), "decoding": bool(held.decodes)}
                log.info(LogEvent.JOB_RENEWED, **_about(delivery), **since)

    def log_retry(self, delivery: Delivery, now: float) -> None:
        """Log that a job is decoded again, alone, after its batch failed."""
        held = self._of(delivery, now)
        log.warning(LogEvent.JOB_DECODED_ALONE, **_about(delivery), **_times(delivery, held, now))
        held.decodes = 0.0

    def log_end(self, delivery: Delivery, decode_ms: int, counted: bool, now: float) -> None:
        """Log that a job ended: its result is in the broker, or was no longer wanted."""
        held = self._pop(delivery, now)
        times = _times(delivery, held, now, decode_ms)
        outcome = "final" if counted else "not wanted"  # texts of this module, which a report keeps
        log.info(LogEvent.JOB_ENDED, **_about(delivery), outcome=outcome, **times)

    def log_failure(self, delivery: Delivery, why: DecodeFailure, verdict: Verdict, now: float) -> None:
        """Log that a job failed and was requeued or became a dead letter."""
        times = _times(delivery, self._pop(delivery, now), now)
        said = {"verdict": verdict, "code": why.code, "reason": why.message}
        log.warning(LogEvent.JOB_FAILED, **_about(delivery), **said, **times)

    def log_refusal(self, delivery: Delivery, why: str, now: float) -> None:
        """Log that the broker stores neither a result nor a failure of a job, which this worker releases."""
        times = _times(delivery, self._pop(delivery, now), now)
        log.error(LogEvent.JOB_NOT_SETTLED, **_about(delivery), reason=why, **times)

    def log_loss(self, delivery: Delivery, now: float) -> None:
        """Log that another worker has the job's lease now, or ended the job."""
        times = _times(delivery, self._pop(delivery, now), now)
        log.warning(LogEvent.LEASE_LOST, **_about(delivery), **times)

    def forget(self, deliveries: Sequence[Delivery]) -> None:
        """Stop tracking these jobs."""
        for delivery in deliveries:
            self._held.pop(delivery.key, None)

    def _of(self, delivery: Delivery, now: float) -> _Held:
        return self._held.setdefault(delivery.key, _Held(now))

    def _pop(self, delivery: Delivery, now: float) -> _Held:
        return self._held.pop(delivery.key, None) or _Held(now)


def _about(delivery: Delivery) -> dict[str, Any]:
    job = delivery.job
    said: dict[str, Any] = {"session": job.session, "segment": job.segment, "attempt": job.attempt}
    said |= {"job": delivery.entry, "deliveries": delivery.count, "queue_ms": delivery.age_ms}
    if job.kind is not JobKind.RECOGNISE:
        said["kind"] = job.kind.value
    if delivery.borrowed:
        said["borrowed"] = True
    return said


def _times(delivery: Delivery, held: _Held, now: float, decode_ms: int | None = None) -> dict[str, Any]:
    """Return the times of a job. ``decode_ms``: as measured; else the time since the decode began."""
    decodes = held.decodes or now
    since_ms = _ms(now - decodes)
    spent = since_ms if decode_ms is None else decode_ms
    return {
        "audio_ms": samples_to_ms(delivery.job.samples),
        "wait_ms": _ms(decodes - held.taken),
        "decode_ms": spent,
        "store_ms": max(0, since_ms - spent),
    }


def _ms(seconds: float) -> int:
    return max(0, round(seconds * 1000))
