"""Long session: it survives cuts, and its end is judged by its beginning."""

import time

from client.connection import Locate
from loadtest.measurement.figures import figures
from loadtest.measurement.tally import CompletedSegment, Tally, TallyRecorder
from loadtest.scenarios.long import Long, judge, run_long
from tests.loadtest.measurement.test_tally import ended

PLAN = Long(1.0, cuts=2)
ONE = figures(Tally(sessions=1, finished=1, segments=1, right=1), 1.0, (), (0.0, 1.0))


def kept(segments: list[CompletedSegment], connects: int = 3) -> list[bool | None]:
    """Return which promises are kept."""
    return [promise.kept for promise in judge(PLAN, ONE, segments, connects)]


async def test_long_session_is_recognised_despite_cuts(locate: Locate) -> None:
    recorder = TallyRecorder(time.monotonic())
    plan = Long(0.02, pace=0.02, cuts=2)
    await run_long(plan, locate, recorder)
    tally = recorder.tally
    assert tally.flawless and tally.finished == 1, tally.complaints
    assert tally.connects == 3 and tally.segments > 5


def test_session_that_stays_quick_keeps_its_promises() -> None:
    assert kept([ended(at_s, 30.0) for at_s in range(8)]) == [True, True, True]


def test_session_that_slows_down_breaks_its_promise() -> None:
    assert kept([ended(at_s, 30.0 + 20 * at_s) for at_s in range(8)]) == [True, True, False]


def test_connection_that_did_not_come_back_breaks_its_promise() -> None:
    assert kept([ended(0.0)] * 8, connects=2)[1] is False


def test_delay_of_few_segments_is_not_judged() -> None:
    assert kept([ended(0.0)])[2] is None
