"""Worker's side of one shard of the broker.

Every change is one atomic script (``worker/lua``); ``protocol.job`` documents the keys. Foreign errors become
``BrokerUnavailable`` (try again), ``BrokerTooOld`` or ``BrokerRefused``.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence, Set
from contextlib import asynccontextmanager
from dataclasses import replace
from enum import StrEnum
from typing import Any, Final, NamedTuple

import redis.exceptions as foreign
from redis.asyncio import Redis

from protocol.audio import samples_to_seconds
from protocol.errors import MalformedMessage
from protocol.job import (
    GROUP,
    MOST_FAILURES,
    MOST_TAKEN,
    STALE_MS,
    Failure,
    Hypothesis,
    JobKind,
    Keys,
    Outcome,
    Result,
    decode_status,
    encode_notice,
    encode_status,
)
from protocol.monitor import WorkerStatus
from runtime.broker_connection import Dial, is_elsewhere
from worker.broker.connections import broker_error, check_version, is_about_job, open_client, same_right
from worker.broker.scripts import RETURNED, load_scripts
from worker.core.delivery import JOBS, PARTIALS, Delivery, read_delivery
from worker.core.errors import BrokerUnavailable, OutcomeRefused
from worker.core.overdue import HeldJob, read_held
from worker.core.placement import Queue

_FORGOTTEN_CONSUMER_MS: Final = 600_000
_ENDINGS: Final = ("finish", "fail")


class Verdict(StrEnum):
    """Fate of a job after a failure."""

    AGAIN = "again"
    DEAD = "dead"
    LOST = "lost"
    GONE = "gone"


class Taken(NamedTuple):
    """Result of a read: jobs, or else requests for partials, which are already removed from the broker."""

    jobs: list[Delivery]
    partials: list[Delivery]


class ShardJobs:
    """Jobs of one shard for one worker. As an async context manager, it closes its connections on exit.

    ``dial``: opens the connections, instead of ``url``.
    """

    def __init__(
        self,
        url: str,
        worker: str,
        keys: Keys,
        forgotten_consumer_ms: int = _FORGOTTEN_CONSUMER_MS,
        stale_ms: int = STALE_MS,
        dial: Dial | None = None,
    ) -> None:
        self._worker = worker
        self._forgotten_consumer_ms = forgotten_consumer_ms
        self._stale_ms = stale_ms
        self._keys = keys
        self._streams: tuple[str, ...] = ()
        self._partial_streams: tuple[str, ...] = ()
        self._redis = open_client(url, keys.backlog, dial)
        self._waiting: Redis | None = None
        self._waiting_id = 0
        self.granted: set[str] = set()  # actions that the broker has performed at least once
        self._scripts = {name: self._redis.register_script(text) for name, text in load_scripts().items()}

    async def __aenter__(self) -> "ShardJobs":
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._waiting is not None:
            await self._waiting.aclose()
        await self._redis.aclose()

    async def check(self) -> None:
        """Check that the broker answers and is new enough."""
        async with self._translate_errors("check"):
            check_version(await self._redis.info("server"))

    async def serve(self, streams: Sequence[str], partials: Sequence[str] = ()) -> None:
        """Read these streams from now on, in order of priority; create missing consumer groups."""
        self._streams, self._partial_streams = tuple(streams), tuple(partials)
        async with self._translate_errors("groups"):
            await self._make_groups()

    async def take(self, free: int, streams: Sequence[str] | None = None) -> list[Delivery]:
        """Take up to ``free`` new jobs without waiting, most urgent first; only of ``streams``, if given."""
        chosen = self._streams if streams is None else streams
        return _deliveries(await self._run("take", chosen, (GROUP, self._worker, min(free, MOST_TAKEN))))

    async def take_left(
        self, free: int, streams: Sequence[str], held_ms: Sequence[int]
    ) -> tuple[list[Delivery], int]:
        """Take jobs as ``take`` does, but only those at least ``held_ms`` old (by stream).

        The second value is the time in ms until the next job is old enough; -1 if none waits.
        """
        arguments = (GROUP, self._worker, min(free, MOST_TAKEN), *held_ms)
        now_ms, entries, due_ms = await self._run("leftovers", streams, arguments)
        return _deliveries((now_ms, entries)), int(due_ms)

    async def glance(self) -> list[Queue]:
        """Return the contents of each job stream, then of each partial stream."""
        keys = (self._keys.backlog, *self._streams, *self._partial_streams)
        reply = await self._run("glance", keys, (GROUP,))
        return [Queue(samples_to_seconds(samples), entries, ago_ms / 1000) for samples, entries, ago_ms in reply]

    async def others(self, streams: Sequence[str]) -> list[HeldJob]:
        """Return the jobs of these streams that other workers hold."""
        reply = await self._run("others", streams, (GROUP, self._worker, RETURNED))
        return [read_held(*one) for one in reply]

    async def borrow(self, held: HeldJob) -> list[Delivery]:
        """Read a job that another worker keeps; empty if the job is gone."""
        found = _deliveries(await self._run("borrow", (held.stream,), (held.entry,)))
        return [
            replace(delivery, borrowed=True, taken_from=held.worker, silent_ms=held.silent_ms)
            for delivery in found
            if not delivery.refusal
        ]

    async def fleet(self) -> tuple[list[WorkerStatus], int]:
        """Return the status of all workers, and the broker's time in ms."""
        async with self._translate_errors("fleet"):
            values: Any = await self._redis.hvals(self._keys.workers)
            now_ms = await self._now_ms()
        return [status for value in values if (status := _status(value))], now_ms

    async def take_partials(self, free: int) -> list[Delivery]:
        """Take up to ``free`` requests for partials without waiting; drop those that are too old."""
        arguments = (GROUP, self._worker, min(free, MOST_TAKEN), self._stale_ms)
        return _deliveries(await self._run("partials", self._partial_streams, arguments), PARTIALS)

    async def wait(self, block_ms: int, streams: Sequence[str] | None = None, partials: bool = True) -> Taken:
        """Wait up to ``block_ms`` for the next jobs or partials; several may arrive at the same moment.

        Jobs only of ``streams``, if given; partials of all streams, if wanted.

        A single command waits for jobs and partials. With two commands, a worker could receive jobs while it
        makes a partial, and keep them from an idle worker. ``partials.lua`` ensures that partials never stay
        pending.
        """
        chosen = (
            *(self._streams if streams is None else streams),
            *(self._partial_streams if partials else ()),
        )
        if not chosen:
            await asyncio.sleep(block_ms / 1000)
            return Taken([], [])
        async with self._translate_errors("wait"):
            try:
                asked: dict[Any, Any] = dict.fromkeys(chosen, ">")
                reader = await self._connect_identified(self._waiting) if self._waiting else self._redis
                read: Any = await reader.xreadgroup(GROUP, self._worker, asked, count=1, block=block_ms)
            except foreign.ResponseError as error:
                if not _group_missing(error):
                    raise
                await self._make_groups()
                return Taken([], [])
            now_ms = await self._now_ms() if read else 0
        found = [
            read_delivery(stream.decode(), entry.decode(), 1, now_ms, fields, self._kinds(stream.decode()))
            for stream, entries in read
            for entry, fields in entries
        ]
        jobs = [delivery for delivery in found if delivery.stream in self._streams]
        if found and not jobs:  # partials read with a job are dropped: the next take_partials removes them
            await self.take_partials(0)
            return Taken([], [partial for partial in found if partial.age_ms <= self._stale_ms])
        return Taken(jobs, [])

    def interruptible(self) -> None:
        """Let ``wait`` use a connection of its own from now on, so that ``interrupt`` can end it."""
        self._waiting = Redis(connection_pool=self._redis.connection_pool, single_connection_client=True)

    async def interrupt(self) -> None:
        """End ``wait`` in the broker, if it has begun there. ``wait`` then returns what it has received."""
        if self._waiting_id:
            async with self._translate_errors("interrupt"):
                await self._redis.client_unblock(self._waiting_id)

    async def _connect_identified(self, client: Redis) -> Redis:
        """Return the client, connected; the broker's id of the connection is known."""
        await client.initialize()
        if not (self._waiting_id and client.connection and client.connection.is_connected):
            self._waiting_id = int(await client.client_id())
        return client

    async def sweep(self, free: int) -> list[Delivery]:
        """Take up to ``free`` jobs of workers that are gone; empty if another worker has just swept."""
        keys = (self._keys.sweep, *self._streams, *self._partial_streams)
        limits = (min(free, MOST_TAKEN), self._forgotten_consumer_ms, len(self._streams))
        return _deliveries(await self._run("sweep", keys, (GROUP, self._worker, *limits)))

    async def renew(self, held: Iterable[Delivery]) -> frozenset[tuple[str, str]]:
        """Renew the leases that are still ours; return the keys of the lost ones."""
        by_stream: dict[str, list[str]] = {}
        for delivery in held:
            by_stream.setdefault(delivery.stream, []).append(delivery.entry)
        lost: set[tuple[str, str]] = set()
        for stream, entries in by_stream.items():
            reply = await self._run("renew", (stream,), (GROUP, self._worker, *entries))
            lost.update((stream, entry.decode()) for entry in reply)
        return frozenset(lost)

    async def finish(self, delivery: Delivery, result: Result) -> bool:
        """Store and publish a result; return ``False`` if it is no longer wanted. Raises ``OutcomeRefused``."""
        return bool(await self._run("finish", *self._about(delivery, result)))

    async def fail(self, delivery: Delivery, failure: Failure, most_failures: int = MOST_FAILURES) -> Verdict:
        """Count a failure: requeue the job, or after the last failure publish it as a dead letter.

        Raises ``OutcomeRefused``.
        """
        keys, arguments = self._about(delivery, failure)
        arguments += (self._worker, most_failures)
        return Verdict((await self._run("fail", (*keys, self._keys.sweep), arguments)).decode())

    async def hypothesise(self, hypothesis: Hypothesis) -> bool:
        """Publish a partial; return ``False`` if the segment is complete or its session has no gateway."""
        arguments = (hypothesis.segment, encode_notice(hypothesis))
        return bool(await self._run("hypothesis", (self._keys.session(hypothesis.session),), arguments))

    async def leave(self) -> int:
        """Hand back all held jobs, delete consumer and heartbeat; return the number of jobs handed back."""
        keys = (self._keys.sweep, *self._streams, *self._partial_streams)
        async with self._translate_errors("leave"):
            await self._redis.hdel(self._keys.workers, self._worker)
        return int(await self._run("leave", keys, (self._worker,)))

    async def heartbeat(self, status: WorkerStatus) -> None:
        """Report this worker's status, stamped with the broker's time."""
        await self._run("heartbeat", (self._keys.workers,), (self._worker, encode_status(status)))

    def _about(self, delivery: Delivery, outcome: Outcome) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        job = delivery.job
        _, figures = self._keys.history_keys
        keys = (self._keys.session(job.session), delivery.stream, self._keys.backlog, figures)
        return keys, (delivery.entry, job.segment, job.attempt, job.samples, encode_notice(outcome))

    def _kinds(self, stream: str) -> Set[JobKind]:
        return PARTIALS if stream in self._partial_streams else JOBS

    async def _run(self, name: str, keys: Sequence[str], arguments: Sequence[Any]) -> Any:
        """Run a script; if a stream or its group is gone, create the groups and run it again."""
        script = self._scripts[name]
        async with self._translate_errors(name):
            try:
                return await script(keys, arguments)
            except foreign.ResponseError as error:
                if not _group_missing(error):
                    if name in _ENDINGS and is_about_job(error):
                        raise OutcomeRefused(str(error)) from error
                    raise
            await self._make_groups()
            return await script(keys, arguments)

    async def _make_groups(self) -> None:
        await self._scripts["groups"]((*self._streams, *self._partial_streams))

    @asynccontextmanager
    async def _translate_errors(self, what: str) -> AsyncIterator[None]:
        """Translate errors of the action ``what``; if the broker performed it before, the error is temporary."""
        try:
            yield
            self.granted.add(what)
        except (foreign.RedisError, OSError) as error:
            if is_elsewhere(error) or isinstance(error, foreign.ConnectionError | foreign.TimeoutError):
                await self.disconnect()
            granted = not self.granted.isdisjoint((what, same_right(what, error)))
            raise broker_error(error, granted) from error
        except TypeError as error:  # from asyncio's selector loop of Python 3.13, for a connection just lost
            if str(error) != "'NoneType' object is not callable":
                raise
            raise BrokerUnavailable("the connection to the broker was lost during a write") from error

    async def disconnect(self) -> None:
        """Close unused connections and the waiting one: their server is gone, frozen or no longer primary."""
        await self._redis.connection_pool.disconnect(inuse_connections=False)
        if self._waiting is not None and self._waiting.connection is not None:
            await self._waiting.connection.disconnect(nowait=True)

    async def _now_ms(self) -> int:
        seconds, microseconds = await self._redis.time()
        return int(seconds) * 1000 + int(microseconds) // 1000


def _status(value: bytes) -> WorkerStatus | None:
    try:
        return decode_status(value)
    except MalformedMessage:  # from a version with another format
        return None


def _deliveries(reply: Any, kinds: Set[JobKind] = JOBS) -> list[Delivery]:
    now_ms, entries = reply
    found: list[Delivery] = []
    for stream, entry, count, flat, *before in entries:
        fields = dict(zip(flat[::2], flat[1::2], strict=True))
        delivery = read_delivery(stream.decode(), entry.decode(), count, now_ms, fields, kinds)
        if before:
            delivery = replace(delivery, taken_from=before[0].decode(), silent_ms=before[1])
        found.append(delivery)
    return found


def _group_missing(error: Exception) -> bool:
    return str(error).startswith(("NOGROUP", "UNBLOCKED"))
