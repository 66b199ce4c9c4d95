"""Limits on unqueued audio of all sessions while the broker accepts none."""

import asyncio
import time
from typing import Final, Literal
from uuid import UUID

import pytest

from backend.admission.admission import AdmissionLimits
from backend.admission.audio_budget import HeldAudio
from backend.admission.bulk_throttle import QueueLimits
from backend.broker.records import JobQueued, Record
from backend.core.errors import TooBusy, TryLater
from backend.core.refusal import RefusalReason
from backend.history.records import SessionOwner
from backend.sessions.ledger import STEP
from backend.sessions.session_slot import SessionSlot
from backend.sessions.settings import SessionSettings
from protocol.audio import encode_frame
from protocol.job import Ended, EndState
from protocol.recognition import Options
from protocol.session import Hello, SegmentBegin, SegmentCancel, SegmentEnd
from tests.backend.sessions.test_hub import Scene

CANCELLED: Final = Record(end=Ended(EndState.CANCELLED, 0))


def small() -> Scene:
    """Return a hub that may hold 200 samples."""
    return Scene(SessionSettings(admission=AdmissionLimits(unqueued_bytes=2 * 200)))


def add(scene: Scene, hosted: SessionSlot, segment: int, start: int, samples: int = 1) -> None:
    scene.hub.frame(hosted, encode_frame(segment, start, bytes(2 * samples)))


@pytest.mark.parametrize(("priority", "most"), [("interactive", 200), ("bulk", 100)])
async def test_audio_above_gateway_limit_is_refused_until_broker_takes_some(
    priority: Literal["interactive", "bulk"], most: int
) -> None:
    scene = small()
    hosted = await scene.speak(most - 1, priority=priority)
    scene.hub.tick(1.0)
    add(scene, hosted, 0, most - 1)
    scene.hub.tick(2.0)
    with pytest.raises(TooBusy) as refused:
        add(scene, hosted, 0, most)
    assert refused.value.reason is RefusalReason.UNQUEUED
    assert sum(scene.hub.held) == hosted.session.unqueued == most
    scene.hub.receive(hosted, SegmentEnd(0, most))
    if priority == "interactive":
        await scene.jobs.answer("submit", JobQueued(0))
    else:
        scene.hub.receive(hosted, SegmentCancel(0))
    scene.hub.tick(3.0)
    scene.hub.receive(hosted, SegmentBegin(1))
    add(scene, hosted, 1, 0)
    assert sum(scene.hub.held) == 1


async def test_audio_above_gateway_limit_is_refused_between_two_ticks() -> None:
    scene = small()
    hosted = await scene.speak(100)
    with pytest.raises(TooBusy):
        for start in range(100, 1_000, 10):
            add(scene, hosted, 0, start, 10)
    assert 200 <= sum(scene.hub.held) <= 200 + 200 // 16 + 10


async def test_files_leave_room_for_speech_and_are_refused_at_hello() -> None:
    scene = small()
    file = await scene.speak(150, priority="bulk")
    scene.hub.tick(1.0)
    assert scene.hub.held == HeldAudio(0, 150)
    again = Hello(UUID(file.identity), options=Options(priority="bulk"), resume=True)
    with pytest.raises(TooBusy):
        await scene.hub.bind(again, SessionOwner("o"), scene.connection)
    scene.jobs.attaches = True
    speaker = await scene.speak(10)
    add(scene, speaker, 0, 10)
    assert scene.hub.held == HeldAudio(11, 150)


async def test_longest_unbound_sessions_are_dropped_until_there_is_room() -> None:
    scene, gone = small(), []
    for samples in (60, 50, 40):
        scene.jobs.attaches = True
        gone.append(await scene.speak(samples))
        scene.hub.unbind(gone[-1], scene.connection)
    first, second, third = gone
    first.left, second.left, third.left = 30.0, 20.0, 36.0
    scene.hub.tick(40.0)
    assert set(scene.hub.hosted) == {third.identity}, (
        "the second goes first; 100 of 200 samples are not less than half, so the first goes too"
    )
    scene.hub.tick(50.0)
    assert scene.hub.held == HeldAudio(40), "40 of 200 samples are less than half"


async def test_session_dropped_during_its_adoption_is_not_kept_without_its_held_back_segments() -> None:
    """If the session were kept, its segment would be complete only here, and its client would wait in vain."""
    scene = Scene(SessionSettings(queue=QueueLimits(session_s=1)))
    hosted = await scene.begin()
    scene.hub.receive(hosted, SegmentBegin(1))
    add(scene, hosted, 1, 0, 100)
    scene.hub.receive(hosted, SegmentEnd(1, 100))
    assert scene.commands == ["submit"], "the second one is held back"
    scene.hub.unbind(hosted, scene.connection)
    scene.jobs.attaches, scene.jobs.held = True, {n: CANCELLED for n in range(2, 4 * STEP)}
    again = Hello(UUID(hosted.identity), resume=True)
    binding = asyncio.create_task(scene.hub.bind(again, SessionOwner("o"), scene.connection))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert hosted.late is not None, "it is adopted"
    scene.hub.tick(time.monotonic() + 100)
    with pytest.raises(TryLater):
        await binding
    assert scene.hub.hosted == {}
    resumed = await scene.hub.bind(again, SessionOwner("o"), scene.connection)
    assert 1 not in resumed.session.live, "its client sends it again"
