"""The port of the Wyoming protocol: its address, its limit of connections, and its end."""

import asyncio
from uuid import uuid4

import pytest
from zeroconf.asyncio import AsyncZeroconf

from backend.core.errors import InvalidSettings
from backend.dialects.sessions import DialectSessions
from backend.dialects.wyoming import conversation
from backend.dialects.wyoming.server import MOST, SERVICE, wyoming_address, wyoming_server
from backend.http.access import AdmittedRequest
from protocol.discovery import service_name


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


async def test_connection_that_is_never_read_ends(
    sessions: DialectSessions, visit: AdmittedRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection that waits until everything sent is read would stay for ever."""
    monkeypatch.setattr(conversation, "_WRITE_S", 0.1)
    async with wyoming_server(("127.0.0.1", 0), sessions, lambda: visit) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)  # it reads little
        ping = b'{"type": "ping", "data": {"text": "%s"}}\n' % (b"a" * 50_000)
        with pytest.raises(ConnectionError):
            async with asyncio.timeout(30):
                while True:
                    writer.write(ping)
                    await writer.drain()
        writer.close()


async def test_port_is_announced_only_where_others_reach_it(
    sessions: DialectSessions, visit: AdmittedRequest
) -> None:
    def here(host: str) -> tuple[str, ...]:
        return ("127.0.0.1",)

    def unasked(host: str) -> tuple[str, ...]:
        asked.append(host)
        return here(host)

    asked: list[str] = []
    name = f"desk {uuid4().hex}"
    browser = AsyncZeroconf(interfaces=["127.0.0.1"])
    try:
        async with (
            wyoming_server(("0.0.0.0", 0), sessions, lambda: visit, "", unasked),
            wyoming_server(("127.0.0.1", 0), sessions, lambda: visit, "another", unasked),
            wyoming_server(("0.0.0.0", 0), sessions, lambda: visit, name, here) as port,
        ):
            found = await browser.async_get_service_info(SERVICE, service_name(name, SERVICE), timeout=30_000)
            assert found is not None and (found.port, found.parsed_addresses()) == (port, ["127.0.0.1"])
            assert asked == [], "an announcement asks for its addresses first, and these began before"
    finally:
        await browser.async_close()
