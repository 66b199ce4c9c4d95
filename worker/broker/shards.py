"""Jobs of all shards for one worker, as if they were one.

Shards take turns. One that is away, or silent for too long, is left out until it answers again; meanwhile its
results are kept here. With one shard, every call goes straight to it. Streams have here their names in shard 0.
"""

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, AsyncExitStack, nullcontext, suppress
from functools import partial
from itertools import count
from typing import Any, Final, TypeVar

from protocol.job import MOST_FAILURES, Failure, Hypothesis, Keys, Result, in_shard, shard_of, shard_of_key
from protocol.monitor import WorkerStatus
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.tasks import Tasks, abandon, loop_time
from worker.broker.jobs import ShardJobs, Taken, Verdict
from worker.broker.layout import ShardLayout
from worker.core.delivery import Delivery
from worker.core.errors import BrokerError, BrokerRefused, BrokerUnavailable, OutcomeRefused
from worker.core.overdue import HeldJob
from worker.core.placement import Queue

log = loggers.WORKER_CONSUMER

_SILENT_S: Final = 3.0
"""Time after which a shard that does not answer is left out."""
_PROBES_S: Final = (3.0, 6.0, 10.0)
"""Deadlines for a shard that is asked in the background. A busy one behind a tunnel connects slowly."""
_INTERRUPT_S: Final = 0.3
_AGAIN_S: Final = 0.02
_PAUSES_S: Final = (0.1, 0.25, 0.5, 1.0, 2.0)
_MOST_KEPT: Final = 64
"""Outcomes kept for a shard that is away. Jobs whose outcomes are dropped are decoded again."""
T = TypeVar("T")


class _Member:
    """A shard. ``waiting``: streams with entries at the last glance; ``None``: not known."""

    def __init__(self, keys: Keys, jobs: ShardJobs) -> None:
        self.shard = keys.shard
        self.jobs = jobs
        self.away = False
        self.waiting: frozenset[str] | None = None
        self.wait: asyncio.Task[Taken] | None = None
        self.kept: deque[Callable[[], Awaitable[Any]]] = deque(maxlen=_MOST_KEPT)

    def names(self, streams: Iterable[str]) -> list[str]:
        """Return the names of these streams in this shard."""
        return [in_shard(stream, self.shard) for stream in streams]


