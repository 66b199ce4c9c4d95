"""Partials of a worker: has the engine decode them, and publishes them. Best effort."""

import time
from collections.abc import Iterable, Sequence
from typing import Final

from protocol.engine import DecodeOutcome, Transcript
from protocol.job import Hypothesis, encode_notice, is_room_for
from runtime import loggers
from runtime.event_names import LogEvent
from worker.broker.jobs import ShardJobs
from worker.broker.shards import AllShards
from worker.core.decoding import request_of
from worker.core.delivery import Delivery
from worker.core.errors import BrokerUnavailable, EngineFault, EngineRaised
from worker.core.pace import Pace
from worker.core.placement import Worker
from worker.core.tally import WorkerTally
from worker.supervision.engine_supervisor import EngineSupervisor

log = loggers.WORKER_CONSUMER


_MUTED_S: Final = 60.0
"""As long as the longest segment, so that audio that ended an engine is not decoded again."""
_MOST_MUTED: Final = 1_000


class PartialSelection:
    """Best-effort selection of partials. Pure. Rejected ones are dropped silently; ``dropped`` counts them."""

    def __init__(self) -> None:
        self.dropped = 0
        self._muted_until: dict[str, float] = {}

    def select(self, asked: Iterable[Delivery], slots: int, now: float) -> list[Delivery]:
        """Return the requests to decode together: the newest of each unmuted session, at most ``slots``."""
        asked = list(asked)
        newest = {delivery.job.session: delivery for delivery in asked if not delivery.refusal}
        wanted = [one for session, one in newest.items() if self._muted_until.get(session, now) <= now][:slots]
        self.dropped += len(asked) - len(wanted)
        return wanted

    def mute(self, batch: Iterable[Delivery], now: float) -> None:
        """Mute all sessions of a batch with which the engine's process ended.

        Which of them caused it is not tested, because that would cost further engines.
        """
        self._muted_until = {session: until for session, until in self._muted_until.items() if until > now}
        for delivery in batch:
            self._muted_until.pop(delivery.job.session, None)  # keep the newest last
            self._muted_until[delivery.job.session] = now + _MUTED_S
        for session in list(self._muted_until)[:-_MOST_MUTED]:
            del self._muted_until[session]


class PartialMaker:
    """Maker of partials: a failure affects only this call, without retry or blame for its segments.

    Partials do not count in the worker's status: for jobs the worker is free. Nor do they count in its pace,
    because short audio takes longer than its share and would lengthen the deadlines of jobs.
    """

    def __init__(
        self, jobs: ShardJobs | AllShards, engine: EngineSupervisor, pace: Pace, tally: WorkerTally
    ) -> None:
        self._jobs = jobs
        self._engine = engine
        self._pace = pace
        self._tally = tally
        self._selection = PartialSelection()

    async def make(self, asked: Sequence[Delivery], me: Worker) -> float:
        """Make the selected partials; return the seconds that the engine took."""
        started = time.monotonic()
        batch = self._selection.select(asked, me.live_slots, started)
        if not batch:
            return 0.0
        deadline_s = self._pace.deadline_s(sum(delivery.seconds for delivery in batch))
        try:
            outcomes = await self._engine.decode([request_of(delivery.job) for delivery in batch], deadline_s)
            for delivery, outcome in zip(batch, outcomes, strict=True):
                await self._publish(delivery, outcome)
        except EngineRaised as fault:
            log.debug(
                LogEvent.PARTIALS_FAILED, batch=len(batch), reason=str(fault), dropped=self._selection.dropped
            )
        except EngineFault as fault:
            log.warning(LogEvent.ENGINE_ENDED_WITH_PARTIALS, batch=len(batch), reason=str(fault))
            self._selection.mute(batch, time.monotonic())
        except BrokerUnavailable as error:
            log.debug(LogEvent.PARTIALS_NOT_SENT, reason=str(error))
        return time.monotonic() - started

    async def _publish(self, delivery: Delivery, outcome: DecodeOutcome) -> None:
        job = delivery.job
        if not isinstance(outcome, Transcript):
            return
        said = Hypothesis(job.session, job.segment, outcome.text, job.attempt, job.samples)
        if is_room_for(encode_notice(said), job.pcm):
            self._tally.partials += 1
            await self._jobs.hypothesise(said)
