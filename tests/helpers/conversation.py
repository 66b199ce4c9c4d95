"""Talk to a gateway message by message, for tests that must control every message."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar
from uuid import UUID

import aiohttp

from protocol.audio import BYTES_PER_SAMPLE, FRAME_SAMPLES, encode_frame
from protocol.endpoint import Endpoint
from protocol.recognition import Options
from protocol.session import (
    STREAM_PATH,
    SUBPROTOCOL,
    ClientMessage,
    Final,
    GatewayMessage,
    Hello,
    SegmentBegin,
    SegmentEnd,
    Welcome,
    decode_gateway,
    encode,
)
from tests.helpers.waiting import DEADLINE_S

_FRAME_BYTES = FRAME_SAMPLES * BYTES_PER_SAMPLE

Message = TypeVar("Message", bound=GatewayMessage)


class Conversation:
    """A raw connection to a gateway.

    ``received`` keeps all messages. ``expect`` takes the next message of a type and leaves the others.
    """

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.received: list[GatewayMessage] = []
        self._unread: list[GatewayMessage] = []

    async def say(self, message: ClientMessage) -> None:
        """Send a message to the gateway."""
        await self.socket.send_str(encode(message))

    async def frames(self, segment: int, pcm: bytes, start: int = 0) -> None:
        """Send ``pcm[start samples:]`` in frames of 100 ms."""
        for at in range(start * BYTES_PER_SAMPLE, len(pcm), _FRAME_BYTES):
            frame = encode_frame(segment, at // BYTES_PER_SAMPLE, pcm[at : at + _FRAME_BYTES])
            await self.socket.send_bytes(frame)

    async def segment(self, segment: int, pcm: bytes) -> None:
        """Send a complete segment with its audio."""
        await self.say(SegmentBegin(segment))
        await self.frames(segment, pcm)
        await self.say(SegmentEnd(segment, len(pcm) // BYTES_PER_SAMPLE))

    async def expect(self, kind: type[Message], where: Callable[[Message], bool] = lambda _: True) -> Message:
        """Return the next matching message of this type, received earlier or still to come."""
        for message in self._unread:
            if isinstance(message, kind) and where(message):
                self._unread.remove(message)
                return message
        async with asyncio.timeout(DEADLINE_S):
            while True:
                message = await self._receive()
                if isinstance(message, kind) and where(message):
                    return message
                self._unread.append(message)

    async def final(self, segment: int) -> Final:
        """Return the final of a segment."""
        return await self.expect(Final, lambda final: final.segment == segment)

    async def closed(self) -> int:
        """Read until the gateway closes, and return the close code."""
        async with asyncio.timeout(DEADLINE_S):
            async for message in self.socket:
                if message.type is aiohttp.WSMsgType.TEXT:
                    self.received.append(decode_gateway(message.data))
        assert self.socket.close_code is not None
        return self.socket.close_code

    async def _receive(self) -> GatewayMessage:
        data = await self.socket.receive()
        if data.type is not aiohttp.WSMsgType.TEXT:
            raise ConnectionError(f"closed with {self.socket.close_code} after {self.received[-3:]}")
        message = decode_gateway(data.data)
        self.received.append(message)
        return message


@asynccontextmanager
async def connected(endpoint: Endpoint) -> AsyncIterator[Conversation]:
    """Open a WebSocket without sending a message."""
    headers = {"Authorization": f"Bearer {endpoint.key}"}
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(
            endpoint.url + STREAM_PATH, protocols=(SUBPROTOCOL,), headers=headers, compress=0
        ) as socket,
    ):
        yield Conversation(socket)


@asynccontextmanager
async def conversation(
    endpoint: Endpoint, session: UUID, *, resume: bool = False, options: Options | None = None
) -> AsyncIterator[tuple[Conversation, Welcome]]:
    """Open a conversation that the gateway has welcomed."""
    async with connected(endpoint) as talk:
        await talk.say(Hello(session, "test", options=options or Options(), resume=resume))
        yield talk, await talk.expect(Welcome)
