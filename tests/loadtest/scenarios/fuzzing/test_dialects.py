"""Valid messages in protocols of others, as the gateway reads them, and judged answers."""

import json
import random

import msgspec
import pytest

from backend.dialects.deepgram import answers as deepgram_answers
from backend.dialects.deepgram import requests as deepgram_requests
from backend.dialects.earlier import messages as earlier_messages
from backend.dialects.funasr import messages as funasr_messages
from backend.dialects.openai import realtime_events
from backend.dialects.vosk.messages import VoskConfig, partial_reply, result_reply, vosk_text
from loadtest.scenarios.fuzzing import dialects
from loadtest.scenarios.fuzzing.answers import Judge, Judged, MalformedAnswer

every_seed = pytest.mark.parametrize("seed", range(5))


@pytest.mark.parametrize(
    ("judge", "payload"),
    [
        (dialects.judge_deepgram, b"[]"),
        (dialects.judge_earlier, earlier_messages.failed_message("a", "").encode()),
        (dialects.judge_earlier, b'{"type": "ack"}'),
        (dialects.judge_funasr, b'{"mode": "2pass"}'),
        (dialects.judge_realtime, b'{"type": "error"}'),
        (dialects.judge_vosk, b"{}"),
        (dialects.judge_vosk, b"no"),
    ],
)
def test_answer_that_its_protocol_does_not_permit_is_malformed(judge: Judge, payload: bytes) -> None:
    with pytest.raises(MalformedAnswer):
        judge(payload)


@every_seed
def test_deepgram_messages_are_valid(seed: int) -> None:
    for item in dialects.deepgram(random.Random(seed)):
        text = "" if isinstance(item, bytes) else msgspec.json.encode(item).decode()
        assert isinstance(item, bytes) or deepgram_requests.client_message(text) == item


def test_deepgram_errors_are_objections() -> None:
    judge, encoded = dialects.judge_deepgram, deepgram_answers.encode_message
    assert judge(encoded("UtteranceEnd").encode()) == Judged()
    assert judge(encoded("Error", variant="SchemaError", description="no").encode()) == Judged("SchemaError")
    failure = encoded("ConfigureFailure", code="CONFIGURE_KEYTERMS_NOT_SUPPORTED", description="no")
    assert judge(failure.encode()).objection


@every_seed
def test_messages_to_the_earlier_server_are_valid(seed: int) -> None:
    read = [earlier_messages.client_message(json.dumps(item)) for item in dialects.earlier(random.Random(seed))]
    begun = [message.session_id for message in read if isinstance(message, earlier_messages.EarlierStart)]
    assert len(set(begun)) == len(begun) >= 1
    assert all(message.session_id in begun for message in read)


def test_errors_of_the_earlier_server_are_objections() -> None:
    assert dialects.judge_earlier(earlier_messages.received_message("a", 1).encode()) == Judged()
    assert dialects.judge_earlier(earlier_messages.failed_message("a", "too late").encode()) == Judged("error")


@every_seed
def test_funasr_messages_are_valid(seed: int) -> None:
    config = funasr_messages.Config()
    for item in dialects.funasr(random.Random(seed)):
        if isinstance(item, dict):
            config = funasr_messages.client_text(msgspec.json.encode(item).decode(), config).config
    assert config.format == "pcm"


def test_funasr_errors_are_objections_and_internal_ones_faults() -> None:
    judge, config = dialects.judge_funasr, funasr_messages.Config()
    assert judge(funasr_messages.online(config, "text").encode()) == Judged()
    busy, internal = funasr_messages.FailedSpeech("busy", "later"), funasr_messages.FailedSpeech("internal", "oh")
    assert judge(funasr_messages.failed_message(config, busy).encode()) == Judged("busy")
    assert judge(funasr_messages.failed_message(config, internal).encode()).fault


@every_seed
def test_realtime_events_are_valid(seed: int) -> None:
    config = realtime_events.RealtimeConfig()
    for event in dialects.realtime(random.Random(seed)):
        assert isinstance(event, dict)
        if "session" in event:
            config = realtime_events.updated_config(config, event)
        if event["type"].endswith("append"):
            assert realtime_events.audio_of(event)


def test_realtime_errors_are_objections_and_internal_ones_faults() -> None:
    judge = dialects.judge_realtime
    assert judge(realtime_events.server_event("session.created").encode()) == Judged()
    assert judge(realtime_events.error_event("busy", "later").encode()) == Judged("busy")
    assert judge(realtime_events.error_event("internal", "oh").encode()).fault


@every_seed
def test_vosk_messages_are_valid(seed: int) -> None:
    for item in dialects.vosk(random.Random(seed)):
        if isinstance(item, dict):
            vosk_text(msgspec.json.encode(item).decode(), VoskConfig())


@pytest.mark.parametrize(
    "reply",
    [partial_reply("so far"), result_reply(VoskConfig(), []), result_reply(VoskConfig(alternatives=True), [])],
)
def test_vosk_reply_with_a_text_is_no_fault(reply: str) -> None:
    assert dialects.judge_vosk(reply.encode()) == Judged()
