"""Live transcription: a change of the configuration, failures, and clients that leave."""

from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import aiohttp
import msgspec
import numpy as np
import pytest
from redis.asyncio import Redis

from backend.dialects.live_speech import LiveSpeech
from backend.dialects.openai.realtime import REALTIME_PATH, _Conversation, _Speech
from backend.dialects.openai.realtime_events import RealtimeConfig
from backend.dialects.speech_detectors import SpeechDetectors
from backend.dialects.speech_intake import DEFAULT_INTAKE
from backend.gateway import Gateway
from protocol.errors import ErrorCode
from protocol.job import Keys
from protocol.session import Failed
from speech.audio_file import read_audio
from tests.app.speech import SPEECH
from tests.backend.conftest import KEY
from tests.backend.fake_worker import FakeWorker, fail, until_withdrawn, working
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until

SPOKEN = np.concatenate([*read_audio(SPEECH / "en-03.flac"), np.zeros(24_000, np.int16)])
TEXT = "conversation.item.input_audio_transcription"


@asynccontextmanager
async def connected(gateway: Gateway, **given: Any) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """Connect and configure the session."""
    url = f"{gateway.url}{REALTIME_PATH}?api_key={KEY}"
    async with aiohttp.ClientSession() as http, http.ws_connect(url, protocols=("realtime",)) as socket:
        given = {"format": {"type": "audio/pcm", "rate": 16_000}, **given}
        await socket.send_json({"type": "session.update", "session": {"audio": {"input": given}}})
        yield socket


async def append(socket: aiohttp.ClientWebSocketResponse, times: int = 1) -> None:
    audio = b64encode(SPOKEN.tobytes() * times).decode()
    await socket.send_json({"type": "input_audio_buffer.append", "audio": audio})


async def until(socket: aiohttp.ClientWebSocketResponse, kind: str) -> dict[str, Any]:
    """Return the next event of this kind."""
    while (event := await socket.receive_json(timeout=30))["type"] != kind:
        pass
    found: dict[str, Any] = event
    return found


async def test_failed_turn_is_reported_and_the_next_one_continues(gateway: Gateway, broker: Broker) -> None:
    async with connected(gateway, turn_detection=None) as socket:
        async with working(broker.url, recognise=fail):
            await append(socket)
            await socket.send_json({"type": "input_audio_buffer.commit"})
            assert (await until(socket, f"{TEXT}.failed"))["error"]["code"] == "engine_failed"
        async with working(broker.url):
            await append(socket)
            await socket.send_json({"type": "input_audio_buffer.commit"})
            assert (await until(socket, f"{TEXT}.completed"))["transcript"]


async def test_commit_without_speech_is_answered(gateway: Gateway) -> None:
    """With server VAD there is no turn to commit; a client would wait for one."""
    async with connected(gateway) as socket:
        audio = b64encode(bytes(48_000)).decode()
        await socket.send_json({"type": "input_audio_buffer.append", "audio": audio})
        await socket.send_json({"type": "input_audio_buffer.commit"})
        assert (await until(socket, "error"))["error"]["code"] == "input_audio_buffer_commit_empty"


async def test_cleared_long_turn_is_not_recognised(gateway: Gateway, broker: Broker) -> None:
    async with Redis.from_url(broker.url) as redis, connected(gateway, turn_detection=None) as socket:
        await append(socket, times=2)
        await wait_until(lambda: redis.xlen(Keys().jobs("interactive")), "its first segment waits")
        await socket.send_json({"type": "input_audio_buffer.clear"})
        await until_withdrawn(redis)


async def test_new_language_waits_for_the_texts_before(gateway: Gateway, worker: FakeWorker) -> None:
    async with connected(gateway, turn_detection=None) as socket:
        await until(socket, "session.updated")
        await append(socket)
        given = {"transcription": {"language": "zh"}}
        await socket.send_json({"type": "session.update", "session": {"audio": {"input": given}}})
        await until(socket, f"{TEXT}.completed")
        await until(socket, "session.updated")


