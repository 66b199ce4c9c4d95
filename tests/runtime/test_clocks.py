"""Wall clock that is set: ages are unreliable until they have really passed."""

from dataclasses import dataclass

import pytest

from runtime.clocks import WallClock, steady_s

HOUR, DAY = 3600.0, 86_400.0


@dataclass
class Clocks:
    """Pair of clocks controlled by a test."""

    now_s: float = 1_000_000_000.0
    steady_s: float = 5_000.0

    def pass_by(self, seconds: float, set_by_s: float = 0.0) -> None:
        self.now_s += seconds + set_by_s
        self.steady_s += seconds


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


@pytest.fixture
def clock(clocks: Clocks) -> WallClock:
    return WallClock(lambda: clocks.now_s, lambda: clocks.steady_s)


def test_wall_clock_tells_age_while_time_passes(clocks: Clocks, clock: WallClock) -> None:
    assert clock.tells_age(DAY)
    for passed in (0.0, HOUR, 400 * DAY):  # asleep, too
        clocks.pass_by(passed, set_by_s=HOUR)
        assert clock.tells_age(DAY)


@pytest.mark.parametrize("set_by_s", [60 * DAY, -60 * DAY])
def test_wall_clock_that_was_set_tells_age_after_that_time_passed(
    clocks: Clocks, clock: WallClock, set_by_s: float
) -> None:
    clocks.pass_by(HOUR, set_by_s)
    assert not clock.tells_age(30 * DAY)
    clocks.pass_by(29 * DAY)
    assert not clock.tells_age(30 * DAY)
    clocks.pass_by(2 * DAY)
    assert clock.tells_age(30 * DAY)


def test_wall_clock_set_back_is_doubted_from_its_return(clocks: Clocks, clock: WallClock) -> None:
    clocks.pass_by(HOUR, 60 * DAY)
    assert not clock.tells_age(7 * DAY)
    clocks.pass_by(5 * DAY, -60 * DAY)
    assert not clock.tells_age(7 * DAY)
    clocks.pass_by(5 * DAY)
    assert not clock.tells_age(7 * DAY)
    clocks.pass_by(3 * DAY)
    assert clock.tells_age(7 * DAY)


def test_steady_clock_never_goes_back() -> None:
    before = steady_s()
    assert steady_s() >= before
    assert WallClock().tells_age(0.0)
