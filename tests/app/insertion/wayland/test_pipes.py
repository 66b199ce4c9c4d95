import asyncio
import os

import pytest

from app.insertion.wayland.pipes import TooMuch, read_all, write_all


async def test_large_data_passes_through_a_pipe() -> None:
    reading, writing = os.pipe()
    data = bytes(range(256)) * 4096
    got, _ = await asyncio.gather(read_all(reading, len(data)), write_all(writing, data))
    assert got == data


async def test_read_ends_at_the_limit() -> None:
    reading, writing = os.pipe()
    os.write(writing, b"12345")
    with pytest.raises(TooMuch):
        await read_all(reading, 4)
    with pytest.raises(BrokenPipeError):
        await write_all(writing, b"6")
