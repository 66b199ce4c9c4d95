from typing import Any

import msgspec

from protocol.engine import (
    DecodeFailure,
    DecodeOutcome,
    DecodeRequest,
    EngineInfo,
    EngineSettings,
    Transcript,
)
from protocol.errors import ErrorCode
from protocol.recognition import Options, Word


def test_engine_messages_round_trip() -> None:
    outcomes: list[DecodeOutcome] = [
        Transcript("早上好", "zh", (Word("早上", 0, 300),), "happy", "laughter"),
        DecodeFailure(ErrorCode.AUDIO_INVALID, "empty"),
    ]
    cases: list[tuple[object, Any]] = [
        (DecodeRequest(b"\x00\x01", Options("zh")), DecodeRequest),
        (EngineSettings("whisper", "whisper-base", "/models", "cpu", 2, {"beam": "5"}), EngineSettings),
        (EngineInfo("whisper", "whisper-base", "cpu", ("zh", "en"), 4), EngineInfo),
        (outcomes, list[DecodeOutcome]),
    ]
    for value, kind in cases:
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(value), type=kind) == value
