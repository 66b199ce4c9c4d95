"""A client of the earlier server's protocol, written from its messages alone: it knows nothing of this project."""

import base64
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

WAIT_S = 60.0
HALF_SECOND = 16_000
"""Bytes of half a second of PCM16 at 16 kHz."""


def chunks_of(pcm: bytes) -> Iterator[bytes]:
    """Return the audio in chunks, as the earlier client cuts it."""
    for start in range(0, len(pcm), HALF_SECOND):
        yield pcm[start : start + HALF_SECOND]


class EarlierClient:
    """A connection. ``messages``: everything that came, in order."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self.messages: list[dict[str, Any]] = []

    async def send(self, **message: Any) -> None:
        """Send a message, as JSON in a text frame."""
        await self._socket.send_str(json.dumps(message))

    async def send_raw(self, data: str) -> None:
        """Send a text frame as it is."""
        await self._socket.send_str(data)

    async def chunk(self, recording: str, index: int, pcm: bytes) -> None:
        """Send a chunk of PCM with its index."""
        audio = base64.b64encode(pcm).decode()
        await self.send(action="chunk", session_id=recording, chunk_index=index, audio_data=audio)

    async def receive(self) -> dict[str, Any]:
        """Return the next message. Raises ``ConnectionError`` once the connection is closed."""
        message = await self._socket.receive(timeout=WAIT_S)
        if message.type is not aiohttp.WSMsgType.TEXT:
            raise ConnectionError("the server is gone")
        self.messages.append(json.loads(message.data))
        return self.messages[-1]

    async def until(self, *types: str) -> dict[str, Any]:
        """Read until a message of these types, and return it."""
        while (message := await self.receive())["type"] not in types:
            pass
        return message

    async def dictate(self, pcm: bytes, recording: str = "r-1") -> dict[str, Any]:
        """Dictate all of the audio; return the last message: the whole text or an error."""
        await self.send(action="start", session_id=recording, user_id="somebody")
        for index, chunk in enumerate(chunks_of(pcm)):
            await self.chunk(recording, index, chunk)
        await self.send(action="finish", session_id=recording)
        return await self.until("final_result", "error")

    def texts(self) -> dict[int, str]:
        """Return the texts of the chunks by index; one that comes twice is an error."""
        results = [message for message in self.messages if message["type"] == "chunk_result"]
        texts = {message["chunk_index"]: message.get("text", "") for message in results}
        assert len(texts) == len(results), "a chunk has two results"
        return texts


@asynccontextmanager
async def earlier_client(url: str, key: str) -> AsyncIterator[EarlierClient]:
    """Connect to the server at ``url``."""
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(f"{url}/ws/asr", params={"api_key": key}) as socket,
    ):
        yield EarlierClient(socket)
