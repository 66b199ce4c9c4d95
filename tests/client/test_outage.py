"""Tests of the decision how long to look for a gateway."""

import pytest

from client.errors import Failing, Moved, TryLater, Unreachable
from client.outage import STEADY_S, Outage

AWAY = Unreachable("nobody there")


def outage() -> Outage:
    return Outage(100.0, first_contact_s=5.0, give_up_s=120.0, failing_s=60.0)


@pytest.mark.parametrize(("after_s", "over"), [(4.9, False), (5.0, True)])
def test_first_contact_has_its_own_limit(after_s: float, over: bool) -> None:
    assert outage().is_over_limit(AWAY, 100.0 + after_s) is over


@pytest.mark.parametrize(("after_s", "over"), [(119.9, False), (120.0, True)])
def test_limit_after_lost_connection_counts_from_its_end(after_s: float, over: bool) -> None:
    lost = outage()
    lost.note_lost_connection(1.0, 500.0)
    assert lost.is_over_limit(AWAY, 500.0 + after_s) is over


def test_busy_gateway_gets_longer_limit_from_first_contact_on() -> None:
    busy = outage()
    assert not busy.is_over_limit(TryLater("full"), 110.0)
    assert not busy.is_over_limit(AWAY, 219.9)
    assert busy.is_over_limit(AWAY, 220.0)


@pytest.mark.parametrize(("lasted_s", "failures"), [(STEADY_S - 0.1, 2), (STEADY_S, 1)])
def test_only_steady_connection_ends_series_of_failures(lasted_s: float, failures: int) -> None:
    flapping = outage()
    flapping.is_over_limit(AWAY, 101.0)
    flapping.note_lost_connection(lasted_s, 102.0)
    flapping.is_over_limit(AWAY, 102.0)
    assert flapping.failures == failures


def test_only_first_move_needs_no_pause() -> None:
    moving, moved = outage(), Moved("elsewhere")
    moving.is_over_limit(moved, 100.0)
    assert moving.needs_no_pause(moved) and not moving.needs_no_pause(AWAY)
    moving.is_over_limit(moved, 100.0)
    assert not moving.needs_no_pause(moved)


@pytest.mark.parametrize(("after_s", "over"), [(59.9, False), (60.0, True)])
def test_failing_gateway_has_its_own_limit_although_it_accepts_the_session(after_s: float, over: bool) -> None:
    failing, failure = outage(), Failing("1011")
    for now in (500.0, 530.0):
        failing.note_lost_connection(1.0, now)
        assert not failing.is_over_limit(failure, now)
    failing.note_lost_connection(1.0, 500.0 + after_s)
    assert failing.is_over_limit(failure, 500.0 + after_s) is over


@pytest.mark.parametrize("between", ["result", "long connection", "other failure"])
def test_failing_gateway_gets_its_whole_limit_again(between: str) -> None:
    failing, failure = outage(), Failing("1011")
    failing.note_lost_connection(1.0, 500.0)
    failing.is_over_limit(failure, 500.0)
    match between:
        case "result":
            failing.note_result()
        case "long connection":
            failing.note_lost_connection(60.0, 560.0)
        case _:
            assert not failing.is_over_limit(AWAY, 560.0)
    assert not failing.is_over_limit(failure, 561.0)
    assert failing.is_over_limit(failure, 621.0)