async def test_update_without_audio_makes_no_turn(gateway: Gateway, worker: FakeWorker) -> None:
    """Clients take each turn for speech that they have committed."""
    async with connected(gateway, turn_detection=None) as socket:
        await append(socket)
        await socket.send_json({"type": "input_audio_buffer.commit"})
        await until(socket, f"{TEXT}.completed")
        given = {"transcription": {"language": "zh"}}
        await socket.send_json({"type": "session.update", "session": {"audio": {"input": given}}})
        assert (await socket.receive_json(timeout=30))["type"] == "session.updated"


async def test_unusable_message_is_an_error_and_not_the_end(gateway: Gateway) -> None:
    async with connected(gateway) as socket:
        await until(socket, "session.updated")
        await socket.send_bytes(SPOKEN.tobytes())
        assert (await socket.receive_json(timeout=30))["error"]["code"] == "invalid_event"
        await socket.send_json({"type": "response.create", "event_id": "e1"})
        error = (await socket.receive_json(timeout=30))["error"]
        assert (error["code"], error["param"], error["event_id"]) == ("unknown_event", "type", "e1")
        await socket.send_json({"type": "input_audio_buffer.commit"})
        assert (await socket.receive_json(timeout=30))["error"]["code"] == "input_audio_buffer_commit_empty"


async def test_client_that_leaves_is_forgotten(gateway: Gateway) -> None:
    async with connected(gateway) as socket:
        await append(socket)
        await wait_until(lambda: gateway.hub.connections, "the session is open")
    await wait_until(lambda: not gateway.hub.connections, "the session is left")


class Heard:
    """Socket that keeps what is sent."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []

    async def send_str(self, text: str) -> None:
        self.messages.append(msgspec.json.decode(text))


async def test_turn_that_fails_before_its_commit_is_reported_after_it() -> None:
    """Until the commit a client does not know the turn, so it could not assign an earlier report."""
    heard, any_ = Heard(), cast(Any, None)
    conversation = _Conversation(cast(Any, heard), any_, any_)
    speech = _Speech(RealtimeConfig(silence_ms=None), LiveSpeech(any_, SpeechDetectors(), DEFAULT_INTAKE), heard=1)
    speech.items.add(speech.item, 0)
    await conversation._send_event(speech, Failed(0, ErrorCode.ENGINE_FAILED, "on purpose"))
    assert heard.messages == []
    await conversation._report_committed(speech.item)
    committed, *_, failed = heard.messages
    assert (committed["type"], failed["type"]) == ("input_audio_buffer.committed", f"{TEXT}.failed")
    assert failed["item_id"] == committed["item_id"]


async def test_rest_of_a_turn_that_lost_its_session_is_no_text(gateway: Gateway, worker: FakeWorker) -> None:
    async with connected(gateway, turn_detection=None) as socket:
        refusal, gateway._draining = gateway._draining, True
        await append(socket)
        await until(socket, "error")
        gateway._draining = refusal
        await append(socket)
        await socket.send_json({"type": "input_audio_buffer.commit"})
        assert (await until(socket, f"{TEXT}.failed"))["error"]["code"] == "busy"
        await append(socket)
        await socket.send_json({"type": "input_audio_buffer.commit"})
        assert (await until(socket, f"{TEXT}.completed"))["transcript"]


@pytest.mark.parametrize("turns", [None, {"type": "server_vad", "silence_duration_ms": 500}])
async def test_results_that_overtake_a_long_message_count(
    gateway: Gateway, worker: FakeWorker, turns: dict[str, Any] | None
) -> None:
    async with connected(gateway, turn_detection=turns) as socket:
        await append(socket, times=6)
        if turns is None:
            await socket.send_json({"type": "input_audio_buffer.commit"})
            assert (await until(socket, f"{TEXT}.completed"))["transcript"]
            return
        for _ in range(6):
            assert (await until(socket, f"{TEXT}.completed"))["transcript"]
