import json
from typing import get_args
from uuid import UUID

import pytest
from msgspec.structs import asdict

from protocol.audio import SAMPLE_RATE
from protocol.errors import CloseCode, ErrorCode, MalformedMessage, MessageTooLarge
from protocol.recognition import Options, Timing, Word
from protocol.session import (
    PLAIN,
    AudioFormat,
    Busy,
    ClientMessage,
    Done,
    Error,
    Failed,
    Final,
    Finish,
    GatewayMessage,
    HeldSegments,
    Hello,
    Limits,
    Missing,
    MoreHeld,
    Partial,
    Queued,
    Received,
    SegmentBegin,
    SegmentCancel,
    SegmentDetails,
    SegmentEnd,
    SegmentSpeculate,
    Welcome,
    decode_client,
    decode_gateway,
    details_of,
    encode,
    is_resumable,
)

SESSION = UUID("6f1f7c0e-2a53-4c5e-9d0f-0a4b8f2f9f11")

FROM_CLIENT: list[ClientMessage] = [
    Hello(SESSION, "test 1", AudioFormat(8_000, "opus"), Options("zh", ("蓝莓",), priority="bulk"), resume=True),
    SegmentBegin(3, at_ms=1_200, attempt=2),
    SegmentSpeculate(3, samples=16_000),
    SegmentEnd(3, samples=17_000),
    SegmentCancel(3),
    Finish(4),
    Received(3),
]
FROM_GATEWAY: list[GatewayMessage] = [
    Welcome(SESSION, "g", True, 5, Limits(frame_bytes=1), HeldSegments({0: 7}, queued=(1,), ended=(2, 3))),
    MoreHeld(HeldSegments({0: 7}, queued=(1,), ended=(2, 3)), more=True),
    Queued(1, ahead_s=2.5, eta_ms=900),
    Missing(1, from_=1_600),
    Partial(1, revision=2, text="早上", stable=1),
    Final(
        1, "早上好", "zh", (Word("早上", 0, 300),), "whisper-base", "w", Timing(1, 2, 3, 4), "happy", "laughter"
    ),
    Failed(1, ErrorCode.ENGINE_DIED, "three times", retryable=True),
    Busy("no_worker", accepting=False, partials=True, eta_ms=1),
    Done(2, "good morning 早上好"),
    Error(ErrorCode.UNSUPPORTED, "only pcm16"),
]


@pytest.mark.parametrize("message", FROM_CLIENT, ids=lambda message: type(message).__name__)
def test_client_messages_round_trip(message: ClientMessage) -> None:
    assert decode_client(encode(message)) == message


@pytest.mark.parametrize("message", FROM_GATEWAY, ids=lambda message: type(message).__name__)
def test_gateway_messages_round_trip(message: GatewayMessage) -> None:
    assert decode_gateway(encode(message)) == message


def test_message_lists_cover_every_type() -> None:
    assert {type(message) for message in FROM_CLIENT} == set(get_args(ClientMessage))
    assert {type(message) for message in FROM_GATEWAY} == set(get_args(GatewayMessage))


@pytest.mark.parametrize("message", [*FROM_CLIENT, *FROM_GATEWAY], ids=lambda message: type(message).__name__)
def test_messages_with_unknown_fields_are_accepted(message: ClientMessage | GatewayMessage) -> None:
    body = json.loads(encode(message)) | {"from_the_future": {"nested": [1]}}
    decode = decode_client if message in FROM_CLIENT else decode_gateway
    assert decode(json.dumps(body)) == message


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "the JSON ends too early"),
        ("not json", "malformed"),
        ("[]", "an object, not a list"),
        ("{}", "type"),
        ('{"type": "segment.explode", "segment": 1}', "`type` must be one of hello, segment.begin, "),
        ('{"type": "segment.end", "segment": "1", "samples": 2}', "segment"),
        ('{"type": "segment.end", "segment": 1}', "samples"),
        ('{"type": "segment.end", "segment": -1, "samples": 2}', "segment"),
        ('{"type": "finish", "segments": 4294967296}', "segments"),
        ('{"type": "hello", "session": "../../etc"}', "session"),
        ('{"type": "finish", "segments": 1, "x": ' + "[" * 20_000, "the JSON is nested too deeply"),
    ],
)
def test_bad_message_is_malformed_and_names_the_field(text: str, says: str) -> None:
    with pytest.raises(MalformedMessage, match=says):
        decode_client(text)
    with pytest.raises(MalformedMessage):
        decode_gateway(text)


def test_message_that_is_not_utf8_is_malformed() -> None:
    with pytest.raises(MalformedMessage):
        decode_client(b'{"type": "hello", "session": "6f1f7c0e-2a53-4c5e-9d0f-0a4b8f2f9f11", "client": "\xff"}')


def test_text_message_over_the_limit_is_too_large() -> None:
    with pytest.raises(MessageTooLarge, match="65536"):
        decode_client('{"type": "finish", "segments": 1, "x": "' + "x" * 65_536 + '"}')


def test_default_audio_format_is_that_of_version_1() -> None:
    assert AudioFormat() == AudioFormat(SAMPLE_RATE, "pcm16")


@pytest.mark.parametrize("close", [1001, 1006, 1011, 1012, 1013])
def test_client_resumes_after_temporary_close_codes(close: int) -> None:
    assert is_resumable(close)


@pytest.mark.parametrize("close", [1000, 1002, 1003, 1007, 1008, 1009, 4401, 4403, 4409])
def test_client_does_not_resume_after_permanent_close_codes(close: int) -> None:
    assert CloseCode(close) and not is_resumable(close)


def test_beginning_of_segment_carries_its_details() -> None:
    details = SegmentDetails(language="zh", gain_db=12, replaces=(3, 4), within_ms=500)
    begin = SegmentBegin(5, 1200, **asdict(details))
    assert decode_client(encode(begin)) == begin
    assert details_of(begin) == details


def test_beginning_of_segment_without_details_reads_as_plain() -> None:
    begin = decode_client('{"type":"segment.begin","segment":5}')
    assert isinstance(begin, SegmentBegin)
    assert details_of(begin) == PLAIN
