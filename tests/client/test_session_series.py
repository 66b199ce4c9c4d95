"""Sessions one after the other, against a gateway that accepts two segments in each."""

from typing import get_args
from uuid import UUID

from aiohttp import web

from client.audio_store import AudioStore, TemporaryAudio
from client.connection import Address, fixed_locator
from client.events import ClientEvent, Connected, Disconnected, Retrying
from client.gateway import GatewayClient
from client.session_series import SessionSeries, _moved
from loadtest.core.checksum import checksum
from protocol.errors import ErrorCode
from protocol.recognition import Options
from protocol.session import PLAIN, Busy, Failed, Final, Partial, Queued, SegmentDetails
from tests.client.test_gateway import AT_ONCE, speech
from tests.helpers.scripted_gateway import Gateway, Memory, hear, scripted, welcome

ID = UUID(int=80)


def series_at(gateway: Gateway, store: AudioStore) -> SessionSeries:
    locate = fixed_locator(Address(gateway.url))

    def connected(id: UUID, kept: AudioStore) -> GatewayClient:
        return GatewayClient(locate, id, kept, Options(), AT_ONCE)

    return SessionSeries(connected, ID, store, most=2)


async def afresh(socket: web.WebSocketResponse, memory: Memory) -> None:
    memory.audio, memory.texts, memory.received = {}, {}, []
    await welcome(socket, memory)
    while await hear(socket, memory):
        assert set(memory.audio) <= {0, 1}


async def test_segments_keep_their_numbers_over_all_sessions() -> None:
    async with scripted(afresh) as gateway:
        with TemporaryAudio() as store:
            async with series_at(gateway, store) as series:
                for segment in range(5):
                    await series.begin(segment, 1000 * segment)
                    await series.audio(segment, speech(segment))
                    await series.speculate(segment)
                    await series.end(segment)
                await series.finish()
                await series.close()
                events = [event async for event in series.events()]
        finals = {event.segment: event.text for event in events if isinstance(event, Final)}
        assert finals == {segment: checksum(speech(segment)) for segment in range(5)}
        ids = [hello.session for hello in gateway.memory.hellos]
        assert ids[0] == ID and len(set(ids)) == 3


async def test_ids_are_the_same_in_a_later_process_which_begins_all_segments_before_it_connects() -> None:
    ids = list[list[UUID]]()
    for _ in range(2):
        async with scripted(afresh) as gateway:
            with TemporaryAudio() as store:
                series = series_at(gateway, store)
                for segment in range(3):
                    await series.begin(segment, 0)
                    await series.cancel(segment)
                async with series:
                    await series.finish()
            ids.append([hello.session for hello in gateway.memory.hellos])
    assert ids[0] == ids[1] and len(ids[0]) == 2


async def test_span_replaces_only_segments_of_its_session() -> None:
    begun = list[tuple[int, tuple[int, ...]]]()

    class Noted(GatewayClient):
        async def begin(self, segment: int, at_ms: int, details: SegmentDetails = PLAIN) -> None:
            begun.append((segment, details.replaces))

    locate = fixed_locator(Address("http://127.0.0.1:9"))
    with TemporaryAudio() as store:
        series = SessionSeries(lambda id, kept: Noted(locate, id, kept), ID, store, most=2)
        for segment in range(3):
            await series.begin(segment, 0)
        await series.begin(3, 0, SegmentDetails(replaces=(1, 2)))
    assert begun[-2:] == [(0, ()), (1, (0,))]


def test_each_kind_of_event_is_renumbered() -> None:
    def events(segment: int) -> list[ClientEvent]:
        of_segments = (Queued(segment), Partial(segment, 1, "kia"), Final(segment, "kia ora"))
        failures = (Failed(segment, ErrorCode.BUSY, "later"), Retrying(segment, 2, ErrorCode.BUSY))
        return [*of_segments, *failures, Busy("no_worker"), Connected("g", True), Disconnected("away", 1.0)]

    assert {type(event) for event in events(1)} == set(get_args(ClientEvent))
    assert [_moved(event, 4) for event in events(1)] == events(5)
