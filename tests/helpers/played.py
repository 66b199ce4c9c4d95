"""A recording that a task plays, for fake microphones."""

import asyncio
from collections.abc import AsyncIterator

from app.capture.block_buffer import BlockBuffer, Samples

_playing: set["asyncio.Task[None]"] = set()


def filled(blocks: AsyncIterator[Samples], buffer: BlockBuffer | None = None) -> BlockBuffer:
    """Return a buffer that a task fills with all blocks, then ends, with their error if they raise one."""
    buffer = buffer or BlockBuffer()
    task = asyncio.create_task(_fill(buffer, blocks), name="played recording")
    _playing.add(task)
    task.add_done_callback(_playing.discard)
    return buffer


async def _fill(buffer: BlockBuffer, blocks: AsyncIterator[Samples]) -> None:
    try:
        async for block in blocks:
            buffer.append(block)
    except Exception as error:  # noqa: BLE001 - the reader gets it
        buffer.end(error)
    buffer.end()
