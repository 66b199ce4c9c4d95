"""A connection of FunASR's protocol: order of texts, live text, errors, and revoked or refused devices."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from random import Random
from typing import Any, cast

import aiohttp
import msgspec
import numpy as np
import pytest
import soxr
from aiohttp import WSMessage, WSMsgType
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from backend.dialects.funasr.messages import Config
from backend.dialects.funasr.routes import FUNASR_PATH
from backend.dialects.funasr.stream import FunasrConversation, _code, _Speech
from backend.dialects.live_speech import LiveSpeech
from backend.dialects.sessions import DialectSessions
from backend.dialects.sockets import incoming
from backend.dialects.speech_detectors import SpeechDetectors
from backend.dialects.speech_intake import DEFAULT_INTAKE
from backend.dialects.spool import RequestFiles, open_spool
from backend.gateway import Gateway
from backend.http.access import AdmittedRequest
from backend.rest.file_settings import FileSettings
from backend.running_gateway import running_gateway
from backend.settings import GatewaySettings
from client.errors import Refused, SessionLost, Unreachable
from protocol.session import Final, Partial
from speech.audio_file import read_audio
from tests.app.speech import SPEECH
from tests.backend.conftest import KEY
from tests.backend.fake_worker import FakeWorker, fail, working
from tests.helpers.examples import examples
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until

FILE = SPEECH / "en-03.flac"
PIECE, MOST_BYTES = 100_000, 1_000_000
NO_MORE: dict[str, Any] = {}
SPOKEN = np.concatenate([*read_audio(SPEECH / "en-03.flac"), np.zeros(16_000, np.int16)])


@pytest.fixture
async def filing(broker: Broker, tmp_path: Path) -> AsyncIterator[Gateway]:
    """A gateway with a folder for files."""
    files = FileSettings(tmp_path / "submitted", most_bytes=MOST_BYTES)
    async with running_gateway(GatewaySettings(redis=broker.url, key=KEY, files=files)) as gateway:
        yield gateway


@asynccontextmanager
async def sending(
    gateway: Gateway, data: bytes, end: Mapping[str, Any] = NO_MORE, **config: Any
) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """Connect, and send a file in pieces. ``end``: more fields of the last message."""
    url = f"{gateway.url}{FUNASR_PATH}?token={KEY}"
    async with aiohttp.ClientSession() as http, http.ws_connect(url) as socket:
        await socket.send_json({"is_speaking": True, **config})
        for start in range(0, len(data), PIECE):
            await socket.send_bytes(data[start : start + PIECE])
        await socket.send_json({"is_speaking": False, **end})
        yield socket


@asynccontextmanager
async def speaking(gateway: Gateway, **config: Any) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """Connect, and say all of the speech in the first configuration."""
    url = f"{gateway.url}{FUNASR_PATH}?token={KEY}"
    async with aiohttp.ClientSession() as http, http.ws_connect(url) as socket:
        await socket.send_json({"is_speaking": True, **config})
        await socket.send_bytes(resampled(config.get("audio_fs", 16_000)).tobytes())
        yield socket


def resampled(rate: int) -> NDArray[np.int16]:
    """Return the speech at another rate."""
    samples: NDArray[np.int16] = soxr.resample(SPOKEN, 16_000, rate)
    return samples


async def until_final(socket: aiohttp.ClientWebSocketResponse) -> list[dict[str, Any]]:
    """Return all messages up to the last one."""
    messages = [await socket.receive_json(timeout=30)]
    while not messages[-1]["is_final"]:
        messages.append(await socket.receive_json(timeout=30))
    return messages


async def error_while_speaking(socket: aiohttp.ClientWebSocketResponse) -> str:
    """Send silence until an error comes, and return its code."""
    while True:
        await socket.send_bytes(bytes(3_200))
        with suppress(TimeoutError):
            if failed := (await socket.receive_json(timeout=0.1)).get("error"):
                return str(failed["code"])


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100])
async def test_texts_come_in_spoken_order(gateway: Gateway, worker: FakeWorker, rate: int) -> None:
    async with speaking(gateway, mode="2pass", audio_fs=rate) as socket:
        await socket.send_json({"is_speaking": False})
        messages = await until_final(socket)
    texts = [message["text"] for message in messages if message["mode"] == "2pass-offline"]
    assert texts[-1] == "" and all(texts[:-1]) and len(texts) > 1
    await wait_until(lambda: not gateway.hub.connections, "the session is left")


async def test_failed_segment_is_an_error(gateway: Gateway, broker: Broker) -> None:
    async with working(broker.url, recognise=fail), speaking(gateway, mode="offline") as socket:
        await socket.send_json({"is_speaking": False})
        (message,) = await until_final(socket)
    assert (message["error"]["code"], message["text"]) == ("engine_failed", "")


async def test_rest_of_a_failed_speech_is_no_text(gateway: Gateway, broker: Broker) -> None:
    """A client that sends on after an error gets no second last message, whose text would be a part."""
    async with speaking(gateway, mode="2pass") as socket:
        async with working(broker.url, recognise=fail):
            assert await error_while_speaking(socket) == "engine_failed"
        async with working(broker.url):
            await socket.send_bytes(SPOKEN.tobytes())
            await socket.send_json({"is_speaking": False, "is_end": True})
            end = await socket.receive_json(timeout=30)
            assert (end["is_end"], end["is_final"], end["error"]["code"]) == (True, False, "engine_failed")
            await socket.send_json({"is_speaking": True})
            await socket.send_bytes(SPOKEN.tobytes())
            await socket.send_json({"is_speaking": False, "is_end": True})
            assert not any("error" in message for message in await until_final(socket))
            assert (await socket.receive_json(timeout=30))["is_final"]


async def test_end_that_fails_is_acknowledged_as_failed(filing: Gateway) -> None:
    async with sending(filing, b"this is not audio", end={"is_end": True}, wav_format="mp3") as socket:
        assert (await socket.receive_json(timeout=30))["is_final"]
        end = await socket.receive_json(timeout=30)
    assert (end["is_end"], end["is_final"], end["error"]["code"]) == (True, False, "unsupported")


async def test_audio_after_unusable_configuration_is_not_recognised(gateway: Gateway, worker: FakeWorker) -> None:
    async with speaking(gateway, audio_fs=96_000) as socket:
        assert (await socket.receive_json(timeout=30))["error"]["code"] == "malformed"
        await socket.send_json({"is_speaking": False, "is_end": True})
        assert (await socket.receive_json(timeout=30))["error"]["code"] == "malformed"


@pytest.mark.parametrize("mode", ["offline", "online", "2pass"])
async def test_file_is_recognised_in_its_container(filing: Gateway, worker: FakeWorker, mode: str) -> None:
    async with sending(filing, FILE.read_bytes(), mode=mode, wav_format="flac") as socket:
        messages = await until_final(socket)
    assert messages[0]["text"] and len(messages) == (1 if mode == "offline" else 2)
    assert {message["mode"] for message in messages} == {"2pass-offline" if mode == "2pass" else mode}


async def test_unreadable_file_is_an_error_and_not_the_end(filing: Gateway) -> None:
    async with sending(filing, b"this is not audio", mode="offline", wav_format="mp3") as socket:
        (message,) = await until_final(socket)
        assert message["error"]["code"] and message["text"] == ""
        await socket.send_json({"is_speaking": False, "wav_format": "pcm"})
        assert "error" not in (await until_final(socket))[-1]


async def test_stalled_file_gives_its_place_back(
    sessions: DialectSessions, visit: AdmittedRequest, tmp_path: Path
) -> None:
    async def messages() -> AsyncIterator[WSMessage]:
        yield WSMessage(WSMsgType.TEXT, '{"is_speaking": true, "wav_format": "mp3"}', None)
        await asyncio.Event().wait()

    heard, files = Heard(), RequestFiles(lambda: open_spool(tmp_path, 0), FileSettings(tmp_path))
    conversation = FunasrConversation(cast(Any, heard), sessions, visit, files, file_idle_s=0.05)
    async with asyncio.timeout(30), incoming(cast(Any, messages())) as read:
        await conversation.converse(read)
    assert heard.messages[-1]["error"]["code"] == "malformed"
    assert not files.room.files and not visit.access.uploading


async def test_file_that_comes_in_drops_gives_its_place_back(
    sessions: DialectSessions, visit: AdmittedRequest, tmp_path: Path
) -> None:
    heard = Heard()

    async def messages() -> AsyncIterator[WSMessage]:
        yield WSMessage(WSMsgType.TEXT, '{"is_speaking": true, "wav_format": "mp3"}', None)
        while not heard.messages:
            yield WSMessage(WSMsgType.BINARY, b"x", None)
            await asyncio.sleep(0.01)

    settings = FileSettings(tmp_path, slack_s=0.05, least_bytes_s=1_000_000)
    files = RequestFiles(lambda: open_spool(tmp_path, 0), settings)
    conversation = FunasrConversation(cast(Any, heard), sessions, visit, files)
    async with asyncio.timeout(30), incoming(cast(Any, messages())) as read:
        await conversation.converse(read)
    assert "too slowly" in heard.messages[-1]["error"]["message"]
    assert not files.room.files and not visit.access.uploading


async def test_too_large_file_is_refused(filing: Gateway) -> None:
    async with sending(filing, bytes(MOST_BYTES + 1), mode="offline", wav_format="wav") as socket:
        assert (await socket.receive_json(timeout=30))["error"]["code"] == "too_large"


async def test_client_that_leaves_is_forgotten(gateway: Gateway) -> None:
    async with speaking(gateway):
        await wait_until(lambda: gateway.hub.connections, "the session is open")
    await wait_until(lambda: not gateway.hub.connections, "the session is left")


async def test_draining_gateway_refuses(gateway: Gateway) -> None:
    gateway._draining = True
    async with aiohttp.ClientSession() as http:
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await http.ws_connect(f"{gateway.url}{FUNASR_PATH}?token={KEY}")
    assert caught.value.status == 503
    gateway._draining = False


class Heard:
    """Socket that keeps what is sent, and an intake that knows where every segment was."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []

    async def send_str(self, text: str) -> None:
        self.messages.append(msgspec.json.decode(text))

    def place_ms(self, segment: int) -> tuple[int, int]:
        return segment * 2_000, segment * 2_000 + 1_000


