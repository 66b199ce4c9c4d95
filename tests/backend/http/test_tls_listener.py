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


class House:
    """A door in front of a server that accepts one key."""

    def __init__(self, listener: TlsListener, port: int, tls: ssl.SSLContext, runner: web.AppRunner) -> None:
        self.listener, self.port, self.tls, self.runner = listener, port, tls, runner

    async def ask(self, http: aiohttp.ClientSession, key: str = "") -> str:
        url = f"https://127.0.0.1:{self.port}/"
        async with http.get(url, headers={"key": key}, ssl=False) as response:
            return await response.text()

    async def silent(self, source: str) -> asyncio.StreamWriter | None:
        """Open an idle TLS connection; return ``None`` if it was closed meanwhile."""
        tls = ssl._create_unverified_context()
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port, ssl=tls, local_addr=(source, 0))
        except OSError:
            return None
        return writer

    async def idle(self, stack: ExitStack, count: int, source: str) -> list[socket.socket]:
        """Open ``count`` connections from an address that send nothing, not even a TLS handshake."""
        made = [socket.create_connection(("127.0.0.1", self.port), 10, (source, 0)) for _ in range(count)]
        for one in made:
            stack.callback(one.close)
            one.settimeout(10)
        return made


@asynccontextmanager
async def house(folder: Path, limits: TlsListenerLimits = LIMITS, trusted: str = "") -> AsyncIterator[House]:
    """Run a door and a server on all of loopback."""
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
        yield House(listener, port, tls, runner)
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


def ended(one: socket.socket) -> bool:
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
        async with house(tmp_path) as there:
            before = psutil.Process().memory_info().rss
            for source in range(2, 10):
                await there.idle(stack, 50, f"127.0.0.{source}")
            silent = await asyncio.gather(*(there.silent("127.0.0.10") for _ in range(100)))
            assert await there.ask(http, KEY) == "here"
            assert there.listener.unknown <= LIMITS.unknown
            assert psutil.Process().memory_info().rss - before < 64 << 20
            for writer in filter(None, silent):
                writer.transport.abort()


async def test_connections_per_address_are_limited(tmp_path: Path, http: aiohttp.ClientSession) -> None:
    with ExitStack() as stack:
        async with house(tmp_path, replace(LIMITS, grace_s=1e6)) as there:
            first = await there.idle(stack, 4, "127.0.0.2")
            await wait_until(lambda: there.listener.unknown == 4, "they are in")
            (fifth,) = await there.idle(stack, 1, "127.0.0.2")
            await wait_until(lambda: ended(fifth), "one more is not let in")
            assert await there.ask(http) == "here", "from another address"
            assert not any(map(ended, first)), "who is in has some time"


async def test_oldest_connections_make_room_after_grace_period(tmp_path: Path) -> None:
    with ExitStack() as stack:
        async with house(tmp_path) as there:
            first = await there.idle(stack, 4, "127.0.0.2")
            await wait_until(lambda: there.listener.unknown == 4, "they are in")
            await there.idle(stack, 1, "127.0.0.2")
            await wait_until(lambda: ended(first[0]), "the oldest goes")
            assert not any(map(ended, first[1:]))
            others = [*await there.idle(stack, 4, "127.0.0.3"), *await there.idle(stack, 3, "127.0.0.4")]
            await wait_until(lambda: sum(map(ended, [*first, *others])) == 4, "of who has most the oldest go")
            assert not any(map(ended, others[4:])), "of an address that has few nobody does"


async def test_trusted_proxy_has_no_limit_per_address(tmp_path: Path) -> None:
    with ExitStack() as stack:
        async with house(tmp_path, trusted="127.0.0.2") as there:
            await there.idle(stack, 8, "127.0.0.2")
            await wait_until(lambda: there.listener.unknown == 8, "all of them are in")


async def test_connection_stays_only_with_valid_key(tmp_path: Path) -> None:
    limits = replace(LIMITS, unknown_s=2.0)
    async with house(tmp_path, limits) as there, aiohttp.ClientSession() as good, aiohttp.ClientSession() as bad:
        assert await there.ask(good, KEY) == await there.ask(bad, "wrong") == "here"
        assert there.listener.unknown == 1
        server = there.runner.server
        assert server is not None
        await wait_until(lambda: len(server.connections) == 1, "the one without a key is cut off")
        assert there.listener.unknown == 0
        assert await there.ask(good, KEY) == "here"
        assert len(server.connections) == 1, "over the same connection"


async def test_handshake_has_deadline(tmp_path: Path) -> None:
    with ExitStack() as stack:
        async with house(tmp_path, replace(LIMITS, handshake_s=0.1)) as there:
            (one,) = await there.idle(stack, 1, "127.0.0.2")
            await wait_until(lambda: ended(one) and there.listener.unknown == 0, "it is over")


async def test_connection_without_tls_is_closed(tmp_path: Path) -> None:
    with ExitStack() as stack:
        async with house(tmp_path) as there:
            (one,) = await there.idle(stack, 1, "127.0.0.2")
            one.sendall(b"GET / HTTP/1.1\r\n\r\n")
            await wait_until(lambda: there.listener.unknown == 0, "it is over")


async def test_door_listens_on_two_addresses_and_reports_port_in_use(tmp_path: Path) -> None:
    async with house(tmp_path) as there:
        assert there.runner.server is not None
        with pytest.raises(OSError):
            await there.listener.listen("127.0.0.1", there.port, there.tls, there.runner.server)
        host, port = await there.listener.listen("127.0.0.9", 0, there.tls, there.runner.server)
        assert (host, port != 0) == ("127.0.0.9", True)
        _, writer = await asyncio.open_connection(host, port, ssl=ssl._create_unverified_context())
        writer.close()
        await writer.wait_closed()


async def test_failed_completes_when_accepting_fails(tmp_path: Path) -> None:
    def broken() -> asyncio.Protocol:
        raise RuntimeError("broken")

    async with house(tmp_path) as there:
        host, port = await there.listener.listen("127.0.0.9", 0, there.tls, broken)
        assert not there.listener.failed.done()
        with socket.create_connection((host, port), 10):
            await wait_until(there.listener.failed.done, "it is told")


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
    async with house(tmp_path) as there:
        assert there.runner.server is not None
        listening = socket.create_server(("127.0.0.1", 0))
        with listening:
            listening.setblocking(False)
            loop = asyncio.get_running_loop()
            url = f"https://127.0.0.1:{listening.getsockname()[1]}/"
            asking = asyncio.create_task(http.get(url, headers={"key": KEY}, ssl=False))
            connected, address = await loop.sock_accept(listening)
            await there.listener.take(connected, address[0], there.tls, there.runner.server)
            async with await asking as response:
                assert await response.text() == "here" and there.listener.unknown == 0
