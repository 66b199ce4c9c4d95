"""Test that the simulated hour is plausible for a gateway."""

import msgspec
import pytest

from protocol.monitor import Snapshot, Timeline, WorkerState
from scripts.example_hour import HOUR_S, STEP_S, UPTIME_S, ExampleHour


@pytest.fixture(scope="module")
def hour() -> ExampleHour:
    return ExampleHour()


def test_example_hour_ends_at_uptime(hour: ExampleHour) -> None:
    at = [moment.at_s for moment in hour.timeline().moments]
    assert (at[0], at[-1]) == (UPTIME_S - HOUR_S, UPTIME_S)
    assert {later - one for one, later in zip(at, at[1:], strict=False)} == {STEP_S}


def test_totals_grow_within_capacity(hour: ExampleHour) -> None:
    moments = hour.timeline().moments
    for one, later in zip(moments, moments[1:], strict=False):
        before, after = msgspec.to_builtins(one.totals), msgspec.to_builtins(later.totals)
        assert all(after[name] >= before[name] for name in before)
        assert after["audio_s"] - before["audio_s"] <= later.streams * STEP_S
    assert moments[-1].totals.failed - moments[0].totals.failed == 3


def test_example_hour_has_queue_workers_and_failures(hour: ExampleHour) -> None:
    moments, now = hour.timeline().moments, hour.snapshot()
    assert max(moment.queued for moment in moments) > 10 and now.queued == 0
    assert len(moments[0].workers) == 2 and len(moments[-1].workers) == len(now.workers) == 3
    assert {worker.state for worker in now.workers} == {WorkerState.IDLE, WorkerState.BUSY}
    assert all(worker.busy <= worker.slots for worker in now.workers)
    assert {recent.outcome for recent in now.recent} == {"final", "decode_timeout"}


def test_example_hour_is_valid_and_deterministic(hour: ExampleHour) -> None:
    again = ExampleHour()
    for one, other, kind in (
        (hour.timeline(), again.timeline(), Timeline),
        (hour.snapshot(), again.snapshot(), Snapshot),
    ):
        assert msgspec.json.decode(msgspec.json.encode(one), type=kind) == other
