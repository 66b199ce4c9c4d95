"""HTTP queries of a gateway's readiness and workers."""

import asyncio
import json
from http import HTTPStatus
from typing import Any, Final

import aiohttp

from client.connection import Address, broken, credentials, pinned, refusal
from client.errors import GatewayError

READY: Final = "/readyz"
WORKERS: Final = "/v1/workers"
_ANSWER_S: Final = 5.0


async def answer(http: aiohttp.ClientSession, address: Address, path: str) -> dict[str, Any]:
    """Return the gateway's answer; ``/readyz`` also with status 503 (no workers). Raises ``GatewayError``."""
    url = address.url.rstrip("/") + path
    with broken("ask"):
        async with asyncio.timeout(_ANSWER_S):
            async with http.get(url, headers=credentials(address), ssl=pinned(address)) as response:
                status, headers, said = response.status, response.headers, _decoded(await response.read())
    fits = status == HTTPStatus.OK or (path == READY and status == HTTPStatus.SERVICE_UNAVAILABLE)
    if said is None or not fits:
        raise refusal(address, path, status, headers)
    return said


async def ask(http: aiohttp.ClientSession, address: Address, path: str) -> dict[str, Any]:
    """Return the gateway's answer, or an empty dictionary if there is none."""
    try:
        return await answer(http, address, path)
    except GatewayError:
        return {}


def _decoded(body: bytes) -> dict[str, Any] | None:
    try:
        said = json.loads(body)
    except ValueError:
        return None
    return said if isinstance(said, dict) else None
