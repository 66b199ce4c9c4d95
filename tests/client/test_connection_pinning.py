"""Certificate pinning: the client sends no byte to a server with another certificate."""

import asyncio
import socket as sockets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import aiohttp
import pytest
from yarl import URL

from backend.http.certificates import Certificate, own_certificate, server_context
from client.audio_store import TemporaryAudio
from client.connection import Address, connect, fixed_locator, ssl_argument, typed_address
from client.errors import CertificateDated, Refused, TlsRequired, Unreachable, WrongCertificate
from client.events import Disconnected
from client.gateway import GatewayClient
from client.models import loaded_models
from client.monitor import watch
from loadtest.chaos.events import LinkDirection
from loadtest.chaos.proxy import Streams, tcp_proxy, to_port
from protocol.recognition import Options
from tests.client.test_gateway import AT_ONCE, expected, texts, transcribe
from tests.helpers.certificates import dated_certificate, trust
from tests.helpers.ports import free_port
from tests.helpers.scripted_gateway import Memory, breaking_after, oblige, scripted
from tests.helpers.waiting import wait_until

ANSWER = b"HTTP/1.1 503 no\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@asynccontextmanager
async def listening(certificate: Certificate) -> AsyncIterator[tuple[str, list[bytes]]]:
    """Run a TLS server that records the bytes received on each connection."""
    said: list[bytes] = []

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            said.append(await reader.read(65_536))
            writer.write(ANSWER)
            await writer.drain()
        except OSError:
            said.append(b"")
        finally:
            writer.close()

    server = await asyncio.start_server(hear, "127.0.0.1", 0, ssl=server_context(certificate))
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield f"https://127.0.0.1:{port}", said


async def stream(address: Address) -> None:
    async with aiohttp.ClientSession() as http:
        await connect(http, address, deadline_s=10, heartbeat_s=20)


async def models(address: Address) -> None:
    await loaded_models(address)


async def monitor(address: Address) -> None:
    async with aclosing(watch(fixed_locator(address))) as events:
        await anext(events)


Way = Callable[[Address], Awaitable[None]]

WAYS: list[Way] = [stream, models, monitor]


@pytest.mark.parametrize("way", WAYS)
async def test_server_with_another_certificate_receives_no_bytes(way: Way, tmp_path: Path) -> None:
    right, wrong = own_certificate(tmp_path / "right"), own_certificate(tmp_path / "wrong")
    async with listening(wrong) as (url, said):
        with pytest.raises(WrongCertificate, match="pair it again"):
            await way(Address(url, "secret", certificate_sha256=right.sha256))
        await wait_until(lambda: said, "the connection is seen")
        assert said == [b""]


@pytest.mark.parametrize("way", WAYS[:2])
async def test_server_with_pinned_certificate_receives_request(way: Way, tmp_path: Path) -> None:
    certificate = own_certificate(tmp_path)
    async with listening(certificate) as (url, said):
        with pytest.raises(Unreachable, match="503"):
            await way(Address(url, "secret", certificate_sha256=certificate.sha256))
        assert b"Authorization: Bearer secret" in said[0]


async def test_unpinned_certificate_must_be_trusted(tmp_path: Path) -> None:
    async with listening(own_certificate(tmp_path)) as (url, said):
        with pytest.raises(WrongCertificate, match="does not trust.*--certificate-sha256"):
            await stream(Address(url, "secret"))
        assert b"".join(said) == b""


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("key", ["secret", ""])
async def test_other_computers_are_not_contacted_without_tls(way: Way, key: str) -> None:
    with pytest.raises(TlsRequired, match=r"192\.0\.2\.2:8765 .*https://HOST:PORT.*tunnel"):
        await way(Address("http://192.0.2.2:8765", key))


def test_named_address_with_a_login_is_refused_and_not_shown() -> None:
    with pytest.raises(Refused, match="--key") as raised:
        typed_address("https://me:sec/ret@desk:1", "k", "")
    assert "sec/ret" not in str(raised.value)


@pytest.mark.parametrize("url", ["desk", "localhost:8765", "https://", "https://127.0.0.1:99999", "https://[::1"])
def test_named_address_that_cannot_be_one_is_refused(url: str) -> None:
    with pytest.raises(Refused, match="is not an address: write https://HOST:PORT"):
        typed_address(url, "k", "")


def test_named_key_is_one_line() -> None:
    assert typed_address("http://127.0.0.1:1", " k\r\n", "") == Address("http://127.0.0.1:1", "k")
    with pytest.raises(Refused, match="one line of printable characters"):
        typed_address("http://127.0.0.1:1", "id phone\nk", "")


