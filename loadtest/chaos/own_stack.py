"""Own stack of a chaos run: gateways, an embedded broker and workers in one folder, with proxies between them.

The first gateway starts the broker. The others and the workers reach it over TCP, each through its own proxy, and
the speakers reach each gateway through another.
"""

import asyncio
import itertools
import os
import secrets
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any, Final

import aiohttp
import psutil
from msgspec import Struct

from client.connection import Address
from client.errors import Unreachable
from loadtest.chaos.child import ChaosChild
from loadtest.chaos.clock import SteppedClock
from loadtest.chaos.events import FaultTarget
from loadtest.chaos.proxy import Connect, Streams, tcp_proxy, to_socket
from loadtest.chaos.targets import Absent, ChaosTargets, Network, TargetProcess, running_pids
from loadtest.core.errors import LoadTestError
from loadtest.core.gateway import READY, ask
from loadtest.measurement.processes import is_broker
from protocol.endpoint import ENDPOINT_FILE, Endpoint, decode_endpoint
from protocol.errors import MalformedMessage
from runtime.folders import Folders, folders_below, private_folder
from runtime.tasks import Tasks

_READY_S: Final = 60.0
_LOOK_S: Final = 0.1


class StackSize(Struct, frozen=True):
    """Size of an own stack. ``rtf``: seconds that a worker needs for a second of audio."""

    gateways: int = 2
    workers: int = 2
    rtf: float = 0.02

    def counts(self) -> dict[FaultTarget, int]:
        """Return the number of targets of each kind."""
        return {
            FaultTarget.GATEWAY: self.gateways,
            FaultTarget.WORKER: self.workers,
            FaultTarget.BROKER: 1,
            FaultTarget.CLIENT_LINK: self.gateways,
            FaultTarget.BROKER_LINK: self.gateways - 1 + self.workers,
        }


class StackBroker(TargetProcess):
    """Broker that the first gateway starts, and restarts."""

    def __init__(self, owner: ChaosChild) -> None:
        self._owner = owner
        self.clock = owner.clock  # the environment is inherited

    @property
    def process(self) -> psutil.Process:
        """The broker that runs now. Raises ``Absent``."""
        broker = next((child for child in self._owner.companions() if is_broker(child)), None)
        if broker is None:
            raise Absent("the broker is not running")
        return broker

    def companions(self) -> Sequence[psutil.Process]:
        """Return the gateway that starts the broker."""
        with suppress(Absent):
            return [self._owner.process]
        return ()


