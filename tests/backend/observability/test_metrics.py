"""Counters fed by observer events."""

from backend.core.refusal import RefusalReason
from backend.observability.metrics import STAGES, Metrics
from protocol.errors import ErrorCode
from protocol.job import EndState, JobKind
from protocol.recognition import Timing
from protocol.session import Failed, Final, Partial, Queued
from tests.backend.conclusions import HISTORY, concluded
from tests.backend.sessions.test_observers import notify_all


def test_outcomes_and_stage_times_are_counted() -> None:
    metrics = Metrics()
    metrics.concluded(concluded(Final(0, "a", timing=Timing(4_000, 20, 300, 2)), 64_000))
    metrics.concluded(concluded(Final(1, "b", timing=Timing(0, 40, 100, 0)), 16_000))
    metrics.concluded(concluded(Failed(2, ErrorCode.ENGINE_DIED, "no"), 16_000))
    metrics.cancelled("s", 3)
    assert metrics.segments == {
        (EndState.FINAL, ""): 2,
        (EndState.FAILED, "engine_died"): 1,
        (EndState.CANCELLED, ""): 1,
    }
    assert metrics.samples == 80_000
    readings = {stage: histogram.read() for stage, histogram in metrics.stages.items()}
    assert tuple(readings) == STAGES
    assert {stage: reading.count for stage, reading in readings.items()} == {
        "upload": 1,
        "queue": 2,
        "decode": 2,
        "deliver": 2,
    }
    assert (readings["upload"].sum, readings["decode"].sum) == (4.0, 0.4)


def test_other_events_are_counted() -> None:
    metrics = Metrics()
    metrics.message_sent("s", Partial(0, 1, "a"))
    metrics.message_sent("s", Queued(0))
    metrics.attempted(JobKind.HYPOTHESISE, True)
    metrics.attempted(JobKind.HYPOTHESISE, False)
    metrics.bound("s", True)
    metrics.refused(RefusalReason.KEY)
    assert (metrics.partials, metrics.hellos[True], metrics.refusals[RefusalReason.KEY]) == (1, 1, 1)
    assert metrics.attempts == {(JobKind.HYPOTHESISE, True): 1, (JobKind.HYPOTHESISE, False): 1}
    notify_all(metrics)
    assert metrics.segments[EndState.FINAL, ""] == 1


def test_audio_of_second_passes_counts_once_and_late_ones_are_no_failures() -> None:
    metrics = Metrics()
    metrics.concluded(concluded(Final(0, "a"), history=HISTORY._replace(repeated=12_000)))
    metrics.concluded(concluded(Failed(1, ErrorCode.BUSY, "late"), history=HISTORY._replace(refused=True)))
    assert (metrics.samples, metrics.spans_refused) == (4_000, 1)
    assert metrics.segments == {(EndState.FINAL, ""): 1}
