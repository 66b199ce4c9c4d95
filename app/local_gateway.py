"""The gateway of this user on this computer: where it says it is, and how it says it is."""

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
    """What ``/readyz`` tells of the broker."""

    up: bool = False


class Readiness(Struct, frozen=True):
    """What ``/readyz`` tells. ``ready``: somebody can recognise something now."""

    ready: bool = False
    draining: bool = False
    embedded: bool = False
    workers: int = 0
    broker: BrokerHealth = BrokerHealth()


def endpoint_file() -> Path:
    """Where the gateway of this user says where it listens."""
    return folders().runtime / ENDPOINT_FILE


def read_endpoint() -> Endpoint | None:
    """What it says; ``None`` if there is nothing, or nothing whole."""
    try:
        return decode_endpoint(endpoint_file().read_bytes())
    except (OSError, MalformedMessage):
        return None


def own_certificate() -> str:
    """SHA-256 of what it shows to other devices; empty: nothing, or there is none."""
    endpoint = read_endpoint()
    return endpoint.certificate_sha256 if endpoint else ""


def locate() -> Address:
    """Where it is now: a ``client.connection.Locate``. Raises ``Unreachable``."""
    endpoint = read_endpoint()
    if endpoint is None:
        raise Unreachable("no gateway runs here: start one with `kikipounamu up`")
    return Address(endpoint.url, endpoint.key)


async def ask(endpoint: Endpoint) -> Readiness | None:
    """How it is; ``None``: nobody answers there."""
    try:
        return msgspec.json.decode(await _get(endpoint, "/readyz"), type=Readiness)
    except msgspec.DecodeError:
        return None


class WorkerSeen(Struct, frozen=True):
    """What ``/v1/workers`` tells of one."""

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
    """Everybody who works there; nobody while it does not answer."""
    try:
        return msgspec.json.decode(await _get(endpoint, "/v1/workers"), type=_Workers).workers
    except msgspec.DecodeError:
        return ()


async def _get(endpoint: Endpoint, path: str) -> bytes:
    """What it answers; empty: nothing that could be meant."""
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
    """A gateway that answers."""

    endpoint: Endpoint
    readiness: Readiness


async def running() -> Running | None:
    """The gateway of this user, if one answers and is not about to leave."""
    endpoint = read_endpoint()
    if endpoint is None or not alive(endpoint.pid):
        return None
    readiness = await ask(endpoint)
    return Running(endpoint, readiness) if readiness and not readiness.draining else None


def alive(pid: int) -> bool:
    """Whether a process with this number exists."""
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
