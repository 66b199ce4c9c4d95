"""Tallies that add up, however they were split."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.measurement.tally import CompletedSegment, RefusalCount, Tally, TallyRecorder


def ended(at_s: float, after_stop: float = 10.0, **values: float | bool) -> CompletedSegment:
    """Return a segment with these times."""
    one = CompletedSegment(at_s, 2_000, after_stop, after_stop + 1, 1_900, 2, 3, 1, True)
    return msgspec.structs.replace(one, **values)


@given(st.lists(st.integers(0, 3), max_size=30), st.integers(0, 30))
def test_tallies_of_two_halves_add_up(happened: list[int], cut: int) -> None:
    def count(kinds: list[int]) -> Tally:
        tally = Tally()
        for kind in kinds:
            tally.segments += 1
            tally.right += kind == 0
            tally.failed += kind == 1
            tally.busy[str(kind)] = tally.busy.get(str(kind), 0) + 1
            tally.refused_at[kind] = tally.refused_at.get(kind, 0) + 1
            tally.refused.setdefault(str(kind), RefusalCount()).add(RefusalCount(1, 0, kind, kind))
            tally.ended.append(ended(kind))
        return tally

    together = Tally()
    for half in (happened[:cut], happened[cut:]):
        together.absorb(msgspec.json.decode(msgspec.json.encode(count(half)), type=Tally))
    assert together == count(happened)
    assert together.refusals == len(happened)
    assert together.missing == sum(kind > 1 for kind in happened)


@pytest.mark.parametrize(
    "tally",
    [
        Tally(),
        Tally(segments=2, right=1),
        Tally(segments=1, right=1, twice=1),
        Tally(segments=1, right=1, lost_sessions=1),
    ],
    ids=["nothing spoken", "wrong", "twice", "lost"],
)
def test_tally_is_flawless_only_with_segments_and_without_faults(tally: Tally) -> None:
    assert Tally(segments=2, right=2).flawless
    assert not tally.flawless


def test_number_of_complaints_is_bounded() -> None:
    tally = Tally()
    for number in range(1_000):
        tally.complain(str(number))
    assert len(tally.complaints) == 50


def test_recorder_returns_each_count_once() -> None:
    recorder = TallyRecorder(0.0)
    recorder.tally.right += 1
    assert recorder.take().right == 1
    assert recorder.take() == Tally()


def test_added_time_excludes_queue_and_decode() -> None:
    assert ended(0.0, after_stop=10.0).added == 5.0
    assert ended(0.0, after_stop=1.0).added == 0.0
