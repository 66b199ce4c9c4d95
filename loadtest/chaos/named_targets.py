"""Targets that an operator names on the command line: processes by id or pid file, and addresses of brokers."""

from collections.abc import Iterable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec
import psutil

from client.connection import Address
from loadtest.chaos.events import PROCESSES, FaultTarget
from loadtest.chaos.proxy import tcp_proxy, to_port
from loadtest.chaos.targets import Absent, ChaosTargets, Network, TargetProcess, running_pids
from loadtest.core.errors import LoadTestError

_WORDS: Final = {
    FaultTarget.GATEWAY: ("gateway",),
    FaultTarget.WORKER: ("worker",),
    FaultTarget.BROKER: ("valkey", "redis"),
}
_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True)
class NamedProcess(TargetProcess):
    """Process by its id, or by a file that holds it: a number, or JSON with ``pid`` (``gateway.json``).

    Another program restarts it. Its command line must fit the target: an outdated id may belong to another
    process.
    """

    target: FaultTarget
    place: str

    @property
    def process(self) -> psutil.Process:
        """The process that runs now. Raises ``Absent``."""
        try:
            found = psutil.Process(self._pid())
            line = " ".join(found.cmdline())
        except psutil.Error as error:
            raise Absent(f"{self.target} {self.place} is not running") from error
        if not any(word in line for word in _WORDS[self.target]):
            raise Absent(f"process {found.pid} of {self.place} is not a {self.target}")
        return found

    def _pid(self) -> int:
        if self.place.isdigit():
            return int(self.place)
        try:
            found = msgspec.json.decode(Path(self.place).read_bytes(), type=int | _PidHolder)
        except (OSError, msgspec.DecodeError) as error:
            raise Absent(f"there is no process id in {self.place}") from error
        return found if isinstance(found, int) else found.pid


class _PidHolder(msgspec.Struct):
    pid: int


def named_process(text: str) -> NamedProcess:
    """Parse TARGET=PID_OR_FILE. Raises ``LoadTestError``."""
    target, equals, place = text.partition("=")
    if not (equals and place):
        raise LoadTestError(f"{text}: name the process too: {target or 'gateway'}=PID_FILE, or use --own-stack")
    return NamedProcess(process_kind(target), place)


def process_kind(text: str) -> FaultTarget:
    """Parse the name of a kind of process. Raises ``LoadTestError``."""
    with suppress(ValueError):
        target = FaultTarget(text)
        if target in PROCESSES:
            return target
    raise LoadTestError(f"{text} cannot be killed: name one of {', '.join(PROCESSES)}")


async def open_named_targets(
    within: AsyncExitStack, address: Address, named: Iterable[NamedProcess], links: Iterable[str]
) -> ChaosTargets:
    """Return the named targets; its proxies end with ``within``. Raises ``LoadTestError``.

    ``links``: each is PORT=HOST:PORT: a proxy on that port of this computer, to a broker elsewhere.
    """
    host, port, through = _through_proxy(address)
    clients = Network(await within.enter_async_context(tcp_proxy(to_port(port, host))))
    brokers = []
    for link in links:
        listen, broker = _link(link)
        brokers.append(Network(await within.enter_async_context(tcp_proxy(to_port(broker[1], broker[0]), listen))))
    processes: dict[FaultTarget, list[NamedProcess]] = {}
    for process in named:
        processes.setdefault(process.target, []).append(process)
    url = f"{through}://127.0.0.1:{clients.proxy.port}"
    here = Address(url, address.key, certificate_sha256=address.certificate_sha256)
    return ChaosTargets(
        lambda: here,
        lambda: running_pids(processes.get(FaultTarget.GATEWAY, ())),
        {target: [*several] for target, several in processes.items()},
        {FaultTarget.CLIENT_LINK: [clients], FaultTarget.BROKER_LINK: brokers},
    )


def _through_proxy(address: Address) -> tuple[str, int, str]:
    """Return host, port and scheme of a gateway that a proxy can relay to. Raises ``LoadTestError``."""
    parts = urlsplit(address.url)
    if parts.scheme == "https" and not address.certificate_sha256:
        raise LoadTestError(
            "the speakers reach the gateway through a proxy, whose name is not that of the certificate: "
            "name the certificate with --certificate-sha256"
        )
    try:
        return parts.hostname or "", parts.port or _PORTS[parts.scheme], parts.scheme
    except (KeyError, ValueError) as error:
        raise LoadTestError(f"{address.url} is not an address: give it as https://HOST:PORT") from error


def _link(text: str) -> tuple[int, tuple[str, int]]:
    listen, _, broker = text.partition("=")
    host, _, port = broker.rpartition(":")
    if not (listen.isdigit() and port.isdigit() and host):
        raise LoadTestError(f"{text} is not a link: give it as PORT=HOST:PORT of the broker")
    return int(listen), (host, int(port))
