"""Worker whose broker is reached through a gateway: over real sockets, with TLS, and as a complete worker."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from yarl import URL

from backend.http.certificates import Certificate, own_certificate, server_context
from loadtest.chaos.events import LinkDirection
from loadtest.chaos.proxy import tcp_proxy, to_port
from protocol.broker import PING_S
from protocol.devices import DeviceKind
from protocol.engine import EngineSettings
from protocol.job import LEASE_MS, EndState
from tests.helpers.fault_engines import ENGINE, Fault
from tests.helpers.ports import free_port, sockets_to
from tests.helpers.tunnel import OWNER_KEY, Tunnelled, tunnelling
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until
from tests.worker.running import QUICK, Worker, ended, fault_job
from tests.worker.scripts import KEYS, MODEL, PARTIALS, STREAMS, GatewaySide, gateway_side, job, question, result
from worker.broker.jobs import ShardJobs
from worker.broker.tunnel import Tunnel, carrier, read_key
from worker.consumer import Consumer
from worker.core.errors import BrokerRefused, BrokerUnavailable
from worker.core.placement import MOST_HELD_MS
from worker.supervision.engine_supervisor import EngineLimits, EngineSupervisor


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    """Return a self-signed certificate, as a gateway makes it."""
    return own_certificate(tmp_path)


@pytest.fixture
async def gateway(any_broker: Broker, tmp_path: Path, certificate: Certificate) -> AsyncIterator[Tunnelled]:
    """Run a tunnel with TLS."""
    async with tunnelling(any_broker.url, tmp_path, server_context(certificate)) as gateway:
        yield gateway


@asynccontextmanager
async def jobs_through(url: str, key: str, certificate_sha256: str = "") -> AsyncIterator[ShardJobs]:
    """Connect as the worker ``w``, through a gateway."""
    async with (
        Tunnel(carrier(url, key, certificate_sha256)) as tunnel,
        ShardJobs("", "w", KEYS, dial=tunnel.dial) as jobs,
    ):
        yield jobs


@asynccontextmanager
async def working_through(url: str, key: str, certificate_sha256: str = "") -> AsyncIterator[Worker]:
    """Run a complete worker that is drained at the end, unless it has ended."""
    engine = EngineSupervisor(EngineSettings(ENGINE, MODEL), EngineLimits())
    async with jobs_through(url, key, certificate_sha256) as jobs:
        running = Worker(Consumer("w", jobs, engine, QUICK, KEYS), engine)
        try:
            yield running
        finally:
            if not running.task.done():
                await running.drained()


async def test_every_script_works_through_the_tunnel(
    gateway: Tunnelled, certificate: Certificate, any_broker: Broker
) -> None:
    _, key = await gateway.paired()
    async with gateway_side(any_broker.url) as other, jobs_through(gateway.url, key, certificate.sha256) as jobs:
        await other.attach()
        await jobs.check()
        await jobs.serve(STREAMS, PARTIALS)
        await everything(other, jobs)


async def everything(other: GatewaySide, jobs: ShardJobs) -> None:
    """Run every script, with more than a megabyte of audio."""
    await other.submit(job(0, samples=600_000))
    (first,) = await jobs.take(1)
    assert len(first.job.pcm) == 1_200_000
    assert await jobs.renew([first]) == frozenset()
    assert await jobs.finish(first, result(first.job, "x" * 60_000))
    await other.submit(job(1))
    waited = await asyncio.gather(jobs.wait(20_000), jobs.fleet(), jobs.glance())
    assert [delivery.job.segment for delivery in waited[0].jobs] == [1]
    await other.submit(job(2))
    assert (await jobs.take_left(1, STREAMS[:1], (MOST_HELD_MS * 1000,)))[1] > 0
    await other.ask(question(3))
    assert len(await jobs.take_partials(1)) == 1
    await jobs.sweep(1)
    assert await jobs.leave() == 1


async def test_worker_recognises_through_tunnel_and_survives_restarts(
    broker: Broker, tmp_path: Path, certificate: Certificate
) -> None:
    port = free_port()
    tls = server_context(certificate)
    async with gateway_side(broker.url) as other, AsyncExitStack() as worker:
        await other.attach()
        for segment in range(3):  # a new gateway process each time
            async with tunnelling(broker.url, tmp_path, tls, port) as gateway:
                if segment == 0:
                    await worker.enter_async_context(working_through(gateway.url, OWNER_KEY, certificate.sha256))
                await other.submit(fault_job(Fault.NONE, segment))
                assert await ended(other, segment) is EndState.FINAL
                if segment == 2:
                    await worker.aclose()


async def test_closed_connection_waits_for_no_end_of_tls(
    gateway: Tunnelled, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.broker.tunnel._CLOSE_S", 0.01)
    _, key = await gateway.paired()
    async with tcp_proxy(to_port(URL(gateway.url).port or 0)) as proxy:
        through = carrier(f"wss://127.0.0.1:{proxy.port}", key, certificate.sha256)
        async with Tunnel(through) as tunnel:
            _, writer = await tunnel.dial()
            assert sockets_to(proxy.port) == 1
            proxy.half_open({LinkDirection.DOWN})
            writer.close()
            await wait_until(lambda: sockets_to(proxy.port) == 0, "the worker's socket is closed", 10)


async def test_moved_gateway_is_found_by_its_certificate(
    gateway: Tunnelled, certificate: Certificate, tmp_path: Path, any_broker: Broker
) -> None:
    """A stranger that announces itself under the gateway's name is skipped."""
    asked: list[bytes] = []
    stranger = own_certificate(tmp_path / "stranger")
    async with tunnelling(any_broker.url, tmp_path / "other", server_context(stranger)) as other:

        async def find(digest: bytes) -> tuple[str, ...]:
            asked.append(digest)
            return other.url.removeprefix("wss://"), gateway.url.removeprefix("wss://")

        through = carrier(unused_url(), OWNER_KEY, certificate.sha256)
        async with Tunnel(through, find) as tunnel, ShardJobs("", "w", KEYS, dial=tunnel.dial) as jobs:
            await until_there(jobs)
    assert asked and set(asked) == {bytes.fromhex(certificate.sha256)}


