"""Frames between a worker and its engine process."""

from io import BytesIO

import pytest

from protocol.engine import DecodeFailure, DecodeRequest, EngineInfo, EngineSettings, Transcript
from protocol.errors import ErrorCode
from protocol.recognition import Options, Word
from worker.supervision.engine_frames import (
    REPLIES,
    REQUESTS,
    Decode,
    Decoded,
    LoadEngine,
    Raised,
    Ready,
    Reply,
    Request,
    Unavailable,
)

ASKED: list[Request] = [
    LoadEngine(EngineSettings("whisper", "whisper-base", "/models/w", "cpu", 2, {"rtf": "0.1"})),
    Decode(
        (DecodeRequest(b"\x00\x01", Options(language="zh", hotwords=("a",), priority="bulk")), DecodeRequest(b""))
    ),
]
ANSWERED: list[Reply] = [
    Ready(EngineInfo("whisper", "m", "cpu", ("en", "zh"), 2)),
    Unavailable("no"),
    Decoded(
        (Transcript("说", "zh", (Word("说", 0, 5),), "sad", "cry"), DecodeFailure(ErrorCode.AUDIO_INVALID, "odd"))
    ),
    Raised("ValueError"),
]


@pytest.mark.parametrize("request_", ASKED)
def test_engine_requests_round_trip(request_: Request) -> None:
    assert REQUESTS.read(BytesIO(REQUESTS.pack(request_))) == request_


@pytest.mark.parametrize("reply", ANSWERED)
def test_engine_replies_round_trip(reply: Reply) -> None:
    assert REPLIES.read(BytesIO(REPLIES.pack(reply))) == reply
