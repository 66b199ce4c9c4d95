"""Small clients of every API, which check that no text is doubled or taken back.

Each speaks and returns the whole text. It raises ``ApiFailed`` for an error in the format of its API, and for a
connection that breaks off. Any other incomplete text fails the test.
"""

import asyncio
import io
import json
import wave
from base64 import b64encode
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import aiohttp
import numpy as np
from numpy.typing import NDArray
from wyoming.asr import Transcript, TranscriptChunk, TranscriptStop
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.error import Error

from client.audio_store import TemporaryAudio
from client.connection import Address, fixed_locator
from client.errors import GatewayError
from client.gateway import GatewayClient
from client.settings import ClientSettings
from protocol.endpoint import Endpoint
from protocol.recognition import Options
from protocol.session import Failed, Final
from protocol.texts import join_texts

Samples = NDArray[np.int16]
Speak = Callable[[Endpoint, Samples, asyncio.Event], Awaitable[str]]
"""Says speech at 16 kHz; sets the event once the gateway has all of it."""
BLOCK = 1_600
ANSWER_S = 90.0


class ApiFailed(Exception):
    """An error that a client of the API understands, or the end of its connection."""


async def own(endpoint: Endpoint, samples: Samples, sent: asyncio.Event) -> str:
    """Say one segment in our own protocol."""
    texts: dict[int, str] = {}

    async def read(client: GatewayClient) -> None:
        async for event in client.events():
            if isinstance(event, Failed):
                raise ApiFailed(event.code)
            if isinstance(event, Final):
                assert event.segment not in texts, "a text came twice"
                texts[event.segment] = event.text

    address, settings = fixed_locator(Address(endpoint.url, endpoint.key)), ClientSettings(give_up_s=1.0)
    with TemporaryAudio() as store:
        async with GatewayClient(address, uuid4(), store, Options(), settings) as client:
            try:
                await client.begin(0, 0)
                await client.audio(0, samples.tobytes())
                await client.end(0)
                sent.set()
                await asyncio.gather(client.finish(), read(client))
            except GatewayError as error:
                raise ApiFailed(str(error)) from error
    return join_texts(texts[number] for number in sorted(texts))


async def openai_file(endpoint: Endpoint, samples: Samples, sent: asyncio.Event) -> str:
    """Transcribe a whole file at once."""
    body = await _posted(endpoint, samples, sent, "/v1/audio/transcriptions")
    return str(json.loads(body)["text"])


async def openai_translation(endpoint: Endpoint, samples: Samples, sent: asyncio.Event) -> str:
    """Translate a whole file at once; needs a worker that translates."""
    body = await _posted(endpoint, samples, sent, "/v1/audio/translations")
    return str(json.loads(body)["text"])


async def openai_stream(endpoint: Endpoint, samples: Samples, sent: asyncio.Event) -> str:
    """Transcribe a file, reading the text piece by piece."""
    body = await _posted(endpoint, samples, sent, "/v1/audio/transcriptions", stream="true")
    events = [json.loads(line.removeprefix("data: ")) for line in body.splitlines() if line]
    if "error" in events[-1]:
        raise ApiFailed(events[-1]["error"]["code"])
    if events[-1]["type"] != "transcript.text.done":
        raise ApiFailed("the stream ended early")
    assert "".join(event["delta"] for event in events[:-1]) == events[-1]["text"]
    return str(events[-1]["text"])


async def realtime(endpoint: Endpoint, samples: Samples, sent: asyncio.Event, rate: int = 16_000) -> str:
    """Speak to OpenAI's Realtime API; an update at the end waits for the texts."""
    given: dict[str, Any] = {
        "format": {"type": "audio/pcm", "rate": rate},
        "turn_detection": {"type": "server_vad"},
    }
    session = {"type": "transcription", "audio": {"input": given}}
    given["turn_detection"]["silence_duration_ms"] = 600
    events: list[dict[str, Any]] = []
    async with _socket(endpoint, "/v1/realtime?intent=transcription") as socket:
        await socket.send_json({"type": "session.update", "session": session})
        for start in range(0, len(samples), BLOCK):
            audio = b64encode(samples[start : start + BLOCK].tobytes()).decode()
            await socket.send_json({"type": "input_audio_buffer.append", "audio": audio})
        sent.set()
        given["transcription"] = {"language": "en"}
        await socket.send_json({"type": "session.update", "session": session})
        while sum(event["type"] == "session.updated" for event in events) < 2:
            events.append(await _message(socket))
            if "error" in events[-1]:
                raise ApiFailed(events[-1]["error"]["code"])
    return _turns(events)


