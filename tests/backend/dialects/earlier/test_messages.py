"""Messages of the earlier server's protocol, as its clients write and read them."""

import base64
import json
from typing import Any

import pytest

from backend.dialects.earlier.messages import (
    EarlierChunk,
    EarlierFinish,
    EarlierStart,
    chunk_result,
    client_message,
    failed_message,
    final_result,
    received_message,
    started_message,
)
from protocol.errors import MalformedMessage

CHUNK = {"action": "chunk", "session_id": "a", "chunk_index": 3, "audio_data": base64.b64encode(b"\1\2").decode()}


def test_messages_of_client_are_read() -> None:
    start = {"action": "start", "session_id": "a", "user_id": None, "more": 1}
    assert client_message(json.dumps(start)) == EarlierStart("a")
    assert client_message(json.dumps(CHUNK).encode()) == EarlierChunk("a", 3, b"\1\2")
    assert client_message('{"action": "finish", "session_id": "a"}') == EarlierFinish("a")


@pytest.mark.parametrize(
    "change",
    [
        {"action": "stop"},
        {"action": None},
        {"session_id": None},
        {"session_id": ""},
        {"session_id": 7},
        {"session_id": "a\n"},
        {"session_id": "a" * 101},
        {"chunk_index": None},
        {"chunk_index": -1},
        {"chunk_index": "1"},
        {"chunk_index": 2**31},
        {"audio_data": None},
        {"audio_data": "?"},
        {"audio_data": base64.b64encode(b"odd").decode()},
    ],
)
def test_null_or_wrong_field_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(MalformedMessage):
        client_message(json.dumps(CHUNK | change))


@pytest.mark.parametrize("field", CHUNK)
def test_missing_field_is_refused(field: str) -> None:
    with pytest.raises(MalformedMessage):
        client_message(json.dumps({name: value for name, value in CHUNK.items() if name != field}))


@pytest.mark.parametrize("data", ["", "[]", "null", "{", '"\ud800"', b"\xff", "[" * 100_000])
def test_message_that_is_no_object_is_refused(data: str | bytes) -> None:
    with pytest.raises(MalformedMessage):
        client_message(data)


def test_answers_have_chunk_index_and_no_empty_values() -> None:
    sent = [
        json.loads(one)
        for one in (
            started_message("a"),
            received_message("a", 0),
            chunk_result("a", 2, ""),
            failed_message("", "no"),
        )
    ]
    assert sent == [
        {"type": "ack", "chunk_index": 0, "session_id": "a", "status": "session_started"},
        {"type": "ack", "chunk_index": 0, "session_id": "a", "status": "received"},
        {"type": "chunk_result", "chunk_index": 2, "session_id": "a"},
        {"type": "error", "chunk_index": 0, "message": "no"},
    ]
    whole = json.loads(final_result("a", "good morning", 1.25, 3))
    assert whole == {
        **{"type": "final_result", "chunk_index": 0, "session_id": "a", "text": "good morning"},
        **{"duration": 1.25, "chunk_count": 3},
    }
