"""Ages after the wall clock was set: they are unreliable until as much time has really passed."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from runtime.clocks import WallClock, steady_s

HOUR, DAY = 3600.0, 86_400.0
YEAR = 365 * DAY


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


def test_wall_clock_judges_ages_while_time_passes(clocks: Clocks, clock: WallClock) -> None:
    assert clock.can_judge_age(DAY)
    for passed in (0.0, HOUR, 400 * DAY):  # asleep, too
        clocks.pass_by(passed, set_by_s=HOUR)
        assert clock.can_judge_age(DAY)


@pytest.mark.parametrize("set_by_s", [60 * DAY, -60 * DAY])
def test_wall_clock_that_was_set_judges_an_age_after_as_much_time(
    clocks: Clocks, clock: WallClock, set_by_s: float
) -> None:
    clocks.pass_by(HOUR, set_by_s)
    assert not clock.can_judge_age(30 * DAY)
    clocks.pass_by(29 * DAY)
    assert not clock.can_judge_age(30 * DAY)
    clocks.pass_by(2 * DAY)
    assert clock.can_judge_age(30 * DAY)


def test_wall_clock_set_back_again_judges_no_age_until_as_much_time_passed(
    clocks: Clocks, clock: WallClock
) -> None:
    clocks.pass_by(HOUR, 60 * DAY)
    assert not clock.can_judge_age(7 * DAY)
    clocks.pass_by(5 * DAY, -60 * DAY)
    assert not clock.can_judge_age(7 * DAY)
    clocks.pass_by(5 * DAY)
    assert not clock.can_judge_age(7 * DAY)
    clocks.pass_by(3 * DAY)
    assert clock.can_judge_age(7 * DAY)


class Computer:
    """Computer whose programs share a memory of the clock; each program has its own steady clock."""

    def __init__(self, memory: Path) -> None:
        self.memory = memory
        self.now_s = 1_800_000_000.0

    def run(self, days: float, away_days: float = 0.0, set_by_s: float = 0.0) -> WallClock:
        """Run a program for some days, after some days without one; it reads its clock about once a day."""
        self.now_s += away_days * DAY + set_by_s
        clocks = Clocks(self.now_s, 7.0)
        clock = WallClock(lambda: clocks.now_s, lambda: clocks.steady_s, self.memory)
        clock.can_judge_age(DAY)
        readings = max(1, round(days))
        for _ in range(readings):
            clocks.pass_by(days * DAY / readings)
            clock.can_judge_age(DAY)
        self.now_s = clocks.now_s
        return clock


@pytest.fixture(scope="module")
def forty_days(tmp_path_factory: pytest.TempPathFactory) -> Computer:
    """Return a computer that was used for forty days, eight hours a day."""
    used = Computer(tmp_path_factory.mktemp("computer") / "data" / "clock.json")
    for _ in range(40):
        used.run(1 / 3, away_days=2 / 3)
    return used


@pytest.fixture
def computer(forty_days: Computer, tmp_path: Path) -> Computer:
    """Return a copy of the used computer for one test."""
    copy = Computer(Path(shutil.copy(forty_days.memory, tmp_path)))
    copy.now_s = forty_days.now_s
    return copy


def test_clock_that_moved_evenly_across_starts_judges_ages(computer: Computer) -> None:
    assert computer.run(1 / 24, away_days=20).can_judge_age(30 * DAY)


@pytest.mark.parametrize("set_by_s", [30 * DAY, 70 * YEAR, -57 * YEAR])
def test_wrong_clock_at_start_judges_no_age_until_as_much_time_passed(computer: Computer, set_by_s: float) -> None:
    assert not computer.run(1 / 3, set_by_s=set_by_s).can_judge_age(30 * DAY)
    for _ in range(28):
        assert not computer.run(1 / 3, away_days=2 / 3).can_judge_age(30 * DAY), "its own dates prove nothing"
    assert computer.run(3).can_judge_age(30 * DAY)


def test_clock_corrected_between_programs_judges_no_age(computer: Computer) -> None:
    computer.run(1, set_by_s=-57 * YEAR)
    assert not computer.run(1, set_by_s=57 * YEAR).can_judge_age(30 * DAY)


@pytest.mark.parametrize(
    "damage", ["", "{}", "[1]", "[1, 2, 3]", '["a", 1]', "[NaN, 1]", "[1, -1]", f"[1{'0' * 400}, 1]", "[" * 99_999]
)
def test_damaged_memory_of_the_clock_judges_no_age_yet(computer: Computer, damage: str) -> None:
    computer.memory.write_text(damage)
    assert not computer.run(1).can_judge_age(30 * DAY)
    assert computer.run(30).can_judge_age(30 * DAY)


def test_clock_works_when_its_memory_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert not Computer(tmp_path / "file" / "clock.json").run(1).can_judge_age(2 * DAY)


def test_steady_clock_never_goes_back() -> None:
    before = steady_s()
    assert steady_s() >= before
    assert WallClock().can_judge_age(0.0)