class AllShards:
    """Jobs of every shard, with the interface of ``ShardJobs``. As a context manager, it closes all connections.

    ``read_layout`` returns the shards, for the first ``check``. ``open_shard`` opens one.
    """

    def __init__(
        self, read_layout: Callable[[], Awaitable[ShardLayout]], open_shard: Callable[[Keys], ShardJobs]
    ) -> None:
        self._read_layout = read_layout
        self._open_shard = open_shard
        self._members: list[_Member] = []
        self._streams: tuple[str, ...] = ()
        self._partial_streams: tuple[str, ...] = ()
        self._stored = True
        self._turn = 0
        self._refused: BrokerError | None = None
        self._granted: set[str] = set()  # actions that a shard has performed: a refusal by another is temporary
        self._tasks = Tasks("shards")
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> "AllShards":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._tasks.close()
        await self._stop_waiting()
        await self._stack.aclose()

    async def check(self) -> None:
        """Check that a shard answers and is new enough."""
        if not self._members:
            layout = await self._read_layout()
            self._stored = layout.stored
            for keys in layout.each():
                jobs = await self._stack.enter_async_context(self._open_shard(keys))
                if not layout.alone:
                    jobs.interruptible()
                self._members.append(_Member(keys, jobs))
        await self._all(lambda member: member.jobs.check())

    async def serve(self, streams: Sequence[str], partials: Sequence[str] = ()) -> None:
        """Read these streams from now on, in order of priority; create missing consumer groups."""
        self._streams, self._partial_streams = tuple(streams), tuple(partials)
        await self._all(self._serve)

    async def _serve(self, member: _Member) -> None:
        await member.jobs.serve(member.names(self._streams), member.names(self._partial_streams))
        self._granted |= member.jobs.granted
        member.jobs.granted = self._granted

    # -- reading -------------------------------------------------------------------------------------------

    async def take(self, free: int, streams: Sequence[str] | None = None) -> list[Delivery]:
        """Take up to ``free`` new jobs without waiting, as ``ShardJobs.take``."""
        chosen = self._streams if streams is None else tuple(streams)
        return await self._by_turns(free, chosen, lambda member, most, names: member.jobs.take(most, names))

    async def take_left(
        self, free: int, streams: Sequence[str], held_ms: Sequence[int]
    ) -> tuple[list[Delivery], int]:
        """Take old enough jobs, and say when the next one will be, as ``ShardJobs.take_left``."""
        dues: list[int] = []

        async def take(member: _Member, most: int, _: list[str]) -> list[Delivery]:
            taken, due = await member.jobs.take_left(most, member.names(streams), held_ms)
            dues.append(due)
            return taken

        taken = await self._by_turns(free, None, take)
        return taken, min((due for due in dues if due >= 0), default=-1)

    async def take_partials(self, free: int) -> list[Delivery]:
        """Take up to ``free`` requests for partials without waiting; drop those that are too old."""
        return await self._by_turns(
            free, self._partial_streams, lambda member, most, _: member.jobs.take_partials(most)
        )

    async def sweep(self, free: int) -> list[Delivery]:
        """Take up to ``free`` jobs of workers that are gone, from shards that no other worker has just swept."""
        return await self._by_turns(free, None, lambda member, most, _: member.jobs.sweep(most))

    async def glance(self) -> list[Queue]:
        """Return the contents of each job stream, then of each partial stream, over all shards."""
        names = (*self._streams, *self._partial_streams)
        found = await self._all(lambda member: member.jobs.glance())
        for member, queues in found:
            member.waiting = frozenset(name for name, one in zip(names, queues, strict=True) if one.entries)
        return [
            Queue(
                sum(one.audio_s for one in queues),
                sum(one.entries for one in queues),
                min(one.read_ago_s for one in queues),
            )
            for queues in zip(*(queues for _, queues in found), strict=True)
        ]

    async def others(self, streams: Sequence[str]) -> list[HeldJob]:
        """Return the jobs of these streams that other workers hold."""
        found = await self._all(lambda member: member.jobs.others(member.names(streams)))
        return [held for _, some in found for held in some]

    async def borrow(self, held: HeldJob) -> list[Delivery]:
        """Read a job that another worker keeps; empty if the job is gone."""
        member = self._of(held.stream)
        return await self._ask(member, lambda: member.jobs.borrow(held))

    async def fleet(self) -> tuple[list[WorkerStatus], int]:
        """Return the status of all workers, and the broker's time in ms, from any shard."""
        for member in self._turns():
            with self._leave_out():
                return await self._ask(member, member.jobs.fleet)
        raise BrokerUnavailable("no shard of the broker answers")

    async def wait(self, block_ms: int, streams: Sequence[str] | None = None, partials: bool = True) -> Taken:
        """Wait up to ``block_ms`` in all shards at once, as ``ShardJobs.wait``.

        Once a shard gives something, waiting in the others is interrupted: later jobs belong to an idle
        worker. Jobs of the same moment are taken too.
        """
        chosen = self._streams if streams is None else tuple(streams)
        if len(self._members) == 1:
            (only,) = self._members
            return await only.jobs.wait(block_ms, only.names(chosen), partials)
        members = self._present()
        for member in members:
            if member.wait is None:
                waits = member.jobs.wait(block_ms, member.names(chosen), partials)
                member.wait = asyncio.create_task(waits, name=f"worker/wait-{member.shard}")
        pending = {member.wait for member in members if member.wait}
        deadline = loop_time() + block_ms / 1000 + _SILENT_S
        taken = Taken([], [])
        while pending and not (taken.jobs or taken.partials):
            done, pending = await asyncio.wait(
                pending, timeout=deadline - loop_time(), return_when=asyncio.FIRST_COMPLETED
            )
            if not done:
                break
            self._collect(members, taken)
        await self._interrupt([member for member in members if member.wait])
        self._collect(members, taken)
        return taken

    # -- jobs that this worker has -------------------------------------------------------------------------

    async def renew(self, held: Iterable[Delivery]) -> frozenset[tuple[str, str]]:
        """Renew the leases that are still ours; return the keys of the lost ones."""
        by_shard: dict[int, list[Delivery]] = {}
        for delivery in held:
            by_shard.setdefault(shard_of_key(delivery.stream), []).append(delivery)
        if not by_shard:
            return frozenset()
        concerned = [self._members[shard] for shard in by_shard]
        found = await self._all(lambda member: member.jobs.renew(by_shard[member.shard]), concerned)
        return frozenset(key for _, lost in found for key in lost)

    async def finish(self, delivery: Delivery, result: Result) -> bool:
        """Store and publish a result, if its shard is there; else later. ``False``: it is no longer wanted."""
        member = self._of(delivery.stream)
        return await self._settle(member, lambda: member.jobs.finish(delivery, result), otherwise=True)

    async def fail(self, delivery: Delivery, failure: Failure, most_failures: int = MOST_FAILURES) -> Verdict:
        """Count a failure, if its shard is there; else later."""
        member = self._of(delivery.stream)
        fail = partial(member.jobs.fail, delivery, failure, most_failures)
        return await self._settle(member, fail, otherwise=Verdict.LOST)

    async def hypothesise(self, hypothesis: Hypothesis) -> bool:
        """Publish a partial; return ``False`` if no session wants it, or its shard is away."""
        member = self._members[shard_of(hypothesis.session, len(self._members))]
        return not member.away and await self._ask(member, lambda: member.jobs.hypothesise(hypothesis))

    async def leave(self) -> int:
        """Hand back all held jobs, delete consumer and heartbeat; return the number of jobs handed back."""
        await self._stop_waiting()
        return sum(count for _, count in await self._all(lambda member: member.jobs.leave()))

    async def heartbeat(self, status: WorkerStatus) -> None:
        """Report this worker's status to every shard.

        Raises ``BrokerRefused`` if a gateway has split the broker since this worker assumed one shard.
        """
        if not self._stored:
            layout = await self._read_layout()
            if layout.shards != len(self._members):
                raise BrokerRefused("the broker was split into shards since this worker began: start it again")
            self._stored = layout.stored
        await self._all(lambda member: member.jobs.heartbeat(status))

    # -- inside --------------------------------------------------------------------------------------------

    def _of(self, stream: str) -> _Member:
        return self._members[shard_of_key(stream)]

    def _present(self) -> list[_Member]:
        """Return the shards that are not away. Raises ``BrokerUnavailable`` without any."""
        if self._refused:
            raise self._refused
        members = [member for member in self._members if not member.away]
        if not members:
            raise BrokerUnavailable("no shard of the broker answers")
        return members

    def _turns(self) -> Iterator[_Member]:
        """Yield the shards that are not away, each time from another one on."""
        members = self._present()
        first = self._turn % len(members)
        yield from (*members[first:], *members[:first])

    async def _by_turns(
        self,
        free: int,
        streams: Sequence[str] | None,
        take: Callable[[_Member, int, list[str]], Awaitable[list[Delivery]]],
    ) -> list[Delivery]:
        """Take up to ``free`` jobs, shard by shard. Shards whose ``streams`` were all empty are left out."""
        found: list[Delivery] = []
        for member in self._turns():
            known = member.waiting if len(self._members) > 1 else None
            names = member.names(one for one in streams or () if known is None or one in known)
            most = free - len(found)
            if most <= 0 or (known is not None and streams is not None and not names):
                continue
            with self._leave_out():
                found += await self._ask(member, lambda: take(member, most, names))  # noqa: B023 - awaited at once
        self._turn += bool(found)
        return found

    def _leave_out(self) -> AbstractContextManager[None]:
        """Return a context that leaves out a shard that is away, if there are others."""
        return suppress(BrokerUnavailable) if len(self._members) > 1 else nullcontext()

    async def _ask(self, member: _Member, ask: Callable[[], Awaitable[T]], limit_s: float = _SILENT_S) -> T:
        """Return the answer of a shard; leave it out if there is none. Raises ``BrokerError``."""
        if len(self._members) == 1:
            return await ask()
        try:
            async with asyncio.timeout(limit_s):
                return await ask()
        except (BrokerUnavailable, TimeoutError) as error:
            await member.jobs.disconnect()
            self._note_lost(member, str(error) or "no answer in time")
            raise BrokerUnavailable(f"shard {member.shard} does not answer: {error}") from error

    async def _all(
        self, ask: Callable[[_Member], Awaitable[T]], members: Sequence[_Member] | None = None
    ) -> list[tuple[_Member, T]]:
        """Return the answers of all shards that give one. Raises ``BrokerError`` if none does."""
        asked = [one for one in self._present() if members is None or one in members]
        asking = (self._ask(member, partial(ask, member)) for member in asked)
        answers = await asyncio.gather(*asking, return_exceptions=True)
        found: list[tuple[_Member, T]] = []
        for member, answer in zip(asked, answers, strict=True):
            if not isinstance(answer, BaseException):
                found.append((member, answer))
            elif not isinstance(answer, BrokerUnavailable) or len(asked) == 1:
                raise answer
        if not found:
            raise BrokerUnavailable("no shard of the broker answers")
        return found

    async def _settle(self, member: _Member, settle: Callable[[], Awaitable[T]], otherwise: T) -> T:
        """Settle a job; if its shard is away, keep the command until it is back, and return ``otherwise``."""
        if not member.away:
            with self._leave_out():
                return await self._ask(member, settle)
        member.kept.append(settle)
        return otherwise

    def _note_lost(self, member: _Member, reason: str) -> None:
        if not member.away:
            member.away = True
            log.warning(LogEvent.SHARD_AWAY, shard=member.shard, reason=reason)
            self._tasks.keep(partial(self._recover, member), f"recover-{member.shard}")

    async def _recover(self, member: _Member) -> None:
        """Wait until a shard answers, send the commands kept for it, and use it again."""
        for failures in count():
            pause_s = _PAUSES_S[min(failures, len(_PAUSES_S) - 1)]
            await asyncio.sleep(random.uniform(pause_s / 2, pause_s))
            served = self._streams
            try:
                async with asyncio.timeout(_PROBES_S[min(failures, len(_PROBES_S) - 1)]):
                    await member.jobs.check()
                    await self._serve(member)
                while member.kept:
                    first = member.kept[0]
                    with suppress(OutcomeRefused):  # without its outcome the job is decoded again
                        await first()
                    if member.kept[0] is first:  # otherwise a newer command has displaced it
                        member.kept.popleft()
                if served == self._streams:
                    break
            except (BrokerUnavailable, TimeoutError):
                await member.jobs.disconnect()
            except BrokerError as error:
                self._refused = error
                return
        member.away, member.waiting = False, None
        log.info(LogEvent.SHARD_BACK, shard=member.shard)

    # -- waiting -------------------------------------------------------------------------------------------

    def _collect(self, members: Iterable[_Member], taken: Taken) -> None:
        """Add the results of ended waits. A failed wait leaves its shard out."""
        for member in members:
            if member.wait is None or not member.wait.done():
                continue
            wait, member.wait = member.wait, None
            try:
                given = wait.result()
            except BrokerUnavailable as error:
                self._note_lost(member, str(error))
            else:
                taken.jobs.extend(given.jobs)
                taken.partials.extend(given.partials)
                self._turn = self._members.index(member) + 1 if given.jobs else self._turn

    async def _interrupt(self, members: Sequence[_Member]) -> None:
        """End these waits. One that does not end in time goes on; its result is collected later."""
        deadline = loop_time() + _INTERRUPT_S
        while (pending := [one for one in members if one.wait and not one.wait.done()]) and loop_time() < deadline:
            asking = (self._ask(one, one.jobs.interrupt, _INTERRUPT_S) for one in pending)
            await asyncio.gather(*asking, return_exceptions=True)
            await asyncio.wait({one.wait for one in pending if one.wait}, timeout=_AGAIN_S)

    async def _stop_waiting(self) -> None:
        await abandon([member.wait for member in self._members if member.wait])
        for member in self._members:
            member.wait = None
