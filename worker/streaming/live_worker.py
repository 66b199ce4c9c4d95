"""Loop of a streaming worker: takes pieces of live speech, feeds them to the engine together, publishes the texts.

Live text is best effort: losses, delays and failures cost nothing else. ``states`` chooses the engine's pieces. A
gateway that gets no answer sends the segment from its beginning to any worker.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from itertools import count
from typing import Any, Final

from msgspec.structs import replace

from protocol.audio import BYTES_PER_SAMPLE, samples_to_seconds
from protocol.engine import EngineInfo, EnginePiece, EngineUnavailable
from protocol.job import ANY_MODEL, LIVE_RENEW_MS, Job, JobKind, Keys, LiveAnswer, encode_notice, is_room_for
from protocol.monitor import WorkerState, WorkerStatus
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.logger import bound_fields
from runtime.tasks import Tasks
from worker.broker.live_shards import LiveShards
from worker.core.decoding import amplify
from worker.core.errors import BrokerError, BrokerUnavailable, EngineFault, EngineRaised
from worker.core.outage import START_S, BrokerOutage
from worker.core.pace import Pace
from worker.core.tally import WorkerReading, WorkerTally
from worker.streaming.occupancy import Occupancy
from worker.streaming.states import FeedPiece, LiveStates
from worker.supervision.engine_supervisor import EngineSupervisor
from worker.supervision.status import StatusReport

log = loggers.WORKER_STREAMING

_SPARE_S: Final = 5.0
_LOOK_MS: Final = 500
_AGAIN_S: Final = 0.5
_LONGEST_PAUSE_S: Final = 60.0
_LEAVE_S: Final = 5.0


class LiveWorker:
    """Complete streaming worker: ``run`` works until ``drain`` is called. ``renew_s`` is shorter in tests."""

    def __init__(
        self, worker: str, jobs: LiveShards, engine: EngineSupervisor, renew_s: float = LIVE_RENEW_MS / 1000
    ) -> None:
        self._worker = worker
        self._jobs = jobs
        self._engine = engine
        self._renew_s = renew_s
        self._pace = Pace(_SPARE_S)
        self._report = StatusReport(worker, engine, self._pace)
        self._states = LiveStates(1, worker)
        self._occupancy = Occupancy()
        self._later: list[Job] = []
        self._draining = asyncio.Event()
        self.tally = WorkerTally()

    def drain(self) -> None:
        """Stop taking speech; sessions continue with other workers. Safe to call twice."""
        self._draining.set()

    def now(self) -> WorkerReading:
        """Return the current state, for another thread."""
        engine, busy = self._engine, self._states.busy(time.monotonic())
        return WorkerReading(self._report.state, engine.info, busy, self._pace.speed, engine.loads, engine.pid)

    async def run(self) -> None:
        """Work until ``drain``. Raises ``EngineUnavailable`` or a ``BrokerError`` when continuing is useless."""
        async with AsyncExitStack() as stack:
            stack.enter_context(bound_fields(worker=self._worker))
            stack.push_async_callback(self._engine.close)
            stack.push_async_callback(self._leave)
            tasks = await stack.enter_async_context(Tasks("worker", expected=(EngineUnavailable, BrokerError)))
            tasks.start(self._work(tasks), "stream")
            reasons: set[asyncio.Future[Any]] = {tasks.start(self._until_drained(), "drain"), tasks.failed}
            await asyncio.wait(reasons, return_when=asyncio.FIRST_COMPLETED)
            if tasks.failed.done():
                raise tasks.failed.result()

    async def _until_drained(self) -> None:
        await self._draining.wait()

    async def _work(self, tasks: Tasks) -> None:
        info = await self._loaded_engine()  # first: an unknown engine is reported even while the broker is away
        await self._retry_until_answered(self._jobs.check)
        self._states = LiveStates(info.slots, self._worker)
        self._report.state = WorkerState.IDLE
        model = info.model or ANY_MODEL
        await self._retry_until_answered(lambda: self._jobs.renew_streams(model, self._status()))
        tasks.start(self._renew_forever(model), "renew")
        log.info(LogEvent.WORKER_READY, worker=self._worker, streams=[Keys().live(model)])
        outage = BrokerOutage()
        while True:
            try:
                await self._step(model)
                outage = BrokerOutage()
            except BrokerUnavailable as error:
                if outage.is_warning_due(time.monotonic()):
                    log.warning(LogEvent.WORKER_WAITING_FOR_BROKER, reason=str(error))
                await asyncio.sleep(_AGAIN_S)
            except EngineFault as fault:
                log.warning(LogEvent.ENGINE_FAILED, reason=str(fault))
                await self._loaded_engine()

    async def _step(self, model: str) -> None:
        """Take waiting pieces, feed them to the engine, and answer."""
        now = time.monotonic()
        places = self._free(now)
        jobs = [*self._later, *await self._jobs.pieces(model, places)]
        if not jobs:
            await self._jobs.piece_waits(_LOOK_MS, model, places > 0)
            return
        plan = self._states.plan(jobs, now)
        self._later = plan.later
        answers = [*plan.answers, *await self._feed(plan.feeds, plan.dropped)]
        wanted = [answer for answer in answers if is_room_for(encode_notice(answer), b"")]
        self.tally.partials += await self._jobs.answer(wanted)

    async def _feed(self, feeds: list[FeedPiece], dropped: list[int]) -> list[LiveAnswer]:
        if not (feeds or dropped):
            return []
        audio_s = samples_to_seconds(sum(len(feed.pcm) for feed in feeds) // BYTES_PER_SAMPLE)
        pieces = [EnginePiece(one.state.id, amplify(one.pcm, one.job.gain_db), one.job.options) for one in feeds]
        started = time.monotonic()
        try:
            texts = await self._engine.feed(pieces, dropped, self._pace.deadline_s(audio_s))
        except EngineFault as fault:
            self._states.forget_failed(feeds, time.monotonic(), engine_lives=isinstance(fault, EngineRaised))
            raise
        ended = time.monotonic()
        self._occupancy.add_call(started, ended)
        self._pace.count_batch(audio_s, ended - started)
        self._report.audio_s += audio_s
        self.tally.audio_s += audio_s
        self.tally.batches.add(len(feeds))
        self.tally.decode.add(ended - started)
        return [self._states.record_text(feed, text) for feed, text in zip(feeds, texts, strict=True)]

    def _free(self, now: float) -> int:
        """Return how many more sessions this worker may take."""
        return 0 if self._occupancy.is_full(now) else max(0, self._states.most - self._states.busy(now))

    def _status(self) -> WorkerStatus:
        slots = self._states.most
        busy = slots - self._free(time.monotonic())
        return replace(self._report.status(), kinds=(JobKind.STREAM.value,), slots=slots, busy=busy)

    async def _loaded_engine(self) -> EngineInfo:
        """Return a loaded engine, however often it must be started. Raises ``EngineUnavailable``."""
        for failures in count():
            try:
                return await self._engine.ensure_loaded()
            except EngineFault as fault:
                pause_s = min(_LONGEST_PAUSE_S, 2.0 ** min(failures, 10))
                log.error(LogEvent.ENGINE_NOT_LOADED, failures=failures + 1, reason=str(fault), again_in_s=pause_s)
                await asyncio.sleep(pause_s)
        raise AssertionError("count does not end")

    async def _renew_forever(self, model: str) -> None:
        outage = BrokerOutage()
        while True:
            await asyncio.sleep(self._renew_s)
            try:
                await self._jobs.renew_streams(model, self._status())
            except BrokerUnavailable as error:
                if outage.is_warning_due(time.monotonic()):
                    log.warning(LogEvent.HEARTBEAT_FAILED, reason=str(error))
            else:
                if (lasted_s := outage.end(time.monotonic())) is not None:
                    log.info(LogEvent.HEARTBEAT_RECOVERED, after_s=round(lasted_s, 1))

    async def _leave(self) -> None:
        try:
            async with asyncio.timeout(_LEAVE_S):
                await self._jobs.leave_streams()
            log.info(LogEvent.WORKER_LEFT, handed_back=0)
        except (BrokerError, TimeoutError) as error:
            log.warning(LogEvent.WORKER_LEAVE_FAILED, reason=str(error) or "no answer from the broker")

    async def _retry_until_answered(self, attempt: Callable[[], Awaitable[None]]) -> None:
        outage = BrokerOutage(START_S)
        while True:
            try:
                return await attempt()
            except BrokerUnavailable as error:
                if outage.is_warning_due(time.monotonic()):
                    log.warning(LogEvent.WORKER_WAITING_FOR_BROKER, reason=str(error))
            await asyncio.sleep(_AGAIN_S)
