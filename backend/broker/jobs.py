"""The gateway's side of Redis Streams: the commands of sessions, each to the shard of its session.

Reads about all sessions ask every shard and join the answers. A shard that does not answer is named as missing.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Final, TypeVar

from backend.admission.admission import Survey, join_surveys
from backend.broker.connections import Connections
from backend.broker.dead_letters import DeadLetter, may_exist, newest_of, next_attempt, place_of, shown_from
from backend.broker.layout import BrokerLayout, agreed_layout
from backend.broker.live import piece_command
from backend.broker.records import (
    Attachment,
    NothingToPromote,
    Reread,
    SessionGone,
    Submitted,
    flat,
    is_discarded,
    is_queued,
    is_there,
    parse_attached,
    parse_promoted,
    parse_reread,
    parse_submitted,
    with_replaces,
)
from backend.broker.shard import Shard
from backend.broker.writer import MOST_BYTES, Command, new_round_trips
from backend.core.errors import BrokerError, BrokerFailed, BrokerUnreachable, InvalidSettings
from backend.core.limits import PARTIALS_ENTRIES
from protocol.broker_url import shown_broker_url
from protocol.job import (
    ANY_MODEL,
    SESSION_TTL_MS,
    STALE_MS,
    TRANSIENT_GONE_MS,
    UNUSED_TTL_MS,
    Job,
    Keys,
    Notice,
    shard_of,
)
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.tasks import Tasks

log = loggers.BACKEND_JOBS

_LOOK_S: Final = 2.0
"""Longest wait for one of several shards when all are asked."""
_LEAST_BYTES: Final = 64_000_000
_TRANSIENT: Final = (SESSION_TTL_MS, TRANSIENT_GONE_MS)
T = TypeVar("T")


class Jobs:
    """Client of the broker. Commands return futures and never wait; reads are awaited. Use ``open_jobs``."""

    def __init__(
        self, connections: Connections, layout: BrokerLayout, gateway: str, most_bytes: int = MOST_BYTES
    ) -> None:
        self.gateway = gateway
        self.version = layout.version
        self.cluster = layout.cluster
        self.connections = connections
        self.tasks = Tasks("jobs")
        self.round_trips = new_round_trips()
        each = max(most_bytes // layout.shards, min(most_bytes, _LEAST_BYTES))
        self.shards = tuple(Shard(connections, keys, gateway, self.round_trips, each) for keys in layout.each())

    @property
    def failed(self) -> "asyncio.Future[BaseException]":
        """Future that completes when no commands can be sent any more."""
        return self.tasks.failed

    @property
    def up(self) -> bool:
        """True when at least one shard accepted the last batch of commands."""
        return any(shard.up for shard in self.shards)

    @property
    def durable(self) -> bool:
        """True when all shards keep what they accepted through a power loss."""
        return all(shard.durable for shard in self.shards)

    @property
    def trouble(self) -> str:
        """Reason why a shard refused the last batch, a ``BrokerTrouble``; empty: accepted, or no answer."""
        return next((shard.trouble for shard in self.shards if shard.trouble), "")

    def serves(self, session: str) -> bool:
        """Return whether the shard of this session accepted the last batch of commands."""
        return self._shard(session).up

    # -- commands ------------------------------------------------------------------------------------------

    def attach(
        self, session: str, owner: str, resume: bool, create: bool = True, hello: str = "", history: str = ""
    ) -> "asyncio.Future[Attachment | SessionGone]":
        """Bind a session to this gateway.

        The future raises ``Forbidden``, ``OutOfOrder``, ``TakenOver`` or ``SessionDamaged``.

        Without ``create``, no unknown session is created. ``hello``: instance and number of the client's
        connection; a number below the instance's last one changes nothing. ``history``: field of the session
        hash; empty: no history is kept.
        """
        shard = self._shard(session)
        made = (int(resume), int(create), secrets.token_hex(8), SESSION_TTL_MS, UNUSED_TTL_MS)
        arguments = (session, owner, self.gateway, *made, shard.keys.results_prefix, hello, history)
        return shard.send(Command("attach", [shard.keys.session(session)], arguments, parse_attached, own=True))

    def submit(self, job: Job) -> "asyncio.Future[Submitted]":
        """Put a complete segment into its stream, once per attempt."""
        shard = self._shard(job.session)
        arguments = (job.segment, job.attempt, job.samples, SESSION_TTL_MS, *with_replaces(job))
        return shard.send(Command("submit", _keys(shard.keys, job), arguments, parse_submitted, len(job.pcm)))

    def cancel(self, session: str, segment: int, attempt: int) -> "asyncio.Future[bool]":
        """Cancel a segment at any stage. The result is false if the broker does not know the session."""
        shard = self._shard(session)
        arguments = (segment, attempt, SESSION_TTL_MS, session)
        return shard.send(Command("cancel", _with_history(shard.keys, session), arguments, is_there))

    def confirm_received(self, session: str, segment: int) -> "asyncio.Future[bool]":
        """Confirm a segment's outcome. The result is false if the broker does not know the session."""
        shard = self._shard(session)
        keys = [shard.keys.session(session)]
        received = Command("received", keys, (segment, SESSION_TTL_MS), is_there, own=True)
        return shard.send(received, at_once=False)

    def forget(self, session: str) -> "asyncio.Future[bool]":
        """Delete the texts of a finished session. The result is false if the broker does not know the session."""
        shard = self._shard(session)
        keys = [shard.keys.session(session), *shard.keys.history_keys]
        forgotten = shard.send(Command("forget", keys, (SESSION_TTL_MS, session), is_there), at_once=False)
        forgotten.add_done_callback(lambda _: shard.deletes_texts())
        return forgotten

    def hold(self, session: str) -> "asyncio.Future[object]":
        """Note that this gateway has a transient session, which no client can resume."""
        shard = self._shard(session)
        return shard.send(Command("hold", [shard.keys.transient], (*_TRANSIENT, session), lambda reply: reply))

    def discard(self, session: str, gone_ms: int = 0) -> "asyncio.Future[bool]":
        """Delete a transient session: jobs, texts, dead letters. The result is false if a gateway still has it.

        ``gone_ms``: least time since a gateway noted that it has the session; 0: this gateway has it.
        """
        shard = self._shard(session)
        known = shard.keys
        keys = [known.session(session), known.backlog, known.transient, *known.history_keys, known.dead]
        discarded = shard.send(Command("discard", keys, (session, gone_ms), is_discarded), at_once=False)
        discarded.add_done_callback(lambda _: shard.deletes_texts())
        return discarded

    async def renew_transient(self, sessions: Collection[str]) -> list[str]:
        """Note that this gateway has these transient sessions; return all whose gateway is gone."""

        async def renew(shard: Shard) -> list[bytes]:
            own = [one for one in sessions if self._shard(one) is shard]
            left: list[bytes] = await shard.run_script("hold", (shard.keys.transient,), (*_TRANSIENT, *own))
            return left

        answers = await self.ask_all(renew)
        return [one.decode() for left in answers if not isinstance(left, BrokerError) for one in left]

    def speculate(self, job: Job, slots: int) -> "asyncio.Future[bool]":
        """Request the decoding of a segment's beginning, best effort. The result is true if it is queued.

        It is refused when the stream of its model and that of any model together hold at least ``slots`` jobs.
        """
        shard = self._shard(job.session)
        arguments = (job.segment, job.samples, SESSION_TTL_MS, slots, *flat(job))
        keys = [*_keys(shard.keys, job), *_streams(shard.keys, job)]
        return shard.send(Command("speculate", keys, arguments, is_queued, len(job.pcm), optional=True))

    def hypothesise(self, job: Job, slots: int) -> "asyncio.Future[bool]":
        """Request a hypothesis, best effort as ``speculate``. The result is true if it is queued."""
        shard = self._shard(job.session)
        keys = [shard.keys.partials(job.options.model), *_streams(shard.keys, job)]
        arguments = (slots, PARTIALS_ENTRIES, STALE_MS, *flat(job))
        return shard.send(Command("hypothesise", keys, arguments, is_queued, len(job.pcm), optional=True))

    def stream(self, job: Job, inbox: str, model: str) -> "asyncio.Future[bool]":
        """Send a piece of live speech, best effort. The result is true if a worker reads the stream."""
        shard = self._shard(job.session)
        return shard.send(piece_command(shard.keys, job, inbox, model))

    def promote(
        self, session: str, segment: int, attempt: int, samples: int
    ) -> "asyncio.Future[Submitted | NothingToPromote]":
        """Turn the speculation of an ended segment into its job."""
        shard = self._shard(session)
        arguments = (segment, attempt, samples, SESSION_TTL_MS)
        return shard.send(Command("promote", _with_history(shard.keys, session), arguments, parse_promoted))

    def reread(self, session: str, segments: Sequence[int]) -> "asyncio.Future[Reread]":
        """Read the state of some segments, after all commands sent before."""
        shard = self._shard(session)
        return shard.send(
            Command("look", [shard.keys.session(session)], segments, partial(parse_reread, segments))
        )

    async def until_flushed(self) -> None:
        """Wait until the broker has accepted every command."""
        for shard in self.shards:
            await shard.until_flushed()

    # -- all shards ----------------------------------------------------------------------------------------

    async def survey(self) -> Survey:
        """Return queues, workers and memory of the broker. Raises ``BrokerError`` if no shard answers."""
        return join_surveys(await self.ask_all(lambda shard: shard.survey()))

    async def compact(self) -> bool:
        """Rewrite append-only files that hold much deleted data. Return whether one is rewritten."""
        return any([await shard.compact() for shard in self.shards])

    async def dead_letters(self, count: int = 100, before: str = "") -> list[DeadLetter]:
        """Return dead letters, newest first. ``before``: only those older than this entry.

        Raises ``BrokerUnreachable`` if a shard is missing: a list without it would look complete.
        """
        found: list[DeadLetter] = []
        for shard in self.shards:
            newest = shown_from(before, shard.keys.shard)
            found += [self._with_shard(shard, letter) for letter in await shard.dead_letters(count, newest)]
        return newest_of(found, count)

    async def dead_letter(self, entry: str) -> DeadLetter | None:
        """Return one dead letter, or ``None`` if it does not exist."""
        shard, entry = self._shard_and_id(entry)
        letter = await shard.dead_letter(entry) if shard else None
        return self._with_shard(shard, letter) if shard and letter else None

    async def drop_dead(self, entry: str) -> bool:
        """Delete a dead letter. Return false if it does not exist."""
        shard, entry = self._shard_and_id(entry)
        return await shard.drop_dead(entry) if shard else False

    async def retry_dead(self, letter: DeadLetter) -> Submitted:
        """Queue a dead letter as its next attempt; keep it if its session is gone. Raises ``BrokerFailed``."""
        if not letter.is_readable:
            raise BrokerFailed(f"{letter.entry} cannot be read here: retry it with the version that queued it")
        reply: Submitted = await self.submit(next_attempt(letter))
        if not isinstance(reply, SessionGone):
            await self.drop_dead(letter.entry)
        return reply

    async def ask_all(self, ask: Callable[[Shard], Awaitable[T]]) -> list[T | BrokerError]:
        """Return the answer of each shard, or its error; a silent shard delays the others by two seconds.

        Raises the first error if no shard answers.
        """
        answers = await asyncio.gather(*(self._answer(ask, shard) for shard in self.shards))
        errors = [one for one in answers if isinstance(one, BrokerError)]
        if len(errors) == len(answers):
            raise errors[0]
        return answers

    async def listen(self, on_notice: Callable[[Notice], None], on_subscribed: Callable[[], None]) -> None:
        """Follow this gateway's channels until cancelled; call ``on_subscribed`` after each (re)subscription."""
        await asyncio.gather(*(shard.listen(on_notice, on_subscribed) for shard in self.shards))

    # -- inside --------------------------------------------------------------------------------------------

    def _shard(self, session: str) -> Shard:
        shards = self.shards
        return shards[0] if len(shards) == 1 else shards[shard_of(session, len(shards))]

    async def _answer(self, ask: Callable[[Shard], Awaitable[T]], shard: Shard) -> T | BrokerError:
        try:
            async with asyncio.timeout(_LOOK_S if len(self.shards) > 1 else None):
                return await ask(shard)
        except BrokerError as error:
            return error
        except TimeoutError:
            return BrokerUnreachable("it does not answer in time")

    def _with_shard(self, shard: Shard, letter: DeadLetter) -> DeadLetter:
        """Return a dead letter whose id names its shard, if there are several."""
        return letter if len(self.shards) == 1 else letter._replace(entry=f"{shard.keys.shard}:{letter.entry}")

    def _shard_and_id(self, entry: str) -> tuple[Shard | None, str]:
        number, entry = place_of(entry)
        known = number < len(self.shards) and may_exist(entry)
        return (self.shards[number] if known else None), entry

    async def prepare(self) -> None:
        """Prepare all shards that answer, and the others later. Raises ``BrokerError`` if no shard answers."""
        answers = await self.ask_all(lambda shard: shard.prepare())
        for shard, answer in zip(self.shards, answers, strict=True):
            if isinstance(answer, BrokerError):
                log.warning(LogEvent.SHARD_MISSING, shard=shard.keys.shard, error=str(answer))

    async def close(self) -> None:
        """Close all connections to the broker."""
        for shard in self.shards:
            await shard.close()


