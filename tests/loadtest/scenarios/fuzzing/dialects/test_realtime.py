"""Valid events of OpenAI's Realtime API, as the gateway reads them, and judged answers."""

import random

import pytest

from backend.dialects.openai.realtime_events import RealtimeConfig, audio_of, configured, error_event, server_event
from loadtest.scenarios.fuzzing.answers import Judged
from loadtest.scenarios.fuzzing.dialects.realtime import judge, ordinary


@pytest.mark.parametrize("seed", range(5))
def test_ordinary_events_are_valid(seed: int) -> None:
    config = RealtimeConfig()
    for event in ordinary(random.Random(seed)):
        assert isinstance(event, dict)
        if "session" in event:
            config = configured(config, event)
        if event["type"].endswith("append"):
            assert audio_of(event)


def test_error_events_are_objections_and_internal_ones_faults() -> None:
    assert judge(server_event("session.created").encode()) == Judged()
    assert judge(error_event("busy", "later").encode()) == Judged("busy")
    assert judge(error_event("internal", "oh").encode()).fault
    assert judge(b'{"type": "error"}').fault
