from hypothesis import given
from hypothesis import strategies as some

from app.diagnostics.timeline.clocks import difference, less, typical

TIMES = some.floats(-1e6, 1e6)
WAYS = some.lists(some.floats(0, 1e3), min_size=1)


@given(TIMES, WAYS)
def test_difference_errs_by_the_fastest_message(skew: float, ways: list[float]) -> None:
    found = difference([skew + way for way in ways], skew - 1.0)
    assert found is not None and abs(found - skew) <= min(ways) + 1e-3


def test_difference_uses_sent_message_when_none_came() -> None:
    assert difference([None, None], 2.0) == 2.0
    assert difference([None, 3.0], 2.0) == 3.0
    assert difference([]) is None


def test_unknown_times_stay_unknown() -> None:
    assert (less(None, 1.0), less(1.0, None), less(3.0, 1.0)) == (None, None, 2.0)
    assert (typical([]), typical([5.0, 1.0, 2.0])) == (0.0, 2.0)
