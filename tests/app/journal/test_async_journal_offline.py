"""Hours of dictation without a gateway: memory stays flat; later everything arrives once and in order."""

import asyncio
import hashlib
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import UUID

import pytest
from aiohttp import WSMsgType, web

from app.core.outlet import Outlet, pass_on
from app.journal.async_journal import AsyncJournal, JournaledOutlet
from app.journal.journal import Journal
from app.journal.take import TakeState
from app.transcription.listening import PATIENT
from client.gateway import GatewayClient
from loadtest.core.checksum import checksum
from protocol.audio import FRAME_SAMPLES, SAMPLE_RATE, decode_frame
from protocol.recognition import Options
from protocol.session import Done, Final, Finish, Queued, SegmentBegin, SegmentEnd, decode_client
from speech.segmenter import SegmentAudio, SegmentClosed, SegmentOpened
from tests.app.journal.files import tone
from tests.helpers.scripted_gateway import Memory, later, say, scripted, welcome

ID = UUID(int=8)
SEGMENT_S = 5
SEGMENT = SEGMENT_S * SAMPLE_RATE
BYTES_PER_SEGMENT = 4_000  # memory allowed per segment; its audio has 160,000 bytes
SETTINGS = replace(PATIENT, retry=lambda failures, chance, asked: 0.05)


@dataclass
class Arrived:
    """A gateway that keeps no audio, only the digest of each segment and the order of arrival."""

    digests: dict[int, str] = field(default_factory=dict)
    begun: list[int] = field(default_factory=list)
    resent: int = 0

    async def script(self, socket: web.WebSocketResponse, memory: Memory) -> None:
        await welcome(socket, memory)
        heard, at = hashlib.sha256(), 0
        async for message in socket:
            if message.type is WSMsgType.BINARY:
                frame = decode_frame(message.data)
                self.resent += frame.offset != at
                at += len(frame.pcm) // 2
                heard.update(frame.pcm)
                continue
            match decode_client(message.data):
                case SegmentBegin(segment):
                    self.begun.append(segment)
                    heard, at = hashlib.sha256(), 0
                case SegmentEnd(segment, samples):
                    assert samples == at
                    self.digests[segment] = heard.hexdigest()[:16]
                    await say(socket, Queued(segment), Final(segment, self.digests[segment]))
                case Finish(segments):
                    await say(socket, Done(segments, ""))


async def speak(journal: Journal, outlet: Outlet, number: int) -> None:
    """Produce one segment as a microphone and a segmenter do."""
    at = number * SEGMENT
    await pass_on(SegmentOpened(number, at), outlet)
    for offset in range(0, SEGMENT, FRAME_SAMPLES):
        block = tone(at + offset, FRAME_SAMPLES)
        journal.append(block)
        await pass_on(SegmentAudio(number, offset, block), outlet)
    await pass_on(SegmentClosed(number, SEGMENT), outlet)


async def collect(outlet: Outlet, finals: list[tuple[int, str]]) -> None:
    async for event in outlet.events():
        if isinstance(event, Final):
            finals.append((event.segment, event.text))


@contextmanager
def traced() -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
    finally:
        tracemalloc.stop()


async def dictate_offline(root: Path, segments: int) -> int:
    """Dictate everything without a gateway, then connect one.

    Returns the bytes by which the second half of the segments increased memory.
    """
    url: list[str] = []
    finals: list[tuple[int, str]] = []
    arrived = Arrived()
    with Journal.create(root, ID, Options(), 0) as journal:
        store = AsyncJournal(journal)
        async with GatewayClient(later(url), ID, store, settings=SETTINGS) as client:
            outlet = JournaledOutlet(store, client)
            collecting = asyncio.create_task(collect(outlet, finals))
            with traced():
                for number in range(segments // 2):
                    await speak(journal, outlet, number)
                before, _ = tracemalloc.get_traced_memory()
                for number in range(segments // 2, segments):
                    await speak(journal, outlet, number)
                grown = tracemalloc.get_traced_memory()[0] - before
            assert client.unsent_s == segments * SEGMENT_S
            async with scripted(arrived.script) as gateway:
                url.append(gateway.url)
                await outlet.finish()
                await outlet.close()
                await collecting
        assert journal.take.state(journal.samples) is TakeState.DONE
    expected = [checksum(tone(n * SEGMENT, SEGMENT).tobytes()) for n in range(segments)]
    assert finals == list(enumerate(expected))
    assert arrived.begun == list(range(segments))
    assert arrived.resent == 0
    return grown


async def test_memory_stays_flat_during_minutes_offline(tmp_path: Path) -> None:
    segments = 60
    assert await dictate_offline(tmp_path, segments) < segments // 2 * BYTES_PER_SEGMENT


@pytest.mark.proof(minutes=2)
async def test_memory_stays_flat_during_two_hours_offline(tmp_path: Path) -> None:
    segments = 2 * 3600 // SEGMENT_S
    grown = await dictate_offline(tmp_path, segments)
    print(f"{grown / (segments // 2):.0f} bytes for each segment that waits")  # noqa: T201 - a figure for people
    assert grown < segments // 2 * BYTES_PER_SEGMENT
