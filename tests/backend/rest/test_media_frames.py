"""Frames in a pipe."""

import pytest

from backend.rest.media_frames import (
    HEADER_BYTES,
    LONGEST_FRAME,
    Broken,
    BrokenFrame,
    Ended,
    Frame,
    Heard,
    Opened,
    Piece,
    body_length,
    pack,
    unpack,
)
from protocol.errors import ErrorCode


@pytest.mark.parametrize(
    "frame",
    [Opened("fsmn"), Piece(3, 16_000, b"\1\2"), Heard(80_000), Ended(4, 9), Broken(ErrorCode.UNSUPPORTED, "no")],
)
def test_a_frame_is_what_it_was(frame: Frame) -> None:
    data = pack(frame)
    assert body_length(data[:HEADER_BYTES]) == len(data) - HEADER_BYTES
    assert unpack(data[HEADER_BYTES:]) == frame


def test_anything_else_is_broken() -> None:
    with pytest.raises(BrokenFrame):
        body_length((LONGEST_FRAME + 1).to_bytes(HEADER_BYTES, "little"))
    with pytest.raises(BrokenFrame):
        unpack(b"a library prints")
