"""Find this user's gateway on this computer and query its state."""

import os
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple

import aiohttp
import msgspec
from msgspec import Struct

from client.connection import Address
from client.errors import Unreachable
from protocol.endpoint import ENDPOINT_FILE, Endpoint, decode_endpoint
from protocol.errors import MalformedMessage
from runtime.folders import folders

_ANSWER_S = 3.0


class BrokerHealth(Struct, frozen=True):
    """The broker's state as ``/readyz`` reports it."""

    up: bool = False


class GatewayReadiness(Struct, frozen=True):
    """The gateway's state as ``/readyz`` reports it; ``ready``: a worker can recognise now."""

    ready: bool = False
    draining: bool = False
    embedded: bool = False
    workers: int = 0
    broker: BrokerHealth = BrokerHealth()


def endpoint_file() -> Path:
    """Return the file in which this user's gateway publishes its endpoint."""
    return folders().runtime / ENDPOINT_FILE


def read_endpoint() -> Endpoint | None:
    """Return the published endpoint, or ``None`` if the file is missing or incomplete."""
    try:
        return decode_endpoint(endpoint_file().read_bytes())
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
    return Address(endpoint.url, endpoint.key)


async def ask(endpoint: Endpoint) -> GatewayReadiness | None:
    """Return the gateway's readiness, or ``None`` if it does not answer."""
    try:
        return msgspec.json.decode(await _get(endpoint, "/readyz"), type=GatewayReadiness)
    except msgspec.DecodeError:
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


class _Workers(Struct, frozen=True):
    workers: tuple[WorkerSeen, ...] = ()


async def workers(endpoint: Endpoint) -> tuple[WorkerSeen, ...]:
    """Return the workers of the gateway, or none if it does not answer."""
    try:
        return msgspec.json.decode(await _get(endpoint, "/v1/workers"), type=_Workers).workers
    except msgspec.DecodeError:
        return ()


async def _get(endpoint: Endpoint, path: str) -> bytes:
    """Return the body of an answer, or an empty one on errors and unexpected statuses."""
    headers = {"Authorization": f"Bearer {endpoint.key}"}
    timeout = aiohttp.ClientTimeout(total=_ANSWER_S)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, headers=headers) as http,
            http.get(f"{endpoint.url}{path}") as response,
        ):
            meant = response.status in (HTTPStatus.OK, HTTPStatus.SERVICE_UNAVAILABLE)
            return await response.read() if meant else b""
    except (aiohttp.ClientError, OSError, ValueError):
        return b""


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
    if os.name != "posix":
        import psutil

        return psutil.pid_exists(pid)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
