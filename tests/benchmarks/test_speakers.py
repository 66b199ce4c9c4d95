"""Speakers of benchmarks: the error when texts are missing."""

import asyncio

import pytest
from aiohttp import web

from benchmarks.speakers import Speaker, Tally, connected, utterances
from protocol.endpoint import Endpoint
from tests.helpers.scripted_gateway import Memory, oblige, scripted

_SAID = 4  # the begin of a segment, its only frame, its end, and the end of the session


async def test_speaker_whose_connection_was_closed_says_so_at_once() -> None:
    async def close_without_text(socket: web.WebSocketResponse, memory: Memory) -> None:
        await oblige(socket, memory, _SAID, texts=0)
        await socket.close(code=1001)

    async with scripted(close_without_text) as gateway, connected() as http, asyncio.timeout(30):
        speaker = Speaker(utterances(0.1, 1), 0.0, Tally())
        with pytest.raises(ConnectionError, match="closed with 1001 after 0 of 1 texts"):
            await speaker.speak(http, Endpoint(gateway.url, "k", 1))


async def test_speaker_with_all_texts_ends() -> None:
    tally = Tally()
    async with scripted(oblige) as gateway, connected() as http, asyncio.timeout(30):
        await Speaker(utterances(0.1, 2), 0.0, tally).speak(http, Endpoint(gateway.url, "k", 1))
    assert len(tally.beyond_ms) == 2
