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


class Throttled:
    """A throttle, and the jobs that have neither ended nor been cancelled."""

    def __init__(self, limits: QueueLimits | None = None, most: Allowance = MINUTE) -> None:
        self.away: set[str] = set()
        self.throttle = BulkThrottle(limits or QueueLimits(), lambda session: session not in self.away)
        self.most = most
        self.open: dict[tuple[str, int], int] = {}

    def hold(
        self, segments: Collection[int], session: str = "s", key: str = "k", seconds: float = 10, model: str = ""
    ) -> None:
        for n in segments:
            self.open[session, n] = 0
            self.throttle.hold(key, Job(session, n, b"", round(seconds * SECOND), options=Options(model=model)))

    def release(self, key: str = "k") -> list[tuple[str, int]]:
        jobs = self.throttle.take_allowed(key, lambda priority, model: self.most, self.is_open)
        return [(job.session, job.segment) for job in jobs]

    def segments(self, key: str = "k") -> list[int]:
        return [segment for _, segment in self.release(key)]

    def is_open(self, session: str, segment: int, attempt: int) -> bool:
        return self.open.get((session, segment)) == attempt

    def end(self, *segments: int, session: str = "s") -> None:
        for n in segments:
            del self.open[session, n]


def worker(speed: float, slots: int = 1, model: str = "m", state: WorkerState = WorkerState.IDLE) -> WorkerStatus:
    return WorkerStatus("w", "h", "e", model, "cpu", state, slots, speed=speed)


def test_throttle_releases_one_minute_and_more_as_jobs_end() -> None:
    world = Throttled()
    world.hold(range(9))
    assert world.segments() == [0, 1, 2, 3, 4, 5]
    assert not world.release()
    world.end(3, 5)
    assert world.segments() == [6, 7]


def test_throttle_skips_sessions_whose_shard_is_away() -> None:
    world = Throttled(most=Allowance(1, 1, 0))
    world.hold([0, 1], session="away")
    assert world.release() == [("away", 0)]
    world.away.add("away")
    world.hold([0, 1], session="here")
    assert world.release() == [("here", 0)]
    world.end(0, session="here")
    assert world.release() == [("here", 1)]
    world.away.clear()
    world.end(0, session="away")
    world.end(1, session="here")
    assert world.release() == [("away", 1)]


def test_throttle_gives_every_slot_a_job_of_any_length() -> None:
    world = Throttled(most=Allowance(8, 8, 1))
    world.hold(range(9), seconds=60)
    assert len(world.release()) == 8


def test_throttle_counts_an_empty_segment_as_a_second() -> None:
    world = Throttled(most=Allowance(0, 100, 10 * SECOND))
    world.hold(range(5_000), seconds=0)
    assert len(world.release()) == 10


def test_throttle_never_releases_more_jobs_than_allowed() -> None:
    world = Throttled(most=Allowance(1, 8, 10_000 * SECOND))
    world.hold(range(5_000), seconds=0)
    assert len(world.release()) == 8


def test_throttle_treats_each_key_independently() -> None:
    world = Throttled(most=ONE)
    world.hold(range(100), "hostile", "h")
    assert world.release("h") == [("hostile", 0)]
    world.hold([0], "speaker", "k")
    assert world.release("k") == [("speaker", 0)]


def test_sessions_of_one_key_take_turns() -> None:
    world = Throttled(most=ONE)
    world.hold(range(50), "a")
    world.hold(range(2), "b")
    world.hold(range(1), "c")
    order = []
    for _ in range(6):
        (one,) = world.release()
        order.append(one)
        world.end(one[1], session=one[0])
    assert order == [("a", 0), ("b", 0), ("c", 0), ("a", 1), ("b", 1), ("a", 2)]


def test_throttle_skips_ended_dropped_and_older_segments() -> None:
    world = Throttled(most=ONE)
    world.hold(range(4))
    world.end(0)
    world.open["s", 1] = 1
    world.throttle.drop("k", "s", 2)
    world.hold([0], "t")
    world.throttle.drop("k", "t", 0)
    assert world.segments() == [3]
    assert not world.throttle.waiting()


def test_throttle_forgets_a_session_that_left() -> None:
    world = Throttled(most=ONE)
    world.hold(range(3), "a")
    world.hold(range(1), "b")
    assert world.release() == [("a", 0)]
    world.throttle.leave("k", "a")
    assert world.release() == [("b", 0)]
    world.throttle.leave("k", "b")
    assert not world.throttle._keys, "nothing is left of the key"


