"""How a gateway is that somebody thinks of using: whether it answers, how fast, and who is behind it."""

import asyncio
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Final, TypeVar

import aiohttp
import msgspec
from msgspec import Struct

from app.local_gateway import Readiness, WorkerSeen
from app.onboarding.view import GatewayTrial
from app.problem_notes import note_of
from client.connection import Address, broken, credentials, refusal
from client.errors import GatewayError, Refused
from runtime.tasks import Tasks

ANSWER_S: Final = 5.0
AGAIN_S: Final = 5.0
_MOST_BYTES: Final = 1 << 20
_MOST_WORKERS: Final = 3
_READY: Final = "/readyz"
_WORKERS: Final = "/v1/workers"
_JSON: Final = "application/json"

_Answer = TypeVar("_Answer")


class Workers(Struct, frozen=True):
    """What ``/v1/workers`` tells."""

    workers: tuple[WorkerSeen, ...] = ()


async def look(address: Address) -> GatewayTrial:
    """One look. What stands in the way becomes a note."""
    timeout = aiohttp.ClientTimeout(total=ANSWER_S)
    try:
        with broken("ask"):
            async with aiohttp.ClientSession(timeout=timeout, headers=credentials(address)) as http:
                await _answer(http, address, _READY, Readiness)
                begun = time.perf_counter()  # the connection is open now
                found = await _answer(http, address, _WORKERS, Workers)
                latency_ms = (time.perf_counter() - begun) * 1000
    except GatewayError as error:
        return GatewayTrial(address.url, note=note_of(error))
    workers = [f"{one.device} · {one.model or one.engine}" for one in found.workers]
    return GatewayTrial(address.url, True, latency_ms, tuple(workers[:_MOST_WORKERS]))


async def _answer(http: aiohttp.ClientSession, address: Address, path: str, kind: type[_Answer]) -> _Answer:
    """Raises ``Unreachable`` or ``Refused``."""
    url = address.url.rstrip("/") + path
    async with http.get(url, allow_redirects=False) as response:
        unready = path == _READY and response.status == HTTPStatus.SERVICE_UNAVAILABLE
        if not (unready or response.status == HTTPStatus.OK) or response.content_type != _JSON:
            raise refusal(address, path, response.status, response.headers)
        body = await response.content.read(_MOST_BYTES)
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError as error:
        raise Refused(f"{address.url} is not a kikipounamu gateway: it says something else to {path}") from error


class GatewayTrying:
    """``post`` is told, again and again while somebody wants to know. ``key``: what is shown there."""

    def __init__(self, post: Callable[[GatewayTrial], None], key: str, again_s: float = AGAIN_S) -> None:
        self._post, self._key, self._again_s = post, key, again_s
        self._tasks = Tasks("gateway trial")
        self._asking: asyncio.Task[None] | None = None

    def want(self, url: str) -> None:
        """This one from now on; empty: none."""
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None
        if url:
            self._post(GatewayTrial(url))
            self._asking = self._tasks.start(self._ask(Address(url, self._key)), "ask")

    async def close(self) -> None:
        """Ask no more. Safe to call twice."""
        self.want("")
        await self._tasks.close()

    async def _ask(self, address: Address) -> None:
        while True:
            self._post(await look(address))
            await asyncio.sleep(self._again_s)