def test_named_address_without_tls_must_be_on_this_computer() -> None:
    assert typed_address("http://127.0.0.1:1", "k", "") == Address("http://127.0.0.1:1", "k")
    with pytest.raises(TlsRequired):
        typed_address("http://desk:1", "k", "")


@pytest.mark.parametrize(
    ("url", "pin"), [("http://127.0.0.1", "ab" * 32), ("https://h", "zz"), ("https://h", "ab")]
)
def test_pin_that_cannot_be_enforced_is_refused(url: str, pin: str) -> None:
    with pytest.raises(Refused):
        ssl_argument(Address(url, certificate_sha256=pin))


def test_certificate_digest_may_contain_colons() -> None:
    assert typed_address("https://h", "k", ":".join(["AB"] * 32)) == Address(
        "https://h", "k", certificate_sha256="AB" * 32
    )
    with pytest.raises(Refused, match="64 hexadecimal digits"):
        typed_address("https://h", "k", "AB:CD")


@pytest.mark.parametrize("way", [stream, models])
async def test_unreachable_error_is_readable_when_port_is_closed(way: Way) -> None:
    url = f"https://127.0.0.1:{free_port()}"
    with pytest.raises(Unreachable, match="127.0.0.1") as raised:
        await way(Address(url, certificate_sha256="ab" * 32))
    assert "object at" not in str(raised.value)


@pytest.mark.parametrize("way", [stream, models])
@pytest.mark.parametrize(("days", "said"), [(-10, "has expired"), (10, "is not valid yet")])
async def test_certificate_out_of_date_is_named_and_pinned_is_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: Way, days: int, said: str
) -> None:
    middle, day = datetime.now(UTC) + timedelta(days=days), timedelta(days=1)
    certificate = dated_certificate(tmp_path, middle - day, middle + day)
    trust(certificate, monkeypatch)
    async with scripted(oblige, tls=server_context(certificate)) as gateway:
        with pytest.raises(CertificateDated, match=f"{said}.*set the clock"):
            await way(Address(gateway.url, "k"))
        with suppress(Refused):  # this gateway has no list of models
            await models(Address(gateway.url, "k", certificate_sha256=certificate.sha256))


async def test_certificate_for_another_host_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now, day = datetime.now(UTC), timedelta(days=1)
    certificate = dated_certificate(tmp_path, now - day, now + day)
    trust(certificate, monkeypatch)
    async with scripted(oblige, tls=server_context(certificate)) as gateway:
        url = gateway.url.replace("127.0.0.1", "localhost")
        with pytest.raises(WrongCertificate, match="does not name localhost"):
            await stream(Address(url, "k"))


async def test_session_outlasts_another_certificate_after_first_contact(tmp_path: Path) -> None:
    """A server of another network has the address for a while, or a certificate is renewed too late."""
    certificate, stranger = own_certificate(tmp_path), own_certificate(tmp_path / "stranger")
    async with (
        scripted(breaking_after(4), oblige, tls=server_context(certificate)) as gateway,
        scripted(oblige, tls=server_context(stranger)) as other,
    ):
        ports = [URL(one.url).port or 0 for one in (gateway, other, other, gateway)]

        async def reach_next() -> Streams:
            return await to_port(ports.pop(0) if len(ports) > 1 else ports[0])()

        async with tcp_proxy(reach_next) as proxy:
            at = Address(f"https://127.0.0.1:{proxy.port}", "k", certificate_sha256=certificate.sha256)
            with TemporaryAudio() as audio:
                async with GatewayClient(fixed_locator(at), uuid4(), audio, Options(), AT_ONCE) as client:
                    events = await transcribe(client, 3)
    lost = [event.reason for event in events if isinstance(event, Disconnected)]
    assert texts(events) == expected(3)
    assert sum("another certificate" in reason for reason in lost) == 2
    assert other.memory == Memory()


async def test_closed_connection_waits_for_no_end_of_tls(tmp_path: Path) -> None:
    certificate, made = own_certificate(tmp_path), list[sockets.socket]()

    def make(address: aiohttp.AddrInfoType) -> sockets.socket:
        made.append(sockets.socket(*address[:3]))
        return made[-1]

    connector = aiohttp.TCPConnector(socket_factory=make)
    async with (
        scripted(oblige, tls=server_context(certificate)) as gateway,
        tcp_proxy(to_port(URL(gateway.url).port or 0)) as proxy,
        aiohttp.ClientSession(connector=connector) as http,
    ):
        address = Address(f"https://127.0.0.1:{proxy.port}", "k", certificate_sha256=certificate.sha256)
        connection = await connect(http, address, deadline_s=10, heartbeat_s=20)
        proxy.half_open({LinkDirection.DOWN})
        await connection.close(0.01)
        await wait_until(lambda: made[0].fileno() < 0, "the client's socket is closed", 10)
