"""Gateway under load: its address, its process on this computer, and its answers to HTTP queries."""

import asyncio
import json
from http import HTTPStatus
from typing import Any, Final

import aiohttp

from client.connection import (
    Address,
    Locate,
    convert_errors,
    credentials,
    fixed_locator,
    refusal,
    ssl_argument,
    typed_address,
)
from client.errors import GatewayError, Unreachable
from protocol.endpoint import ENDPOINT_FILE, Endpoint, decode_endpoint
from protocol.errors import MalformedMessage
from runtime.folders import folders

READY: Final = "/readyz"
WORKERS: Final = "/v1/workers"
_ANSWER_S: Final = 5.0


def locator(gateway: str, key: str, certificate_sha256: str = "") -> Locate:
    """Return a locator for the given gateway, or for the current one of this computer.

    Raises ``Refused`` for an invalid certificate digest, or for a digest with an address without TLS.
    """
    if not gateway:
        return local_address
    return fixed_locator(typed_address(gateway, key, certificate_sha256))


def local_address() -> Address:
    """Return the address of the gateway on this computer. Raises ``Unreachable``."""
    endpoint = _endpoint()
    return Address(endpoint.url, endpoint.key)


def local_process(gateway: str) -> int:
    """Return the process id of this gateway if it runs on this computer; else 0."""
    try:
        endpoint = _endpoint()
    except Unreachable:
        return 0
    return endpoint.pid if gateway.rstrip("/") in ("", endpoint.url) else 0


def _endpoint() -> Endpoint:
    try:
        return decode_endpoint((folders().runtime / ENDPOINT_FILE).read_bytes())
    except (OSError, MalformedMessage) as error:
        raise Unreachable("no gateway is running: start one with `kikipounamu up --engine checksum`") from error


async def answer(http: aiohttp.ClientSession, address: Address, path: str) -> dict[str, Any]:
    """Return the gateway's answer; ``/readyz`` also with status 503 (no workers). Raises ``GatewayError``."""
    url = address.url.rstrip("/") + path
    with convert_errors("ask"):
        async with asyncio.timeout(_ANSWER_S):
            async with http.get(url, headers=credentials(address), ssl=ssl_argument(address)) as response:
                status, answered = response.status, _decode_object(await response.read())
    fits = status == HTTPStatus.OK or (path == READY and status == HTTPStatus.SERVICE_UNAVAILABLE)
    if answered is None or not fits:
        raise refusal(address, path, status, response.headers)
    return answered


async def ask(http: aiohttp.ClientSession, address: Address, path: str) -> dict[str, Any]:
    """Return the gateway's answer, or an empty dictionary if there is none."""
    try:
        return await answer(http, address, path)
    except GatewayError:
        return {}


def _decode_object(body: bytes) -> dict[str, Any] | None:
    try:
        answered = json.loads(body)
    except ValueError:
        return None
    return answered if isinstance(answered, dict) else None
