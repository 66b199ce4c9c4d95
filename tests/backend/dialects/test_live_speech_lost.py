"""Clients of other protocols get an error when the broker dies in mid-session, and keep the texts before it."""

import signal
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import numpy as np
import pytest

from backend.gateway import Gateway
from backend.running_gateway import running_gateway
from backend.settings import GatewaySettings
from speech.audio_file import read_audio
from tests.app.speech import SPEECH
from tests.backend.conftest import KEY
from tests.backend.fake_worker import working
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until

SPOKEN = np.concatenate([*read_audio(SPEECH / "en-03.flac"), np.zeros(24_000, np.int16)]).tobytes()
BASE64 = b64encode(SPOKEN).decode()
PCM = {"format": {"type": "audio/pcm", "rate": 16_000}}


@dataclass
class Protocol:
    """Protocol of another server. ``text``, ``error``: of a message, or nothing. ``speak``: nth speech."""

    path: str
    begin: list[dict[str, Any]]
    speak: Callable[[int], bytes | dict[str, Any]]
    text: Callable[[dict[str, Any]], Any]
    error: Callable[[dict[str, Any]], Any]


PROTOCOLS = {
    "realtime": Protocol(
        f"/v1/realtime?api_key={KEY}",
        [{"type": "session.update", "session": {"audio": {"input": PCM}}}],
        lambda _: {"type": "input_audio_buffer.append", "audio": BASE64},
        lambda said: said["type"].endswith("transcription.completed"),
        lambda said: said["type"] == "error" and said["error"]["code"] == "unavailable",
    ),
    "deepgram": Protocol(
        f"/v1/listen?api_key={KEY}&encoding=linear16&sample_rate=16000",
        [],
        lambda _: SPOKEN,
        lambda said: said["type"] == "Results" and said["is_final"],
        lambda said: said["type"] == "Error" and said["variant"] == "NET-0000",
    ),
    "funasr": Protocol(
        f"/v1/funasr?token={KEY}",
        [{"mode": "2pass", "is_speaking": True}],
        lambda _: SPOKEN,
        lambda said: said["text"],
        lambda said: said.get("error", {}).get("code") == "busy",
    ),
    "earlier": Protocol(
        f"/ws/asr?api_key={KEY}",
        [{"action": "start", "session_id": "a", "user_id": "ann"}],
        lambda n: {"action": "chunk", "session_id": "a", "chunk_index": n, "audio_data": BASE64},
        lambda said: said["type"] == "chunk_result" and said["text"],
        lambda said: said["type"] == "error",
    ),
}


@pytest.fixture
async def gateway(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Gateway]:
    """A gateway that notices a dead broker soon, and gives up soon after."""
    monkeypatch.setattr("backend.broker.connections.REPLY_S", 1.0)
    monkeypatch.setattr("backend.broker.shard.REPLY_S", 1.0)
    monkeypatch.setattr("backend.dialects.patience.AWAY_S", 1.0)
    settings = GatewaySettings(redis=broker.url, key=KEY, earlier_protocol=True, drain_s=0.1)
    async with running_gateway(settings) as gateway:
        yield gateway


class Talk:
    """Client of a protocol, connected to a gateway."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, protocol: Protocol) -> None:
        self._socket, self._protocol = socket, protocol

    async def say(self, message: bytes | dict[str, Any]) -> None:
        """Send audio as it is, anything else as JSON."""
        await (self._socket.send_bytes(message) if isinstance(message, bytes) else self._socket.send_json(message))

    async def speak(self, number: int, *, text: bool) -> list[dict[str, Any]]:
        """Say the nth speech, and return all messages up to its text, or else up to the error."""
        wanted, never = self._protocol.text, self._protocol.error
        if not text:
            wanted, never = never, wanted
        await self.say(self._protocol.speak(number))
        messages = [await self._socket.receive_json(timeout=30)]
        while not wanted(messages[-1]):
            assert not never(messages[-1]), messages
            messages.append(await self._socket.receive_json(timeout=30))
        return messages


@asynccontextmanager
async def talking(gateway: Gateway, name: str) -> AsyncIterator[Talk]:
    """Connect a client of a protocol, and begin."""
    protocol = PROTOCOLS[name]
    async with aiohttp.ClientSession() as http, http.ws_connect(gateway.url + protocol.path) as socket:
        talk = Talk(socket, protocol)
        for message in protocol.begin:
            await talk.say(message)
        yield talk


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
@pytest.mark.parametrize("name", PROTOCOLS)
async def test_waiting_client_gets_an_error_when_the_broker_is_dead(
    gateway: Gateway, broker: Broker, name: str, how: signal.Signals
) -> None:
    async with talking(gateway, name) as talk:
        async with working(broker.url):
            await talk.speak(0, text=True)
        broker.process.send_signal(how)
        await talk.speak(1, text=False)


async def test_connection_continues_once_the_broker_is_back(gateway: Gateway, broker: Broker) -> None:
    """The Realtime API closes no connection after an error."""
    async with talking(gateway, "realtime") as talk:
        async with working(broker.url):
            await talk.speak(0, text=True)
        broker.process.send_signal(signal.SIGSTOP)
        lost = await talk.speak(1, text=False)
        assert [message["type"].rpartition(".")[2] for message in lost[-2:]] == ["failed", "error"]
        broker.process.send_signal(signal.SIGCONT)
        await wait_until(lambda: gateway.monitor.up, "the broker is back")
        async with working(broker.url):
            await talk.speak(2, text=True)
