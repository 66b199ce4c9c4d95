"""The port of the Wyoming protocol: its address, its limit of connections, and its end."""

import asyncio

import pytest

from backend.core.errors import InvalidSettings
from backend.dialects.sessions import DialectSessions
from backend.dialects.wyoming.server import MOST, wyoming_address, wyoming_server
from backend.http.access import AdmittedRequest


@pytest.mark.parametrize(
    ("text", "address"),
    [("10300", ("127.0.0.1", 10_300)), ("0.0.0.0:10300", ("0.0.0.0", 10_300)), ("[::]:1", ("::", 1))],
)
def test_address_is_this_computer_unless_a_host_is_named(text: str, address: tuple[str, int]) -> None:
    assert wyoming_address(text) == address


@pytest.mark.parametrize("text", ["", "port", "host:", "1.2.3.4:99999"])
def test_invalid_address_is_refused(text: str) -> None:
    with pytest.raises(InvalidSettings):
        wyoming_address(text)


async def test_connections_are_limited_and_end_with_the_server(
    sessions: DialectSessions, visit: AdmittedRequest
) -> None:
    async with wyoming_server(("127.0.0.1", 0), sessions, lambda: visit) as port:
        open_ones = [await asyncio.open_connection("127.0.0.1", port) for _ in range(MOST)]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        async with asyncio.timeout(30):
            assert await reader.read() == b""
        writer.close()
    async with asyncio.timeout(30):
        for reader, writer in open_ones:
            assert await reader.read() == b""
            writer.close()
