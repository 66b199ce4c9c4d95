"""The port is open exactly while it is wanted, and a taken one is tried again."""

import asyncio
import socket
from collections.abc import AsyncIterator

import aiohttp
import pytest

from app.core.errors import Note
from app.local_api.service import LocalApiService
from app.local_api.view import LocalApiView
from client.connection import Address, fixed_locator
from tests.helpers.ports import free_port
from tests.helpers.waiting import wait_until

OFF = LocalApiView()
LOCATE = fixed_locator(Address("http://127.0.0.1:9", "k"))


@pytest.fixture
def told() -> list[LocalApiView]:
    return []


@pytest.fixture
async def service(told: list[LocalApiView]) -> AsyncIterator[LocalApiService]:
    async with LocalApiService(told.append, LOCATE, again_s=0.01) as running:
        await wait_until(lambda: told == [OFF], "it is closed at first")
        yield running


def opened(port: int) -> LocalApiView:
    return LocalApiView(f"http://127.0.0.1:{port}/v1")


async def status(port: int) -> int:
    """Return the answer to a request that no gateway can get."""
    async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{port}/v1/models") as answer:
        return answer.status


async def test_port_is_open_while_it_is_wanted(service: LocalApiService, told: list[LocalApiView]) -> None:
    first, second = free_port(), free_port()
    service.use(on=True, port=first)
    await wait_until(lambda: told[-1] == opened(first), "it is open")
    assert await status(first) == 503
    service.use(on=True, port=second)
    await wait_until(lambda: told[-1] == opened(second), "it has moved")
    service.use(on=True, port=second)
    service.use(on=False, port=second)
    await wait_until(lambda: told[-1] == OFF, "it is closed")
    for port in (first, second):
        with pytest.raises(aiohttp.ClientConnectionError):
            await status(port)
    assert told == [OFF, opened(first), opened(second), OFF]


async def test_taken_port_is_reported_and_tried_again(service: LocalApiService, told: list[LocalApiView]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        service.use(on=True, port=port)
        await wait_until(lambda: told[-1].note, "the port is taken")
        assert told[-1].note == Note("api-port-taken", {"port": str(port)})
    await wait_until(lambda: told[-1] == opened(port), "it is open once the other program has left")


async def test_port_closes_with_its_owner(told: list[LocalApiView]) -> None:
    port = free_port()
    async with LocalApiService(told.append, LOCATE) as service:
        service.use(on=True, port=port)
        await wait_until(lambda: told and told[-1] == opened(port), "it is open")
    with pytest.raises(aiohttp.ClientConnectionError):
        await asyncio.wait_for(status(port), 30)
