"""Limits and options of a connection; ``tests/end_to_end/apis`` has the conversations."""

import asyncio
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
import uvloop
from wyoming.asr import Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.error import Error
from wyoming.event import Event, async_read_event
from wyoming.ping import Pong

from backend.dialects.sessions import DialectSessions
from backend.dialects.wyoming.conversation import BoundedReader, UnusableEvent, WyomingConversation, _options
from backend.dialects.wyoming.server import wyoming_server
from backend.http.access import AdmittedRequest
from speech.audio_file import read_audio
from tests.app.speech import SPEECH
from tests.backend.fake_worker import FakeWorker, fail, working
from tests.helpers.lost_connection import lost_writer
from tests.helpers.valkey import Broker


async def test_stated_lengths_are_not_trusted() -> None:
    reader = asyncio.StreamReader(limit=64)
    reader.feed_data(b"x" * 1_000)
    bounded = BoundedReader(reader)
    with pytest.raises(UnusableEvent):
        await bounded.readexactly(10**12)
    with pytest.raises(UnusableEvent):
        await bounded.readexactly(-1)
    with pytest.raises(UnusableEvent):
        await bounded.readline()


def test_client_that_reset_the_connection_ends_it(sessions: DialectSessions, visit: AdmittedRequest) -> None:
    """uvloop, which the gateway uses, raises ``RuntimeError`` for a write to a lost connection."""

    async def answer() -> None:
        asked = asyncio.StreamReader()
        asked.feed_data(b'{"type": "ping"}\n')
        async with lost_writer() as writer:
            await WyomingConversation(asked, writer, sessions, visit).run()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner, pytest.raises(ConnectionResetError):
        runner.run(answer())


def test_request_names_language_terms_and_model() -> None:
    given = {
        "language": "zh-CN",
        "name": "whisper-base",
        "transcript_names": ["王小明"],
        "transcript_terms": ["Ōtaki"],
    }
    options = _options(given, ("whisper-base",))
    assert (options.language, options.model, options.hotwords) == ("zh", "whisper-base", ("王小明", "Ōtaki"))
    assert _options({"name": "other", "language": "the first"}, ()).model == ""
    assert _options({}, ()).language == "auto"


FORMAT: Any = {"rate": 16_000, "width": 2, "channels": 1}
CHUNK = AudioChunk(audio=b"\0\0" * 1_600, **FORMAT).event()


@pytest.mark.parametrize(
    "events",
    [
        [AudioStart(rate=16_000, width=4, channels=1).event()],
        [AudioStart(**FORMAT).event(), CHUNK, Event("transcribe", {"transcript_names": 1})],
        [AudioStart(**FORMAT).event(), CHUNK, AudioChunk(8_000, 2, 1, b"\0\0").event()],
        [AudioStart(**FORMAT).event(), CHUNK, AudioChunk(16_000, 2, 2, b"\0\0").event()],
        [CHUNK, AudioChunk(16_000, 4, 1, b"\0\0\0\0").event()],
    ],
)
async def test_unusable_event_ends_the_connection(
    sessions: DialectSessions, visit: AdmittedRequest, worker: FakeWorker, events: list[Event]
) -> None:
    """The text of the audio after it would look like the text of the whole utterance."""
    async with (
        wyoming_server(("127.0.0.1", 0), sessions, lambda: visit) as port,
        AsyncTcpClient("127.0.0.1", port) as client,
    ):
        for event in [*events, CHUNK, AudioStop().event()]:
            await client.write_event(event)
        async with asyncio.timeout(30):
            error = await client.read_event()
            assert error is not None and Error.from_event(error).code == "UnusableEvent"
            with suppress(ConnectionResetError):  # it had not read everything
                assert await client.read_event() is None


@pytest.mark.parametrize("text", ['"\\ud800"', "null", "[[]]"])
async def test_ping_is_answered_whatever_it_says(
    sessions: DialectSessions, visit: AdmittedRequest, text: str
) -> None:
    async with wyoming_server(("127.0.0.1", 0), sessions, lambda: visit) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for said in (text, '"a"'):
            writer.write(b'{"type": "ping", "data": {"text": %s}}\n' % said.encode())
        async with asyncio.timeout(30):
            assert (first := await async_read_event(reader)) is not None and Pong.is_type(first.type)
            assert (second := await async_read_event(reader)) is not None
            assert Pong.from_event(second).text == "a"
        writer.close()


async def test_speech_of_the_second_channel_is_heard(
    sessions: DialectSessions, visit: AdmittedRequest, worker: FakeWorker
) -> None:
    mono = np.concatenate(list(read_audio(SPEECH / "en-03.flac")))
    spoken = np.stack([np.zeros_like(mono), mono], axis=1).tobytes()
    async with (
        wyoming_server(("127.0.0.1", 0), sessions, lambda: visit) as port,
        AsyncTcpClient("127.0.0.1", port) as client,
    ):
        await client.write_event(AudioStart(rate=16_000, width=2, channels=2).event())
        await client.write_event(AudioChunk(rate=16_000, width=2, channels=2, audio=spoken).event())
        await client.write_event(AudioStop().event())
        async with asyncio.timeout(30):
            while (event := await client.read_event()) is not None and not Transcript.is_type(event.type):
                pass
        assert event is not None and not Transcript.from_event(event).text.endswith(":0")  # the sum of its bytes


async def test_utterance_without_a_text_ends_the_connection(
    sessions: DialectSessions, visit: AdmittedRequest, broker: Broker
) -> None:
    """Home Assistant reads on until a text comes or the connection ends."""
    spoken = np.concatenate(list(read_audio(SPEECH / "en-03.flac"))).tobytes()
    async with (
        working(broker.url, recognise=fail),
        wyoming_server(("127.0.0.1", 0), sessions, lambda: visit) as port,
        AsyncTcpClient("127.0.0.1", port) as client,
    ):
        await client.write_event(AudioStart(rate=16_000, width=2, channels=1).event())
        await client.write_event(AudioChunk(rate=16_000, width=2, channels=1, audio=spoken).event())
        await client.write_event(AudioStop().event())
        async with asyncio.timeout(30):
            error = await client.read_event()
            assert error is not None and Error.from_event(error).code == "SegmentFailed"
            assert await client.read_event() is None
