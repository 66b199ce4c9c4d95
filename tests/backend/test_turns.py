"""How much of a file is in the broker at a time."""

from uuid import UUID

import pytest

from backend.admission import Survey
from backend.segments import Segment, Stage
from backend.turns import Allowance, Turns, allowance
from protocol.job import Job
from protocol.monitor import WorkerState, WorkerStatus
from protocol.recognition import Options

SESSION = str(UUID(int=1))
FILE = Options(priority="bulk")
SECOND = 16_000


def worker(speed: float, slots: int = 1, model: str = "m", state: WorkerState = WorkerState.IDLE) -> WorkerStatus:
    return WorkerStatus("w", "h", "e", model, "cpu", state, slots, speed=speed)


def job(segment: int, seconds: int = 10, attempt: int = 0) -> Job:
    return Job(SESSION, segment, b"", seconds * SECOND, attempt, options=FILE)


def complete(seconds: int = 10, stage: Stage = Stage.SUBMITTED, attempt: int = 0) -> Segment:
    return Segment(attempt, stage, samples=seconds * SECOND)


def holding(count: int) -> tuple[Turns, dict[int, Segment]]:
    """So many segments of 10 s that are complete."""
    turns, live = Turns(), {n: complete() for n in range(count)}
    for n in live:
        turns.hold(job(n))
    return turns, live


def test_a_minute_is_let_in_and_for_what_ends_the_next() -> None:
    turns, live = holding(9)
    assert [one.segment for one in turns.let_in(live, Allowance())] == [0, 1, 2, 3, 4, 5]
    assert not turns.let_in(live, Allowance())
    live[0].stage = Stage.QUEUED
    assert not turns.let_in(live, Allowance())
    del live[3], live[5]
    assert [one.segment for one in turns.let_in(live, Allowance())] == [6, 7]
    assert [one.segment for one in turns.held] == [8]


def test_every_slot_has_one_and_another_however_short_the_minute() -> None:
    turns, live = holding(9)
    assert len(list(turns.let_in(live, Allowance(8, 1)))) == 8


def test_what_is_not_wanted_any_more_is_dropped() -> None:
    turns, live = holding(4)
    del live[0]  # cancelled
    live[1] = complete(stage=Stage.RECEIVING)
    live[2] = complete(attempt=1)
    assert [one.segment for one in turns.let_in(live, Allowance())] == [3]
    assert not turns.held


def test_one_that_is_longer_than_all_goes_too() -> None:
    turns = Turns()
    turns.hold(job(0, seconds=100))
    assert list(turns.let_in({0: complete(100)}, Allowance(0, 1)))


def test_what_another_gateway_has_queued_counts_as_far_as_it_is_known() -> None:
    turns, live = holding(2)
    live[7] = Segment(stage=Stage.QUEUED)  # its length is not known here
    live[8] = complete(60, Stage.QUEUED)
    assert not turns.let_in(live, Allowance())
    assert len(list(turns.let_in(live, Allowance(3, 0)))) == 1


@pytest.mark.parametrize(
    ("workers", "model", "segments", "seconds"),
    [
        ((), "", 0, 60),
        ((worker(5.0),), "", 2, 60),
        ((worker(100.0, 16), worker(50.0, 4, "n")), "", 40, 300),
        ((worker(100.0, 16), worker(50.0, 4, "n")), "n", 8, 100),
        ((worker(100.0, 16, state=WorkerState.DRAINING),), "m", 0, 60),
    ],
)
def test_the_faster_they_are_the_more(
    workers: tuple[WorkerStatus, ...], model: str, segments: int, seconds: int
) -> None:
    assert allowance(Survey(workers=workers), model) == Allowance(segments, seconds * SECOND)
