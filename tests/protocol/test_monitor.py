"""Monitor events: encoding and decoding of JSON."""

import json

import msgspec
import pytest

from protocol.errors import MalformedMessage
from protocol.monitor import (
    SEGMENT,
    SNAPSHOT,
    BrokerState,
    Recent,
    Snapshot,
    WorkerState,
    WorkerStatus,
    decode_event,
)
from protocol.recognition import Timing

WORKER = WorkerStatus("w", "h", "whisper", "whisper-base", "cuda", WorkerState.BUSY, gpu_percent=12.5)
RECENT = Recent("s", 3, "final", "whisper-base", "w", Timing(900, 10, 200, 5), 1_000, 12.5)
STATE = Snapshot(
    "g", 60.0, BrokerState(True, "Valkey 9.1.2", True), 1, 2, 3, 0.5, 4, 8.0, 1.5, 9.0, (WORKER,), (RECENT,)
)


def test_monitor_events_round_trip() -> None:
    assert decode_event(SNAPSHOT, msgspec.json.encode(STATE)) == STATE
    assert decode_event(SEGMENT, msgspec.json.encode(RECENT).decode()) == RECENT


def test_monitor_ignores_unknown_fields_and_events() -> None:
    newer = {**json.loads(msgspec.json.encode(RECENT)), "mood": "fine"}
    assert decode_event(SEGMENT, json.dumps(newer)) == RECENT
    assert decode_event("weather", "{}") is None


def test_monitor_fills_missing_fields_with_defaults() -> None:
    older = {"session": "s", "segment": 3, "outcome": "engine_failed"}
    assert decode_event(SEGMENT, json.dumps(older)) == Recent("s", 3, "engine_failed")


@pytest.mark.parametrize("data", ["", "{", "[]", '{"session": 1}', b"\xff"])
def test_unreadable_monitor_event_is_malformed(data: str | bytes) -> None:
    with pytest.raises(MalformedMessage, match="segment"):
        decode_event(SEGMENT, data)
