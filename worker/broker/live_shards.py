"""Live speech of all shards for one streaming worker, as if they were one.

A shard that is away is left out for a second at a time; nothing is kept for it.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Container, Sequence
from contextlib import AsyncExitStack
from typing import Final, TypeVar

from protocol.job import Job, Keys, LiveAnswer, shard_of
from protocol.monitor import WorkerStatus
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.tasks import abandon
from worker.broker.layout import ShardLayout
from worker.broker.live import LiveJobs
from worker.core.errors import BrokerUnavailable

log = loggers.WORKER_STREAMING

_AWAY_S: Final = 1.0
_SILENT_S: Final = 1.0
T = TypeVar("T")


class LiveShards:
    """Live speech of every shard. As a context manager, it closes all connections.

    ``read_layout`` returns the shards, for the first ``check``. ``open_shard`` opens one.
    """

    def __init__(
        self, read_layout: Callable[[], Awaitable[ShardLayout]], open_shard: Callable[[Keys], LiveJobs]
    ) -> None:
        self._read_layout = read_layout
        self._open_shard = open_shard
        self._shards: list[LiveJobs] = []
        self._away_until: dict[int, float] = {}
        self._waits: dict[int, asyncio.Task[bool]] = {}
        self._turn = 0
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> "LiveShards":
        return self

    async def __aexit__(self, *_: object) -> None:
        await abandon(self._waits.values())
        await self._stack.aclose()

    async def check(self) -> None:
        """Check that a shard answers and is new enough."""
        if not self._shards:
            for keys in (await self._read_layout()).each():
                shard = self._open_shard(keys)
                await self._stack.enter_async_context(shard)
                self._shards.append(shard)
        await self._all(lambda number: self._shards[number].check())

    async def renew_streams(self, model: str, status: WorkerStatus) -> None:
        """Report the status to every shard, and extend the lifetime of the streams there."""
        await self._all(lambda number: self._shards[number].renew_streams(model, status))

    async def leave_streams(self) -> None:
        """Delete this worker's streams and status."""
        await self._all(lambda number: self._shards[number].leave_streams())

    async def pieces(self, model: str, places: int) -> list[Job]:
        """Take the pieces that wait: of followed sessions, and of up to ``places`` others in all."""
        shares = spread_places(places, len(self._shards), self._turn)
        self._turn += 1
        found = await self._all(lambda number: self._shards[number].pieces(model, shares[number]))
        return [job for jobs in found for job in jobs]

    async def piece_waits(self, block_ms: int, model: str, others: bool) -> None:
        """Wait up to ``block_ms`` for a piece in any shard, and leave it there. Waits in other shards go on."""
        for number in self._there():
            if number not in self._waits:
                wait = self._shards[number].piece_waits(block_ms, model, others)
                self._waits[number] = asyncio.create_task(wait, name=f"worker/live-{number}")
        if not self._waits:
            raise BrokerUnavailable("no shard of the broker answers")
        await asyncio.wait(
            self._waits.values(), timeout=block_ms / 1000 + _SILENT_S, return_when=asyncio.FIRST_COMPLETED
        )
        for number in [number for number, wait in self._waits.items() if wait.done()]:
            try:
                self._waits.pop(number).result()
            except BrokerUnavailable as error:
                self._note_lost(number, str(error))

    async def answer(self, answers: Sequence[LiveAnswer]) -> int:
        """Publish answers, and return how many were wanted."""
        by_shard: dict[int, list[LiveAnswer]] = {}
        for answer in answers:
            by_shard.setdefault(shard_of(answer.session, len(self._shards)), []).append(answer)
        if not by_shard:
            return 0
        return sum(await self._all(lambda number: self._shards[number].answer(by_shard[number]), by_shard))

    async def _all(self, ask: Callable[[int], Awaitable[T]], concerned: Container[int] | None = None) -> list[T]:
        """Return the answers of the shards that give one. Raises ``BrokerUnavailable`` if none does."""
        there = [number for number in self._there() if concerned is None or number in concerned]
        answers = await asyncio.gather(*(self._ask(number, ask) for number in there))
        found = [one[0] for one in answers if one is not None]
        if not found:
            raise BrokerUnavailable("no shard of the broker answers")
        return found

    async def _ask(self, number: int, ask: Callable[[int], Awaitable[T]]) -> tuple[T] | None:
        """Return the answer of a shard; ``None``: it is left out for a while."""
        try:
            async with asyncio.timeout(_SILENT_S if len(self._shards) > 1 else None):
                answer = await ask(number)
        except (BrokerUnavailable, TimeoutError) as error:
            self._note_lost(number, str(error) or "no answer in time")
            return None
        if self._away_until.pop(number, None) is not None:
            log.info(LogEvent.SHARD_BACK, shard=number)
        return (answer,)

    def _there(self) -> list[int]:
        now = time.monotonic()
        return [number for number in range(len(self._shards)) if self._away_until.get(number, now) <= now]

    def _note_lost(self, number: int, reason: str) -> None:
        if number not in self._away_until:
            log.warning(LogEvent.SHARD_AWAY, shard=number, reason=reason)
        self._away_until[number] = time.monotonic() + (_AWAY_S if len(self._shards) > 1 else 0.0)


def spread_places(places: int, shards: int, turn: int) -> list[int]:
    """Return the places of each shard, as equal as possible; ``turn`` rotates which shards get more."""
    shares = [places * (at + 1) // shards - places * at // shards for at in range(shards)]
    first = turn % shards
    return [*shares[first:], *shares[:first]]
