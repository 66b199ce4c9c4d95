"""Test the encoding of the reader's messages."""

from io import BytesIO

import pytest

from backend.rest.media_frames import (
    FRAMES,
    Frame,
    MediaBroken,
    MediaEnded,
    MediaOpened,
    MediaProgress,
    MediaSegment,
)
from protocol.errors import ErrorCode


@pytest.mark.parametrize(
    "frame",
    [
        MediaOpened("fsmn"),
        MediaSegment(3, 16_000, b"\1\2"),
        MediaProgress(80_000),
        MediaEnded(4, 9),
        MediaBroken(ErrorCode.UNSUPPORTED, "no"),
    ],
)
def test_frame_survives_encoding(frame: Frame) -> None:
    assert FRAMES.read(BytesIO(FRAMES.pack(frame))) == frame
