"""Deadlines of live sessions: counted only while a text is due, and not while the process stood still."""

import pytest

from backend.dialects.patience import AWAY_S, QUIET_S, STEP_S, Patience
from client.events import Connected
from protocol.session import Busy

AWAY, BACK = Busy("broker", accepting=False), Busy("load", eta_ms=0)


def lost_after(patience: Patience, now: float, most_s: float, *, waits: bool = True) -> float | None:
    """Return after how many seconds from ``now`` the session is lost, stepping as the shell does."""
    for step in range(round(most_s / STEP_S)):
        at = now + (step + 1) * STEP_S
        if patience.step(waits, at):
            return at - now
    return None


@pytest.mark.parametrize("now", [0.0, 1e6])
def test_session_is_lost_after_silence_while_text_is_due(now: float) -> None:
    assert lost_after(Patience(now), now, 2 * QUIET_S) == QUIET_S
    assert lost_after(Patience(now), now, 10 * QUIET_S, waits=False) is None


def test_silence_counts_from_when_text_is_due_and_from_each_event() -> None:
    patience = Patience(0.0)
    assert lost_after(patience, 0.0, QUIET_S, waits=False) is None
    assert lost_after(patience, QUIET_S, QUIET_S - 1) is None
    patience.take(Connected("g", durable=True), 2 * QUIET_S)
    assert lost_after(patience, 2 * QUIET_S - 1, 2 * QUIET_S) == QUIET_S + 1


def test_session_is_lost_sooner_without_a_broker() -> None:
    patience = Patience(0.0)
    patience.take(AWAY, 0.0)
    patience.take(Connected("g", durable=True), 1.0)
    assert lost_after(patience, 1.0, QUIET_S) == AWAY_S - 1.0
    assert not patience.step(False, AWAY_S + 1), "no text is due"
    assert patience.step(True, AWAY_S + 2), "it has been away all the time"
    patience.take(BACK, AWAY_S + 3)
    assert lost_after(patience, AWAY_S + 3, QUIET_S - 1) is None


def test_time_in_which_the_process_stood_still_does_not_count() -> None:
    patience = Patience(0.0)
    patience.take(AWAY, 0.0)
    later = 10 * QUIET_S
    assert not patience.step(True, later)
    assert lost_after(patience, later, QUIET_S) == AWAY_S