class OwnStack:
    """Stack in the folder ``home``. ``library``: libfaketime, if clocks are to be stepped."""

    def __init__(self, size: StackSize, home: Path, library: Path | None = None) -> None:
        self._size = size
        self._home = home
        self._library = library
        self._key = secrets.token_urlsafe(16)
        self._gateways: list[ChaosChild] = []
        self._workers: list[ChaosChild] = []
        self._turns = itertools.count()
        self.targets = ChaosTargets(self._locate, lambda: running_pids(self._gateways), failures=self._failures)

    async def start(self, within: AsyncExitStack) -> None:
        """Start all processes and proxies; they end with ``within``. Raises ``LoadTestError``."""
        broker, size = to_socket(self._folders("gateway-0").broker_socket), self._size
        tasks = await within.enter_async_context(Tasks("stack"))
        to_clients = [await self._proxy(within, self._connect(number)) for number in range(size.gateways)]
        to_broker = [await self._proxy(within, broker) for _ in range(size.gateways - 1 + size.workers)]
        self.targets.networks = {FaultTarget.CLIENT_LINK: to_clients, FaultTarget.BROKER_LINK: to_broker}
        links = iter(to_broker)
        for number in range(size.gateways):
            redis = ("--redis", _url(next(links))) if number else ()
            gateway = self._child(f"gateway-{number}", "kikipounamu-gateway", "serve", *redis)
            self._gateways.append(_run_child(gateway, tasks, within))
            await self._until(lambda ready: ready.get("broker", {}).get("up"), "its first gateway does not answer")
        for number in range(size.workers):
            engine = ("--engine", "checksum", "--set", f"rtf={size.rtf}", "--redis", _url(next(links)))
            worker = self._child(f"worker-{number}", "kikipounamu-worker", "run", *engine)
            self._workers.append(_run_child(worker, tasks, within))
        await self._until(lambda ready: ready.get("ready"), "no worker is ready")
        broker_process = StackBroker(self._gateways[0])
        self.targets.processes = {
            FaultTarget.GATEWAY: [*self._gateways],
            FaultTarget.WORKER: [*self._workers],
            FaultTarget.BROKER: [broker_process],
        }

    async def _proxy(self, within: AsyncExitStack, connect: Connect) -> Network:
        return Network(await within.enter_async_context(tcp_proxy(connect)))

    def _child(self, name: str, program: str, *arguments: str) -> ChaosChild:
        found = Path(sys.executable).with_name(program)
        command = str(found) if found.exists() else shutil.which(program)
        if command is None:
            raise LoadTestError(f"{program} is not installed: install kikipounamu with it, or name a --gateway")
        home = private_folder(self._home / name)
        environment = _without_ours(os.environ) | {"KIKIPOUNAMU_HOME": str(home), "KIKIPOUNAMU_KEY": self._key}
        clock = SteppedClock(self._library, home / "clock") if self._library else None
        return ChaosChild([command, *arguments], environment, self._home / f"{name}.log", clock)

    def _folders(self, name: str) -> Folders:
        return folders_below(self._home.absolute() / name)

    # -- addresses -----------------------------------------------------------------------------------------

    def _locate(self) -> Address:
        """Return the address of the next gateway's proxy: sessions alternate between gateways."""
        links = self.targets.networks.get(FaultTarget.CLIENT_LINK)
        if not links:
            raise Unreachable("the stack has not started yet")
        return Address(f"http://127.0.0.1:{links[next(self._turns) % len(links)].proxy.port}", self._key)

    def _failures(self) -> dict[str, int]:
        children = (*self._gateways, *self._workers)
        return {f"{one.name}: status {code}": n for one in children for code, n in one.ends.items() if code > 0}

    def _endpoint(self, number: int) -> Endpoint:
        """Return the current endpoint of a gateway. Raises ``Unreachable``."""
        try:
            return decode_endpoint((self._folders(f"gateway-{number}").runtime / ENDPOINT_FILE).read_bytes())
        except (OSError, MalformedMessage) as error:
            raise Unreachable("this gateway has not started yet") from error

    def _connect(self, number: int) -> Connect:
        async def connect() -> Streams:
            try:
                port = int(self._endpoint(number).url.rpartition(":")[2])
            except Unreachable as error:
                raise ConnectionRefusedError(str(error)) from error
            return await asyncio.open_connection("127.0.0.1", port)

        return connect

    # -- readiness -----------------------------------------------------------------------------------------

    async def _until(self, condition: Callable[[dict[str, Any]], object], complaint: str) -> None:
        """Wait until what every gateway answers to ``/readyz`` meets the condition. Raises ``LoadTestError``."""
        try:
            async with aiohttp.ClientSession() as http, asyncio.timeout(_READY_S):
                while not all(map(condition, await self._readiness(http))):  # noqa: ASYNC110 - polls over HTTP
                    await asyncio.sleep(_LOOK_S)
        except TimeoutError as error:
            words = "\n".join(child.log_tail for child in (*self._gateways, *self._workers))
            raise LoadTestError(f"the stack did not start: {complaint}\n{words}") from error

    async def _readiness(self, http: aiohttp.ClientSession) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for number in range(len(self._gateways)):
            try:
                endpoint = self._endpoint(number)
            except Unreachable:
                found.append({})
            else:
                found.append(await ask(http, Address(endpoint.url, endpoint.key), READY))
        return found


def _run_child(child: ChaosChild, tasks: Tasks, within: AsyncExitStack) -> ChaosChild:
    """Run a child until the context ends; children end in the reverse order of their start."""
    tasks.start(child.run(), child.name)
    within.push_async_callback(child.stop)
    return child


def _without_ours(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables without our own, which may name a real broker."""
    return {name: value for name, value in environment.items() if not name.startswith("KIKIPOUNAMU_")}


def _url(network: Network) -> str:
    return f"redis://127.0.0.1:{network.proxy.port}"
