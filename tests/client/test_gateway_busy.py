"""Tests of ``GatewayClient`` with a gateway that is there and asks to try later."""

from dataclasses import replace

import pytest
from aiohttp import web

from client.events import Disconnected
from protocol.errors import CloseCode, ErrorCode
from protocol.session import Error
from tests.client.test_gateway import AT_ONCE, client_of, expected, texts, transcribe
from tests.helpers.scripted_gateway import Answers, Memory, oblige, say, scripted


@pytest.mark.parametrize("retry_after", ["3", "", "Fri, 31 Dec 1999 23:59:59 GMT", "-1"])
async def test_client_respects_retry_after_of_a_full_gateway(retry_after: str) -> None:
    asked: list[float] = []

    def retry(failures: int, chance: float, asked_s: float) -> float:
        asked.append(asked_s)
        return 0.0

    settings = replace(AT_ONCE, retry=retry)
    refusing: Answers = ((503, {"Retry-After": retry_after}), (429, {}), (500, {}))
    async with scripted(oblige, refusing=refusing) as gateway, client_of(gateway.url, settings) as client:
        assert texts(await transcribe(client, 1)) == expected(1)
    assert asked == [3.0 if retry_after == "3" else 0.0, 0.0, 0.0]


async def test_pause_setting_can_shorten_the_retry_delay() -> None:
    paused: list[float] = []

    async def pause(seconds: float) -> None:
        paused.append(seconds)

    settings = replace(AT_ONCE, retry=lambda failures, chance, asked: 1e6, pause=pause)
    async with scripted(oblige, refusing=((503, {}),)) as gateway, client_of(gateway.url, settings) as client:
        events = await transcribe(client, 1)
    assert texts(events) == expected(1)
    assert paused == [1e6]
    assert [event.answers for event in events if isinstance(event, Disconnected)] == [True]


async def test_gateway_that_closes_as_busy_before_its_welcome_counts_as_answering() -> None:
    async def refuse(socket: web.WebSocketResponse, memory: Memory) -> None:
        await socket.receive_str()
        await say(socket, Error(ErrorCode.BUSY, "too much waits"))
        await socket.close(code=CloseCode.TRY_AGAIN_LATER)

    settings = replace(AT_ONCE, first_contact_s=0.0)
    async with scripted(refuse, oblige) as gateway, client_of(gateway.url, settings) as client:
        events = await transcribe(client, 1)
    assert texts(events) == expected(1)
    assert [event.answers for event in events if isinstance(event, Disconnected)] == [True]