def test_throttle_counts_jobs_queued_elsewhere() -> None:
    world = Throttled(most=ONE)
    world.open["s", 7] = 0
    world.throttle.entered("k", Job("s", 7, b"", 0))
    world.hold([8])
    assert not world.release()
    world.end(7)
    assert world.segments() == [8]


def test_throttle_limits_each_key_over_all_models() -> None:
    world = Throttled(QueueLimits(key_s=20, session_s=0))
    world.hold(range(3), model="m")
    world.hold(range(3), model="n", session="t")
    assert len(world.release()) == 2
    world.throttle.looked["k"] = 0
    world.end(*[n for s, n in world.open if s == "s" and n < 2])
    assert len(world.release()) >= 1


def test_throttle_limits_each_session() -> None:
    world = Throttled(QueueLimits(key_s=0, session_s=20))
    world.hold(range(5), "a")
    world.hold(range(5), "b", seconds=1)
    assert Counter(session for session, _ in world.release()) == {"a": 2, "b": 5}
    assert not world.release()


def test_throttle_counts_jobs_of_other_gateways() -> None:
    world = Throttled(QueueLimits(key_s=30))
    world.throttle.looked["k"] = 30 * SECOND
    world.hold([0])
    assert not world.release()
    world.throttle.looked["k"] = 0
    assert world.segments() == [0]


def test_throttle_reports_held_audio_by_class_and_model() -> None:
    world = Throttled(most=Allowance(1, 1, 0))
    world.hold(range(3), seconds=2)
    world.hold([3], model="m")
    world.release()
    assert world.throttle.waiting() == ("k",)
    assert world.throttle.held_audio("k") == {("interactive", ""): StreamContent(4 * SECOND, 2, 0)}
    assert world.throttle.held_audio("other") == {}


def test_throttle_reports_held_audio_of_all_keys() -> None:
    world = Throttled()
    world.hold(range(3), seconds=2)
    world.hold(range(1), session="t", key="other", seconds=5)
    world.hold(range(1), session="u", key="other", seconds=1, model="m")
    assert world.throttle.all_held_audio() == {("interactive", ""): 11 * SECOND, ("interactive", "m"): SECOND}


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 60)), max_size=60),
    st.integers(0, 4),
    st.integers(1, 9),
    st.integers(1, 60),
    st.randoms(),
)
def test_throttle_releases_each_job_once_in_session_order_within_limits(
    segments: list[tuple[str, float]], jobs: int, most: int, seconds: int, order: "st.DrawFn"
) -> None:
    world = Throttled(most=Allowance(jobs, max(jobs, most), seconds * SECOND))
    counts = Counter[str]()
    for session, length in segments:
        world.hold([counts[session]], session, seconds=length)
        counts[session] += 1
    inside: list[tuple[str, int]] = []
    seen: list[tuple[str, int]] = []
    while released := world.release():
        inside += released
        seen += released
        assert len(inside) <= max(jobs, most)
        ended = inside.pop(order.randrange(len(inside)))  # type: ignore[attr-defined] # hypothesis' own random
        world.end(ended[1], session=ended[0])
    while inside:
        ended = inside.pop()
        world.end(ended[1], session=ended[0])
        released = world.release()
        inside += released
        seen += released
    assert {s: [n for one, n in seen if one == s] for s in counts} == {s: list(range(counts[s])) for s in counts}
    assert not world.throttle.waiting()


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
    world = Throttled(most=Allowance(1, 1, 0))
    world.hold(range(3), session="other")
    world.hold(range(3))
    world.open["s", 3] = 0
    world.throttle.hold("k", Job("s", 3, b"", SECOND, replaces=(0, 1, 2)))
    released = []
    for _ in range(7):
        (next_one,) = world.release()
        released.append(next_one)
        world.end(next_one[1], session=next_one[0])
    assert [n for session, n in released if session == "s"] == [3, 0, 1, 2]
    assert released[0] == ("other", 0)


def test_released_jobs_are_counted_by_stream_until_they_end() -> None:
    world = Throttled()
    world.hold(range(2), seconds=10)
    world.hold(range(1), key="l", session="t", seconds=0, model="m")
    world.release()
    world.release("l")
    inside = {
        ("interactive", ""): StreamContent(20 * SECOND, 2, 0),
        ("interactive", "m"): StreamContent(SECOND, 1, 0),
    }
    assert world.throttle.inside(world.is_open) == inside
    world.end(0, 1)
    assert world.throttle.inside(world.is_open)["interactive", ""] == StreamContent(0, 0, 0)
    world.release()
    assert ("interactive", "") not in world.throttle.inside(world.is_open)