@pytest.mark.parametrize(("scheme", "digest"), [("wss", ""), ("ws", "ab" * 32)])
async def test_gateway_without_pinned_certificate_is_not_searched_for(scheme: str, digest: str) -> None:
    """Without a pinned certificate over TLS, any announcer would receive the key."""
    asked: list[bytes] = []

    async def find(digest: bytes) -> tuple[str, ...]:
        asked.append(digest)
        return ()

    url = unused_url().replace("wss", scheme)
    async with Tunnel(carrier(url, OWNER_KEY, digest), find) as tunnel:
        for _ in range(3):
            with pytest.raises(OSError):
                await tunnel.dial()
    assert not asked


async def test_found_gateway_may_still_refuse_the_worker(gateway: Tunnelled, certificate: Certificate) -> None:
    async def find(digest: bytes) -> tuple[str, ...]:
        return (gateway.url.removeprefix("wss://"),)

    async with Tunnel(carrier(unused_url(), "no key", certificate.sha256), find) as tunnel:
        assert await refusal_says(tunnel, "pair again")


async def test_gateway_is_searched_for_when_a_stranger_has_its_address(
    gateway: Tunnelled, certificate: Certificate, tmp_path: Path, any_broker: Broker
) -> None:
    """The stranger is another computer with the gateway's address: it must not receive the key."""
    _, key = await gateway.paired()
    stranger = own_certificate(tmp_path / "stranger")
    async with tunnelling(any_broker.url, tmp_path / "other", server_context(stranger)) as other:

        async def find(digest: bytes) -> tuple[str, ...]:
            return (gateway.url.removeprefix("wss://"),)

        through = carrier(other.url, key, certificate.sha256)
        async with Tunnel(through, find) as tunnel, ShardJobs("", "w", KEYS, dial=tunnel.dial) as jobs:
            await until_there(jobs)


