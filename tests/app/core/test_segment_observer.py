"""Tests of observers of segments: none, the monitor, and several."""

from uuid import UUID

from app.core.segment_observer import NOBODY, Witness, Witnesses
from app.core.states import State
from app.core.transcript import Segment
from app.monitoring.service import OwnTakes
from app.monitoring.utterances import Utterances

SESSION = UUID(int=1)


def tell(witness: Witness) -> None:
    witness.began(SESSION, 0)
    witness.completed(SESSION, 0)
    witness.queued(SESSION, 0)
    witness.recognised(SESSION, Segment(0, 0, 1_000, "kia ora"))
    witness.held(SESSION, 0)
    witness.inserted(SESSION, 0)
    witness.cancelled(SESSION)
    witness.closed(SESSION)


def test_null_observer_ignores_every_event() -> None:
    tell(NOBODY)
    NOBODY.discarded(SESSION)


def test_monitor_observes_segments() -> None:
    utterances = Utterances()
    tell(OwnTakes(utterances, lambda: 1.0))
    (row,) = utterances.rows(10, 2.0, 0.0, {})
    assert (row.own, row.state) == (True, State.DONE)


def test_group_notifies_every_observer() -> None:
    one, two = Utterances(), Utterances()
    both = Witnesses(OwnTakes(one, lambda: 1.0), NOBODY, OwnTakes(two, lambda: 1.0))
    tell(both)
    assert [row.state for known in (one, two) for row in known.rows(10, 2.0, 0.0, {})] == [State.DONE] * 2
    both.discarded(SESSION)
    assert [*one.rows(10, 2.0, 0.0, {}), *two.rows(10, 2.0, 0.0, {})] == []


def test_group_notifies_every_observer_of_cancellation() -> None:
    one, two = Utterances(), Utterances()
    both = Witnesses(OwnTakes(one, lambda: 1.0), OwnTakes(two, lambda: 1.0))
    both.began(SESSION, 0)
    both.cancelled(SESSION)
    assert [row.state for known in (one, two) for row in known.rows(10, 2.0, 0.0, {})] == [State.CANCELLED] * 2