def connections_to(url: str, gateway: str) -> Connections:
    """Return the factory of this gateway's connections. Raises ``InvalidSettings`` if ``url`` names no broker."""
    try:
        return Connections(url, f"kikipounamu-gateway-{gateway}")
    except ValueError as error:
        raise InvalidSettings(f"{shown_broker_url(url)} is not the address of a broker: {error}") from error


@asynccontextmanager
async def open_jobs(
    url: str, gateway: str, most_bytes: int = MOST_BYTES, shards: int | None = None
) -> AsyncIterator[Jobs]:
    """Yield ``Jobs`` on the broker at ``url``; at most ``most_bytes`` of commands wait while it is away.

    ``shards``: number of shards, which must be the stored one; the first gateway stores it. Raises ``BrokerError``
    without an answer in 5 s, for an old version and for another layout; ``InvalidSettings`` for an invalid URL.
    """
    connections = connections_to(url, gateway)
    jobs = Jobs(connections, await agreed_layout(connections, shown_broker_url(url), shards), gateway, most_bytes)
    try:
        await jobs.prepare()
        async with jobs.tasks as tasks:
            for shard in jobs.shards:
                tasks.start(shard.run(), "writer")
                tasks.start(shard.keep_prepared(), "prepare")
            yield jobs
    finally:
        await jobs.close()


def _keys(keys: Keys, job: Job) -> list[str]:
    stream = keys.jobs_of(job.options)
    return [keys.session(job.session), stream, keys.backlog]


def _streams(keys: Keys, job: Job) -> list[str]:
    """Return the streams whose workers could take this job."""
    models = dict.fromkeys((job.options.model or ANY_MODEL, ANY_MODEL))
    return [keys.jobs(job.options.priority, model) for model in models]


def _with_history(keys: Keys, session: str) -> list[str]:
    return [keys.session(session), keys.backlog, *keys.history_keys]