@pytest.mark.parametrize("again", [False, True])
async def test_worker_is_refused_when_only_a_stranger_is_found(
    again: bool, gateway: Tunnelled, certificate: Certificate, tmp_path: Path, any_broker: Broker
) -> None:
    """The search runs first; finding the gateway only at the stranger's address does not help."""
    asked: list[bytes] = []
    stranger = own_certificate(tmp_path / "stranger")
    async with tunnelling(any_broker.url, tmp_path / "other", server_context(stranger)) as other:

        async def find(digest: bytes) -> tuple[str, ...]:
            asked.append(digest)
            return (other.url.removeprefix("wss://"),) if again else ()

        async with Tunnel(carrier(other.url, OWNER_KEY, certificate.sha256), find) as tunnel:
            with pytest.raises(OSError, match="looked for"):
                await tunnel.dial()
            assert await refusal_says(tunnel, "found nowhere else") and asked


async def test_known_gateway_is_awaited_while_a_stranger_has_its_address(
    broker: Broker, tmp_path: Path, certificate: Certificate
) -> None:
    """The gateway may still be starting, and be found only later."""
    places: list[str] = []
    looks: list[bytes] = []
    tls, stranger = server_context(certificate), server_context(own_certificate(tmp_path / "stranger"))

    async def find(digest: bytes) -> tuple[str, ...]:
        looks.append(digest)
        return tuple(places)

    port = free_port()
    through = carrier(f"wss://127.0.0.1:{port}", OWNER_KEY, certificate.sha256)
    async with Tunnel(through, find) as tunnel, ShardJobs("", "w", KEYS, dial=tunnel.dial) as jobs:
        async with tunnelling(broker.url, tmp_path, tls, port):
            await until_there(jobs)
        async with tunnelling(broker.url, tmp_path / "other", stranger, port):

            async def looked_for_often() -> bool:
                with pytest.raises(BrokerUnavailable):
                    await jobs.check()
                return len(looks) > 2

            await wait_until(looked_for_often, "it is looked for again and again")
            async with tunnelling(broker.url, tmp_path, tls) as gateway:
                places.append(gateway.url.removeprefix("wss://"))
                await until_there(jobs)


async def refusal_says(tunnel: Tunnel, words: str) -> bool:
    """Dial repeatedly until the worker is refused; return whether the error contains ``words``."""

    async def sent_away() -> str:
        try:
            await tunnel.dial()
        except BrokerRefused as error:
            return str(error)
        except OSError:
            return ""
        raise AssertionError("it was let in")

    return words in await wait_until(sent_away, "it is sent away")


def unused_url() -> str:
    """Return an address on which no server listens."""
    return f"wss://127.0.0.1:{free_port()}"


async def until_there(jobs: ShardJobs) -> None:
    """Retry, as a worker does, until the gateway answers."""

    async def there() -> bool:
        try:
            await jobs.check()
        except BrokerUnavailable:
            return False
        return True

    await wait_until(there, "the gateway is found")


async def test_worker_ends_when_its_key_is_revoked(
    gateway: Tunnelled, certificate: Certificate, any_broker: Broker
) -> None:
    device, key = await gateway.paired()
    async with (
        gateway_side(any_broker.url) as other,
        working_through(gateway.url, key, certificate.sha256) as running,
    ):
        await wait_until(other.a_client_waits, "it waits for jobs")
        await gateway.roster.revoke(device)
        with pytest.raises(BrokerRefused, match="pair again"):
            await asyncio.wait_for(running.task, 30)


async def test_tunnel_refuses_another_certificate(gateway: Tunnelled, certificate: Certificate) -> None:
    async with jobs_through(gateway.url, OWNER_KEY, certificate.sha256[::-1]) as jobs:
        with pytest.raises(BrokerRefused, match="another certificate"):
            await jobs.check()


async def test_unreachable_error_is_readable_when_port_is_closed(certificate: Certificate) -> None:
    async with jobs_through(unused_url(), OWNER_KEY, certificate.sha256) as jobs:
        with pytest.raises(BrokerUnavailable, match="127.0.0.1") as raised:
            await jobs.check()
    assert "object at" not in str(raised.value)


