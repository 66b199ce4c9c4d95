"""Which takes the retention limits delete."""

from dataclasses import replace
from math import inf
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from app.journal.retention import DAY_S, RetentionLimits, Stored, expired

NOW = 100 * DAY_S
LIMITS = RetentionLimits(age_s=30 * DAY_S, size=1_000)


def stored(number: int, days: float, size: int = 1, needed: bool = False) -> Stored:
    return Stored(UUID(int=number), NOW - days * DAY_S, size, needed)


def test_default_limits_are_thirty_days_and_two_gigabytes() -> None:
    assert RetentionLimits() == RetentionLimits(age_s=2_592_000, size=2_000_000_000)


def test_takes_above_the_age_limit_expire() -> None:
    takes = [stored(1, 29.9), stored(2, 30.1), stored(3, 0)]
    assert expired(takes, NOW, LIMITS) == [UUID(int=2)]


def test_oldest_takes_expire_until_the_rest_fits_the_size_limit() -> None:
    takes = [stored(1, 1, 500), stored(2, 3, 300), stored(3, 2, 300), stored(4, 0, 300)]
    assert expired(takes, NOW, LIMITS) == [UUID(int=2), UUID(int=3)]


def test_needed_take_stays_and_displaces_no_other() -> None:
    takes = [stored(1, 90, 5_000, needed=True), stored(2, 1, 400), stored(3, 2, 400), stored(4, 3, 400)]
    assert expired(takes, NOW, LIMITS) == [UUID(int=4)]


def test_newest_takes_stay_regardless_of_the_limits() -> None:
    takes = [stored(1, 90, 5_000), stored(2, 80), stored(3, 70, needed=True), stored(4, 60)]
    assert expired(takes, NOW, replace(LIMITS, keep=3)) == [UUID(int=1)]
    assert expired(takes, NOW, replace(LIMITS, keep=9)) == []


def test_take_dated_by_a_computer_that_lost_its_time_is_not_the_oldest() -> None:
    takes = [Stored(UUID(int=1), 60.0, 500, False), stored(2, -20_000, 500), stored(3, -20_001, 500)]
    assert expired(takes, NOW + 20_001 * DAY_S, replace(LIMITS, age_s=inf)) == [UUID(int=2)]


def test_infinite_limits_delete_no_take() -> None:
    assert expired([stored(1, 99, 10**12)], NOW, RetentionLimits(inf, inf)) == []


STORED = st.builds(
    Stored, st.uuids(), st.floats(0, 2 * NOW, allow_nan=False), st.integers(0, 2_000), st.booleans()
)


@given(st.lists(STORED, unique_by=lambda take: take.session))
def test_remaining_takes_are_within_the_limits_or_needed(takes: list[Stored]) -> None:
    gone = expired(takes, NOW, LIMITS)
    kept = [take for take in takes if take.session not in gone]
    assert not any(take.needed for take in takes if take.session in gone)
    assert len(set(gone)) == len(gone)
    spare = [take for take in kept if not take.needed]
    assert all(NOW - take.started_s <= LIMITS.age_s for take in spare)
    assert sum(take.size for take in spare) <= LIMITS.size
    assert gone == expired([take for take in takes if not take.needed], NOW, LIMITS)
