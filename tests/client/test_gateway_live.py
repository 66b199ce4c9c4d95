"""Gateway client during live speech: speculations, and connections that break at a bad moment."""

import asyncio
import time
from dataclasses import replace

import pytest
from aiohttp import WSMsgType, web

from client.audio_store import TemporaryAudio
from client.errors import SessionLost
from client.events import Outcome
from protocol.audio import FRAME_SAMPLES
from protocol.session import Final, HeldSegments, Hello, MoreHeld, SegmentSpeculate, Welcome, decode_client
from tests.client.test_gateway import AT_ONCE, client_of, expected, say_segments, texts
from tests.helpers.scripted_gateway import Memory, cut, hear, oblige, say, scripted, welcome
from tests.helpers.waiting import wait_until


async def test_speculation_follows_all_audio_before_it() -> None:
    said: list[object] = []

    async def listening(socket: web.WebSocketResponse, memory: Memory) -> None:
        await welcome(socket, memory)
        async for message in socket:
            said.append(message.data if message.type is WSMsgType.BINARY else decode_client(message.data))

    async with scripted(listening) as gateway, client_of(gateway.url) as client:
        await client.begin(0, 0)
        await wait_until(lambda: said, "the connection is there")
        await client.audio(0, b"12")
        await client.speculate(0)
        await wait_until(lambda: said[-1] == SegmentSpeculate(0, 1), "it is said")
    assert isinstance(said[-2], bytes)
    assert said[-2].endswith(b"12")


async def test_text_survives_connection_loss_while_it_is_stored() -> None:
    class Slow(TemporaryAudio):
        async def settle(self, segment: int, outcome: Outcome | None, samples: int = 0) -> bool:
            await asyncio.sleep(1.5)  # longer than the client waits to learn why a connection broke
            return await super().settle(segment, outcome)

    async def one_text(socket: web.WebSocketResponse, memory: Memory) -> None:
        await welcome(socket, memory)
        await socket.receive()
        memory.texts[0] = "said once"
        await say(socket, Final(0, "said once"))
        cut(socket)

    async with scripted(one_text, oblige) as gateway, client_of(gateway.url, store=Slow()) as client:
        await client.begin(0, 0)
        await wait_until(lambda: 0 in gateway.memory.texts, "the text is on its way")
        await client.begin(1, 0)
        while gateway.connections == 1:  # so that the client notices that it cannot write
            await client.audio(1, bytes(2 * FRAME_SAMPLES))
            await asyncio.sleep(0.01)
        await client.end(0)
        await client.end(1)
        await client.finish()
        events = [event async for event in client.events()]
        assert gateway.memory.received == [0, 1]
    assert texts(events)[0] == (0, "said once")


async def test_result_that_is_not_kept_is_used_and_not_acknowledged() -> None:
    class Forgetful(TemporaryAudio):
        async def settle(self, segment: int, outcome: Outcome | None, samples: int = 0) -> bool:
            await super().settle(segment, outcome)
            return segment != 1

    async with scripted(oblige) as gateway, client_of(gateway.url, store=Forgetful()) as client:
        await say_segments(client, 3)
        await client.finish()
        events = [event async for event in client.events()]
        assert gateway.memory.received == [0, 2]
    assert texts(events) == expected(3)


class Stalled(TemporaryAudio):
    """Audio store whose disk accepts no result until it is released."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.goes = asyncio.Event(), asyncio.Event()

    async def settle(self, segment: int, outcome: Outcome | None, samples: int = 0) -> bool:
        self.asked.set()
        await self.goes.wait()
        return await super().settle(segment, outcome)


async def test_finish_waits_for_slow_disk_beyond_last_words() -> None:
    store, settings = Stalled(), replace(AT_ONCE, last_words_s=0.01)
    async with scripted(oblige) as gateway, client_of(gateway.url, settings, store) as client:
        await say_segments(client, 1)
        await wait_until(store.asked.is_set, "the disk is asked")
        finishing = asyncio.create_task(client.finish())
        done, _ = await asyncio.wait({finishing}, timeout=20 * settings.last_words_s)
        assert not done, "the text is not kept yet"
        store.goes.set()
        await finishing
        await client.close()
        events = [event async for event in client.events()]
    assert texts(events) == expected(1)


async def test_finish_raises_session_lost_when_disk_accepts_no_result() -> None:
    settings = replace(AT_ONCE, last_words_s=0.01, quiet_s=1.0)
    async with scripted(oblige) as gateway, client_of(gateway.url, settings, Stalled()) as client:
        await say_segments(client, 1)
        with pytest.raises(SessionLost, match="room on the disk"):
            await client.finish()


@pytest.mark.parametrize("held_s", [60.0, 0.1])
async def test_client_that_stood_still_reads_what_came_meanwhile(held_s: float) -> None:
    """A stopped process (Ctrl-Z) would take its own silence for the gateway's, in ``finish`` and in ``audio``."""
    settings = replace(AT_ONCE, quiet_s=0.5, last_words_s=0.3, held_s=held_s)
    heard, stopped = asyncio.Event(), asyncio.Event()

    async def slow(socket: web.WebSocketResponse, memory: Memory) -> None:
        await welcome(socket, memory)
        for _ in range(4):  # begin, two frames, end
            await hear(socket, memory, texts=0)
        heard.set()
        await stopped.wait()
        memory.texts[0] = "late"
        await say(socket, Final(0, "late"))
        while await hear(socket, memory):
            pass

    def stand_still() -> None:
        time.sleep(settings.quiet_s + 1.5)
        stopped.set()

    async with scripted(slow) as gateway, client_of(gateway.url, settings) as client:
        await client.begin(0, 0)
        await client.audio(0, bytes(4 * FRAME_SAMPLES))
        await client.end(0)
        await heard.wait()
        asyncio.get_running_loop().call_later(0.1, stand_still)
        if held_s < 1:
            await client.begin(1, 0)
            await client.audio(1, bytes(2 * FRAME_SAMPLES))  # waits for room
            await client.end(1)
        await client.finish()
        await client.close()
        events = [event async for event in client.events()]
    assert texts(events)[0] == (0, "late")


async def test_results_are_awaited_from_the_end_of_a_long_welcome() -> None:
    async def slow(socket: web.WebSocketResponse, memory: Memory) -> None:
        hello = decode_client(await socket.receive_str())
        assert isinstance(hello, Hello)
        await say(socket, Welcome(hello.session, "scripted", True, more=True))
        await asyncio.sleep(2.5)
        await say(socket, MoreHeld(HeldSegments(ended=(0,))))
        await asyncio.sleep(0.7)
        await say(socket, Final(0, "there"))
        while await hear(socket, memory):
            pass

    settings = replace(AT_ONCE, owed_s=2.0, last_words_s=0.1)
    async with scripted(slow) as gateway, client_of(gateway.url, settings) as client:
        await say_segments(client, 1)
        await client.finish()
        assert texts([event async for event in client.events()]) == [(0, "there")]
