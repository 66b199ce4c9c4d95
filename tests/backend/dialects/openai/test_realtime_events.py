"""Events of the Realtime API are read in today's form and in that of older clients."""

import json
from base64 import b64encode
from typing import Any

import pytest

from backend.dialects.openai.realtime_events import (
    EventInvalid,
    RealtimeConfig,
    audio_of,
    client_event,
    error_event,
    server_event,
    session_fields,
    updated_config,
)
from tests.backend.dialects.nesting import nested_list

BEFORE = RealtimeConfig()


def updated(**given: Any) -> RealtimeConfig:
    return updated_config(BEFORE, {"session": {"audio": {"input": given}}})


def test_update_says_format_language_and_turns() -> None:
    config = updated(
        format={"type": "audio/pcm", "rate": 16_000},
        transcription={"model": "gpt-4o-transcribe", "language": "zh-CN", "prompt": "王小明, Ōtaki"},
        turn_detection={"type": "server_vad", "silence_duration_ms": 350},
    )
    assert (config.rate, config.law, config.silence_ms, config.model) == (16_000, "", 350, "gpt-4o-transcribe")
    assert (config.options.language, config.options.hotwords) == ("zh", ("王小明", "Ōtaki"))
    assert session_fields(config, "sess_1")["audio"]["input"] == {
        "format": {"type": "audio/pcm", "rate": 16_000},
        "transcription": {"model": "gpt-4o-transcribe", "language": "zh", "prompt": "王小明, Ōtaki"},
        "turn_detection": {"type": "server_vad", "silence_duration_ms": 350},
        "noise_reduction": None,
    }


def test_older_clients_send_flat_fields() -> None:
    flat = {
        "input_audio_format": "g711_ulaw",
        "input_audio_transcription": {"language": "en"},
        "turn_detection": None,
    }
    config = updated_config(BEFORE, {"session": flat})
    assert (config.rate, config.law, config.silence_ms, config.options.language) == (8_000, "mu-law", None, "en")
    shown = session_fields(config, "sess_1")["audio"]["input"]
    assert (shown["format"], shown["turn_detection"]) == ({"type": "audio/pcmu"}, None)


def test_update_keeps_missing_fields() -> None:
    assert updated_config(BEFORE, {"session": {}}) == BEFORE
    assert updated(turn_detection={"type": "server_vad", "silence_duration_ms": 1}).silence_ms == 200


@pytest.mark.parametrize(
    "given",
    [
        {"format": {"type": "audio/mp3"}},
        {"format": {"type": "audio/pcm", "rate": 1}},
        {"transcription": {"language": "the one I speak"}},
        {"turn_detection": "always"},
        {"turn_detection": {"type": "server_vad", "silence_duration_ms": "long"}},
    ],
)
def test_invalid_update_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(EventInvalid):
        updated(**given)


@pytest.mark.parametrize("data", ["", "[]", "{}", '{"type": 7}', '"\ud800"'])
def test_message_that_is_no_event_is_refused(data: str) -> None:
    with pytest.raises(EventInvalid):
        client_event(data)


def test_audio_is_in_base64() -> None:
    assert audio_of({"audio": b64encode(b"\x01\x02").decode()}) == b"\x01\x02"
    for event in ({"audio": "not base64!"}, {"audio": None}, {"data": "AAAA"}):
        with pytest.raises(EventInvalid, match="an append has audio in base64"):
            audio_of(event)


def test_events_have_ids_and_errors_a_type() -> None:
    first, second = json.loads(server_event("x")), json.loads(server_event("x"))
    assert first["event_id"] != second["event_id"]
    error = json.loads(error_event("busy", "later", about="e1"))["error"]
    assert (error["type"], error["event_id"]) == ("server_error", "e1")
    assert json.loads(error_event("busy", "later", about=nested_list()))["error"]["event_id"] is None
