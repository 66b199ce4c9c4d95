"""Checks of this computer's gateway, its history and its broker, and of the remote gateways in use.

The requests suit a gateway of any version. Remote ones are checked for reachability, latency and identity.
"""

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from app.core.daemon_thread import in_daemon_thread
from app.core.errors import Note
from app.core.problem_notes import note_of
from app.diagnostics.checks.finding import Finding, Topic, advice, ok, wrong
from app.gateways.watcher import query_both
from app.local_services.local_gateway import alive
from client.connection import Address
from client.errors import GatewayError, Unauthorised, Unreachable, WrongCertificate
from protocol.endpoint import Endpoint
from protocol.monitor import BrokerTrouble
from runtime.locking import try_lock

MODELS: Final = "/v1/models"


class GatewayReplies(NamedTuple):
    """Replies of a gateway, in JSON's types.

    ``ready``: from ``/readyz``. ``known``: from ``/v1/models``, which needs a key. ``ms``: duration of the
    second request, over the connection that the first one opened.
    """

    ready: Mapping[str, Any]
    known: Mapping[str, Any]
    ms: float

    @property
    def version(self) -> str:
        """Version of the gateway; empty if it does not state one."""
        return str(self.known.get("version") or self.ready.get("version") or "")


async def answers(address: Address, deadline_s: float) -> GatewayReplies:
    """Send both requests with the key and the certificate of ``address``. Raises ``GatewayError``."""
    return GatewayReplies(*await query_both(address, deadline_s, dict[str, Any], MODELS, dict[str, Any]))


_ANSWER_S: Final = 5.0
_FULL: Final = 0.6  # share of the broker's memory from which new sessions are refused
_LOCK: Final = "broker.lock"
_TROUBLES: Final[dict[str, str]] = {
    BrokerTrouble.LOADING: "broker-loading",
    BrokerTrouble.REPLICA: "broker-replica",
    BrokerTrouble.REPLICAS: "broker-replicas",
    BrokerTrouble.DENIED: "broker-denied",
}
_REASONS: Final = {
    "connections": Note("gateway-connections-full"),
    "broker": Note("gateway-queue-away"),
    "memory": Note("gateway-queue-full"),
    "unqueued": Note("gateway-memory-full"),
    "load": Note("gateway-much-waits"),
    "no_worker": Note("gateway-no-worker"),
    "leaving": Note("gateway-leaving"),
}
"""Notes of the codes of ``backend.core.refusal.RefusalReason`` that ``/readyz`` names."""


@dataclass(frozen=True)
class Expected:
    """Expectations of the gateway.

    ``version``: this program's version. ``worker``: speech is to be recognised on this computer. ``session``:
    the gateway of the login session would be found.
    """

    version: str
    worker: bool = True
    session: bool = True
    answer_s: float = _ANSWER_S


async def gateway(
    endpoint: Endpoint | None, folder: Path, expected: Expected, alive: Callable[[int], bool] = alive
) -> list[Finding]:
    """Check the gateway.

    ``endpoint``: written by this user's gateway. ``folder``: the embedded broker's folder.
    """
    if endpoint is None:
        findings = await in_daemon_thread(lambda: list(broker_folder_findings(folder, session=expected.session)))
        return [ok(Topic.GATEWAY, "gateway-none"), *findings]
    if not alive(endpoint.pid):
        ended = advice(Topic.GATEWAY, "gateway-ended", process=endpoint.pid)
        return [ended, *await in_daemon_thread(lambda: list(broker_folder_findings(folder)))]
    try:
        found = await answers(Address(endpoint.url, endpoint.key), expected.answer_s)
    except Unreachable:
        return [wrong(Topic.GATEWAY, "gateway-silent", process=endpoint.pid, seconds=f"{expected.answer_s:g}")]
    except GatewayError as error:
        return [wrong(Topic.GATEWAY, "gateway-refuses", process=endpoint.pid).because(note_of(error))]
    return [*reply_findings(found, endpoint, expected), *history(found.ready), *broker(found.ready, folder)]


