"""The gateway's side of Redis Streams, and with ``broker_errors.py`` its only Redis code.

Each process has three connections: one for batched session commands, one for surveys and administration, and one
for the subscription to results.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any, Final

import structlog
from hiredis import pack_command
from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import NoScriptError, RedisError, ResponseError

from backend.admission.admission import StreamContent, Survey
from backend.broker.connections import CONNECT_S, REPLY_S, Connections
from backend.broker.dead_letters import DeadLetter, next_attempt, read_letter
from backend.broker.errors import is_elsewhere, mapped, ours, trouble_of
from backend.broker.live import piece_command, streaming_workers
from backend.broker.records import (
    Attachment,
    NothingToPromote,
    Reread,
    SessionGone,
    Submitted,
    flat,
    is_queued,
    is_there,
    parse_attached,
    parse_promoted,
    parse_reread,
    parse_submitted,
    read_status,
    with_replaces,
)
from backend.broker.scripts import load_scripts
from backend.broker.server_info import check_is_meant, checked_version, is_durable, is_worth_compacting, shown_url
from backend.broker.subscription import follow
from backend.broker.writer import MOST_BYTES, Command, CommandWriter
from backend.core.errors import BrokerError, BrokerFailed, BrokerMismatch, BrokerUnreachable
from backend.core.limits import PARTIALS_ENTRIES
from protocol.job import (
    ANY_MODEL,
    SESSION_TTL_MS,
    SHARDS_KEY,
    STALE_MS,
    UNUSED_TTL_MS,
    WORKER_GONE_MS,
    WORKERS_KEY,
    Job,
    Keys,
    Notice,
)
from protocol.monitor import BrokerTrouble
from runtime import logger_names
from runtime.event_names import LogEvent
from runtime.tasks import Tasks

log = structlog.get_logger(logger_names.BACKEND_JOBS)

_RETRY_S: Final = (0.05, 0.25, 1.0)


class Jobs:
    """Client of the broker. Commands return futures and never wait; reads are awaited. Use ``open_jobs``."""

    def __init__(self, url: str, gateway: str, most_bytes: int = MOST_BYTES) -> None:
        self.gateway = gateway
        self.durable = False
        self.version = ""
        self._forgot = True  # an earlier process may have deleted texts
        self._keys = Keys()
        self._scripts = load_scripts()
        connections = Connections(url, f"kikipounamu-gateway-{gateway}", self._keys.backlog)
        self._connection, self._subscription = connections.bare(), connections.bare()
        self._looks = connections.client()
        self._kind = connections.said.kind
        self._writer = CommandWriter(self._execute, most_bytes=most_bytes)
        self.round_trips = self._writer.round_trips

    @property
    def up(self) -> bool:
        """True when the broker accepted the last batch of commands."""
        return self._writer.up

    @property
    def trouble(self) -> str:
        """Reason why the broker refused the last batch, a ``BrokerTrouble``; empty: accepted, or no answer."""
        return "" if self._writer.up else self._writer.trouble

    # -- commands ------------------------------------------------------------------------------------------

    def attach(
        self, session: str, owner: str, resume: bool, create: bool = True, hello: str = "", history: str = ""
    ) -> "asyncio.Future[Attachment | SessionGone]":
        """Bind a session to this gateway. The future raises ``Forbidden``, ``OutOfOrder`` or ``TakenOver``.

        Without ``create`` an unknown session stays unknown. ``hello``: instance and number of the client's
        connection; a number below the instance's last one changes nothing. ``history``: field of the session
        hash; empty: no history is kept.
        """
        prefix = self._keys.results_prefix
        made = (int(resume), int(create), secrets.token_hex(8), SESSION_TTL_MS, UNUSED_TTL_MS)
        arguments = (session, owner, self.gateway, *made, prefix, hello, history)
        return self._send("attach", [self._keys.session(session)], arguments, parse_attached)

    def submit(self, job: Job) -> "asyncio.Future[Submitted]":
        """Put a complete segment into its stream, once per attempt."""
        arguments = (job.segment, job.attempt, job.samples, SESSION_TTL_MS, *with_replaces(job))
        return self._send("submit", self._job_keys(job), arguments, parse_submitted, len(job.pcm))

    def cancel(self, session: str, segment: int, attempt: int) -> "asyncio.Future[bool]":
        """Cancel a segment at any stage. The result is false if the broker does not know the session."""
        keys = [self._keys.session(session), self._keys.backlog, *self._keys.history_keys]
        return self._send("cancel", keys, (segment, attempt, SESSION_TTL_MS, session), is_there)

    def received(self, session: str, segment: int) -> "asyncio.Future[bool]":
        """Confirm a segment's outcome. The result is false if the broker does not know the session."""
        keys = [self._keys.session(session)]
        return self._writer.send(Command("received", keys, (segment, SESSION_TTL_MS), is_there), hurry=False)

    def forget(self, session: str) -> "asyncio.Future[bool]":
        """Delete the texts of a finished session. The result is false if the broker does not know the session."""
        keys = [self._keys.session(session), *self._keys.history_keys]
        command = Command("forget", keys, (SESSION_TTL_MS, session), is_there)
        forgotten = self._writer.send(command, hurry=False)
        forgotten.add_done_callback(lambda _: setattr(self, "_forgot", True))
        return forgotten

    def speculate(self, job: Job, slots: int) -> "asyncio.Future[bool]":
        """Request the decoding of a segment's beginning, best effort. The result tells whether it is queued.

        It is refused when its stream and that of any model hold ``slots`` jobs or more.
        """
        arguments = (job.segment, job.samples, SESSION_TTL_MS, slots, *flat(job))
        keys = [*self._job_keys(job), *self._streams(job)]
        return self._writer.send(Command("speculate", keys, arguments, is_queued, len(job.pcm), optional=True))

    def hypothesise(self, job: Job, slots: int) -> "asyncio.Future[bool]":
        """Request a hypothesis, best effort as ``speculate``. The result tells whether it is queued."""
        keys = [self._keys.partials(job.options.model), *self._streams(job)]
        arguments = (slots, PARTIALS_ENTRIES, STALE_MS, *flat(job))
        return self._writer.send(Command("hypothesise", keys, arguments, is_queued, len(job.pcm), optional=True))

    def stream(self, job: Job, inbox: str, model: str) -> "asyncio.Future[bool]":
        """Send a piece of live speech, best effort. The result tells whether a worker reads there."""
        return self._writer.send(piece_command(self._keys, job, inbox, model))

    def promote(
        self, session: str, segment: int, attempt: int, samples: int
    ) -> "asyncio.Future[Submitted | NothingToPromote]":
        """Turn the speculation of an ended segment into its job."""
        keys = [self._keys.session(session), self._keys.backlog, *self._keys.history_keys]
        return self._send("promote", keys, (segment, attempt, samples, SESSION_TTL_MS), parse_promoted)

    def reread(self, session: str, segments: Sequence[int]) -> "asyncio.Future[Reread]":
        """Read some segments, in order with the commands sent before."""
        return self._send("look", [self._keys.session(session)], segments, partial(parse_reread, segments))

    async def flushed(self) -> None:
        """Wait until the broker has accepted every command."""
        await self._writer.flushed()

    # -- looks ---------------------------------------------------------------------------------------------

    async def survey(self) -> Survey:
        """Return queues, workers and memory of the broker. Raises ``BrokerUnreachable``."""
        keys = (self._keys.backlog, WORKERS_KEY)
        used, limit, streams, statuses = await self.run_script("survey", keys, (WORKER_GONE_MS,))
        return Survey(
            streams={name.decode(): StreamContent(max(0, samples), *rest) for name, samples, *rest in streams},
            workers=tuple(known for status in statuses if (known := read_status(status))),
            memory=used / limit if limit else 0.0,
            streamers=await streaming_workers(self.run_script, self._keys),
        )

    async def compact(self) -> bool:
        """Rewrite the append-only file if much audio or any text in it is deleted. Return whether it did so."""
        async with self._looking():
            worth = is_worth_compacting(await self._looks.info("persistence"), anyway=self._forgot)
            if worth:
                self._forgot = False
                await self._looks.bgrewriteaof()
        return worth

    async def dead_letters(self, count: int = 100, before: str = "") -> list[DeadLetter]:
        """Return dead letters, newest first. ``before``: only those older than this entry."""
        newest = f"({before}" if before else "+"
        async with self._looking():
            entries: Any = await self._looks.xrevrange(self._keys.dead, newest, count=count)
        return [read_letter(entry, fields) for entry, fields in entries]

    async def dead_letter(self, entry: str) -> DeadLetter | None:
        """Return one dead letter, or ``None`` if it does not exist."""
        async with self._looking():
            entries: Any = await self._looks.xrange(self._keys.dead, entry, entry)
        return read_letter(*entries[0]) if entries else None

    async def drop_dead(self, entry: str) -> bool:
        """Delete a dead letter. Return false if it does not exist."""
        async with self._looking():
            return bool(await self._looks.xdel(self._keys.dead, entry))

    async def retry_dead(self, letter: DeadLetter) -> Submitted:
        """Queue a dead letter as its next attempt; keep it if its session is gone."""
        reply: Submitted = await self.submit(next_attempt(letter))
        if not isinstance(reply, SessionGone):
            await self.drop_dead(letter.entry)
        return reply

    async def administer(self, *command: str | bytes) -> Any:
        """Run an administrative command, or one on the history's stream. Raises ``BrokerError``."""
        self._forgot |= command[0] == "XDEL"  # texts moved to the history should leave the broker's file
        async with self._looking():
            return await self._looks.execute_command(*command)  # type: ignore[no-untyped-call] # redis-py

    async def run_script(self, name: str, keys: Sequence[str], arguments: Sequence[str | bytes | int]) -> Any:
        """Run a script outside the command queue of sessions. Raises ``BrokerError``."""
        async with self._looking():
            return await self._looks.eval(self._scripts[name].source.decode(), len(keys), *keys, *arguments)

    # -- results -------------------------------------------------------------------------------------------

    async def listen(self, on_notice: Callable[[Notice], None], on_subscribed: Callable[[], None]) -> None:
        """Follow this gateway's channel until cancelled; call ``on_subscribed`` after each (re)subscription."""
        failures = 0

        def subscribed() -> None:
            nonlocal failures
            failures = 0
            on_subscribed()

        while True:
            try:
                with mapped():
                    await self._subscription.send_command("SSUBSCRIBE", self._keys.results(self.gateway))
                    await follow(self._subscription, on_notice, subscribed)
            except BrokerError as error:
                log.warning(LogEvent.RESULTS_SUBSCRIPTION_LOST, error=str(error))
            finally:
                await self._subscription.disconnect(nowait=True)
            await asyncio.sleep(_RETRY_S[min(failures, len(_RETRY_S) - 1)])
            failures += 1

    # -- inside --------------------------------------------------------------------------------------------

    def _job_keys(self, job: Job) -> list[str]:
        stream = self._keys.jobs(job.options.priority, job.options.model)
        return [self._keys.session(job.session), stream, self._keys.backlog]

    def _streams(self, job: Job) -> list[str]:
        """Return the streams whose workers could take this job."""
        models = dict.fromkeys((job.options.model or ANY_MODEL, ANY_MODEL))
        return [self._keys.jobs(job.options.priority, model) for model in models]

    def _send(
        self,
        script: str,
        keys: Sequence[str],
        arguments: Sequence[str | bytes | int],
        parse: Callable[[Any], Any],
        size: int = 0,
    ) -> "asyncio.Future[Any]":
        return self._writer.send(Command(script, keys, arguments, parse, size))

    async def _execute(self, batch: Sequence[Command]) -> Sequence[Any]:
        """Send a batch in one round trip; in two if the broker has lost the scripts."""
        replies = await self._round_trip(batch)
        unknown = next((i for i, reply in enumerate(replies) if isinstance(reply, NoScriptError)), None)
        if unknown is not None:
            async with self._looking():
                for source, _ in self._scripts.values():
                    await self._looks.script_load(source)
            replies = [*replies[:unknown], *await self._round_trip(batch[unknown:])]
        if elsewhere := next(filter(is_elsewhere, replies), None):  # the whole batch again, in its order
            await self._connection.disconnect(nowait=True)
            raise BrokerUnreachable(str(elsewhere), trouble_of(elsewhere))
        return [ours(reply, command.optional) for command, reply in zip(batch, replies, strict=True)]

    @asynccontextmanager
    async def _looking(self) -> AsyncIterator[None]:
        """Translate errors; leave a server that is not the primary any more."""
        with mapped():
            try:
                yield
            except RedisError as error:
                if is_elsewhere(error):
                    await self._looks.connection_pool.disconnect()
                raise

    async def _round_trip(self, batch: Sequence[Command]) -> list[Any]:
        """Send a batch without redis-py's pipeline, whose pool, retries and packing dominate the cost."""
        packed = [part for command in batch for part in self._packed(command)]
        with mapped():
            try:
                async with asyncio.timeout(REPLY_S):
                    await self._connection.send_packed_command(packed, check_health=False)
                    return [await _reply(self._connection) for _ in batch]
            except TimeoutError:
                await self._connection.disconnect(nowait=True)
                raise

    def _packed(self, command: Command) -> Sequence[bytes]:
        """Encode a command; a large last argument is not copied."""
        *arguments, last = command.arguments
        head: tuple[Any, ...] = (
            "EVALSHA",
            self._scripts[command.script].digest,
            len(command.keys),
            *command.keys,
            *arguments,
        )
        if not isinstance(last, bytes):
            return [pack_command((*head, last))]
        empty: bytes = pack_command((*head, b""))
        return [empty.removesuffix(b"$0\r\n\r\n") + b"$%d\r\n" % len(last), last, b"\r\n"]

    async def prepare(self, where: str) -> None:
        """Wait for the broker at ``where``, check its version and layout, load the scripts."""
        await _answering(self._looks, where)
        async with self._looking():
            info = await self._looks.info("server")
            check_is_meant(info, self._kind)
            self.version = checked_version(info)
            with suppress(ResponseError):  # a broker may refuse to show its configuration
                config: Any = await self._looks.config_get("append*")
                self.durable = is_durable(config)
            for source, _ in self._scripts.values():
                await self._looks.script_load(source)
            await self._looks.set(SHARDS_KEY, 1, nx=True)
            shards = int(await self._looks.get(SHARDS_KEY) or 0)
        if shards != 1:
            raise BrokerMismatch(f"this broker's data is split over {shards} shards, this gateway knows 1")

    async def run(self) -> None:
        """Send queued commands until cancelled."""
        await self._writer.run()

    async def close(self) -> None:
        """Close all connections to the broker."""
        await self._connection.disconnect()
        await self._subscription.disconnect()
        await self._looks.aclose()


