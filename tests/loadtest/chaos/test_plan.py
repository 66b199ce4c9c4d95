"""Plan of a chaos run."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.chaos.events import LINKS, PROCESSES, Event, FaultKind, FaultTarget
from loadtest.chaos.plan import ChaosPlan, choices, draw, events_without_target, read_plan
from loadtest.core.errors import LoadTestError

COUNTS = {target: 2 for target in FaultTarget}

counts = st.dictionaries(st.sampled_from(list(FaultTarget)), st.integers(0, 3))


@given(
    st.integers(), counts, st.booleans(), st.booleans(), st.floats(10, 300), st.floats(1, 60), st.floats(0.2, 30)
)
def test_events_stay_within_bounds(
    seed: int, counts: dict[FaultTarget, int], disk: bool, clock: bool, end: float, rate: float, longest: float
) -> None:
    possible = choices(counts, disk, clock)
    events = draw(seed, (5.0, end), rate, longest, possible)
    assert events == draw(seed, (5.0, end), rate, longest, possible), "the same seed gives the same plan"
    assert len(events) == (int((end - 5.0) * rate / 60) if possible else 0)
    assert list(events) == sorted(events, key=lambda event: event.at_s)
    for event in events:
        assert 5.0 <= event.at_s <= end + 0.01
        assert 0 <= event.number < counts[event.target]
        assert 0 <= event.lasts_s <= longest + 0.01
        assert (event.lasts_s == 0) is (event.kind is FaultKind.CUT)
        assert event.ways
    assert not events_without_target(events, counts)


def test_every_possible_kind_comes_once_before_any_comes_again() -> None:
    possible = choices(COUNTS, disk=True, clock=True)
    events = draw(1, (0.0, 60.0), 2.0 * len(possible), 10.0, possible)
    first, second = events[: len(possible)], events[len(possible) :]
    everything = {(one.kind, one.target) for one in possible}
    assert {(event.kind, event.target) for event in first} == everything
    assert {(event.kind, event.target) for event in second} == everything


def test_other_seed_gives_another_plan() -> None:
    possible = choices(COUNTS, disk=True, clock=True)
    assert draw(1, (0.0, 60.0), 20.0, 10.0, possible) != draw(2, (0.0, 60.0), 20.0, 10.0, possible)


def test_only_what_exists_and_can_be_done_is_possible() -> None:
    found = choices(COUNTS, disk=False, clock=False)
    assert not {FaultKind.DISK, FaultKind.CLOCK} & {one.kind for one in found}
    assert {one.target for one in found if one.kind is FaultKind.KILL} == set(PROCESSES)
    assert {one.target for one in found if one.kind is FaultKind.CUT} == set(LINKS)
    assert [one.target for one in found if one.kind is FaultKind.SLOW] == [FaultTarget.WORKER]
    assert choices({FaultTarget.WORKER: 0}, disk=True, clock=True) == ()
    disks = choices(COUNTS, disk=True, clock=True)
    assert [one.target for one in disks if one.kind is FaultKind.DISK] == [FaultTarget.BROKER]


def test_targets_that_are_not_named_are_found() -> None:
    kill, other = (
        Event(1.0, FaultKind.KILL, FaultTarget.WORKER, 1),
        Event(2.0, FaultKind.KILL, FaultTarget.GATEWAY),
    )
    assert events_without_target((kill, other), {FaultTarget.WORKER: 2}) == (other,)
    assert events_without_target((kill, other), {FaultTarget.WORKER: 1, FaultTarget.GATEWAY: 1}) == (kill,)


def test_plan_is_read_from_a_report() -> None:
    events = draw(3, (0.0, 60.0), 20.0, 10.0, choices(COUNTS, disk=True, clock=True))
    plan = ChaosPlan(3, 60.0, 4, 1.0, 300.0, events)
    assert read_plan(msgspec.json.encode({"scenario": "chaos", "plan": plan})) == plan


@pytest.mark.parametrize("report", [b"", b"{}", b'{"plan": {"count": 500}}', b"\xff"])
def test_report_without_a_plan_is_refused(report: bytes) -> None:
    with pytest.raises(LoadTestError, match="Name the report"):
        read_plan(report)
