"""Events of a chaos run."""

import msgspec
import pytest

from loadtest.chaos.events import Event, FaultKind, FaultTarget, LinkDirection


def test_event_survives_its_way_through_a_report() -> None:
    event = Event(1.5, FaultKind.HALF_OPEN, FaultTarget.BROKER_LINK, 2, 3.0, 0.0, (LinkDirection.UP,))
    assert event.what == "half-open broker link 2"
    assert msgspec.json.decode(msgspec.json.encode(event), type=Event) == event


def test_ways_are_opposites() -> None:
    assert [way.back for way in LinkDirection] == [LinkDirection.DOWN, LinkDirection.UP]


@pytest.mark.parametrize(
    ("kind", "target", "amount", "how"),
    [
        (FaultKind.KILL, FaultTarget.BROKER, 0.0, ""),
        (FaultKind.SLOW, FaultTarget.WORKER, 0.83, "stopped for 83% of the time"),
        (FaultKind.CLOCK, FaultTarget.BROKER, -247.1, "by -247.1 s"),
        (FaultKind.STALL, FaultTarget.BROKER_LINK, 0.0, "up and down"),
        (FaultKind.DELAY, FaultTarget.CLIENT_LINK, 0.11, "by 110 ms, up and down"),
        (FaultKind.NARROW, FaultTarget.CLIENT_LINK, 13_629.0, "to 14 KB/s, up and down"),
        (FaultKind.CUT, FaultTarget.CLIENT_LINK, 0.0, "at once, up"),
        (FaultKind.CUT, FaultTarget.CLIENT_LINK, 1_500.0, "after 1,500 bytes, up"),
    ],
)
def test_event_describes_its_strength(kind: FaultKind, target: FaultTarget, amount: float, how: str) -> None:
    assert Event(1.0, kind, target, amount=amount).how == how