TEXTS = st.lists(st.sampled_from(["", "Hello there.", "and so on.", "你好。", "今天天气", "15"]), max_size=5)


@settings(max_examples=examples(50))  # each runs an event loop
@given(TEXTS, st.randoms(use_true_random=False))
def test_texts_are_in_order_and_certain_text_begins_them(texts: list[str], chance: Random) -> None:
    """Partials and finals come in any order; what is online is a beginning of the next offline text."""
    heard, any_ = Heard(), cast(Any, None)
    live = LiveSpeech(any_, SpeechDetectors(), DEFAULT_INTAKE)
    live.sent = cast(Any, heard)
    speech = _Speech(Config(), live)
    conversation = FunasrConversation(cast(Any, heard), any_, any_, any_)
    events: list[Partial | Final] = [Final(number, text) for number, text in enumerate(texts)]
    chance.shuffle(events)
    for number, text in enumerate(texts):
        last = events.index(next(event for event in events if event == Final(number, text)))
        for stable in sorted(chance.sample(range(len(text) + 1), min(3, len(text)))):
            last = chance.randint(0, last) if not stable else last
            events.insert(last, Partial(number, stable, text, stable))
            last += 1

    async def send() -> None:
        for event in events:
            await conversation._send_event(speech, live, event)

    asyncio.run(send())
    whole = [message["text"].strip() for message in heard.messages if message["mode"] == "2pass-offline"]
    assert whole == [text for text in texts if text]
    online = ""
    for message in heard.messages:
        if message["mode"] == "2pass-online":
            online += message["text"]
            continue
        assert message["text"].strip().startswith(online)
        online = ""
    assert not online and not any(message["is_final"] for message in heard.messages)


def test_broker_that_does_not_answer_is_no_internal_error() -> None:
    assert _code(Unreachable("the broker does not answer")) == _code(SessionLost("gone", ())) == "busy"
    assert _code(Refused("no")) == "internal"
