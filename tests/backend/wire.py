"""A bare client of the protocol: tests send exactly the messages they name."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Self, TypeVar
from uuid import UUID, uuid4

import aiohttp

from protocol.audio import FRAME_SAMPLES, encode_frame
from protocol.session import (
    STREAM_PATH,
    SUBPROTOCOL,
    ClientMessage,
    GatewayMessage,
    Hello,
    SegmentBegin,
    SegmentEnd,
    Welcome,
    decode_gateway,
    encode,
)
from tests.helpers.waiting import DEADLINE_S

Message = TypeVar("Message", bound=GatewayMessage)


def tone(samples: int, seed: int = 1) -> bytes:
    """Return PCM that is different everywhere."""
    return b"".join(((i * 31 + seed * 7919) % 65_536).to_bytes(2, "little") for i in range(samples))


class Wire:
    """Client side of one WebSocket. ``seen`` contains every received message, in order."""

    def __init__(
        self, url: str, key: str = "", session: UUID | None = None, query: str = "", **request: Any
    ) -> None:
        self.session = session or uuid4()
        self.seen: list[GatewayMessage] = []
        self.closed: int | None = None
        self._url = url + STREAM_PATH + query
        self._request = {"protocols": (SUBPROTOCOL,), "headers": {"Authorization": f"Bearer {key}"}} | request
        self._http: aiohttp.ClientSession
        self._socket: aiohttp.ClientWebSocketResponse

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession()
        try:
            self._socket = await self._http.ws_connect(self._url, **self._request)
        except BaseException:
            await self._http.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._socket.close()
        await self._http.close()

    async def hello(self, resume: bool = False, **fields: Any) -> Welcome:
        """Say hello and wait for the welcome."""
        await self.say(Hello(self.session, resume=resume, **fields))
        return await self.expect(Welcome)

    async def say(self, message: ClientMessage) -> None:
        """Send a protocol message."""
        await self._socket.send_str(encode(message))

    async def text(self, text: str) -> None:
        """Send an arbitrary text message."""
        await self._socket.send_str(text)

    async def binary(self, data: bytes) -> None:
        """Send an arbitrary binary message."""
        await self._socket.send_bytes(data)

    async def audio(self, segment: int, pcm: bytes, offset: int = 0) -> None:
        """Send frames of 100 ms, ``pcm`` starting at ``offset`` samples."""
        step = FRAME_SAMPLES * 2
        for at in range(0, len(pcm), step):
            await self.binary(encode_frame(segment, offset + at // 2, pcm[at : at + step]))

    async def segment(self, segment: int, pcm: bytes, attempt: int = 0) -> None:
        """Send a whole segment."""
        await self.say(SegmentBegin(segment, attempt=attempt))
        await self.audio(segment, pcm)
        await self.say(SegmentEnd(segment, len(pcm) // 2))

    async def expect(self, kind: type[Message]) -> Message:
        """Return the next message of this kind; others before it are kept in ``seen``."""
        while (message := await self.next()) is not None:
            if isinstance(message, kind):
                return message
        raise AssertionError(f"closed with {self.closed} before {kind.__name__}; seen: {self.seen}")

    async def next(self) -> GatewayMessage | None:
        """Return the next message, or ``None`` when the gateway closed."""
        received = await self._socket.receive(timeout=DEADLINE_S)
        if received.type is not aiohttp.WSMsgType.TEXT:
            self.closed = self._socket.close_code
            return None
        message = decode_gateway(received.data)
        self.seen.append(message)
        return message

    async def until_closed(self) -> int | None:
        """Read everything; return the close code of the gateway."""
        while await self.next() is not None:
            pass
        return self.closed


@asynccontextmanager
async def connected(
    url: str, key: str = "", session: UUID | None = None, resume: bool = False
) -> AsyncIterator[Wire]:
    """Yield a wire that was welcomed."""
    async with Wire(url, key, session) as wire:
        await wire.hello(resume)
        yield wire
