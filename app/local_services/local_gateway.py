"""Find this user's gateway on this computer and query its state."""

from http import HTTPStatus
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

import psutil
from msgspec import Struct

from client.connection import Address
from client.errors import GatewayError, Unreachable
from client.request import request
from protocol.endpoint import ENDPOINT_FILE, Endpoint, decode_endpoint
from protocol.errors import MalformedMessage
from runtime.folders import folders
from runtime.whole_file import read_regular

READY: Final = "/readyz"
WORKERS: Final = "/v1/workers"
_ANSWER_S: Final = 3.0
MEANT: Final = (HTTPStatus.OK, HTTPStatus.SERVICE_UNAVAILABLE)  # the latter while it is not ready

_Answer = TypeVar("_Answer")


class BrokerHealth(Struct, frozen=True):
    """The broker's state as ``/readyz`` reports it."""

    up: bool = False
    trouble: str = ""


class GatewayReadiness(Struct, frozen=True):
    """The gateway's state as ``/readyz`` reports it; ``ready``: a worker can recognise now."""

    ready: bool = False
    draining: bool = False
    embedded: bool = False
    workers: int = 0
    broker: BrokerHealth = BrokerHealth()

    @property
    def needs_worker(self) -> bool:
        """True when only a worker that this computer starts can recognise."""
        return self.embedded and not self.workers


def endpoint_file() -> Path:
    """Return the file in which this user's gateway publishes its endpoint."""
    return folders().runtime / ENDPOINT_FILE


def read_endpoint() -> Endpoint | None:
    """Return the published endpoint, or ``None`` if the file is missing or incomplete."""
    try:
        return decode_endpoint(read_regular(endpoint_file()))
    except (OSError, MalformedMessage):
        return None


def own_certificate() -> str:
    """Return the SHA-256 of the certificate shown to other devices; empty without a certificate or gateway."""
    endpoint = read_endpoint()
    return endpoint.certificate_sha256 if endpoint else ""


def locate() -> Address:
    """Return the gateway's current address, as a ``client.connection.Locate``. Raises ``Unreachable``."""
    endpoint = read_endpoint()
    if endpoint is None:
        raise Unreachable("no gateway is running: start one with `kikipounamu up`")
    return _address(endpoint)


async def ask(endpoint: Endpoint) -> GatewayReadiness | None:
    """Return the gateway's readiness, or ``None`` if it does not answer."""
    try:
        return await _get(_address(endpoint), READY, GatewayReadiness)
    except (GatewayError, ValueError):
        return None


class WorkerSeen(Struct, frozen=True):
    """A worker as ``/v1/workers`` reports it."""

    worker: str
    state: str = ""
    engine: str = ""
    model: str = ""
    device: str = ""
    busy: int = 0
    problem: str = ""


class Workers(Struct, frozen=True):
    """The answer of ``/v1/workers``."""

    workers: tuple[WorkerSeen, ...] = ()


async def broker_trouble(gateway: Address) -> str:
    """Return why the broker of a gateway accepts nothing, a ``BrokerTrouble``; empty if that is unknown."""
    try:
        return (await _get(gateway, READY, GatewayReadiness)).broker.trouble
    except (GatewayError, ValueError):
        return ""


async def workers(endpoint: Endpoint) -> tuple[WorkerSeen, ...]:
    """Return the workers of the gateway, or none if it does not answer."""
    try:
        return (await _get(_address(endpoint), WORKERS, Workers)).workers
    except (GatewayError, ValueError):
        return ()


def _address(endpoint: Endpoint) -> Address:
    return Address(endpoint.url, endpoint.key)


async def _get(address: Address, path: str, kind: type[_Answer]) -> _Answer:
    return await request(address, f"GET {path}", kind, deadline_s=_ANSWER_S, expected=MEANT)


class Running(NamedTuple):
    """A gateway that answers, with its readiness."""

    endpoint: Endpoint
    readiness: GatewayReadiness


async def running() -> Running | None:
    """Return this user's gateway if it answers and is not draining."""
    endpoint = read_endpoint()
    if endpoint is None or not alive(endpoint.pid):
        return None
    readiness = await ask(endpoint)
    return Running(endpoint, readiness) if readiness and not readiness.draining else None


def alive(pid: int) -> bool:
    """Return whether a process with this id exists."""
    return psutil.pid_exists(pid)
