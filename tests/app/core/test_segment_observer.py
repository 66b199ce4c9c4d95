"""Tests of groups of observers of segments."""

from uuid import UUID

from app.core.segment_observer import SegmentEvent, SegmentStep, ignore, notify_all

SESSION = UUID(int=1)


def test_group_notifies_every_observer_in_order() -> None:
    heard: list[tuple[str, SegmentEvent]] = []
    observe = notify_all(
        lambda event: heard.append(("one", event)), ignore, lambda event: heard.append(("two", event))
    )
    events = [SegmentEvent(step, SESSION, 0) for step in SegmentStep]
    for event in events:
        observe(event)
    assert heard == [(name, event) for event in events for name in ("one", "two")]
