"""Limits of each key and session in the broker."""

from collections import Counter
from collections.abc import Collection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.admission.admission import StreamContent, Survey
from backend.admission.bulk_throttle import Allowance, BulkThrottle, QueueLimits, allowance
from protocol.job import Job
from protocol.monitor import WorkerState, WorkerStatus
from protocol.recognition import Options

SECOND = 16_000
MINUTE = Allowance()
ONE = Allowance(1, 8, 0)


class World:
    """Turns, and the jobs that are neither ended nor cancelled."""

    def __init__(self, limits: QueueLimits | None = None, most: Allowance = MINUTE) -> None:
        self.away: set[str] = set()
        self.turns = BulkThrottle(limits or QueueLimits(), lambda session: session not in self.away)
        self.most = most
        self.open: dict[tuple[str, int], int] = {}

    def hold(
        self, segments: Collection[int], session: str = "s", key: str = "k", seconds: float = 10, model: str = ""
    ) -> None:
        for n in segments:
            self.open[session, n] = 0
            self.turns.hold(key, Job(session, n, b"", round(seconds * SECOND), options=Options(model=model)))

    def go(self, key: str = "k") -> list[tuple[str, int]]:
        jobs = self.turns.take_allowed(key, lambda priority, model: self.most, self.wanted)
        return [(job.session, job.segment) for job in jobs]

    def segments(self, key: str = "k") -> list[int]:
        return [segment for _, segment in self.go(key)]

    def wanted(self, session: str, segment: int, attempt: int) -> bool:
        return self.open.get((session, segment)) == attempt

    def end(self, *segments: int, session: str = "s") -> None:
        for n in segments:
            del self.open[session, n]


def worker(speed: float, slots: int = 1, model: str = "m", state: WorkerState = WorkerState.IDLE) -> WorkerStatus:
    return WorkerStatus("w", "h", "e", model, "cpu", state, slots, speed=speed)


def test_turns_let_in_one_minute_and_more_as_jobs_end() -> None:
    world = World()
    world.hold(range(9))
    assert world.segments() == [0, 1, 2, 3, 4, 5]
    assert not world.go()
    world.end(3, 5)
    assert world.segments() == [6, 7]


def test_turns_leave_out_sessions_whose_shard_is_away() -> None:
    world = World(most=Allowance(1, 1, 0))
    world.hold([0, 1], session="away")
    assert world.go() == [("away", 0)]
    world.away.add("away")
    world.hold([0, 1], session="here")
    assert world.go() == [("here", 0)]
    world.end(0, session="here")
    assert world.go() == [("here", 1)]
    world.away.clear()
    world.end(0, session="away")
    world.end(1, session="here")
    assert world.go() == [("away", 1)]


def test_turns_give_every_slot_a_job_however_long_it_is() -> None:
    world = World(most=Allowance(8, 8, 1))
    world.hold(range(9), seconds=60)
    assert len(world.go()) == 8


def test_turns_count_an_empty_segment_as_a_second() -> None:
    world = World(most=Allowance(0, 100, 10 * SECOND))
    world.hold(range(5_000), seconds=0)
    assert len(world.go()) == 10


def test_turns_never_let_in_more_jobs_than_allowed() -> None:
    world = World(most=Allowance(1, 8, 10_000 * SECOND))
    world.hold(range(5_000), seconds=0)
    assert len(world.go()) == 8


def test_turns_of_one_key_do_not_depend_on_another() -> None:
    world = World(most=ONE)
    world.hold(range(100), "hostile", "h")
    assert world.go("h") == [("hostile", 0)]
    world.hold([0], "speaker", "k")
    assert world.go("k") == [("speaker", 0)]


def test_sessions_of_one_key_take_turns() -> None:
    world = World(most=ONE)
    world.hold(range(50), "a")
    world.hold(range(2), "b")
    world.hold(range(1), "c")
    order = []
    for _ in range(6):
        (one,) = world.go()
        order.append(one)
        world.end(one[1], session=one[0])
    assert order == [("a", 0), ("b", 0), ("c", 0), ("a", 1), ("b", 1), ("a", 2)]


def test_turns_skip_unwanted_segments() -> None:
    world = World(most=ONE)
    world.hold(range(4))
    world.end(0)
    world.open["s", 1] = 1
    world.turns.drop("k", "s", 2)
    world.hold([0], "t")
    world.turns.drop("k", "t", 0)
    assert world.segments() == [3]
    assert not world.turns.waiting()


def test_turns_forget_session_that_left() -> None:
    world = World(most=ONE)
    world.hold(range(3), "a")
    world.hold(range(1), "b")
    assert world.go() == [("a", 0)]
    world.turns.leave("k", "a")
    assert world.go() == [("b", 0)]
    world.turns.leave("k", "b")
    assert not world.turns._keys, "nothing is left of the key"


def test_turns_count_jobs_queued_without_a_turn() -> None:
    world = World(most=ONE)
    world.open["s", 7] = 0
    world.turns.entered("k", Job("s", 7, b"", 0))
    world.hold([8])
    assert not world.go()
    world.end(7)
    assert world.segments() == [8]


