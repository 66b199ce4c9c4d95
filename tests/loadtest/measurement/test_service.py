"""Times of workers, found in the segments of a run."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.capacity.simulation import WorkerTimes, simulate
from loadtest.capacity.speech import Speakers, spoken
from loadtest.measurement.service import BusySpans, service_times
from loadtest.measurement.tally import CompletedSegment


def segments(times: WorkerTimes, workers: int, whole: bool = True) -> list[CompletedSegment]:
    """Return the segments of a simulated run, as speakers would have seen them, with 5 ms for the chain."""
    speech = Speakers(40, 60.0, 5.0)
    audio_ms = {one.at_s: round(one.audio_s * 1000) for one in spoken(speech)}
    found = []
    for one in simulate(spoken(speech), times, workers).segments:
        queue, decode = one.queue_s * 1000, one.decode_s * 1000
        wait, at_s = queue + decode + 5.0, round(one.ended_s + (queue + decode + 5.0) / 1000, 3)
        timing = (0, int(queue), int(decode), 2)
        found.append(CompletedSegment(at_s, audio_ms[one.ended_s], wait, wait, *timing, whole))
    return found


@pytest.mark.parametrize(("rtf", "workers"), [(0.022, 1), (0.08, 4)])
def test_service_times_are_those_of_the_workers(rtf: float, workers: int) -> None:
    found = service_times(segments(WorkerTimes(rtf, call_s=0.004, turn_s=0.009), workers), workers)
    assert found is not None and found.turn_ms is not None
    assert found.rtf == pytest.approx(rtf, rel=0.01)
    assert found.call_ms == pytest.approx(4.0, abs=0.5)
    assert found.turn_ms == pytest.approx(9.0, abs=2.0)
    assert found.added_ms == pytest.approx((6.0,) * 20, abs=1.0)


def test_turn_is_unknown_if_nothing_waits() -> None:
    found = service_times(segments(WorkerTimes(0.001), 4), 4)
    assert found is not None and found.turn_ms is None


def test_service_times_need_workers_and_whole_segments() -> None:
    assert service_times(segments(WorkerTimes(0.02), 1), 0) is None
    assert service_times(segments(WorkerTimes(0.02), 1)[:19], 1) is None
    assert service_times(segments(WorkerTimes(0.02), 1, whole=False), 1) is None


WHOLE = st.integers(0, 30)


@given(
    st.lists(st.tuples(WHOLE, WHOLE).map(lambda ends: (min(ends), max(ends))).filter(lambda i: i[0] < i[1])), WHOLE
)
def test_busy_spans_are_the_union_of_their_intervals(intervals: list[tuple[float, float]], moment: int) -> None:
    spans = BusySpans(intervals)
    steps = [any(since <= at < until for since, until in intervals) for at in range(31)]
    assert spans.covered_until(moment) == sum(steps[:moment]) and spans.covered_until(float("inf")) == sum(steps)
    assert spans.contain(moment) is (moment > 0 and steps[moment - 1])
