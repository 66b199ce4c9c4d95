"""Run a gateway of several processes while people speak: nothing is lost, and it counts and decides as one."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
import psutil
import pytest

from backend.devices.records import DeviceStore
from benchmarks.speakers import run_speakers
from client.connection import Address, connect
from client.settings import ClientSettings
from protocol.devices import DeviceKind
from protocol.endpoint import Endpoint
from protocol.session import Error
from tests.backend.wire import Wire
from tests.helpers.chain import KEY, Chain, Program, running_chain
from tests.helpers.connections import tls_client
from tests.helpers.prometheus import Figures, figures
from tests.helpers.speaking import check, speak
from tests.helpers.waiting import wait_until

PROCESSES = 2
CONNECTIONS = 6
STREAMS = 3
SPEAKERS = 6
CLIENT = ClientSettings(heartbeat_s=1.0, send_s=5.0, connect_s=10.0, first_contact_s=120.0)
BEARER = {"Authorization": f"Bearer {KEY}"}


@dataclass(frozen=True)
class Started:
    """A gateway of several processes, as it was started."""

    processes: int
    chain: Chain
    program: Program
    endpoint: Endpoint


@dataclass
class Together:
    """A running gateway of several processes, and a client."""

    started: Started
    http: aiohttp.ClientSession

    def pids(self) -> list[int]:
        """Return the processes that serve."""
        found = []
        for child in psutil.Process(self.started.program.popen.pid).children():
            with suppress(psutil.NoSuchProcess):  # also of one that has just ended
                found += [child.pid] if "backend.cli.process" in child.cmdline() else []
        return found

    async def figures(self) -> Figures:
        """Return the metrics of all processes."""
        async with self.http.get(f"{self.started.endpoint.url}/metrics", headers=BEARER) as response:
            response.raise_for_status()
            return figures(await response.read(), response.headers["Content-Type"])

    async def connections(self) -> dict[str, float]:
        """Return the connections by process."""
        return {slot: n for (slot,), n in (await self.figures())["kikipounamu_process_connections"].items()}

    async def all_run(self) -> None:
        """Wait until every process reports; the killed one may have had the request."""

        async def reported() -> bool:
            try:
                return len(self.pids()) == self.started.processes == len(await self.connections())
            except aiohttp.ClientError:
                return False

        await wait_until(reported, "all processes report")

    def events(self, name: str) -> list[dict[str, Any]]:
        """Return the log lines with this event."""
        log = self.started.chain.root / "home" / "logs" / "gateway.jsonl"
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        return [line for line in lines if line["event"] == name]

    async def restart(self, times: int) -> None:
        """Replace all processes; ``times``: number of restarts so far, with this one."""
        self.started.program.popen.send_signal(signal.SIGHUP)
        await wait_until(lambda: len(self.events("processes.restarted")) == times, "all are replaced", 120)

    async def kill_each(self) -> None:
        """Kill every process once, each as soon as all run again."""
        for pid in self.pids():
            psutil.Process(pid).kill()
            await wait_until(lambda pid=pid: pid not in self.pids(), "it is gone")  # type: ignore[misc] # bound
            await self.all_run()


@contextmanager
def started(home: Path, processes: int, *arguments: str) -> Iterator[Started]:
    """Run a gateway; afterwards check that it ends on request and removes its address."""
    with running_chain(home) as chain:
        program, endpoint = chain.gateway("--processes", str(processes), *arguments)
        yield Started(processes, chain, program, endpoint)
        assert program.stop() == 0
        assert not (home / "home" / "run" / "gateway.json").exists()


@pytest.fixture(scope="module")
def shared() -> Iterator[Started]:
    """Run a gateway with small limits for all tests whose traces end with their connections."""
    with TemporaryDirectory(prefix="kiki-") as folder:
        settings = Path(folder) / "home" / "config" / "gateway.toml"
        settings.parent.mkdir(parents=True)
        settings.write_text(
            f"port = 0\nannounce = false\nmost_connections = {CONNECTIONS}\nstreams_per_key = {STREAMS}\n"
        )
        with started(Path(folder), PROCESSES, "--mode", "shared") as gateway:
            gateway.chain.worker("--engine", "checksum", "--set", "rtf=0.02")
            yield gateway


@asynccontextmanager
async def at(gateway: Started) -> AsyncIterator[Together]:
    connector = aiohttp.TCPConnector(force_close=True)  # an idle connection would end with its process
    async with aiohttp.ClientSession(connector=connector) as http:
        together = Together(gateway, http)
        await together.all_run()
        yield together


def device_of(gateway: Started) -> tuple[str, str]:
    """Add a device, and return its id and its key."""
    store = DeviceStore(gateway.chain.root / "home" / "data" / "devices.json")
    device, key = store.add("a phone", DeviceKind.CLIENT, 0)
    return device.id, key


async def survive(processes: int, seconds: float, rounds: int) -> None:
    """Let people speak while every process is killed and replaced, ``rounds`` times."""
    enough = asyncio.Event()
    with TemporaryDirectory(prefix="kiki-") as folder, started(Path(folder), processes) as gateway:
        async with at(gateway) as together:
            gateway.chain.worker("--engine", "checksum", "--set", "rtf=0.05")
            address = Address(gateway.endpoint.url, KEY)
            async with asyncio.TaskGroup() as people:
                speaking = [
                    people.create_task(speak(lambda: address, CLIENT, 1 + n, seconds, enough))
                    for n in range(SPEAKERS)
                ]

                async def spread() -> bool:
                    return all(n > 0 for n in (await together.connections()).values())

                await wait_until(spread, "every process has speakers")
                for number in range(rounds):
                    await together.kill_each()
                    await together.restart(number + 1)
                enough.set()
            deaths = len(together.events("process.died"))
            assert deaths == processes * rounds
            restarts = (await together.figures())["kikipounamu_process_restarts_total"]
            assert sum(restarts.values()) == deaths
    check(speaking, f"{deaths} kills and {rounds} rolling restarts of {processes} processes")


async def test_kills_and_rolling_restart_of_processes_lose_nothing() -> None:
    await survive(PROCESSES, seconds=4.0, rounds=1)


@pytest.mark.proof(minutes=8)
async def test_many_kills_and_rolling_restarts_of_processes_lose_nothing() -> None:
    await survive(3, seconds=8.0, rounds=10)


async def test_metrics_page_has_sums_of_all_processes_and_keeps_them(shared: Started) -> None:
    sessions, segments, seconds = CONNECTIONS, 3, 1.5
    async with at(shared) as gateway:
        before = await counts(gateway)
        tally = await run_speakers(shared.endpoint, sessions, segments, seconds=seconds, pace=0.2)
        assert (tally.right, tally.wrong, tally.failed, tally.twice) == (sessions * segments, 0, 0, 0)

        async def counted() -> bool:
            now = await counts(gateway)
            finals, decoded, hellos, received_s = (
                after - earlier for after, earlier in zip(now, before, strict=True)
            )
            return (
                finals == decoded == sessions * segments
                and hellos == sessions
                and (await gateway.figures())["kikipounamu_connections"][()] == 0
                and abs(received_s - sessions * segments * seconds) < 0.1
            )

        await wait_until(counted, "the sums are right")
        await gateway.restart(1)
        await gateway.all_run()
        await wait_until(counted, "the sums are still right")


async def counts(gateway: Together) -> tuple[float, ...]:
    """Return final texts, measured decodings, greetings, and seconds of audio."""
    found = await gateway.figures()
    counted = (
        ("kikipounamu_segments_total", ("", "final")),
        ("kikipounamu_segment_stage_seconds_count", ("decode",)),
        ("kikipounamu_hellos_total", ("false",)),
        ("kikipounamu_audio_received_seconds_total", ()),
    )
    return tuple(found.get(name, {}).get(labels, 0.0) for name, labels in counted)


async def test_limit_of_connections_counts_all_processes(shared: Started) -> None:
    async with at(shared) as gateway, AsyncExitStack() as stack:
        for _ in range(CONNECTIONS):
            wire = await stack.enter_async_context(Wire(shared.endpoint.url, KEY))
            await wire.hello()

        async def spread() -> bool:
            return {*(await gateway.connections()).values()} == {CONNECTIONS / PROCESSES}

        await wait_until(spread, "the connections are spread")
        for _ in range(PROCESSES):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await Wire(shared.endpoint.url, KEY).__aenter__()
            assert refused.value.status == 429
        async with gateway.http.get(f"{shared.endpoint.url}/readyz") as response:
            assert "connections" in {reason["code"] for reason in (await response.json())["reasons"]}


async def test_limit_of_a_key_and_its_revocation_hold_in_all_processes(shared: Started) -> None:
    device, key = device_of(shared)
    url = shared.endpoint.url
    async with at(shared) as gateway, AsyncExitStack() as stack:
        wires = [await stack.enter_async_context(Wire(url, key)) for _ in range(STREAMS)]
        for wire in wires:
            await wire.hello()
        for _ in range(PROCESSES):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await Wire(url, key).__aenter__()
            assert refused.value.status == 429
        async with gateway.http.get(f"{url}/v1/devices", headers=BEARER) as response:
            listed = {one["id"]: one for one in (await response.json())["devices"]}
        assert (listed[device]["streams"], listed[device]["connections"]) == (STREAMS, STREAMS)
        async with gateway.http.delete(f"{url}/v1/devices/{device}", headers=BEARER) as response:
            assert response.status == 200
        for wire in wires:
            assert (await wire.expect(Error)).code == "unauthorised"


async def test_processes_of_a_shared_gateway_serve_other_devices_over_tls(shared: Started) -> None:
    _, key = device_of(shared)
    async with at(shared) as gateway, tls_client() as http:
        (line,) = gateway.events("gateway.shared")
        url, certificate = f"https://127.0.0.1:{line['port']}", line["certificate"]
        for _ in range(PROCESSES):
            connection = await connect(http, Address(url, key, certificate_sha256=certificate), 10, 20)
            await connection.close()
            ssl = aiohttp.Fingerprint(bytes.fromhex(certificate))
            headers = {"Authorization": f"Bearer {key}"}
            async with http.get(f"{url}/v1/models", headers=headers, ssl=ssl) as response:
                assert response.status == 200
