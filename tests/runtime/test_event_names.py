"""Names of log events are one vocabulary, and each of them is in use."""

import re
from pathlib import Path

import pytest

from runtime.event_names import EVENT_NAMES, LogEvent

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("event", LogEvent)
def test_event_name_is_dotted_and_spelled_by_its_constant(event: LogEvent) -> None:
    assert re.fullmatch(r"[a-z]+(\.[a-z_]+)+", event)
    assert event.name == event.replace(".", "_").upper()


def test_event_names_are_plain_strings_and_unique() -> None:
    assert {*map(type, EVENT_NAMES)} == {str}
    assert len(EVENT_NAMES) == len(LogEvent.__members__)
