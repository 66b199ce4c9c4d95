"""Tests of how a client's settings open connections."""

import aiohttp

from client.connection import Address
from client.settings import ClientSettings, by_websocket
from tests.helpers.scripted_gateway import oblige, scripted


async def test_connections_of_a_client_share_one_http_session_that_is_closed_with_it() -> None:
    made: list[aiohttp.ClientSession] = []

    def http() -> aiohttp.ClientSession:
        made.append(aiohttp.ClientSession())
        return made[-1]

    async with scripted(oblige) as gateway, by_websocket(ClientSettings(http=http)) as connect:
        for resume in (False, True):
            connection = await connect(Address(gateway.url), resume)
            await connection.close()
        assert gateway.memory.queries == ["", "resume=1"]
        assert not made[0].closed
    assert len(made) == 1 and made[0].closed
