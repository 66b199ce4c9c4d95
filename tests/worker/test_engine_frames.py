"""Frames between a worker and its engine process."""

from io import BytesIO

import pytest

from protocol.engine import DecodeFailure, DecodeRequest, EngineInfo, EngineSettings, Transcript
from protocol.errors import ErrorCode
from protocol.recognition import Options, Word
from worker.engine_frames import (
    HEADER_BYTES,
    BrokenFrame,
    Decode,
    Decoded,
    Load,
    Raised,
    Ready,
    Reply,
    Request,
    Unavailable,
    body_length,
    pack,
    read_request,
    unpack_reply,
)

REQUESTS: list[Request] = [
    Load(EngineSettings("whisper", "whisper-base", "/models/w", "cpu", 2, {"rtf": "0.1"})),
    Decode(
        (DecodeRequest(b"\x00\x01", Options(language="zh", hotwords=("a",), priority="bulk")), DecodeRequest(b""))
    ),
]
REPLIES: list[Reply] = [
    Ready(EngineInfo("whisper", "m", "cpu", ("en", "zh"), 2)),
    Unavailable("no"),
    Decoded(
        (Transcript("说", "zh", (Word("说", 0, 5),), "sad", "cry"), DecodeFailure(ErrorCode.AUDIO_INVALID, "odd"))
    ),
    Raised("ValueError"),
]


def test_requests_follow_each_other() -> None:
    pipe = BytesIO(b"".join(map(pack, REQUESTS)))
    assert [read_request(pipe), read_request(pipe), read_request(pipe)] == [*REQUESTS, None]


@pytest.mark.parametrize("reply", REPLIES)
def test_replies_come_back(reply: Reply) -> None:
    frame = pack(reply)
    assert body_length(frame[:HEADER_BYTES]) == len(frame) - HEADER_BYTES
    assert unpack_reply(frame[HEADER_BYTES:]) == reply


def test_a_request_cut_short_is_the_end() -> None:
    frame = pack(REQUESTS[1])
    assert all(read_request(BytesIO(frame[:length])) is None for length in range(len(frame)))


def test_what_is_no_frame_is_told() -> None:
    with pytest.raises(BrokenFrame, match="frame of"):
        body_length(b"nois")
    with pytest.raises(BrokenFrame):
        unpack_reply(b"noise of an engine")
