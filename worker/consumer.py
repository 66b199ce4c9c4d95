"""Worker loop: takes jobs, has the engine decode them call by call, settles them, and renews leases meanwhile.

Other modules make the decisions: ``placement`` chooses what to read, ``batcher`` what to decode together,
``leases`` what to renew, ``pace`` how long a decode may take; the scripts settle the jobs. ``partial_maker`` makes
the partials.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any, Final, TypeVar

from protocol.engine import DecodeFailure, DecodeOutcome, EngineInfo, Transcript
from protocol.errors import ErrorCode
from protocol.job import (
    HEARTBEAT_MS,
    MOST_FAILURES,
    RENEW_MS,
    SWEEP_MS,
    Failure,
    Keys,
    Result,
    encode_notice,
    is_room_for,
)
from protocol.monitor import WorkerState
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.logger import bound_fields
from runtime.tasks import Tasks, cancel_and_wait, within
from worker.batcher import Batcher
from worker.broker.jobs import ShardJobs, Verdict
from worker.broker.shards import AllShards
from worker.core.decoding import request_of
from worker.core.delivery import Delivery
from worker.core.errors import BrokerError, BrokerUnavailable, EngineFault, EngineTimedOut, OutcomeRefused
from worker.core.outage import START_S, BrokerOutage
from worker.core.pace import SPARE_S, Pace
from worker.core.placement import Worker, job_streams, partial_streams
from worker.core.tally import FINAL, NOT_WANTED, WorkerReading, WorkerTally
from worker.job_log import JobLog
from worker.leases import Leases
from worker.partial_maker import PartialMaker
from worker.reader import JobReader
from worker.supervision.engine_supervisor import EngineSupervisor
from worker.supervision.status import StatusReport

log = loggers.WORKER_CONSUMER

T = TypeVar("T")

_SHORTEST_BACKOFF_S: Final = 0.1
_LONGEST_BACKOFF_S: Final = 2.0
_MOST_DOUBLINGS: Final = 16
_LONGEST_MESSAGE: Final = 500  # characters
_LEAVE_S: Final = 5.0


@dataclass(frozen=True)
class ConsumerIntervals:
    """Intervals of the worker's periodic tasks, shortened in tests.

    An engine that does not load is started again after ``engine_pause_s``, doubled each time up to
    ``engine_longest_pause_s``. A missing answer of the broker is logged after ``broker_patience_s``.
    """

    renew_s: float = RENEW_MS / 1000
    sweep_s: float = SWEEP_MS / 1000
    heartbeat_s: float = HEARTBEAT_MS / 1000
    drain_s: float = 20.0
    decode_spare_s: float = SPARE_S
    engine_pause_s: float = 1.0
    engine_longest_pause_s: float = 60.0
    broker_patience_s: float = START_S


class Consumer:
    """Complete worker: ``run`` works until ``drain`` is called."""

    def __init__(
        self,
        worker: str,
        jobs: ShardJobs | AllShards,
        engine: EngineSupervisor,
        timing: ConsumerIntervals,
        keys: Keys,
    ) -> None:
        self._worker = worker
        self._jobs = jobs
        self._engine = engine
        self._timing = timing
        self._keys = keys
        self._batcher = Batcher()
        self._leases = Leases()
        self._pace = Pace(timing.decode_spare_s)
        self._job_log = JobLog()
        self._report = StatusReport(worker, engine, self._pace)
        self.tally = WorkerTally()
        self._partials = PartialMaker(jobs, engine, self._pace, self.tally)
        self._draining = asyncio.Event()
        self._state_changed = asyncio.Event()
        self._reached = False
        self._reader = JobReader(jobs, job_streams(keys, engine.info.model), timing.sweep_s)

    def drain(self) -> None:
        """Stop taking jobs; finish the current batch, hand back all other jobs, leave. Safe to call twice."""
        self._draining.set()

    def now(self) -> WorkerReading:
        """Return the current state, for another thread."""
        report, engine = self._report, self._engine
        return WorkerReading(report.state, engine.info, report.busy, self._pace.speed, engine.loads, engine.pid)

    async def run(self) -> None:
        """Work until ``drain``. Raises ``EngineUnavailable`` or a ``BrokerError`` when continuing is useless."""
        async with AsyncExitStack() as stack:
            stack.enter_context(bound_fields(worker=self._worker))
            stack.push_async_callback(self._engine.close)
            stack.push_async_callback(self._leave)
            tasks = await stack.enter_async_context(Tasks("worker", expected=(BrokerError,)))
            work = await stack.enter_async_context(_cancelled_at_exit(self._work(tasks), "work"))
            draining = await stack.enter_async_context(_cancelled_at_exit(self._draining.wait(), "drain"))
            reasons: set[asyncio.Future[Any]] = {work, draining, tasks.failed}
            await asyncio.wait(reasons, return_when=asyncio.FIRST_COMPLETED)
            if tasks.failed.done():
                raise tasks.failed.result()
            self._report.state = WorkerState.DRAINING
            if self._report.busy:
                log.info(LogEvent.WORKER_DRAINING, busy=self._report.busy, deadline_s=self._timing.drain_s)
                await asyncio.wait({work}, timeout=self._timing.drain_s)
            if work.done():
                work.result()

    # -- main loop -----------------------------------------------------------------------------------------

    async def _work(self, tasks: Tasks) -> None:
        await self._start(tasks)
        while not self._draining.is_set():
            info = await self._loaded_engine()
            self._report.state = WorkerState.IDLE
            taken = await self._retry_until_answered(partial(self._reader.next, self._own_status(info)))
            for delivery in taken.jobs:
                await self._accept(delivery)
            if taken.partials:
                self._reader.pause_partials(await self._partials.make(taken.partials, self._own_status(info)))
            while not self._draining.is_set() and (call := self._batcher.next(info)):
                await self._loaded_engine()
                if call := [delivery for delivery in call if self._leases.holds(delivery)]:
                    await self._decode(call)

    async def _start(self, tasks: Tasks) -> None:
        """Load the engine and connect to the broker concurrently, so that either failure is reported at once."""
        async with (
            _cancelled_at_exit(self._loaded_engine(), "load") as load,
            _cancelled_at_exit(self._reach(tasks), "reach") as reach,
        ):
            info, _ = await asyncio.gather(load, reach)
        streams = job_streams(self._keys, info.model, translates=info.translates)
        self._reader = JobReader(self._jobs, streams, self._timing.sweep_s)
        await self._retry_until_answered(
            lambda: self._jobs.serve(streams, partial_streams(self._keys, info.model))
        )
        tasks.start(self._renew_forever(), "renew")
        self._report.state = WorkerState.IDLE
        self._state_changed.set()
        log.info(LogEvent.WORKER_READY, worker=self._worker, streams=streams)

    async def _reach(self, tasks: Tasks) -> None:
        await self._retry_until_answered(self._jobs.check)
        self._reached = True
        tasks.start(self._beat_forever(), "heartbeat")

    async def _loaded_engine(self) -> EngineInfo:
        """Return a loaded engine. While none loads, hand jobs back, so that other workers can take them.

        The death of one engine process does not mean that the next one fails. Raises ``EngineUnavailable`` if
        the engine itself says that it cannot run here.
        """
        for failures in count():
            try:
                info = await self._engine.ensure_loaded()
            except EngineFault as fault:
                pause_s = self._timing.engine_pause_s * 2.0 ** min(failures, _MOST_DOUBLINGS)
                pause_s = min(pause_s, self._timing.engine_longest_pause_s)
                log.error(LogEvent.ENGINE_NOT_LOADED, failures=failures + 1, reason=str(fault), again_in_s=pause_s)
                self._report.state, self._report.problem = WorkerState.STARTING, str(fault)
                self._state_changed.set()
                await self._hand_back()
                await asyncio.sleep(pause_s)
            else:
                if self._report.problem:
                    self._report.problem = ""
                    self._state_changed.set()
                return info
        raise AssertionError("count does not end")

    async def _hand_back(self) -> None:
        if held := self._leases.release_all():
            for delivery in held:
                self._batcher.discard(delivery)
            self._job_log.forget(held)
            log.info(LogEvent.JOBS_HANDED_BACK, jobs=await self._retry_until_answered(self._jobs.leave))

    def _own_status(self, info: EngineInfo) -> Worker:
        return Worker(self._worker, info.model, self._pace.speed, info.slots, info.device)

    async def _accept(self, delivery: Delivery) -> None:
        self._leases.hold(delivery)
        self._job_log.note_taken(delivery, time.monotonic())
        if delivery.refusal:
            await self._fail(delivery, delivery.refusal, most_failures=1)
        else:
            self._batcher.add(delivery)

    async def _decode(self, batch: Sequence[Delivery]) -> None:
        """Have the engine decode one call, and settle its jobs at once."""
        audio_s = sum(delivery.seconds for delivery in batch)
        deadline_s = self._pace.deadline_s(audio_s)
        started = time.monotonic()
        self._leases.decoding(batch, started + deadline_s)
        self._job_log.note_decoding(batch, started)
        self._report.busy, self._report.state = len(batch), WorkerState.BUSY
        try:
            outcomes = await self._engine.decode([request_of(delivery.job) for delivery in batch], deadline_s)
            decode_s = time.monotonic() - started
            self._pace.count_batch(audio_s, decode_s)
            self.tally.count_batch(batch, decode_s)
            for delivery, outcome in zip(batch, outcomes, strict=True):
                await self._settle(delivery, outcome, int(decode_s * 1000))
        except EngineFault as fault:
            await self._handle_failed_call(batch, fault)
        finally:
            self._report.busy = 0

    async def _handle_failed_call(self, batch: Sequence[Delivery], fault: EngineFault) -> None:
        """Handle the failure of a whole call: a single job is blamed; several jobs are retried one by one."""
        log.warning(LogEvent.ENGINE_FAILED, batch=len(batch), reason=str(fault))
        if isinstance(fault, EngineTimedOut):
            self._pace.note_timeout()
        for delivery in filter(self._leases.holds, batch):
            if len(batch) == 1:
                await self._fail(delivery, DecodeFailure(fault.code, str(fault)))
            else:
                self._leases.hold(delivery)
                self._job_log.log_retry(delivery, time.monotonic())
                self._batcher.add(delivery, alone=True)

    # -- end of a job --------------------------------------------------------------------------------------

    async def _settle(self, delivery: Delivery, outcome: DecodeOutcome, decode_ms: int) -> None:
        if not self._leases.holds(delivery):
            return  # another worker has it now; this was already logged
        if isinstance(outcome, DecodeFailure):
            await self._fail(delivery, outcome)
            return
        result = self._result(delivery, outcome, decode_ms)
        if not is_room_for(encode_notice(result), delivery.job.pcm):
            too_long = DecodeFailure(ErrorCode.ENGINE_FAILED, "the engine gave more text than the audio can hold")
            await self._fail(delivery, too_long)
            return
        self._leases.settling(delivery)
        try:
            counted = await self._retry_until_answered(lambda: self._jobs.finish(delivery, result))
        except OutcomeRefused as error:
            why = f"its result cannot be stored: {error}"
            await self._fail(delivery, DecodeFailure(ErrorCode.ENGINE_FAILED, why))
            return
        self._leases.release([delivery.key])
        self._report.done += 1
        self._report.audio_s += delivery.seconds
        self.tally.count_job(FINAL if counted else NOT_WANTED, delivery.seconds)
        self._job_log.log_end(delivery, decode_ms, counted, time.monotonic())

    def _result(self, delivery: Delivery, transcript: Transcript, decode_ms: int) -> Result:
        return Result(
            session=delivery.job.session,
            segment=delivery.job.segment,
            text=transcript.text,
            attempt=delivery.job.attempt,
            language=transcript.language,
            words=transcript.words,
            model=self._engine.info.model,
            worker=self._worker,
            queue_ms=delivery.age_ms,
            decode_ms=decode_ms,
            emotion=transcript.emotion,
            event=transcript.event,
        )

    async def _fail(self, delivery: Delivery, why: DecodeFailure, most_failures: int = MOST_FAILURES) -> None:
        job = delivery.job
        if delivery.borrowed:  # only its owner may fail a borrowed job
            self._job_log.forget(self._leases.release([delivery.key]))
            return
        message = why.message[:_LONGEST_MESSAGE]
        failure = Failure(job.session, job.segment, why.code, message, job.attempt, retryable=True)
        self._leases.settling(delivery)
        try:
            verdict = await self._retry_until_answered(lambda: self._jobs.fail(delivery, failure, most_failures))
        except OutcomeRefused as error:  # the lease will expire, and the next worker may be able to store it
            self._leases.release([delivery.key])
            self._job_log.log_refusal(delivery, str(error), time.monotonic())
            return
        self._leases.release([delivery.key])
        self._report.failed += verdict is Verdict.DEAD
        self.tally.count_job(verdict)
        self._reader.sweep_later()  # let other workers try first: this one may be broken
        self._job_log.log_failure(delivery, why, verdict, time.monotonic())

    # -- background tasks ----------------------------------------------------------------------------------

    async def _renew_forever(self) -> None:
        outage = BrokerOutage()
        while True:
            await asyncio.sleep(self._timing.renew_s)
            held = self._leases.to_renew(time.monotonic())
            try:
                lost = await self._jobs.renew(held)
            except BrokerUnavailable as error:
                if outage.is_warning_due(time.monotonic()):
                    log.warning(LogEvent.LEASES_NOT_RENEWED, reason=str(error))
            else:
                if (lasted_s := outage.end(time.monotonic())) is not None:
                    log.info(LogEvent.LEASES_RENEWED_AGAIN, after_s=round(lasted_s, 1))
                self._abandon(delivery for delivery in held if delivery.key in lost)
                self._job_log.log_renewal(filter(self._leases.holds, held), time.monotonic())

    def _abandon(self, lost: Iterable[Delivery]) -> None:
        for delivery in self._leases.lose(lost):
            self._batcher.discard(delivery)
            self.tally.count_job(Verdict.LOST)
            self._job_log.log_loss(delivery, time.monotonic())

    async def _beat_forever(self) -> None:
        outage = BrokerOutage()
        while True:
            try:
                await self._jobs.heartbeat(self._report.status())
            except BrokerUnavailable as error:
                if outage.is_warning_due(time.monotonic()):
                    log.warning(LogEvent.HEARTBEAT_FAILED, reason=str(error))
            else:
                if (lasted_s := outage.end(time.monotonic())) is not None:
                    log.info(LogEvent.HEARTBEAT_RECOVERED, after_s=round(lasted_s, 1))
            async with within(self._timing.heartbeat_s):  # report at once when it becomes ready or fails
                await self._state_changed.wait()
            self._state_changed.clear()

    async def _leave(self) -> None:
        if not self._reached:
            return
        try:
            async with asyncio.timeout(_LEAVE_S):
                handed_back = await self._retry_until_answered(self._jobs.leave)
            log.info(LogEvent.WORKER_LEFT, handed_back=handed_back)
        except (BrokerError, TimeoutError) as error:
            log.warning(LogEvent.WORKER_LEAVE_FAILED, reason=str(error) or "no answer from the broker")

    async def _retry_until_answered(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Repeat ``attempt`` until the broker answers. Every script may run twice without harm."""
        backoff_s = _SHORTEST_BACKOFF_S
        outage = BrokerOutage(0.0 if self._reached else self._timing.broker_patience_s)
        while True:
            try:
                done = await attempt()
                self.tally.returns += backoff_s > _SHORTEST_BACKOFF_S
                return done
            except BrokerUnavailable as error:
                if outage.is_warning_due(time.monotonic()):
                    log.warning(LogEvent.WORKER_WAITING_FOR_BROKER, reason=str(error))
            await asyncio.sleep(random.uniform(backoff_s / 2, backoff_s))
            backoff_s = min(backoff_s * 2, _LONGEST_BACKOFF_S)


@asynccontextmanager
async def _cancelled_at_exit(coroutine: Coroutine[Any, Any, T], name: str) -> AsyncIterator[asyncio.Task[T]]:
    task = asyncio.create_task(coroutine, name=f"worker/{name}")
    try:
        yield task
    finally:
        await cancel_and_wait({task})
        if not task.cancelled():
            task.exception()  # marked as retrieved: an earlier error may have kept others from awaiting the task
