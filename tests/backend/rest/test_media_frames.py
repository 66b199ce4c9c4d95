"""Test the encoding of the reader's messages."""

from io import BytesIO

import pytest

from backend.rest.media_frames import FRAMES, Broken, Ended, Frame, Heard, Opened, Piece
from protocol.errors import ErrorCode


@pytest.mark.parametrize(
    "frame",
    [Opened("fsmn"), Piece(3, 16_000, b"\1\2"), Heard(80_000), Ended(4, 9), Broken(ErrorCode.UNSUPPORTED, "no")],
)
def test_frame_survives_encoding(frame: Frame) -> None:
    assert FRAMES.read(BytesIO(FRAMES.pack(frame))) == frame
