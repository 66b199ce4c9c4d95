"""Tallies add up, whatever they were cut into."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from loadtest.tally import Ended, Recorder, Refused, Tally


def ended(at_s: float, after_stop: float = 10.0, **values: float | bool) -> Ended:
    """A segment that took so long."""
    one = Ended(at_s, 2_000, after_stop, after_stop + 1, 1_900, 2, 3, 1, True)
    return msgspec.structs.replace(one, **values)


@given(st.lists(st.integers(0, 3), max_size=30), st.integers(0, 30))
def test_two_halves_are_the_whole(happened: list[int], cut: int) -> None:
    def count(kinds: list[int]) -> Tally:
        tally = Tally()
        for kind in kinds:
            tally.segments += 1
            tally.right += kind == 0
            tally.failed += kind == 1
            tally.busy[str(kind)] = tally.busy.get(str(kind), 0) + 1
            tally.refused_at[kind] = tally.refused_at.get(kind, 0) + 1
            tally.refused.setdefault(str(kind), Refused()).add(Refused(1, 0, kind, kind))
            tally.ended.append(ended(kind))
        return tally

    together = Tally()
    for half in (happened[:cut], happened[cut:]):
        together.absorb(msgspec.json.decode(msgspec.json.encode(count(half)), type=Tally))
    assert together == count(happened)
    assert together.refusals == len(happened)
    assert together.missing == sum(kind > 1 for kind in happened)


def test_flawless_is_everything_right_and_nobody_lost() -> None:
    assert Tally(segments=2, right=2).flawless
    for tally in (Tally(segments=2, right=1), Tally(segments=1, right=1, twice=1), Tally(lost_sessions=1)):
        assert not tally.flawless


def test_complaints_are_bounded() -> None:
    tally = Tally()
    for number in range(1_000):
        tally.complain(str(number))
    assert len(tally.complaints) == 50


def test_what_was_taken_is_not_taken_again() -> None:
    recorder = Recorder(0.0)
    recorder.tally.right += 1
    assert recorder.take().right == 1
    assert recorder.take() == Tally()


def test_what_the_chain_adds_is_neither_queue_nor_decode() -> None:
    assert ended(0.0, after_stop=10.0).added == 5.0
    assert ended(0.0, after_stop=1.0).added == 0.0
