"""Live speech of adapters: results in the transcript, a failure that reaches the speaker, and leaving."""

import asyncio
import gc
from typing import Any

import numpy as np
import pytest
from redis.asyncio import Redis

from backend.core.errors import BackendError
from backend.dialects.file_audio import SegmentFailed
from backend.dialects.live_speech import LiveSpeech
from backend.dialects.sessions import DialectSessions
from backend.gateway import Gateway
from backend.http.access import AdmittedRequest
from client.errors import SessionLost
from client.events import ClientEvent
from protocol.job import Keys
from protocol.recognition import Options
from speech.audio_file import read_audio
from tests.app.speech import SPEECH
from tests.backend.fake_worker import FakeWorker, fail, until_withdrawn, working
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until

SPOKEN = np.concatenate([*read_audio(SPEECH / "en-03.flac"), np.zeros(16_000, np.int16)]).tobytes()


async def begun(sessions: DialectSessions, visit: AdmittedRequest) -> LiveSpeech:
    """Return speech whose results go into its transcript."""
    speech = await LiveSpeech.begin(sessions, visit, Options(), "test")

    async def handle_events(event: ClientEvent) -> None:
        speech.take(event)

    speech.handle_events(handle_events)
    return speech


async def test_finished_speech_has_all_results(
    sessions: DialectSessions, visit: AdmittedRequest, worker: FakeWorker, gateway: Gateway
) -> None:
    speech = await begun(sessions, visit)
    await speech.accept_pcm(SPOKEN)
    await speech.finish()
    assert len(speech.transcript.finals) == speech.sent.next_segment == 1
    assert speech.transcript.text()
    await speech.close()
    await speech.close()
    assert not gateway.hub.connections


async def test_segments_of_a_client_that_leaves_are_withdrawn(
    sessions: DialectSessions, visit: AdmittedRequest, broker: Broker
) -> None:
    """The session cannot be resumed: a worker would recognise them in vain."""
    speech = await begun(sessions, visit)
    await speech.accept_pcm(SPOKEN)
    async with Redis.from_url(broker.url) as redis:
        await wait_until(lambda: redis.xlen(Keys().jobs("interactive")), "the segment waits")
        await speech.close()
        await until_withdrawn(redis)


async def test_result_for_a_client_that_is_gone_leaves_no_trace(
    sessions: DialectSessions, visit: AdmittedRequest, worker: FakeWorker
) -> None:
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: complaints.append(context))
    speech = await LiveSpeech.begin(sessions, visit, Options(), "test")
    handled = asyncio.Event()

    async def gone(event: ClientEvent) -> None:
        handled.set()
        raise ConnectionResetError

    speech.handle_events(gone)
    await handled.wait()
    await speech.close()
    del speech
    gc.collect()
    assert not complaints


async def test_lost_session_reaches_the_speaker(
    sessions: DialectSessions, visit: AdmittedRequest, gateway: Gateway
) -> None:
    speech = await begun(sessions, visit)
    await speech.sent.client.close()
    with pytest.raises(SessionLost):
        await speech.accept_pcm(SPOKEN)
    with pytest.raises(SessionLost):
        await speech.finish()
    await speech.close()
    assert not gateway.hub.connections


async def test_failed_segment_reaches_the_speaker(
    sessions: DialectSessions, visit: AdmittedRequest, broker: Broker
) -> None:
    speech = await begun(sessions, visit)

    async def refused() -> BackendError | None:
        try:
            await speech.accept_pcm(b"")
        except BackendError as error:
            return error
        return None

    async with working(broker.url, recognise=fail):
        await speech.accept_pcm(SPOKEN)
        assert isinstance(await wait_until(refused, "the failure is told"), SegmentFailed)
    with pytest.raises(SegmentFailed):
        await speech.finish()
    await speech.close()
