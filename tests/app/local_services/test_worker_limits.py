"""Tests of when the worker rests, and that brief changes neither stop nor start it."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.core.errors import Note
from app.local_services.worker_limits import (
    BATTERY,
    FULL_SCREEN,
    REST_AFTER_S,
    WORK_AFTER_S,
    ComputerState,
    RestDecision,
    WorkerLimits,
    parse_hours,
    reason_to_rest,
    tidy_hours,
)

CAREFUL = WorkerLimits(on_battery=False, beside_full_screen=False)
PLUGGED, UNPLUGGED = ComputerState(on_battery=False), ComputerState(on_battery=True)
NIGHT = WorkerLimits(hours="20:00-08:00")


@pytest.mark.parametrize(
    ("limits", "now", "why"),
    [
        (WorkerLimits(), ComputerState(True, True), None),
        (CAREFUL, ComputerState(True, False), BATTERY),
        (CAREFUL, ComputerState(False, True), FULL_SCREEN),
        (CAREFUL, ComputerState(True, True), BATTERY),
        (CAREFUL, ComputerState(None, None), None),
        (NIGHT, ComputerState(minute=12 * 60), Note("rests-hours", {"begin": "20:00", "end": "08:00"})),
        (NIGHT, ComputerState(minute=8 * 60), Note("rests-hours", {"begin": "20:00", "end": "08:00"})),
        (NIGHT, ComputerState(minute=8 * 60 - 1), None),
        (NIGHT, ComputerState(minute=20 * 60), None),
        (NIGHT, ComputerState(minute=0), None),
        (WorkerLimits(hours="nonsense"), ComputerState(), None),
    ],
)
def test_reason_to_rest_follows_limits_and_surroundings(
    limits: WorkerLimits, now: ComputerState, why: Note | None
) -> None:
    assert reason_to_rest(limits, now) == why


@given(some.integers(0, 1439), some.integers(0, 1439), some.integers(0, 1439))
def test_hours_and_their_complement_cover_the_day(begin: int, end: int, minute: int) -> None:
    def hours(one: int, other: int) -> str:
        return f"{one // 60:02}:{one % 60:02}-{other // 60:02}:{other % 60:02}"

    if begin == end:
        assert parse_hours(hours(begin, end)) is None
        return
    works = reason_to_rest(WorkerLimits(hours=hours(begin, end)), ComputerState(minute=minute)) is None
    rests = reason_to_rest(WorkerLimits(hours=hours(end, begin)), ComputerState(minute=minute)) is None
    assert works is not rests


@pytest.mark.parametrize(
    "text", ["", "8:00-20:00", "08:00", "24:00-08:00", "08:60-09:00", "08:00-08:00", "08:00-20:00 "]
)
def test_parse_hours_rejects_invalid_text(text: str) -> None:
    assert parse_hours(text) is None


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("20:00-08:00", "20:00-08:00"),
        ("8-17", "08:00-17:00"),
        ("22:30 – 6:15", "22:30-06:15"),
        ("２０：００－８：００", "20:00-08:00"),
        ("20：00～8：00", "20:00-08:00"),
        ("9:00至18:30", "09:00-18:30"),
    ],
)
def test_typed_hours_are_written_as_in_the_settings(typed: str, expected: str) -> None:
    assert tidy_hours(typed) == expected and parse_hours(expected)


@pytest.mark.parametrize("typed", ["", "always", "25:00-8:00", "8:00", "8:0-9:00", "20:00-20:00"])
def test_other_text_than_hours_stays_as_typed(typed: str) -> None:
    assert tidy_hours(typed) == typed


def test_rest_starts_in_current_state_at_once() -> None:
    assert RestDecision(CAREFUL).update(UNPLUGGED, 0.0) == BATTERY
    assert RestDecision(CAREFUL).update(PLUGGED, 0.0) is None


def test_rest_ignores_brief_changes() -> None:
    rest = RestDecision(CAREFUL)
    rest.update(PLUGGED, 0.0)
    assert rest.update(UNPLUGGED, 100.0) is None
    assert rest.update(PLUGGED, 100.0 + REST_AFTER_S) is None
    assert rest.update(UNPLUGGED, 200.0) is None
    assert rest.update(UNPLUGGED, 200.0 + REST_AFTER_S - 0.1) is None
    assert rest.update(UNPLUGGED, 200.0 + REST_AFTER_S) == BATTERY
    assert rest.update(PLUGGED, 300.0) == BATTERY
    assert rest.update(PLUGGED, 300.0 + WORK_AFTER_S - 0.1) == BATTERY
    assert rest.update(PLUGGED, 300.0 + WORK_AFTER_S) is None


def test_new_limits_apply_at_once() -> None:
    rest = RestDecision(WorkerLimits())
    assert rest.update(UNPLUGGED, 0.0) is None
    rest.allow(CAREFUL)
    assert rest.update(UNPLUGGED, 0.1) == BATTERY
    rest.allow(CAREFUL)
    rest.allow(WorkerLimits())
    assert rest.update(UNPLUGGED, 0.2) is None


def test_rest_reports_another_reason_at_once() -> None:
    rest = RestDecision(CAREFUL)
    assert rest.update(ComputerState(True, True), 0.0) == BATTERY
    assert rest.update(ComputerState(False, True), 1.0) == FULL_SCREEN


@given(some.lists(some.tuples(some.booleans(), some.floats(0.1, 5.0)), max_size=60))
def test_rest_changes_are_always_separated_by_delay(looks: list[tuple[bool, float]]) -> None:
    rest = RestDecision(CAREFUL)
    rest.update(PLUGGED, 0.0)
    now, changes, before = 0.0, [0.0], False
    for unplugged, later in looks:
        now += later
        rests = rest.update(ComputerState(on_battery=unplugged), now) is not None
        if rests is not before:
            changes.append(now)
            before = rests
    gaps = [after - one for one, after in zip(changes, changes[1:], strict=False)]
    assert all(gap >= REST_AFTER_S - 0.01 for gap in gaps)


def test_any_is_true_when_a_limit_is_set() -> None:
    assert not WorkerLimits().any and CAREFUL.any and NIGHT.any and WorkerLimits(on_battery=False).any
