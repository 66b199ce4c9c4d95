"""Pieces of live speech on their way to the broker. Hypotheses and speculations: ``test_hub``."""

import pytest

from backend.admission.admission import Survey
from backend.sessions.session_slot import SessionSlot
from protocol.audio import encode_frame
from protocol.job import JobKind
from protocol.monitor import WorkerState, WorkerStatus
from protocol.session import SegmentBegin
from tests.backend.sessions.test_hub import Scene

STREAMER = WorkerStatus("w", "h", "e", "m", "cpu", WorkerState.IDLE, kinds=("stream",))


async def speak(scene: Scene, memory: float = 0.0) -> SessionSlot:
    """Speak for one second while a streaming worker is there."""
    hosted = await scene.speak(0, partials=True)
    scene.hub.surveyed(Survey(streamers=(STREAMER,), memory=memory))
    scene.hub.frame(hosted, encode_frame(0, 0, bytes(32_000)))
    return hosted


async def test_piece_is_sent_once_and_counted() -> None:
    scene = Scene()
    hosted = await speak(scene)
    scene.hub.frame(hosted, encode_frame(0, 16_000, bytes(32_000)))
    assert scene.commands == ["stream"]
    await scene.jobs.answer("stream", True)
    assert scene.attempts == [(JobKind.STREAM, True)]


async def test_hypothesis_is_tried_where_the_broker_knows_no_worker() -> None:
    scene = Scene()
    await speak(scene)
    await scene.jobs.answer("stream", False)
    assert scene.attempts == [(JobKind.STREAM, False), (JobKind.HYPOTHESISE, False)], "no worker for that either"


@pytest.mark.parametrize("hindrance", ["away", "full", "memory"])
async def test_piece_is_dropped_without_capacity(hindrance: str) -> None:
    scene = Scene()
    scene.jobs.up = hindrance != "away"
    hosted = await scene.speak(0, partials=True)
    scene.hub.surveyed(Survey(streamers=(STREAMER,), memory=0.55 if hindrance == "memory" else 0.0))
    scene.jobs.full = hindrance == "full"
    scene.hub.frame(hosted, encode_frame(0, 0, bytes(32_000)))
    assert scene.commands == []
    assert scene.attempts[0] == (JobKind.STREAM, False)
    assert not scene.connection.closing
    scene.jobs.full = False
    scene.hub.receive(hosted, SegmentBegin(1))
