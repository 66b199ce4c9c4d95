"""Query the health of a gateway: whether it answers and accepts this computer, its speed, and its workers."""

import time
from http import HTTPStatus
from typing import Final, TypeVar

import aiohttp
import msgspec

from app.core.problem_notes import note_of
from app.gateways.view import GatewayHealth, QueryResult
from app.local_services.local_gateway import WORKERS, GatewayReadiness, Workers
from client.connection import Address, broken, credentials, pinned, refusal
from client.errors import GatewayError, Refused, Unreachable

ANSWER_S: Final = 3.0
_MOST_BYTES: Final = 1 << 20
_CHUNK_BYTES: Final = 1 << 16
_MOST_WORKERS: Final = 3
_READY: Final = "/readyz"
_JSON: Final = "application/json"

_Ready = TypeVar("_Ready")
_Answer = TypeVar("_Answer")


async def ask(address: Address, deadline_s: float = ANSWER_S) -> QueryResult:
    """Query a gateway once, with the key and certificate of ``address``. Errors become a note."""
    try:
        ready, found, latency_ms = await query_both(address, deadline_s, GatewayReadiness, WORKERS, Workers)
    except Unreachable as error:
        return QueryResult(GatewayHealth.AWAY, note=note_of(error))
    except GatewayError as error:
        return QueryResult(GatewayHealth.REFUSED, note=note_of(error))
    if ready.draining:
        return QueryResult(GatewayHealth.AWAY, latency_ms, note=note_of(Unreachable("it is going away")))
    workers = [f"{one.device} · {one.model or one.engine}" for one in found.workers]
    health = GatewayHealth.WELL if ready.ready else GatewayHealth.NO_WORKER
    return QueryResult(health, latency_ms, tuple(workers[:_MOST_WORKERS]))


async def query_both(
    address: Address, deadline_s: float, readiness: type[_Ready], path: str, kind: type[_Answer]
) -> tuple[_Ready, _Answer, float]:
    """Return the answers to ``/readyz`` and to ``path``, and the duration of the second request in ms.

    That goes over the connection which the first one opened. Raises ``GatewayError``.
    """
    timeout, tls = aiohttp.ClientTimeout(total=deadline_s), pinned(address)
    with broken("ask"):
        async with aiohttp.ClientSession(timeout=timeout, headers=credentials(address)) as http:
            ready = await _read_json(http, address, _READY, readiness, tls)
            begun = time.perf_counter()
            found = await _read_json(http, address, path, kind, tls)
            return ready, found, (time.perf_counter() - begun) * 1000


async def _read_json(
    http: aiohttp.ClientSession,
    address: Address,
    path: str,
    kind: type[_Answer],
    tls: aiohttp.Fingerprint | bool,
) -> _Answer:
    """Fetch and decode one response, of a gateway that may not be ready. Raises ``GatewayError``."""
    url = address.url.rstrip("/") + path
    async with http.get(url, allow_redirects=False, ssl=tls) as response:
        unready = path == _READY and response.status == HTTPStatus.SERVICE_UNAVAILABLE
        if not (unready or response.status == HTTPStatus.OK) or response.content_type != _JSON:
            raise refusal(address, path, response.status, response.headers)
        body = bytearray()
        async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
            body += chunk[: _MOST_BYTES - len(body)]  # a truncated answer is not valid JSON
    try:
        return msgspec.json.decode(body, type=kind)
    except (ValueError, RecursionError) as error:
        raise Refused(f"{address.url} is not a kikipounamu gateway: it says something else to {path}") from error
