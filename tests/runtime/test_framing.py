"""Framing of messages in a pipe."""

import asyncio
from io import BytesIO

import pytest
from msgspec import Struct

from runtime.framing import HEADER_BYTES, BrokenFrame, Framing


class Ask(Struct, frozen=True, tag="ask"):
    """Message with fields for the tests."""

    number: int
    pcm: bytes = b""


class Stop(Struct, frozen=True, tag="stop"):
    """Message without fields, for the tests."""


MESSAGES: tuple[Ask | Stop, ...] = (Ask(3, bytes(1_000)), Stop(), Ask(4))
FRAMES: Framing[Ask | Stop] = Framing(Ask | Stop, longest=2_000)
BROKEN = {
    "longer than any": b"nois" + bytes(8),
    "no message": len(b"a library prints").to_bytes(HEADER_BYTES, "little") + b"a library prints",
}


def pipe_with(data: bytes) -> asyncio.StreamReader:
    """Return the reading end of a pipe that ends after ``data``."""
    pipe = asyncio.StreamReader()
    pipe.feed_data(data)
    pipe.feed_eof()
    return pipe


def test_frames_are_read_in_order_until_the_end() -> None:
    pipe = BytesIO(b"".join(map(FRAMES.pack, MESSAGES)))
    assert tuple(FRAMES.read(pipe) for _ in range(4)) == (*MESSAGES, None)


async def test_frames_are_received_in_order_until_the_end() -> None:
    pipe = pipe_with(b"".join(map(FRAMES.pack, MESSAGES)))
    assert tuple([await FRAMES.receive(pipe) for _ in MESSAGES]) == MESSAGES
    with pytest.raises(asyncio.IncompleteReadError):
        await FRAMES.receive(pipe)


async def test_truncated_frame_counts_as_the_end() -> None:
    frame = FRAMES.pack(Ask(1, b"abc"))
    for length in range(len(frame)):
        assert FRAMES.read(BytesIO(frame[:length])) is None
        with pytest.raises(asyncio.IncompleteReadError):
            await FRAMES.receive(pipe_with(frame[:length]))


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN)
async def test_invalid_frame_raises_broken_frame(data: bytes) -> None:
    with pytest.raises(BrokenFrame):
        FRAMES.read(BytesIO(data))
    with pytest.raises(BrokenFrame):
        await FRAMES.receive(pipe_with(data))
