"""Read and write pipes of other programs without waiting for them."""

import asyncio
import os
from collections.abc import Callable

_AT_ONCE = 65_536


class TooMuch(Exception):
    """An error: a program sent more than the caller takes."""


async def read_all(pipe: int, most: int) -> bytes:
    """Return everything up to the end of the pipe, and close it. Raises ``TooMuch``."""
    loop = asyncio.get_running_loop()
    data = bytearray()
    try:
        os.set_blocking(pipe, False)
        while True:
            await _ready(lambda done: loop.add_reader(pipe, done), lambda: loop.remove_reader(pipe))
            piece = os.read(pipe, _AT_ONCE)
            if not piece:
                return bytes(data)
            data += piece
            if len(data) > most:
                raise TooMuch
    finally:
        os.close(pipe)


async def write_all(pipe: int, data: bytes) -> None:
    """Write everything, and close the pipe. Raises ``BrokenPipeError`` if the reader has closed it."""
    loop = asyncio.get_running_loop()
    left = memoryview(data)
    try:
        os.set_blocking(pipe, False)
        while left:
            try:
                left = left[os.write(pipe, left) :]
            except BlockingIOError:
                await _ready(lambda done: loop.add_writer(pipe, done), lambda: loop.remove_writer(pipe))
    finally:
        os.close(pipe)


async def _ready(watch: Callable[[Callable[[], None]], None], leave: Callable[[], object]) -> None:
    ready = asyncio.Event()
    watch(ready.set)
    try:
        await ready.wait()
    finally:
        leave()
