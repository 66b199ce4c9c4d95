"""Channel between the supervisor and a process: messages over a socket pair."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final, Self

import msgspec

from backend.processes.messages import LENGTH, MOST_BYTES, Message, decode, encode
from runtime.tasks import within

_MOST_WAITING: Final = 64 * 1024 * 1024
"""Limit of unread bytes: above it the peer counts as hung, and the channel is closed."""
_CLOSE_S: Final = 1.0


class Channel:
    """A channel of messages. Sending never waits."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def over(cls, end: socket.socket) -> Self:
        """Return the channel of one end, which belongs to the channel from now on."""
        end.setblocking(False)
        return cls(*await asyncio.open_unix_connection(sock=end))

    def send(self, message: Message) -> None:
        """Send a message; ignore a peer that is gone."""
        if self._writer.is_closing():
            return
        if self._writer.transport.get_write_buffer_size() > _MOST_WAITING:
            self._writer.transport.abort()
            return
        self._writer.write(encode(message))

    async def receive(self) -> Message | None:
        """Return the next message; ``None``: the peer is gone, or sent something unreadable."""
        with suppress(OSError, asyncio.IncompleteReadError, msgspec.DecodeError):
            (size,) = LENGTH.unpack(await self._reader.readexactly(LENGTH.size))
            if size <= MOST_BYTES:
                return decode(await self._reader.readexactly(size))
        return None

    async def messages(self) -> AsyncIterator[Message]:
        """Yield messages until the peer is gone."""
        while (message := await self.receive()) is not None:
            yield message

    async def close(self) -> None:
        """Send waiting messages, as far as the peer reads soon, and close. Safe to call twice."""
        self._writer.close()
        async with within(_CLOSE_S, OSError):
            await self._writer.wait_closed()
        self._writer.transport.abort()
