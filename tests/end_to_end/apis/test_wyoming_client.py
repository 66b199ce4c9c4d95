"""The client of the package ``wyoming``, in the order of calls of Home Assistant, at a real gateway."""

import asyncio
from collections.abc import Iterator

import numpy as np
import pytest
from wyoming.asr import Transcribe, Transcript, TranscriptChunk, TranscriptStart, TranscriptStop
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.event import Event
from wyoming.info import Describe, Info

from protocol.texts import join_texts
from speech.audio_file import read_audio
from tests.app.speech import SPEECH
from tests.helpers.api_chain import open_to_all, texts_of_stream
from tests.helpers.chain import Chain, running_chain
from tests.helpers.ports import free_port

SPOKEN = np.concatenate(list(read_audio(SPEECH / "en-03.flac")))
BLOCK = 1_024


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Chain, int]]:
    port = free_port()
    with running_chain(tmp_path_factory.mktemp("wyoming")) as chain:
        open_to_all(chain, port)
        chain.gateway()
        chain.worker("--engine", "checksum")
        yield chain, port


async def utterance(client: AsyncTcpClient, channels: int = 1) -> list[Event]:
    """Send an utterance, and return all events up to the end of its text."""
    samples = np.repeat(SPOKEN, channels)
    await client.write_event(Transcribe(language="en").event())
    await client.write_event(AudioStart(rate=16_000, width=2, channels=channels).event())
    for start in range(0, len(samples), BLOCK):
        audio = samples[start : start + BLOCK].tobytes()
        await client.write_event(AudioChunk(rate=16_000, width=2, channels=channels, audio=audio).event())
    await client.write_event(AudioStop().event())
    events: list[Event] = []
    async with asyncio.timeout(60):
        while not events or not TranscriptStop.is_type(events[-1].type):
            event = await client.read_event()
            assert event is not None
            events.append(event)
    return events


async def test_home_assistant_gets_the_texts_of_our_protocol(chain: tuple[Chain, int]) -> None:
    async with AsyncTcpClient("127.0.0.1", chain[1]) as client:
        await client.write_event(Describe().event())
        described = await client.read_event()
        assert described is not None
        (program,) = Info.from_event(described).asr
        assert program.installed and program.supports_transcript_streaming
    async with AsyncTcpClient("127.0.0.1", chain[1]) as client:
        for channels in (1, 2):  # Home Assistant connects anew, others go on
            events = await utterance(client, channels)
            (text,) = [Transcript.from_event(event).text for event in events if Transcript.is_type(event.type)]
            chunks = [
                TranscriptChunk.from_event(event).text for event in events if TranscriptChunk.is_type(event.type)
            ]
            assert text == "".join(chunks) == join_texts(texts_of_stream(SPOKEN, gate=False, endpoint_ms=1_000))
            assert TranscriptStart.is_type(events[0].type)


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xfe garbage\n",
        b'{"type": "audio-chunk", "payload_length": 99999999999}\n',
        b"{}\n",
        b"x" * 100_000,
        b"[]\n",
    ],
)
async def test_broken_peer_is_cut_off_and_harms_no_one(chain: tuple[Chain, int], data: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", chain[1])
    writer.write(data)
    async with asyncio.timeout(30):
        assert await reader.read() == b""
    writer.close()
    async with AsyncTcpClient("127.0.0.1", chain[1]) as client:
        await client.write_event(Describe().event())
        assert await client.read_event() is not None


async def test_killed_worker_delays_the_text(chain: tuple[Chain, int]) -> None:
    running, port = chain
    async with AsyncTcpClient("127.0.0.1", port) as client:
        saying = asyncio.create_task(utterance(client))
        await asyncio.to_thread(running.programs[-1].kill)
        running.worker("--engine", "checksum")
        events = await saying
    assert Transcript.from_event(events[-2]).text == join_texts(
        texts_of_stream(SPOKEN, gate=False, endpoint_ms=1_000)
    )
