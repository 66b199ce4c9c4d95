"""Tests that the segmenter's output reaches the client with the right numbers and positions."""

from contextlib import AsyncExitStack
from uuid import UUID

import numpy as np

from app.core.outlet import ToGateway, pass_on
from client.audio_store import TemporaryAudio
from client.connection import Address, fixed_locator
from client.events import Connected
from client.gateway import GatewayClient
from client.settings import ClientSettings
from loadtest.core.checksum import checksum
from protocol.session import PLAIN, Final
from speech.segmenter import SegmentAudio, SegmentClosed, SegmentOpened, SegmentOutput, SegmentPaused
from tests.helpers.scripted_gateway import oblige, scripted

FIRST, SECOND = np.frombuffer(b"12", np.int16), np.frombuffer(b"34", np.int16)
SEGMENT: tuple[SegmentOutput, ...] = (
    SegmentOpened(0, 1_600),
    SegmentAudio(0, 0, FIRST),
    SegmentPaused(0, 1),
    SegmentAudio(0, 1, SECOND),
    SegmentClosed(0, 2),
)


class Recorder:
    """Outlet that records its calls."""

    def __init__(self) -> None:
        self.told: list[tuple[object, ...]] = []

    def __getattr__(self, name: str) -> object:
        async def note(*arguments: object) -> None:
            self.told.append((name, *arguments))

        return note


async def test_pass_on_shifts_numbers_and_positions() -> None:
    recorder = Recorder()
    for output in SEGMENT:
        await pass_on(output, recorder, first=7, origin=100)  # type: ignore[arg-type] # it has any method
    assert recorder.told == [
        ("begin", 7, 1_700, PLAIN),
        ("audio", 7, FIRST),
        ("speculate", 7),
        ("audio", 7, SECOND),
        ("end", 7, 2),
    ]


async def test_to_gateway_sends_segment_and_receives_text() -> None:
    settings = ClientSettings(retry=lambda failures, chance, asked: 0.0)
    async with AsyncExitStack() as cleanup:
        store = cleanup.enter_context(TemporaryAudio())
        gateway = await cleanup.enter_async_context(scripted(oblige))
        client = GatewayClient(fixed_locator(Address(gateway.url)), UUID(int=1), store, settings=settings)
        outlet = ToGateway(await cleanup.enter_async_context(client))
        for output in SEGMENT:
            await pass_on(output, outlet)
        await outlet.finish()
        await outlet.close()
        events = [event async for event in outlet.events()]
    assert events[0] == Connected("scripted", True)
    assert events[-1] == Final(0, checksum(b"1234"))