def test_turns_limit_each_key_over_all_models() -> None:
    world = World(QueueLimits(key_s=20, session_s=0))
    world.hold(range(3), model="m")
    world.hold(range(3), model="n", session="t")
    assert len(world.go()) == 2
    world.turns.looked["k"] = 0
    world.end(*[n for s, n in world.open if s == "s" and n < 2])
    assert len(world.go()) >= 1


def test_turns_limit_each_session() -> None:
    world = World(QueueLimits(key_s=0, session_s=20))
    world.hold(range(5), "a")
    world.hold(range(5), "b", seconds=1)
    assert Counter(session for session, _ in world.go()) == {"a": 2, "b": 5}
    assert not world.go()


def test_turns_count_jobs_of_other_gateways() -> None:
    world = World(QueueLimits(key_s=30))
    world.turns.looked["k"] = 30 * SECOND
    world.hold([0])
    assert not world.go()
    world.turns.looked["k"] = 0
    assert world.segments() == [0]


def test_turns_report_held_audio_by_class_and_model() -> None:
    world = World(most=Allowance(1, 1, 0))
    world.hold(range(3), seconds=2)
    world.hold([3], model="m")
    world.go()
    assert world.turns.waiting() == ("k",)
    assert world.turns.held_audio("k") == {("interactive", ""): StreamContent(4 * SECOND, 2, 0)}
    assert world.turns.held_audio("other") == {}


def test_turns_report_held_audio_of_all_keys() -> None:
    world = World()
    world.hold(range(3), seconds=2)
    world.hold(range(1), session="t", key="other", seconds=5)
    world.hold(range(1), session="u", key="other", seconds=1, model="m")
    assert world.turns.all_held_audio() == {("interactive", ""): 11 * SECOND, ("interactive", "m"): SECOND}


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 60)), max_size=60),
    st.integers(0, 4),
    st.integers(1, 9),
    st.integers(1, 60),
    st.randoms(),
)
def test_turns_let_in_each_job_once_in_session_order_within_limits(
    said: list[tuple[str, float]], jobs: int, most: int, seconds: int, order: "st.DrawFn"
) -> None:
    world = World(most=Allowance(jobs, max(jobs, most), seconds * SECOND))
    counts = Counter[str]()
    for session, length in said:
        world.hold([counts[session]], session, seconds=length)
        counts[session] += 1
    inside: list[tuple[str, int]] = []
    seen: list[tuple[str, int]] = []
    while gone := world.go():
        inside += gone
        seen += gone
        assert len(inside) <= max(jobs, most)
        ended = inside.pop(order.randrange(len(inside)))  # type: ignore[attr-defined] # hypothesis' own random
        world.end(ended[1], session=ended[0])
    while inside:
        ended = inside.pop()
        world.end(ended[1], session=ended[0])
        gone = world.go()
        inside += gone
        seen += gone
    assert {s: [n for one, n in seen if one == s] for s in counts} == {s: list(range(counts[s])) for s in counts}
    assert not world.turns.waiting()


@pytest.mark.parametrize(
    ("workers", "priority", "model", "expected"),
    [
        ((), "interactive", "", Allowance(0, 60, 60 * SECOND)),
        ((worker(5.0),), "interactive", "", Allowance(1, 2, 10 * SECOND)),
        ((worker(5.0),), "bulk", "", Allowance(2, 4, 60 * SECOND)),
        ((worker(100.0, 16), worker(50.0, 4, "n")), "bulk", "", Allowance(40, 80, 300 * SECOND)),
        ((worker(100.0, 16), worker(50.0, 4, "n")), "interactive", "", Allowance(20, 40, 150 * SECOND)),
        ((worker(100.0, 16), worker(50.0, 4, "n")), "bulk", "n", Allowance(8, 16, 100 * SECOND)),
        ((worker(100.0, 16, state=WorkerState.DRAINING),), "bulk", "m", Allowance(0, 60, 60 * SECOND)),
    ],
)
def test_allowance_grows_with_the_fleet(
    workers: tuple[WorkerStatus, ...], priority: str, model: str, expected: Allowance
) -> None:
    assert allowance(Survey(workers=workers), priority, model) == expected


def test_second_pass_goes_before_the_rest_of_its_session_only() -> None:
    world = World(most=Allowance(1, 1, 0))
    world.hold(range(3), session="other")
    world.hold(range(3))
    world.open["s", 3] = 0
    world.turns.hold("k", Job("s", 3, b"", SECOND, replaces=(0, 1, 2)))
    released = []
    for _ in range(7):
        (next_one,) = world.go()
        released.append(next_one)
        world.end(next_one[1], session=next_one[0])
    assert [n for session, n in released if session == "s"] == [3, 0, 1, 2]
    assert released[0] == ("other", 0)


def test_jobs_inside_are_counted_by_stream_until_they_end() -> None:
    world = World()
    world.hold(range(2), seconds=10)
    world.hold(range(1), key="l", session="t", seconds=0, model="m")
    world.go()
    world.go("l")
    inside = {
        ("interactive", ""): StreamContent(20 * SECOND, 2, 0),
        ("interactive", "m"): StreamContent(SECOND, 1, 0),
    }
    assert world.turns.inside(world.wanted) == inside
    world.end(0, 1)
    assert world.turns.inside(world.wanted)["interactive", ""] == StreamContent(0, 0, 0)
    world.go()
    assert ("interactive", "") not in world.turns.inside(world.wanted)