@asynccontextmanager
async def open_jobs(url: str, gateway: str, most_bytes: int = MOST_BYTES) -> AsyncIterator[Jobs]:
    """Yield ``Jobs`` on the broker at ``url``; at most ``most_bytes`` of commands wait while it is away.

    Raises a ``BrokerError``: no answer in 5 s, too old, another layout.
    """
    try:
        jobs = Jobs(url, gateway, most_bytes)
    except ValueError as error:  # from redis-py
        raise BrokerFailed(f"{shown_url(url)} is not the address of a broker: {error}") from error
    try:
        await jobs.prepare(shown_url(url))
        async with Tasks("jobs") as tasks:
            tasks.start(jobs.run(), "writer")
            yield jobs
    finally:
        await jobs.close()


async def _reply(connection: "AbstractConnection") -> Any:
    try:
        return await connection.read_response()
    except ResponseError as error:
        return error


async def _answering(client: "Redis", where: str) -> None:
    """Wait for an answer. Raises ``BrokerUnreachable`` after 5 s, or ``BrokerFailed`` if retries are pointless."""
    trouble = reason = ""
    try:
        async with asyncio.timeout(CONNECT_S):
            while True:
                try:
                    with mapped():
                        await client.ping()
                    return
                except BrokerUnreachable as error:
                    trouble, reason = error.trouble, str(error)
                    if trouble == BrokerTrouble.DENIED:
                        refused = f"the broker at {where} refuses the user or the password of its address"
                        raise BrokerFailed(refused, trouble) from error
                await asyncio.sleep(_RETRY_S[0])
    except TimeoutError as error:
        message = f"no broker answers at {where} within {CONNECT_S:g} s: is it running? {reason}".strip()
        if trouble == BrokerTrouble.LOADING:
            message = f"the broker at {where} still loads what it kept: wait for it, then try again"
        raise BrokerUnreachable(message, trouble) from error
