"""The light client keeps the protocol; what it shares with the library's is tested in ``test_streams``."""

import asyncio
import random
from uuid import uuid4

import pytest
from aiohttp import WSMsgType, web

from client.connection import Address, fixed
from client.errors import SessionLost, Unreachable
from client.gateway import ClientSettings, GatewayClient
from loadtest.light import LightClient
from loadtest.noise import Noise
from loadtest.spoken import Spoken
from protocol.audio import Frame, decode_frame
from protocol.recognition import Options
from protocol.session import Done, Final, Finish, Missing, Queued, Received, SegmentEnd, decode_client
from tests.helpers.scripted_gateway import Memory, cut, digest, keeping_back_after, say, scripted, welcome
from tests.helpers.waiting import wait_until

UTTERANCE = Noise(1).utterance(0, 0, 8_000, random.Random(1))


def client_of(url: str, spoken: Spoken, quiet_s: float = 5.0, give_up_s: float = 5.0) -> LightClient:
    """A client that does not wait for long."""
    settings = ClientSettings(
        first_contact_s=give_up_s,
        quiet_s=quiet_s,
        give_up_s=give_up_s,
        retry=lambda failures, chance, asked: 0.0,
    )
    return LightClient(fixed(Address(url)), uuid4(), spoken, Options(), settings)


async def speak(client: LightClient, spoken: Spoken) -> None:
    """One segment."""
    spoken.keep(0, UTTERANCE)
    await client.begin(0, 0)
    for offset in range(0, UTTERANCE.samples, 1_600):
        await client.audio(0, UTTERANCE.read(offset, 1_600))
    await client.end(0)


async def forgetful(socket: web.WebSocketResponse, memory: Memory) -> None:
    """Forgets once what came after the first frame, and breaks off once instead of saying that all is done."""
    await welcome(socket, memory)
    held, forgot = bytearray(), False
    while (heard := await socket.receive()).type in (WSMsgType.BINARY, WSMsgType.TEXT):
        message = decode_frame(heard.data) if heard.type is WSMsgType.BINARY else decode_client(heard.data)
        match message:
            case Frame(_, offset, pcm) if offset * 2 == len(held):
                held += pcm
                if len(held) == 9_600 and not forgot:
                    forgot = True
                    del held[3_200:]
                    await say(socket, Missing(0, 1_600))
            case SegmentEnd(_, samples) if samples * 2 == len(held):
                memory.texts[0] = digest(bytes(held))
                await say(socket, Queued(0), Final(0, memory.texts[0]))
            case Received(segment):
                memory.received.append(segment)
            case Finish() if forgot:
                cut(socket)
            case Finish(segments):
                await say(socket, Done(segments, ""))


async def test_what_is_missing_is_sent_again_and_what_was_not_heard_said_again() -> None:
    spoken = Spoken()
    async with scripted(forgetful) as gateway, client_of(gateway.url, spoken) as client:
        await speak(client, spoken)
        await client.finish()
        assert gateway.memory.texts == {0: UTTERANCE.digest}
        assert gateway.memory.received == [0], "it was told that the text is here"
        assert gateway.connections == 2


async def test_no_answer_is_a_lost_session() -> None:
    spoken = Spoken()
    async with scripted(keeping_back_after(0)) as gateway, client_of(gateway.url, spoken, quiet_s=0.2) as client:
        await speak(client, spoken)
        with pytest.raises(SessionLost) as lost:
            await client.finish()
        assert lost.value.segments == (0,)


@pytest.mark.parametrize("kind", [LightClient, GatewayClient])
async def test_it_backs_off_as_the_library_does(kind: type[LightClient | GatewayClient]) -> None:
    counted = list[int]()

    def retry(failures: int, chance: float, asked_s: float) -> float:
        counted.append(failures)
        return 0.0

    async def break_off(socket: web.WebSocketResponse, memory: Memory) -> None:
        await welcome(socket, memory)
        gateway.statuses += [(503, {}), (503, {})]
        cut(socket)

    settings, spoken = ClientSettings(retry=retry), Spoken()
    async with (
        scripted(break_off) as gateway,
        kind(fixed(Address(gateway.url)), uuid4(), spoken, Options(), settings),
    ):
        await wait_until(lambda: len(counted) >= 6, "it tries again and again")
    assert counted[:6] == [1, 2, 3, 4, 5, 6], "a welcome is no sign that it lasts"


@pytest.mark.parametrize("kind", [LightClient, GatewayClient])
async def test_who_was_welcomed_once_gives_up_too(kind: type[LightClient | GatewayClient]) -> None:
    async def break_off(socket: web.WebSocketResponse, memory: Memory) -> None:
        await welcome(socket, memory)
        gateway.statuses += [(503, {})] * 10_000
        cut(socket)

    settings = ClientSettings(give_up_s=0.1, retry=lambda failures, chance, asked: 0.0)
    async with (
        scripted(break_off) as gateway,
        kind(fixed(Address(gateway.url)), uuid4(), Spoken(), Options(), settings) as client,
    ):
        with pytest.raises(Unreachable):
            await asyncio.wait_for(client.finish(), 10)


async def test_nobody_there_is_an_error() -> None:
    async with client_of("http://127.0.0.1:9", Spoken(), give_up_s=0.0) as client:
        with pytest.raises(Unreachable):
            await client.finish()
        with pytest.raises(Unreachable):
            async for _ in client.events():
                pass
