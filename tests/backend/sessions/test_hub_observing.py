"""Notifications of hub observers, and refusals of new sessions: each exactly once."""

import asyncio
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from backend.admission.admission import StreamContent
from backend.broker.records import Attachment, Record, SessionGone
from backend.core.errors import BrokerFailed, TooBusy
from backend.core.refusal import RefusalReason
from backend.history.records import SessionOwner
from protocol.audio import SAMPLE_RATE
from protocol.job import Ended, EndState, Keys, Result
from protocol.recognition import Options
from protocol.session import Final, Hello, SegmentBegin, SegmentCancel, SegmentEnd
from tests.backend.sessions.test_hub import Scene, fleet, recognised


async def test_several_failed_commands_count_as_one_refusal() -> None:
    scene = Scene()
    hosted = await scene.begin()
    scene.hub.receive(hosted, SegmentBegin(1))
    scene.hub.receive(hosted, SegmentEnd(1, 0))
    await scene.jobs.answer("submit", BrokerFailed("a bug"))
    await scene.jobs.answer("submit", BrokerFailed("a bug"))
    assert scene.reasons == [RefusalReason.BROKER]


async def test_repeated_result_notifies_observer_once() -> None:
    scene, hosted = await recognised()
    scene.jobs.attaches = True
    for _ in range(2):
        scene.hub.unbind(hosted, scene.connection)
        await scene.hub.bind(Hello(UUID(hosted.identity), resume=True), SessionOwner("o"), scene.connection)
    scene.hub.receive(hosted, SegmentEnd(0, 100))
    assert len([message for message in await scene.sent_messages() if isinstance(message, Final)]) == 4
    assert [final.text for final in scene.ended if isinstance(final, Final)] == ["hi"]


async def test_result_of_other_gateway_notifies_observer_when_sent() -> None:
    scene = Scene()
    scene.jobs.attaches = False
    session = uuid4()
    binding = asyncio.create_task(scene.hub.bind(Hello(session, resume=True), SessionOwner("o"), scene.connection))
    await asyncio.sleep(0)
    known = Record(end=Ended(EndState.FINAL, 0), outcome=Result(str(session), 0, "hi"))
    await scene.jobs.answer("attach", Attachment(2, {0: known}))
    await binding
    assert [final.text for final in scene.ended if isinstance(final, Final)] == ["hi"]
    assert scene.lengths == [0]


async def test_cancelled_segment_notifies_observer_once() -> None:
    scene = Scene()
    hosted = await scene.begin()
    scene.hub.receive(hosted, SegmentCancel(0))
    scene.hub.receive(hosted, SegmentCancel(0))
    assert scene.cancelled_segments == [0]


async def test_new_session_is_refused_when_its_model_is_busy() -> None:
    scene = Scene()
    waits = {Keys().jobs("interactive", "m"): StreamContent(31 * SAMPLE_RATE, 9, 0)}
    scene.hub.surveyed(replace(fleet(1.0), streams=waits))
    scene.jobs.attaches = False
    binding = asyncio.create_task(
        scene.hub.bind(Hello(uuid4(), options=Options(model="m")), SessionOwner("o"), scene.connection)
    )
    await asyncio.sleep(0)
    await scene.jobs.answer("attach", SessionGone())
    with pytest.raises(TooBusy, match="31 s"):
        await binding