def _turns(events: list[dict[str, Any]]) -> str:
    """Return the texts of all turns, in order; the deltas of each turn must add up to its text."""
    order = [event["item_id"] for event in events if event["type"] == "input_audio_buffer.committed"]
    completed = [event for event in events if event["type"].endswith("transcription.completed")]
    texts = {event["item_id"]: event["transcript"] for event in completed}
    assert len(texts) == len(completed) and set(texts) == set(order), "each turn has one text"
    for item, text in texts.items():
        deltas = [
            event["delta"] for event in events if event["type"].endswith(".delta") and event["item_id"] == item
        ]
        assert "".join(deltas) == text
    return join_texts(texts[item] for item in order)


async def funasr(endpoint: Endpoint, samples: Samples, sent: asyncio.Event) -> str:
    """Speak FunASR's protocol in two passes."""
    texts: list[str] = []
    async with _socket(endpoint, "/v1/funasr") as socket:
        await socket.send_json({"mode": "2pass", "wav_name": "test", "is_speaking": True})
        for start in range(0, len(samples), BLOCK):
            await socket.send_bytes(samples[start : start + BLOCK].tobytes())
        await socket.send_json({"is_speaking": False})
        sent.set()
        message: dict[str, Any] = {"is_final": False}
        while not message["is_final"]:
            message = await _message(socket)
            if "error" in message:
                raise ApiFailed(message["error"]["code"])
            if message["mode"] == "2pass-offline":
                texts.append(message["text"])
    return "".join(texts)


async def earlier(endpoint: Endpoint, samples: Samples, sent: asyncio.Event) -> str:
    """Speak the earlier server's protocol; each chunk gets one text, and these together are the whole text."""
    chunks: dict[int, str] = {}
    async with _socket(endpoint, "/ws/asr") as socket:
        await socket.send_json({"action": "start", "session_id": "test"})
        for index, start in enumerate(range(0, len(samples), BLOCK)):
            audio = b64encode(samples[start : start + BLOCK].tobytes()).decode()
            about = {"session_id": "test", "chunk_index": index, "audio_data": audio}
            await socket.send_json({"action": "chunk", **about})
        await socket.send_json({"action": "finish", "session_id": "test"})
        sent.set()
        while (message := await _message(socket))["type"] != "final_result":
            if message["type"] == "error":
                raise ApiFailed(message["message"])
            if message["type"] == "chunk_result":
                assert message["chunk_index"] not in chunks, "a chunk has two texts"
                chunks[message["chunk_index"]] = message.get("text", "")
    assert list(chunks) == list(range(message["chunk_count"]))
    assert "".join(chunks.values()) == message["text"]
    return str(message["text"])


async def deepgram(endpoint: Endpoint, samples: Samples, sent: asyncio.Event) -> str:
    """Speak to Deepgram's live API, which describes the audio only after all texts."""
    texts: list[str] = []
    async with _socket(endpoint, "/v1/listen?encoding=linear16&sample_rate=16000") as socket:
        for start in range(0, len(samples), BLOCK):
            await socket.send_bytes(samples[start : start + BLOCK].tobytes())
        await socket.send_json({"type": "CloseStream"})
        sent.set()
        while (message := await _message(socket))["type"] != "Metadata":
            if message["type"] == "Error":
                raise ApiFailed(message["description"])
            texts.append(message["channel"]["alternatives"][0]["transcript"])
    return join_texts(texts)


async def vosk(endpoint: Endpoint, samples: Samples, sent: asyncio.Event) -> str:
    """Speak Vosk's protocol: each piece and the end have one reply."""
    replies: list[dict[str, Any]] = []
    async with _socket(endpoint, "/v1/vosk") as socket:
        await socket.send_json({"config": {"sample_rate": 16_000}})
        for start in range(0, len(samples), BLOCK):
            await socket.send_bytes(samples[start : start + BLOCK].tobytes())
            replies.append(await _message(socket))
        await socket.send_json({"eof": 1})
        sent.set()
        replies.append(await _message(socket))
        assert "text" in replies[-1] and (await socket.receive(ANSWER_S)).type is aiohttp.WSMsgType.CLOSE
    return join_texts(reply["text"] for reply in replies if "text" in reply)


