"""The official client of OpenAI's Realtime API dictates to a real gateway."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from protocol.endpoint import Endpoint
from protocol.texts import join_texts
from speech.audio_file import read_audio
from tests.app.speech import SPEECH
from tests.helpers.api_chain import texts_of_stream
from tests.helpers.chain import Chain

if TYPE_CHECKING:
    from openai.resources.realtime.realtime import AsyncRealtimeConnection

ONCE = np.concatenate([*read_audio(SPEECH / "en-03.flac"), np.zeros(24_000, np.int16)])
SPOKEN = np.concatenate([ONCE, ONCE])
BLOCK = 1_600
COMPLETED = "conversation.item.input_audio_transcription.completed"
DELTA = "conversation.item.input_audio_transcription.delta"
PCM_16 = {"type": "audio/pcm", "rate": 16_000}


@asynccontextmanager
async def connected(endpoint: Endpoint, **given: Any) -> "AsyncIterator[AsyncRealtimeConnection]":
    """Connect as the documentation says, and configure the session."""
    import openai  # late: every process of pytest imports this module, and few run these tests

    client = openai.AsyncOpenAI(base_url=f"{endpoint.url}/v1", api_key=endpoint.key)
    async with client, client.realtime.connect(extra_query={"intent": "transcription"}) as connection:
        assert (await connection.recv()).type == "session.created"
        audio: Any = {"input": {"transcription": {"model": "gpt-4o-transcribe", "language": "en"}, **given}}
        await connection.session.update(session={"type": "transcription", "audio": audio})
        assert (await connection.recv()).type == "session.updated"
        yield connection


async def speak(connection: "AsyncRealtimeConnection", samples: Any = SPOKEN) -> None:
    """Append the speech block by block."""
    for start in range(0, len(samples), BLOCK):
        audio = b64encode(samples[start : start + BLOCK].tobytes()).decode()
        await connection.input_audio_buffer.append(audio=audio)


async def until(connection: "AsyncRealtimeConnection", kind: str, count: int) -> list[Any]:
    """Return all events up to this many of a kind."""
    events: list[Any] = []
    async with asyncio.timeout(60):
        while sum(event.type == kind for event in events) < count:
            events.append(await connection.recv())
    return events


async def test_turns_give_the_texts_of_our_protocol(chain: tuple[Chain, Endpoint]) -> None:
    texts = texts_of_stream(SPOKEN)
    async with connected(
        chain[1], format=PCM_16, turn_detection={"type": "server_vad", "silence_duration_ms": 600}
    ) as one:
        await speak(one)
        events = await until(one, COMPLETED, len(texts))
    completed = {event.item_id: event.transcript for event in events if event.type == COMPLETED}
    items = [event.item_id for event in events if event.type == "input_audio_buffer.committed"]
    assert [completed[item] for item in items] == texts
    previous = [event.previous_item_id for event in events if event.type == "input_audio_buffer.committed"]
    assert previous == [None, *items[:-1]]
    for item in items:
        deltas = [event.delta for event in events if event.type == DELTA and event.item_id == item]
        assert "".join(deltas) == completed[item]


async def test_committed_turn_is_one_text(chain: tuple[Chain, Endpoint]) -> None:
    async with connected(chain[1], format=PCM_16, turn_detection=None) as one:
        for _ in range(2):
            await speak(one, ONCE)
            await one.input_audio_buffer.commit()
        events = await until(one, COMPLETED, 2)
        await one.input_audio_buffer.commit()
        error = (await until(one, "error", 1))[-1].error
    first, second = [event.transcript for event in events if event.type == COMPLETED]
    assert first == second == join_texts(texts_of_stream(ONCE, gate=False, endpoint_ms=1_000)) != ""
    assert error.code == "input_audio_buffer_commit_empty"


async def test_cleared_audio_has_no_text(chain: tuple[Chain, Endpoint]) -> None:
    async with connected(chain[1], format=PCM_16, turn_detection=None) as one:
        await speak(one, ONCE)
        await one.input_audio_buffer.clear()
        await until(one, "input_audio_buffer.cleared", 1)
        await speak(one, np.zeros(16_000, np.int16))
        await one.input_audio_buffer.commit()
        events = await until(one, COMPLETED, 1)
    assert events[-1].transcript == ""


@pytest.mark.parametrize("kind", ["audio/pcmu", "audio/pcma"])
async def test_telephone_speech_is_understood(chain: tuple[Chain, Endpoint], kind: str) -> None:
    codes = np.random.default_rng(1).integers(0, 256, 24_000, np.uint8)
    async with connected(chain[1], format={"type": kind}, turn_detection=None) as one:
        await one.input_audio_buffer.append(audio=b64encode(codes.tobytes()).decode())
        await one.input_audio_buffer.commit()
        events = await until(one, COMPLETED, 1)
    assert events[-1].transcript != ""


async def test_killed_worker_delays_the_text(chain: tuple[Chain, Endpoint]) -> None:
    running, endpoint = chain
    async with connected(endpoint, format=PCM_16, turn_detection=None) as one:
        await speak(one, ONCE)
        await asyncio.to_thread(running.programs[-1].kill)
        await one.input_audio_buffer.commit()
        running.worker("--engine", "checksum")
        transcript = (await until(one, COMPLETED, 1))[-1].transcript
    assert transcript == join_texts(texts_of_stream(ONCE, gate=False, endpoint_ms=1_000)) != ""


async def test_unknown_event_is_an_error_and_not_the_end(chain: tuple[Chain, Endpoint]) -> None:
    async with connected(chain[1]) as one:
        await one.send({"type": "response.create"})
        assert (await until(one, "error", 1))[-1].error.code == "unknown_event"
        await one.input_audio_buffer.clear()
        await until(one, "input_audio_buffer.cleared", 1)