async def test_tunnel_refuses_an_untrusted_certificate(gateway: Tunnelled) -> None:
    async with jobs_through(gateway.url, OWNER_KEY) as jobs:
        with pytest.raises(BrokerRefused, match="--certificate-sha256"):
            await jobs.check()


async def test_gateway_refuses_a_key_of_another_kind(gateway: Tunnelled, certificate: Certificate) -> None:
    _, key = await gateway.paired(DeviceKind.CLIENT)
    for shown in (key, "no key at all"):
        async with jobs_through(gateway.url, shown, certificate.sha256) as jobs:
            with pytest.raises(BrokerRefused, match="pair again"):
                await jobs.check()


async def test_missing_gateway_counts_as_broker_unavailable() -> None:
    async with jobs_through(f"ws://127.0.0.1:{free_port()}", OWNER_KEY) as jobs:
        with pytest.raises(BrokerUnavailable):
            await jobs.check()


async def test_gateway_that_never_answers_counts_as_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.broker.tunnel._ANSWER_S", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        through = carrier(f"ws://127.0.0.1:{silent.getsockname()[1]}", OWNER_KEY)
        async with Tunnel(through) as tunnel, asyncio.timeout(30):
            with pytest.raises(BrokerUnavailable, match="no answer in time"):
                await tunnel.layout()


async def test_worker_of_another_version_is_refused_with_explanation(
    gateway: Tunnelled, certificate: Certificate
) -> None:
    async with Tunnel(carrier(gateway.url, OWNER_KEY, certificate.sha256)) as tunnel:
        reader, writer = await tunnel.dial()
        writer.write(b"*2\r\n$4\r\nKEYS\r\n$1\r\n*\r\n")
        assert await asyncio.wait_for(reader.read(), 30) == b""
        writer.close()

        async def refused() -> bool:
            try:
                (await tunnel.dial())[1].close()
            except BrokerRefused as error:
                return "same version" in str(error)
            return False

        await wait_until(refused, "it is reported")


@pytest.mark.parametrize(
    ("gateway", "url"),
    [
        ("wss://host:8765", "wss://host:8765/v1/broker"),
        ("https://host/kiki/", "wss://host/kiki/v1/broker"),
        ("http://127.0.0.1:1", "ws://127.0.0.1:1/v1/broker"),
    ],
)
def test_carrier_accepts_several_forms_of_a_gateway_url(gateway: str, url: str) -> None:
    through = carrier(gateway, "key", "AB:" * 31 + "AB")
    assert (through.url, through.certificate_sha256) == (url, b"\xab" * 32)
    assert "'key'" not in repr(through)


@pytest.mark.parametrize(
    ("gateway", "key", "digest", "says"),
    [
        ("host:8765", "key", "", "wss://"),
        ("wss://[::1", "key", "", "wss://HOST:PORT"),
        ("wss://host:99999", "key", "", "wss://HOST:PORT"),
        ("ws://elsewhere:1", "key", "", "TLS"),
        ("wss://host", "", "", "KIKIPOUNAMU_KEY"),
        ("wss://host", "key", "abcd", "64"),
        ("wss://host", "key", "no digits", "64"),
    ],
)
def test_carrier_explains_unusable_options(gateway: str, key: str, digest: str, says: str) -> None:
    with pytest.raises(BrokerRefused, match=says):
        carrier(gateway, key, digest)


def test_dead_connection_is_noticed_before_the_leases_of_its_worker_end() -> None:
    assert (PING_S + PING_S / 2) * 1000 < LEASE_MS


def test_key_is_read_from_file_or_environment(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("of the file\n")
    assert (read_key(str(file), "other"), read_key("", "other\n")) == ("of the file", "other")
    with pytest.raises(BrokerRefused, match="nowhere"):
        read_key(str(tmp_path / "nowhere"), "other")
    file.write_text("\n")
    with pytest.raises(BrokerRefused, match="key has no key: write the one that the gateway gave"):
        read_key(str(file), "other")