def wyoming(port: int) -> Speak:
    """Return a speaker of the Wyoming protocol at this port."""

    async def speak(endpoint: Endpoint, samples: Samples, sent: asyncio.Event) -> str:
        chunks: list[str] = []
        text = ""
        try:
            async with asyncio.timeout(ANSWER_S), AsyncTcpClient("127.0.0.1", port) as client:
                about: Any = {"rate": 16_000, "width": 2, "channels": 1}
                await client.write_event(AudioStart(**about).event())
                for start in range(0, len(samples), BLOCK):
                    audio = samples[start : start + BLOCK].tobytes()
                    await client.write_event(AudioChunk(audio=audio, **about).event())
                await client.write_event(AudioStop().event())
                sent.set()
                while (
                    event := await client.read_event()
                ) is not None and event.type != TranscriptStop().event().type:
                    if Error.is_type(event.type):
                        raise ApiFailed(Error.from_event(event).text)
                    if TranscriptChunk.is_type(event.type):
                        chunks.append(TranscriptChunk.from_event(event).text)
                    if Transcript.is_type(event.type):
                        text = Transcript.from_event(event).text
        except OSError as error:
            raise ApiFailed(str(error)) from error
        if event is None:
            raise ApiFailed("the gateway ended the connection")
        assert "".join(chunks) == text
        return text

    return speak


APIS: dict[str, Speak] = {
    "own": own,
    "openai": openai_file,
    "openai stream": openai_stream,
    "realtime": realtime,
    "funasr": funasr,
    "earlier": earlier,
    "deepgram": deepgram,
    "vosk": vosk,
}
"""Speakers of every API behind the gateway's own port."""


class _socket:
    """WebSocket to a path of a gateway. Raises ``ApiFailed`` if it is refused or breaks off."""

    def __init__(self, endpoint: Endpoint, path: str) -> None:
        self._endpoint, self._path = endpoint, path
        self._http = aiohttp.ClientSession(headers={"Authorization": f"Bearer {endpoint.key}"})

    async def __aenter__(self) -> aiohttp.ClientWebSocketResponse:
        try:
            return await self._http.ws_connect(self._endpoint.url + self._path)
        except aiohttp.ClientError as error:
            await self._http.close()
            status = error.status if isinstance(error, aiohttp.WSServerHandshakeError) else 0
            raise ApiFailed(f"status {status}") from error

    async def __aexit__(self, kind: object, error: object, trace: object) -> None:
        await self._http.close()
        if isinstance(error, aiohttp.ClientError | ConnectionError):
            raise ApiFailed(str(error)) from error


async def _message(socket: aiohttp.ClientWebSocketResponse) -> dict[str, Any]:
    message = await socket.receive(ANSWER_S)
    if message.type is not aiohttp.WSMsgType.TEXT:
        raise ApiFailed(f"the gateway ended the connection: {message.type.name}")
    found: dict[str, Any] = json.loads(message.data)
    return found


async def _posted(endpoint: Endpoint, samples: Samples, sent: asyncio.Event, path: str, **fields: str) -> str:
    """Post a file, and return the body of the answer."""
    form = aiohttp.FormData({"model": "whisper-1", **fields})
    form.add_field("file", wav(samples), filename="speech.wav")
    headers = {"Authorization": f"Bearer {endpoint.key}"}
    try:
        async with aiohttp.ClientSession(headers=headers) as http:
            asking = asyncio.ensure_future(http.post(endpoint.url + path, data=form))
            await asyncio.sleep(0)
            sent.set()
            async with await asking as answer:
                body = await answer.text()
    except aiohttp.ClientError as error:
        raise ApiFailed(str(error)) from error
    if answer.status != 200:
        raise ApiFailed(f"status {answer.status} {json.loads(body)['error']['code']}")
    return body


def wav(samples: Samples) -> bytes:
    """Return a WAV file of 16 kHz mono."""
    data = io.BytesIO()
    with wave.open(data, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(samples.tobytes())
    return data.getvalue()
