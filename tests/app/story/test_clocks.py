from hypothesis import given
from hypothesis import strategies as some

from app.story.clocks import Bounds, ahead, less

TIMES = some.floats(-1e6, 1e6)


@given(TIMES, some.lists(some.tuples(some.floats(0, 1e3), some.floats(0, 1e3)), min_size=1))
def test_the_difference_of_two_clocks_lies_between_what_was_sent_and_what_came(
    skew: float, ways: list[tuple[float, float]]
) -> None:
    bounds = Bounds()
    for there, back in ways:
        bounds = bounds.but_at_least(skew - there).but_at_most(skew + back)
    middle = bounds.middle
    assert middle is not None
    assert abs(middle - skew) <= max(min(there for there, _ in ways), min(back for _, back in ways)) + 1e-3


def test_what_is_not_known_bounds_nothing() -> None:
    assert Bounds().middle is None
    assert Bounds().but_at_least(None).but_at_most(3.0).middle == 3.0
    assert Bounds().but_at_least(2.0).but_at_most(None).middle == 2.0
    assert Bounds(5.0, 3.0).middle == 3.0
    assert (less(None, 1.0), less(1.0, None), less(3.0, 1.0)) == (None, None, 2.0)
    assert (ahead([]), ahead([5.0, 1.0, 2.0])) == (0.0, 2.0)
