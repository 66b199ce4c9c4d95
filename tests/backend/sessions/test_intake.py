"""Submission of complete segments: fair turns, bounded queues, missing models."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from backend.admission.admission import Survey
from backend.admission.bulk_throttle import QueueLimits
from backend.admission.offered_models import NO_WORKER_TRANSLATES, Offers
from backend.broker.records import JobQueued, Record, SessionGone
from backend.core.errors import ModelNotOffered, TooBusy
from backend.core.refusal import RefusalReason
from backend.history.records import SessionOwner
from backend.sessions.connection import ClientConnection
from backend.sessions.session_slot import SessionSlot
from backend.sessions.settings import SessionSettings
from protocol.audio import SAMPLE_RATE, encode_frame
from protocol.errors import CloseCode, ErrorCode
from protocol.job import Job, Result
from protocol.monitor import WorkerState, WorkerStatus
from protocol.recognition import Options
from protocol.session import Busy, Failed, Hello, SegmentBegin, SegmentCancel, SegmentEnd
from tests.backend.sessions.test_hub import FakeSocket, Scene

ONE_SLOT = Survey(workers=(WorkerStatus("w", "h", "e", "m", "cpu", WorkerState.IDLE, speed=4.0),))
UNKNOWN = Offers({"zh": 0.0, "en": 30.0}, up_s=9_999.0)


class KeyedScene(Scene):
    """Hub with sessions of several keys. ``submitted``: the jobs that it has sent to the broker."""

    def __init__(self, settings: SessionSettings | None = None) -> None:
        super().__init__(settings)
        self.submitted: list[Job] = []
        submit = self.jobs.__getattr__("submit")

        def record(job: Job) -> Any:
            self.submitted.append(job)
            return submit(job)

        self.jobs.submit = record  # type: ignore[attr-defined] # the fake takes any command

    async def join(self, owner: str, model: str = "", known: dict[int, Record] | None = None) -> SessionSlot:
        self.jobs.attaches, self.jobs.held = True, known or {}
        hello = Hello(uuid4(), options=Options(model=model), resume=known is not None)
        hosted = await self.hub.bind(hello, SessionOwner(owner), ClientConnection(FakeSocket(), 100_000, 10.0))
        self.jobs.commands = [commands for commands in self.jobs.commands if commands[0] != "attach"]
        return hosted

    def say(self, hosted: SessionSlot, segments: range, samples: int = 0) -> None:
        """Send whole segments of silence."""
        for n in segments:
            self.hub.receive(hosted, SegmentBegin(n))
            if samples:
                self.hub.frame(hosted, encode_frame(n, 0, bytes(2 * samples)))
            self.hub.receive(hosted, SegmentEnd(n, samples))

    def end(self, hosted: SessionSlot, segment: int) -> None:
        self.hub.noticed(Result(hosted.identity, segment, "hi"))


async def test_flood_of_empty_segments_does_not_delay_another_key() -> None:
    scene = KeyedScene()
    scene.hub.surveyed(ONE_SLOT)
    hostile, speaker = await scene.join("hostile"), await scene.join("speaker")
    scene.say(hostile, range(400))
    assert len(scene.commands) == 2
    scene.say(speaker, range(1), samples=100)
    assert len(scene.commands) == 3, "the speaker waits for no other key"
    scene.end(hostile, 0)
    assert len(scene.commands) == 4, "the next one of the hostile key"


async def test_sessions_of_one_key_take_turns_as_its_segments_end() -> None:
    scene = KeyedScene()
    scene.hub.surveyed(ONE_SLOT)
    first, second = await scene.join("k"), await scene.join("k")
    sent = scene.submitted
    scene.say(first, range(100))
    scene.say(second, range(3))
    assert [job.session for job in sent] == [first.identity] * 2
    for n in range(6):
        scene.hub.noticed(Result(sent[n].session, sent[n].segment, "hi"))
    assert [job.session for job in sent[2:]] == [first.identity, second.identity] * 3, "the first waited already"


async def test_cancelled_waiting_segment_is_never_submitted() -> None:
    scene = KeyedScene()
    scene.hub.surveyed(ONE_SLOT)
    hosted = await scene.join("k")
    scene.say(hosted, range(20), samples=100)
    for n in range(2, 20):
        scene.hub.receive(hosted, SegmentCancel(n))
    assert not scene.hub.intake.survey_of("k").streams
    for n in range(2):
        scene.end(hosted, n)
    assert scene.commands.count("submit") == 2


async def test_jobs_queued_by_other_gateway_count() -> None:
    scene = KeyedScene()
    scene.hub.surveyed(ONE_SLOT)
    hosted = await scene.join("k", known={n: Record(job=0) for n in range(2)})
    scene.say(hosted, range(2, 4))
    assert not scene.commands
    scene.end(hosted, 0)
    assert scene.commands == ["submit"]


async def test_more_segments_are_submitted_when_fleet_grows() -> None:
    scene = KeyedScene()
    hosted = await scene.join("k")
    scene.say(hosted, range(100))
    assert len(scene.commands) == 60, "a minute while no worker is there"
    workers = tuple(WorkerStatus(f"w{n}", "h", "e", "m", "cpu", WorkerState.IDLE, slots=64) for n in range(2))
    scene.hub.surveyed(Survey(workers=workers))
    assert len(scene.commands) == 100


async def test_key_limit_counts_jobs_of_all_gateways() -> None:
    scene = KeyedScene(SessionSettings(queue=QueueLimits(key_s=10)))
    hosted = await scene.join("k")
    scene.hub.intake.set_queued({"k": 10 * SAMPLE_RATE})
    scene.say(hosted, range(1))
    assert not scene.commands
    scene.hub.intake.set_queued({})
    scene.hub.surveyed(Survey())
    assert scene.commands == ["submit"]


async def test_busy_is_sent_only_to_the_waiting_key() -> None:
    scene = KeyedScene()
    scene.hub.surveyed(ONE_SLOT)
    hostile, speaker = await scene.join("hostile"), await scene.join("speaker")
    scene.say(hostile, range(400))
    scene.hub.surveyed(ONE_SLOT)
    assert isinstance(hostile.busy, Busy) and not hostile.busy.accepting
    assert speaker.busy is None
    with pytest.raises(TooBusy):
        await _unknown(scene, scene.join("hostile"))


async def _unknown(scene: KeyedScene, joining: Any) -> None:
    """Answer the hello of a new session as a broker that may not create it."""

    def gone(*arguments: Any) -> Any:
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        future.set_result(SessionGone())
        assert arguments[3] is False, "it must not be made"
        return future

    scene.jobs.attach = gone  # type: ignore[attr-defined] # the fake takes any command
    await joining


async def test_hello_with_missing_model_is_refused_with_models_on_offer() -> None:
    scene = KeyedScene()
    scene.hub.intake.offers = UNKNOWN
    with pytest.raises(ModelNotOffered, match="On offer: en, zh") as refused:
        await _unknown(scene, scene.join("k", model="none-such"))
    assert refused.value.code is ErrorCode.MODEL_UNAVAILABLE
    assert refused.value.close is CloseCode.UNSUPPORTED_DATA
    scene.hub.turn_away(scene.connection, refused.value)
    assert scene.reasons == [RefusalReason.MODEL]


async def test_loading_worker_offers_no_model() -> None:
    scene = KeyedScene()
    scene.hub.intake.offers = UNKNOWN
    loading = WorkerStatus("w", "h", "e", "", "cpu", WorkerState.STARTING)
    scene.hub.surveyed(Survey(workers=(loading,)))
    assert scene.hub.intake.offers.names(600.0) == ("en", "zh")


async def test_segment_fails_when_its_model_is_gone_and_queued_ones_stay() -> None:
    scene = KeyedScene()
    scene.hub.intake.offers = Offers({"m": 0.0}, up_s=9_999.0)
    hosted = await scene.join("k", model="m")
    scene.say(hosted, range(1), samples=100)
    await scene.jobs.answer("submit", JobQueued(0))
    scene.hub.intake.offers = UNKNOWN
    scene.say(hosted, range(1, 2), samples=100)
    assert not scene.commands
    (failed,) = scene.ended
    assert isinstance(failed, Failed) and (failed.segment, failed.retryable) == (1, False)
    assert failed.code is ErrorCode.MODEL_UNAVAILABLE and "On offer: en, zh" in failed.message
    scene.end(hosted, 0)
    assert [outcome.segment for outcome in scene.ended] == [1, 0]


def test_translations_need_a_worker_that_can_and_the_class_bulk() -> None:
    scene, wanted = KeyedScene(), Options(task="translate", priority="bulk")
    scene.hub.surveyed(ONE_SLOT)
    assert scene.hub.intake.refuse_options(wanted) == NO_WORKER_TRANSLATES
    assert scene.hub.intake.refuse_options(Options()) is None
    able = WorkerStatus("t", "h", "e", "m", "cpu", WorkerState.IDLE, translates=True)
    scene.hub.surveyed(Survey(workers=(*ONE_SLOT.workers, able)))
    assert scene.hub.intake.refuse_options(wanted) is None
    assert "bulk" in str(scene.hub.intake.refuse_options(Options(task="translate")))
    assert [model.translates for model in scene.hub.intake.models] == [True]
