"""Protection of the TLS port, with real sockets: idle unauthenticated connections cannot starve others."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import aiohttp
import psutil
import pytest
from aiohttp import web

from backend.http.certificates import own_certificate, server_context
from backend.http.modes import networks
from backend.http.tls_listener import TlsListener, TlsListenerLimits, peer_of
from tests.helpers.waiting import wait_until

LIMITS = TlsListenerLimits(unknown=8, per_peer=4, handshake_s=30.0, unknown_s=30.0, grace_s=0.0)
KEY = "good"


class ListeningServer:
    """TLS listener in front of an HTTP server that accepts one key."""

    def __init__(self, listener: TlsListener, port: int, tls: ssl.SSLContext, runner: web.AppRunner) -> None:
        self.listener, self.port, self.tls, self.runner = listener, port, tls, runner

    async def ask(self, http: aiohttp.ClientSession, key: str = "") -> str:
        url = f"https://127.0.0.1:{self.port}/"
        async with http.get(url, headers={"key": key}, ssl=False) as response:
            return await response.text()

    async def open_idle_tls(self, source: str) -> asyncio.StreamWriter | None:
        """Open an idle TLS connection; return ``None`` if it was closed meanwhile."""
        tls = ssl._create_unverified_context()
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port, ssl=tls, local_addr=(source, 0))
        except OSError:
            return None
        return writer

    async def open_idle(self, stack: ExitStack, count: int, source: str) -> list[socket.socket]:
        """Open ``count`` connections from an address that send nothing, not even a TLS handshake."""
        made = [socket.create_connection(("127.0.0.1", self.port), 10, (source, 0)) for _ in range(count)]
        for one in made:
            stack.callback(one.close)
            one.settimeout(10)
        return made


@asynccontextmanager
async def listening_server(
    folder: Path, limits: TlsListenerLimits = LIMITS, trusted: str = ""
) -> AsyncIterator[ListeningServer]:
    """Run a TLS listener and its HTTP server on loopback."""
    listener = TlsListener(limits, networks([trusted] if trusted else []))

    async def answer(request: web.Request) -> web.Response:
        if request.headers.get("key") == KEY:
            listener.exempt(request.protocol)
        return web.Response(text="here")

    app = web.Application()
    app.router.add_get("/", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    assert runner.server is not None
    tls = server_context(own_certificate(folder))
    _, port = await listener.listen("127.0.0.1", 0, tls, runner.server)
    try:
        yield ListeningServer(listener, port, tls, runner)
    finally:
        await listener.close()
        await listener.close()
        await runner.cleanup()


async def test_listener_for_near_peers_refuses_ipv6_of_other_networks(tmp_path: Path) -> None:
    tls = server_context(own_certificate(tmp_path))
    listener = TlsListener(LIMITS, near_only=True)
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as listening:
        for peer, known in (("2a00:1:2:3::7", 0), ("fd00::7", 1)):
            with socket.create_connection(listening.getsockname()[:2]):
                await listener.take(listening.accept()[0], peer, tls, asyncio.Protocol)
                assert listener.unknown == known, peer
    await listener.close()


def is_closed(one: socket.socket) -> bool:
    """Return whether the other side has closed the connection."""
    one.setblocking(False)
    try:
        return one.recv(1) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    timeout = aiohttp.ClientTimeout(total=20)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        yield session


async def test_five_hundred_idle_connections_do_not_block_a_client(
    tmp_path: Path, http: aiohttp.ClientSession
) -> None:
    with ExitStack() as stack:
        async with listening_server(tmp_path) as served:
            before = psutil.Process().memory_info().rss
            for source in range(2, 10):
                await served.open_idle(stack, 50, f"127.0.0.{source}")
            open_idle_tls = await asyncio.gather(*(served.open_idle_tls("127.0.0.10") for _ in range(100)))
            assert await served.ask(http, KEY) == "here"
            assert served.listener.unknown <= LIMITS.unknown
            assert psutil.Process().memory_info().rss - before < 64 << 20
            for writer in filter(None, open_idle_tls):
                writer.transport.abort()


async def test_connections_per_address_are_limited(tmp_path: Path, http: aiohttp.ClientSession) -> None:
    with ExitStack() as stack:
        async with listening_server(tmp_path, replace(LIMITS, grace_s=1e6)) as served:
            first = await served.open_idle(stack, 4, "127.0.0.2")
            await wait_until(lambda: served.listener.unknown == 4, "they are accepted")
            (fifth,) = await served.open_idle(stack, 1, "127.0.0.2")
            await wait_until(lambda: is_closed(fifth), "another one is refused")
            assert await served.ask(http) == "here", "another address is served"
            assert not any(map(is_closed, first)), "connections within the grace period stay open"


async def test_oldest_connections_make_room_after_grace_period(tmp_path: Path) -> None:
    with ExitStack() as stack:
        async with listening_server(tmp_path) as served:
            first = await served.open_idle(stack, 4, "127.0.0.2")
            await wait_until(lambda: served.listener.unknown == 4, "they are accepted")
            await served.open_idle(stack, 1, "127.0.0.2")
            await wait_until(lambda: is_closed(first[0]), "the oldest is closed")
            assert not any(map(is_closed, first[1:]))
            others = [
                *await served.open_idle(stack, 4, "127.0.0.3"),
                *await served.open_idle(stack, 3, "127.0.0.4"),
            ]
            await wait_until(
                lambda: sum(map(is_closed, [*first, *others])) == 4,
                "the oldest of the address with most connections are closed",
            )
            assert not any(map(is_closed, others[4:])), "an address with few connections keeps them"


async def test_trusted_proxy_has_no_limit_per_address(tmp_path: Path) -> None:
    with ExitStack() as stack:
        async with listening_server(tmp_path, trusted="127.0.0.2") as served:
            await served.open_idle(stack, 8, "127.0.0.2")
            await wait_until(lambda: served.listener.unknown == 8, "all of them are accepted")


async def test_connection_stays_only_with_valid_key(tmp_path: Path) -> None:
    limits = replace(LIMITS, unknown_s=2.0)
    async with (
        listening_server(tmp_path, limits) as served,
        aiohttp.ClientSession() as good,
        aiohttp.ClientSession() as bad,
    ):
        assert await served.ask(good, KEY) == await served.ask(bad, "wrong") == "here"
        assert served.listener.unknown == 1
        server = served.runner.server
        assert server is not None
        await wait_until(lambda: len(server.connections) == 1, "the connection without a key is closed")
        assert served.listener.unknown == 0
        assert await served.ask(good, KEY) == "here"
        assert len(server.connections) == 1, "the key used another connection"


async def test_handshake_has_deadline(tmp_path: Path) -> None:
    with ExitStack() as stack:
        async with listening_server(tmp_path, replace(LIMITS, handshake_s=0.1)) as served:
            (one,) = await served.open_idle(stack, 1, "127.0.0.2")
            await wait_until(lambda: is_closed(one) and served.listener.unknown == 0, "it is over")


async def test_connection_without_tls_is_closed(tmp_path: Path) -> None:
    with ExitStack() as stack:
        async with listening_server(tmp_path) as served:
            (one,) = await served.open_idle(stack, 1, "127.0.0.2")
            one.sendall(b"GET / HTTP/1.1\r\n\r\n")
            await wait_until(lambda: served.listener.unknown == 0, "it is over")


async def test_listener_uses_two_addresses_and_reports_port_in_use(tmp_path: Path) -> None:
    async with listening_server(tmp_path) as served:
        assert served.runner.server is not None
        with pytest.raises(OSError):
            await served.listener.listen("127.0.0.1", served.port, served.tls, served.runner.server)
        host, port = await served.listener.listen("127.0.0.9", 0, served.tls, served.runner.server)
        assert (host, port != 0) == ("127.0.0.9", True)
        _, writer = await asyncio.open_connection(host, port, ssl=ssl._create_unverified_context())
        writer.close()
        await writer.wait_closed()


async def test_failed_completes_when_accepting_fails(tmp_path: Path) -> None:
    def broken() -> asyncio.Protocol:
        raise RuntimeError("broken")

    async with listening_server(tmp_path) as served:
        host, port = await served.listener.listen("127.0.0.9", 0, served.tls, broken)
        assert not served.listener.failed.done()
        with socket.create_connection((host, port), 10):
            await wait_until(served.listener.failed.done, "the failure is reported")


@pytest.mark.parametrize(
    ("address", "peer"),
    [
        ("10.0.0.7", "10.0.0.7"),
        ("::ffff:10.0.0.7", "10.0.0.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
    ],
)
def test_peer_is_ipv4_address_or_ipv6_network(address: str, peer: str) -> None:
    assert peer_of(address) == peer


async def test_connection_that_another_process_accepted_is_served(
    tmp_path: Path, http: aiohttp.ClientSession
) -> None:
    async with listening_server(tmp_path) as served:
        assert served.runner.server is not None
        listening = socket.create_server(("127.0.0.1", 0))
        with listening:
            listening.setblocking(False)
            loop = asyncio.get_running_loop()
            url = f"https://127.0.0.1:{listening.getsockname()[1]}/"
            asking = asyncio.create_task(http.get(url, headers={"key": KEY}, ssl=False))
            connected, address = await loop.sock_accept(listening)
            await served.listener.take(connected, address[0], served.tls, served.runner.server)
            async with await asking as response:
                assert await response.text() == "here" and served.listener.unknown == 0
