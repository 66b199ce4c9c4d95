"""Events of a chaos run."""

import msgspec

from loadtest.chaos.events import Event, FaultKind, FaultTarget, LinkDirection


def test_event_survives_its_way_through_a_report() -> None:
    event = Event(1.5, FaultKind.HALF_OPEN, FaultTarget.BROKER_LINK, 2, 3.0, 0.0, (LinkDirection.UP,))
    assert event.what == "half-open broker link 2"
    assert msgspec.json.decode(msgspec.json.encode(event), type=Event) == event


def test_ways_are_opposites() -> None:
    assert [way.back for way in LinkDirection] == [LinkDirection.DOWN, LinkDirection.UP]