def reply_findings(found: GatewayReplies, endpoint: Endpoint, expected: Expected) -> Iterator[Finding]:
    """Yield the findings about a gateway that answers. Pure."""
    ready, area = found.ready, Topic.GATEWAY
    if ready.get("draining"):
        yield advice(area, "gateway-leaving", process=endpoint.pid)
    elif ready.get("ready") and ready.get("accepting") is False:
        yield wrong(area, "gateway-not-accepting", url=endpoint.url, why=reasons(ready)).because(why(ready))
    elif ready.get("ready"):
        models = ", ".join(map(str, _list(ready.get("models")))) or "?"
        workers, ms = str(ready.get("workers", "?")), f"{found.ms:.0f}"
        yield ok(
            area, "gateway-ready", url=endpoint.url, process=endpoint.pid, ms=ms, workers=workers, models=models
        )
    elif _broker_is_up(ready) and not ready.get("workers"):
        finding = wrong if expected.worker else advice
        yield finding(area, "gateway-no-worker", url=endpoint.url, process=endpoint.pid)
    elif _broker_is_up(ready):
        unready = wrong(area, "gateway-unready", url=endpoint.url, process=endpoint.pid, why=reasons(ready))
        yield unready.because(why(ready))
    else:
        yield wrong(area, "gateway-without-broker", url=endpoint.url, process=endpoint.pid)
    if found.version and found.version != expected.version:
        yield advice(area, "gateway-version", version=found.version, own=expected.version)


def reasons(ready: Mapping[str, Any]) -> str:
    """Return the gateway's own words on why it is not ready or refuses sessions. Pure."""
    found = [one for one in _list(ready.get("reasons")) if isinstance(one, Mapping)]
    said = [one.get("message") or one.get("code") for one in found]
    return "; ".join(map(str, filter(None, said))) or "?"


def why(ready: Mapping[str, Any]) -> Note:
    """Return the first reason why a gateway is not ready or refuses sessions, in the user's words. Pure."""
    codes = [str(one.get("code")) for one in _list(ready.get("reasons")) if isinstance(one, Mapping)]
    return next((_REASONS[code] for code in codes if code in _REASONS), Note("plain", {"text": reasons(ready)}))


