"""A shard of the broker: its connections, its queue of commands and its subscription to results.

Each process has three connections to each shard: one for batched session commands, one for surveys and
administration, and one for the subscription. A shard that is away delays only its own sessions.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Final

from hiredis import pack_command
from redis.exceptions import NoScriptError, RedisError, ResponseError

from backend.admission.admission import StreamContent, Survey
from backend.broker.connections import REPLY_S, Connections
from backend.broker.dead_letters import DeadLetter, read_letter
from backend.broker.errors import ours, translate_errors, trouble_of
from backend.broker.line import Line, open_line
from backend.broker.live import streaming_workers
from backend.broker.records import read_status
from backend.broker.scripts import load_scripts
from backend.broker.server_info import is_durable, is_worth_compacting
from backend.broker.subscription import follow
from backend.broker.writer import MOST_BYTES, Command, CommandWriter
from backend.core.errors import BrokerError, BrokerUnreachable
from protocol.job import WORKER_GONE_MS, Keys, Notice, in_shard
from runtime import loggers
from runtime.broker_connection import error_text, is_elsewhere
from runtime.event_names import LogEvent
from runtime.histogram import Histogram

log = loggers.BACKEND_JOBS

_RETRY_S: Final = (0.05, 0.25, 1.0)
_PROBE: Final = "#!lua\nreturn 1"
"""A script that could write but does not: the broker refuses it whenever it refuses writes."""


class Shard:
    """Client of one shard, for commands on ``keys``. ``round_trips``: durations of answered batches."""

    def __init__(
        self,
        connections: Connections,
        keys: Keys,
        gateway: str,
        round_trips: Histogram | None = None,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self.keys = keys
        self.durable = False
        self.prepared = False
        self._gateway = gateway
        self._forgot = True  # an earlier process may have deleted texts
        self._scripts = load_scripts()
        self._connection, self._subscription = connections.bare(keys.backlog), connections.bare(keys.backlog)
        self._line: Line | None = None
        self._inspector = connections.client(keys.backlog)
        self._writer = CommandWriter(self._execute, most_bytes=most_bytes, round_trips=round_trips)
        self._refusal: BrokerError | None = None

    @property
    def up(self) -> bool:
        """True when the shard accepted the last batch of commands, answered the last survey and accepts writes."""
        return self._writer.up and self._refusal is None

    @property
    def trouble(self) -> str:
        """Reason why the shard refuses commands, a ``BrokerTrouble``; empty: there is none, or no answer."""
        if not self._writer.up:
            return self._writer.trouble
        return self._refusal.trouble if self._refusal else ""

    def send(self, command: Command, at_once: bool = True) -> "asyncio.Future[Any]":
        """Queue a command, as ``CommandWriter.send`` does."""
        return self._writer.send(command, at_once)

    def deletes_texts(self) -> None:
        """Note that texts are deleted: ``compact`` then removes them from the broker's file too."""
        self._forgot = True

    async def until_flushed(self) -> None:
        """Wait until the shard has accepted every command."""
        await self._writer.until_flushed()

    # -- inspection ------------------------------------------------------------------------------------------

    async def survey(self) -> Survey:
        """Return queues, workers and memory, by the names of the first shard. Raises ``BrokerUnreachable``."""
        try:
            reply = await self.run_script("survey", (self.keys.backlog, self.keys.workers), (WORKER_GONE_MS,))
        except BrokerUnreachable as error:
            self._refusal = error  # known sooner than from commands, which waiting sessions rarely send
            raise
        used, limit, streams, statuses, now_ms = reply
        self._refusal = await self._refused()
        return Survey(
            streams={
                in_shard(name.decode(), 0): StreamContent(max(0, samples), *rest)
                for name, samples, *rest in streams
            },
            workers=tuple(known for status in statuses if (known := read_status(status, now_ms))),
            memory=used / limit if limit else 0.0,
            streamers=await streaming_workers(self.run_script, self.keys),
        )

    async def _refused(self) -> BrokerError | None:
        """Return why the shard accepts no writes, although it answers; ``None``: it accepts them."""
        try:
            await self._ask_primary(partial(self._inspector.eval, _PROBE, 1, self.keys.backlog))
        except BrokerError as error:
            return error
        return None

    async def compact(self) -> bool:
        """Rewrite the append-only file if much audio or any text in it is deleted. Return whether it did so."""
        with translate_errors():
            worth = is_worth_compacting(await self._inspector.info("persistence"), anyway=self._forgot)
            if worth:
                self._forgot = False
                await self._inspector.bgrewriteaof()
        return worth

    async def dead_letters(self, count: int, newest: str) -> list[DeadLetter]:
        """Return dead letters, newest first, from the entry ``newest`` on."""
        ask = partial(self._inspector.xrevrange, self.keys.dead, newest, count=count)
        entries = await self._ask_primary(ask)
        return [read_letter(entry, fields) for entry, fields in entries]

    async def dead_letter(self, entry: str) -> DeadLetter | None:
        """Return one dead letter, or ``None`` if it does not exist."""
        entries = await self._ask_primary(partial(self._inspector.xrange, self.keys.dead, entry, entry))
        return read_letter(*entries[0]) if entries else None

    async def drop_dead(self, entry: str) -> bool:
        """Delete a dead letter. Return false if it does not exist."""
        return bool(await self._ask_primary(partial(self._inspector.xdel, self.keys.dead, entry)))

    async def administer(self, *command: str | bytes) -> Any:
        """Run an administrative command, or one on the history's stream. Raises ``BrokerError``."""
        self._forgot |= command[0] == "XDEL"  # texts moved to the history should leave the broker's file
        return await self._ask_primary(partial(self._inspector.execute_command, *command))

    async def run_script(self, name: str, keys: Sequence[str], arguments: Sequence[str | bytes | int]) -> Any:
        """Run a script outside the command queue of sessions. Raises ``BrokerError``."""
        source = self._scripts[name].source.decode()
        return await self._ask_primary(partial(self._inspector.eval, source, len(keys), *keys, *arguments))

    # -- results -------------------------------------------------------------------------------------------

    async def listen(self, on_notice: Callable[[Notice], None], on_subscribed: Callable[[], None]) -> None:
        """Follow this gateway's channel until cancelled; call ``on_subscribed`` after each (re)subscription."""
        failures = 0

        def subscribed() -> None:
            nonlocal failures
            failures = 0
            on_subscribed()

        opened, channel = partial(open_line, self._subscription), self.keys.results(self._gateway)
        while True:
            try:
                with translate_errors():
                    await follow(opened, channel, on_notice, subscribed)
            except BrokerError as error:
                if not failures:  # once per outage
                    log.warning(LogEvent.RESULTS_SUBSCRIPTION_LOST, error=str(error))
            finally:
                await self._subscription.disconnect(nowait=True)
            await asyncio.sleep(_RETRY_S[min(failures, len(_RETRY_S) - 1)])
            failures += 1

    # -- life ----------------------------------------------------------------------------------------------

    async def prepare(self) -> None:
        """Find out whether the shard is durable, and load the scripts. Raises ``BrokerError``."""
        with translate_errors():
            with suppress(ResponseError):  # a broker may refuse to show its configuration
                config: Any = await self._inspector.config_get("append*")
                self.durable = is_durable(config)
            for source, _ in self._scripts.values():
                await self._inspector.script_load(source)
        self.prepared = True

    async def run(self) -> None:
        """Send queued commands until cancelled."""
        await self._writer.run()

    async def keep_prepared(self) -> None:
        """Prepare a shard that was away at the start, once it answers."""
        while not self.prepared:
            with suppress(BrokerError):
                await self.prepare()
            await asyncio.sleep(_RETRY_S[-1])

    async def close(self) -> None:
        """Close all connections to the shard."""
        await self._connection.disconnect()
        await self._subscription.disconnect()
        await self._inspector.aclose()

    # -- inside --------------------------------------------------------------------------------------------

    async def _execute(self, batch: Sequence[Command]) -> Sequence[Any]:
        """Send a batch in one round trip; in two if the broker has lost the scripts."""
        replies = await self._round_trip(self._packed_commands(batch), len(batch))
        if not any(isinstance(reply, RedisError) for reply in replies):
            return replies
        unknown = next((i for i, reply in enumerate(replies) if isinstance(reply, NoScriptError)), None)
        if unknown is not None:
            await self._load_scripts()
            rest = batch[unknown:]
            replies = [*replies[:unknown], *await self._round_trip(self._packed_commands(rest), len(rest))]
        if elsewhere := next(filter(is_elsewhere, replies), None):  # the writer repeats the whole batch, in order
            await self._disconnect()
            raise BrokerUnreachable(error_text(elsewhere), trouble_of(elsewhere))
        answered = zip(batch, replies, strict=True)
        return [ours(reply, optional=command.optional, own=command.own) for command, reply in answered]

    async def _ask_primary(self, ask: Callable[[], Any]) -> Any:
        """Return the answer; ask once more if this server is not the primary any more. Raises ``BrokerError``."""
        with translate_errors():
            try:
                return await ask()
            except RedisError as error:
                if not is_elsewhere(error):
                    raise
                await self._inspector.connection_pool.disconnect()
            return await ask()

    async def _load_scripts(self) -> None:
        """Load the scripts over the connection of batches: the inspector's may lead to an earlier primary."""
        loads: list[tuple[Any, ...]] = [("SCRIPT", "LOAD", script.source) for script in self._scripts.values()]
        for reply in await self._round_trip([pack_command(load) for load in loads], len(loads)):
            if isinstance(reply, RedisError):
                with translate_errors():
                    raise reply

    async def _round_trip(self, packed: Sequence[bytes], replies: int) -> list[Any]:
        """Send packed commands without redis-py's pipeline, whose pool, retries and packing dominate the cost."""
        with translate_errors():
            try:
                if self._line is None or self._line.lost:
                    async with asyncio.timeout(REPLY_S):
                        self._line = await open_line(self._connection)
                return await self._line.ask(packed, replies, REPLY_S)
            except BaseException:  # late replies would be taken for those of the next batch
                await self._disconnect()
                raise

    async def _disconnect(self) -> None:
        self._line = None
        await self._connection.disconnect(nowait=True)

    def _packed_commands(self, batch: Sequence[Command]) -> list[bytes]:
        return [part for command in batch for part in self._parts(command)]

    def _parts(self, command: Command) -> Sequence[bytes]:
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
