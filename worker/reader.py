"""Reader of a worker's next jobs: ``placement`` decides what to read."""

import random
import time
from collections.abc import Sequence
from math import ceil
from typing import Final

from protocol.job import in_shard
from worker.broker.jobs import ShardJobs, Taken
from worker.broker.shards import AllShards
from worker.core.delivery import Delivery
from worker.core.overdue import Overdue
from worker.core.placement import ReadPlan, Worker, decide, fleet

FLEET_S: Final = 2.0
"""Interval at which the other workers' heartbeats are read; they are sent every few seconds."""
_LOOK_MS: Final = 250
_PLACED: Final = 4
"""Streams of jobs that ``placement`` decides about."""


class JobReader:
    """Reader for one worker with one model. ``streams``: those of ``job_streams``, which ``jobs`` serves.

    They have the names of the first shard.
    """

    def __init__(self, jobs: ShardJobs | AllShards, streams: Sequence[str], sweep_s: float) -> None:
        self._jobs = jobs
        self._urgent, self._bulk, self._translations = tuple(streams[:2]), tuple(streams[2:4]), tuple(streams[4:])
        self._sweep_s = sweep_s
        self._sweep_at = 0.0
        self._others: tuple[Worker, ...] = ()
        self._fleet_at = 0.0
        self._urgent_in_a_row = 0
        self._overdue = Overdue()
        self._partials_at = 0.0
        self._filled: frozenset[str] = frozenset()  # streams with entries at the last glance
        self._asked = False  # partials were requested at the last glance

    def sweep_later(self) -> None:
        """Postpone the next sweep by about one interval, so that other workers sweep first."""
        self._sweep_at = time.monotonic() + self._sweep_s * random.uniform(0.75, 1.25)

    def pause_partials(self, decode_s: float) -> None:
        """Read no partials for as long as the last ones took, so that they take at most half of the time."""
        self._partials_at = time.monotonic() + decode_s

    async def next(self, me: Worker) -> Taken:
        """Return abandoned jobs if a sweep is due, else urgent jobs, else partials, else other jobs.

        Partials before bulk jobs keep partials visible while a file is recognised. If there is nothing to take,
        borrow a job that another worker is late with, or wait for the next one.
        """
        if time.monotonic() >= self._sweep_at:
            self.sweep_later()
            if abandoned := await self._jobs.sweep(me.slots):
                return Taken(abandoned, [])
        plan = await self._plan(me)
        due: list[int] = []
        if plan.bulk_first and (bulk := await self._take_bulk(plan, due)):
            return Taken(bulk, [])
        if urgent := await self._take(me.live_slots, self._urgent, plan.held_ms[:2], due):
            self._urgent_in_a_row += len(urgent)
            return Taken(urgent, [])
        if self._asked and self._rest_ms() <= 0 and (partials := await self._jobs.take_partials(me.live_slots)):
            return Taken([], partials)
        if bulk := await self._take_bulk(plan, due):
            return Taken(bulk, [])
        if plan.others_busy:
            if borrowed := await self._borrow(me):
                return Taken(borrowed, [])
            due.append(_LOOK_MS)
        return await self._wait(plan, due)

    async def _plan(self, me: Worker) -> ReadPlan:
        if time.monotonic() >= self._fleet_at:
            self._fleet_at = time.monotonic() + FLEET_S
            self._others = fleet(*await self._jobs.fleet(), me.name)
        queues = await self._jobs.glance()
        streams = (*self._urgent, *self._bulk, *self._translations)
        self._filled = frozenset(name for name, queue in zip(streams, queues, strict=False) if queue.entries)
        self._asked = any(queue.entries for queue in queues[len(streams) :])
        del queues[_PLACED : len(streams)]  # translations are read whatever else waits
        return decide(me, self._others, queues, self._urgent_in_a_row)

    async def _borrow(self, me: Worker) -> list[Delivery]:
        held = await self._jobs.others(self._urgent)
        late = self._overdue.late(held, me.speed, time.monotonic())
        return await self._jobs.borrow(late) if late else []

    async def _take_bulk(self, plan: ReadPlan, due: list[int]) -> list[Delivery]:
        streams = [stream for stream, may in zip(self._bulk, plan.bulk, strict=True) if may]
        held = [ms for ms, may in zip(plan.held_ms[2:], plan.bulk, strict=True) if may]
        streams, held = [*streams, *self._translations], [*held, *(0 for _ in self._translations)]
        bulk = await self._take(plan.bulk_slots, streams, held, due) if streams else []
        if bulk:
            self._urgent_in_a_row = 0
        return bulk

    async def _take(
        self, free: int, streams: Sequence[str], held_ms: Sequence[int], due: list[int]
    ) -> list[Delivery]:
        empty = self._filled.isdisjoint(streams)  # entries that came since then end the wait
        if not any(held_ms):
            return [] if empty else await self._jobs.take(free, streams)
        taken, due_ms = ([], -1) if empty else await self._jobs.take_left(free, streams, held_ms)
        due.append(due_ms if due_ms >= 0 else min(ms for ms in held_ms if ms))
        return taken

    async def _wait(self, plan: ReadPlan, due: list[int]) -> Taken:
        """Wait for jobs that need not be left to others; return early when a job that was left may be read."""
        may = zip((*self._urgent, *self._bulk), plan.held_ms, (True, True, *plan.bulk), strict=True)
        streams = [stream for stream, held, readable in may if readable and not held] + list(self._translations)
        rest_ms, sweep_ms = self._rest_ms(), int((self._sweep_at - time.monotonic()) * 1000)
        due_ms = [sweep_ms, *due, *([rest_ms] if rest_ms > 0 else [])]
        taken = await self._jobs.wait(max(1, min(due_ms)), streams, partials=rest_ms <= 0)
        self._count(taken.jobs)
        return taken

    def _rest_ms(self) -> int:
        """Return how long no partials are read; 0 or less: they are read now."""
        return ceil((self._partials_at - time.monotonic()) * 1000)

    def _count(self, taken: Sequence[Delivery]) -> None:
        for delivery in taken:
            urgent = in_shard(delivery.stream, 0) in self._urgent
            self._urgent_in_a_row = self._urgent_in_a_row + 1 if urgent else 0