def history(ready: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield the problems of the gateway's history, if it keeps one. Pure."""
    said, area = ready.get("history"), Topic.GATEWAY
    if not isinstance(said, Mapping):
        return
    if said.get("up") is False:
        yield wrong(area, "gateway-history-away", count=_count(said.get("waiting")))
    if left_out := _count(said.get("left_out_since_start")):
        yield advice(area, "gateway-history-left-out", count=left_out)
    if refused := _count(said.get("refused")):
        yield advice(area, "gateway-history-refused", count=refused)


def broker(ready: Mapping[str, Any], folder: Path) -> Iterator[Finding]:
    """Yield the findings about the gateway's broker. Pure."""
    said = ready.get("broker")
    if not isinstance(said, Mapping):
        return
    embedded, area = bool(ready.get("embedded")), Topic.BROKER
    memory = _share(said.get("memory"))
    figures = {"version": str(said.get("version") or "?"), "percent": f"{100 * memory:.0f}"}
    if not said.get("up"):
        yield _silent(said, memory, str(folder) if embedded else "")
        return
    if embedded:
        yield ok(area, "broker-embedded", folder=str(folder), **figures)
    else:
        yield ok(area, "broker-elsewhere", **figures)
    if said.get("durable") is False:
        yield advice(area, "broker-not-durable")
    if memory >= _FULL:
        yield wrong(area, "broker-full", percent=f"{100 * memory:.0f}")


def _silent(said: Mapping[str, Any], memory: float, folder: str) -> Finding:
    """Return why a broker accepts nothing.

    ``folder``: the embedded broker's folder; empty for an external server.
    """
    area, trouble = Topic.BROKER, said.get("trouble")
    full = not trouble and memory >= _FULL  # older gateways do not report the trouble
    if full or trouble == BrokerTrouble.FULL:
        return wrong(area, "broker-full", percent=f"{100 * memory:.0f}")
    if key := _TROUBLES.get(str(trouble)):
        return (advice if trouble == BrokerTrouble.LOADING else wrong)(area, key)
    disk = trouble == BrokerTrouble.DISK
    if folder:
        return wrong(area, "broker-disk" if disk else "broker-down", folder=folder)
    return wrong(area, "broker-disk-elsewhere" if disk else "broker-away")


def broker_folder_findings(
    folder: Path, access: Callable[[Path, int], bool] = os.access, *, session: bool = True
) -> Iterator[Finding]:
    """Yield problems of the broker's folder while no gateway answers: held by a process, or no access. Blocks."""
    if denied := next((place for place in (folder, folder / _LOCK) if not _usable(place, access)), None):
        yield wrong(Topic.BROKER, "broker-not-allowed", folder=str(denied))
        return
    holder = lock_holder(folder)
    if holder is not None:
        finding, key = (wrong, "broker-held") if session else (advice, "broker-held-in-session")
        yield finding(Topic.BROKER, key, process=holder or "?", folder=str(folder))


def lock_holder(folder: Path) -> str | None:
    """Return the process id in the lock file if the folder is locked; ``None``: it is not."""
    with suppress(OSError), (folder / _LOCK).open("r+b") as file:
        if not try_lock(file.fileno(), shared=True):
            return file.read(32).decode(errors="replace").strip()
    return None


def _usable(place: Path, access: Callable[[Path, int], bool]) -> bool:
    """Return whether this user may read and write ``place``; also true if it does not exist yet."""
    with suppress(OSError):  # a parent folder may be unreadable
        return access(place, os.R_OK | os.W_OK) or not place.exists()
    return False


def _broker_is_up(ready: Mapping[str, Any]) -> bool:
    said = ready.get("broker")
    return isinstance(said, Mapping) and bool(said.get("up"))


def _list(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else []


def _count(value: object) -> int:
    return value if isinstance(value, int) else 0


def _share(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


_REMOTE_S: Final = 4.0


@dataclass(frozen=True)
class RemoteGateway:
    """A remote gateway to check.

    ``addresses``: where it may be, the likeliest first. ``chosen``: speech goes there while it can. ``needed``:
    speech can go nowhere else.
    """

    name: str
    addresses: tuple[Address, ...]
    chosen: bool = False
    needed: bool = False


async def elsewhere(gateways: Sequence[RemoteGateway], version: str, answer_s: float = _REMOTE_S) -> list[Finding]:
    """Check all gateways, and all addresses of each, concurrently.

    ``version``: this program's version.
    """
    found = await asyncio.gather(*(_check_remote(gateway, version, answer_s) for gateway in gateways))
    return [finding for findings in found for finding in findings]


async def _check_remote(gateway: RemoteGateway, version: str, answer_s: float) -> list[Finding]:
    found = await asyncio.gather(*(_ask_gateway(address, answer_s) for address in gateway.addresses))
    for address, answer in zip(gateway.addresses, found, strict=True):
        if isinstance(answer, GatewayReplies):
            return remote_findings(gateway, address, answer, version)
    errors = [answer for answer in found if isinstance(answer, GatewayError)]
    errors.sort(key=lambda error: isinstance(error, Unreachable))  # a refusal says more than silence
    return [refusal_finding(gateway, errors[0] if errors else Unreachable("it has no address"))]


async def _ask_gateway(address: Address, answer_s: float) -> GatewayReplies | GatewayError:
    try:
        return await answers(address, answer_s)
    except GatewayError as error:
        return error


def remote_findings(
    gateway: RemoteGateway, address: Address, found: GatewayReplies, version: str
) -> list[Finding]:
    """Return the findings about a gateway that answers. Pure."""
    area, name = Topic.ELSEWHERE, gateway.name
    workers, ms = str(found.ready.get("workers", "?")), f"{found.ms:.0f}"
    if not found.ready.get("ready"):
        finding = wrong if gateway.needed else advice
        findings = [finding(area, "elsewhere-nobody", name=name, ms=ms)]
    elif found.ready.get("accepting") is False:
        finding = wrong if gateway.needed else advice
        findings = [finding(area, "elsewhere-not-accepting", name=name).because(why(found.ready))]
    elif address.certificate_sha256:
        findings = [ok(area, "elsewhere-pinned", name=name, ms=ms, workers=workers)]
    else:
        findings = [ok(area, "elsewhere-well", name=name, ms=ms, workers=workers)]
    if found.version and found.version != version:
        findings.append(advice(area, "elsewhere-version", name=name, version=found.version, own=version))
    return findings


def refusal_finding(gateway: RemoteGateway, error: GatewayError) -> Finding:
    """Return the finding about a gateway that cannot be used. Pure."""
    area, name = Topic.ELSEWHERE, gateway.name
    if isinstance(error, WrongCertificate):
        return wrong(area, "elsewhere-certificate", name=name)
    finding = wrong if gateway.needed or (gateway.chosen and not isinstance(error, Unreachable)) else advice
    if isinstance(error, Unauthorised):
        return finding(area, "elsewhere-key", name=name)
    if isinstance(error, Unreachable):
        return finding(area, "elsewhere-away", name=name)
    return finding(area, "elsewhere-refuses", name=name).because(note_of(error))
