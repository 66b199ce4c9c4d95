"""Gateway client over real sockets, against a gateway that breaks in every way."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from math import inf
from uuid import UUID, uuid4

import pytest
from aiohttp import web

from client.audio_store import TemporaryAudio
from client.connection import Address, fixed_locator
from client.errors import Failing, GatewayError, ModelNotOffered, Refused, SessionLost, Unreachable
from client.events import ClientEvent, Connected, Disconnected
from client.gateway import GatewayClient
from client.settings import ClientSettings
from loadtest.core.checksum import checksum
from protocol.audio import FRAME_SAMPLES
from protocol.errors import CloseCode, ErrorCode
from protocol.recognition import Options
from protocol.session import Error, Failed, Final, Partial, Queued
from tests.helpers.ports import free_port
from tests.helpers.scripted_gateway import (
    Memory,
    breaking_after,
    closing_with,
    oblige,
    say,
    scripted,
    welcome,
)
from tests.helpers.waiting import wait_until

AT_ONCE = ClientSettings(quiet_s=20, retry=lambda failures, chance, asked: 0.0)


def speech(segment: int, frames: int = 3) -> bytes:
    """Return PCM without repeated samples."""
    return b"".join((segment * 1_000_000 + i).to_bytes(4, "little") for i in range(frames * FRAME_SAMPLES // 2))


@asynccontextmanager
async def client_of(
    url: str, settings: ClientSettings = AT_ONCE, store: TemporaryAudio | None = None, key: str = "k"
) -> AsyncIterator[GatewayClient]:
    with store or TemporaryAudio() as audio:
        async with GatewayClient(fixed_locator(Address(url, key)), uuid4(), audio, Options(), settings) as client:
            yield client


async def say_segments(client: GatewayClient, count: int, frames: int = 3) -> None:
    for segment in range(count):
        pcm = speech(segment, frames)
        await client.begin(segment, segment * 1000)
        for start in range(0, len(pcm), 1111 * 2):
            await client.audio(segment, pcm[start : start + 1111 * 2])
        await client.end(segment)


async def transcribe(client: GatewayClient, count: int, frames: int = 3) -> list[ClientEvent]:
    await say_segments(client, count, frames)
    await client.finish()
    return [event async for event in client.events()]


def texts(events: list[ClientEvent]) -> list[tuple[int, str]]:
    return [(event.segment, event.text) for event in events if isinstance(event, Final)]


def expected(count: int, frames: int = 3) -> list[tuple[int, str]]:
    return [(segment, checksum(speech(segment, frames))) for segment in range(count)]


async def test_client_delivers_texts_and_acknowledges_them() -> None:
    async with scripted(oblige) as gateway, client_of(gateway.url) as client:
        events = await transcribe(client, 4)
    assert texts(events) == expected(4)
    assert events[0] == Connected("scripted", True)
    assert gateway.memory.received == [0, 1, 2, 3]
    assert gateway.memory.keys == ["Bearer k"]


@pytest.mark.parametrize("messages", [0, 1, 3, 4, 5, 6, 11])
async def test_client_resumes_after_a_broken_connection(messages: int) -> None:
    async with scripted(breaking_after(messages), oblige) as gateway, client_of(gateway.url) as client:
        events = await transcribe(client, 3)
    assert texts(events) == expected(3)
    assert [hello.resume for hello in gateway.memory.hellos] == [False, True]
    assert gateway.memory.queries == ["", "resume=1"]  # so that a gateway under load accepts it
    assert sum(isinstance(event, Disconnected) for event in events) == 1


async def test_client_finishes_when_connection_keeps_breaking() -> None:
    scripts = [breaking_after(n) for n in range(1, 8)]
    async with scripted(*scripts, oblige) as gateway, client_of(gateway.url) as client:
        events = await transcribe(client, 5)
    assert texts(events) == expected(5)
    assert gateway.connections >= 5


@pytest.mark.parametrize("code", [CloseCode.GOING_AWAY, CloseCode.TRY_AGAIN_LATER, 1011, 1012])
async def test_client_reconnects_after_temporary_close_codes(code: int) -> None:
    async with scripted(closing_with(code, after=3), oblige) as gateway, client_of(gateway.url) as client:
        events = await transcribe(client, 2)
        assert texts(events) == expected(2)
        lost = [(event.answers, event.failing) for event in events if isinstance(event, Disconnected)]
        assert lost == [(code == CloseCode.TRY_AGAIN_LATER, code == CloseCode.INTERNAL_ERROR)]


@pytest.mark.parametrize(
    "code",
    [
        CloseCode.NORMAL,
        CloseCode.PROTOCOL_ERROR,
        CloseCode.UNSUPPORTED_DATA,
        CloseCode.INVALID_DATA,
        CloseCode.POLICY_VIOLATION,
        CloseCode.MESSAGE_TOO_BIG,
        CloseCode.UNAUTHORISED,
        CloseCode.FORBIDDEN,
    ],
)
async def test_client_gives_up_after_permanent_close_codes(code: int) -> None:
    async with scripted(closing_with(code, after=1), oblige) as gateway, client_of(gateway.url) as client:
        with pytest.raises(Refused, match=str(int(code))):
            await transcribe(client, 2)
        assert gateway.connections == 1
        with pytest.raises(Refused):
            await client.begin(9, 0)


async def test_session_taken_over_is_lost() -> None:
    async with scripted(closing_with(CloseCode.TAKEN_OVER, after=2)) as gateway, client_of(gateway.url) as client:
        with pytest.raises(SessionLost, match="took this session over") as lost:
            await transcribe(client, 1)
    assert lost.value.segments == (0,)


async def test_client_error_contains_gateway_message() -> None:
    async def refuse(socket: web.WebSocketResponse, memory: Memory) -> None:
        await say(socket, Error(ErrorCode.UNSUPPORTED, "no such codec"))
        await socket.close(code=CloseCode.UNSUPPORTED_DATA)

    async with scripted(refuse) as gateway, client_of(gateway.url) as client:
        with pytest.raises(Refused, match="no such codec"):
            await transcribe(client, 1)


async def test_refused_model_raises_error_with_offered_models() -> None:
    async def refuse(socket: web.WebSocketResponse, memory: Memory) -> None:
        await say(socket, Error(ErrorCode.MODEL_UNAVAILABLE, "On offer: whisper-base"))
        await socket.close(code=CloseCode.UNSUPPORTED_DATA)

    async with scripted(refuse) as gateway, client_of(gateway.url) as client:
        with pytest.raises(ModelNotOffered, match="whisper-base"):
            await transcribe(client, 1)


@pytest.mark.parametrize(
    ("status", "says"), [(401, "--key"), (403, "403"), (404, "not a kikipounamu gateway"), (200, "not a kiki")]
)
async def test_client_raises_refused_for_http_refusals(status: int, says: str) -> None:
    async with scripted(oblige, refusing=((status, {}),)) as gateway, client_of(gateway.url) as client:
        with pytest.raises(Refused, match=says):
            await transcribe(client, 1)
        assert gateway.connections == 0


async def test_client_retries_after_unauthorised_when_gateway_may_be_replaced() -> None:
    settings = replace(AT_ONCE, elsewhere=lambda: True)
    sent_away = closing_with(CloseCode.UNAUTHORISED, after=3)
    async with (
        scripted(sent_away, oblige, refusing=((401, {}),)) as gateway,
        client_of(gateway.url, settings) as client,
    ):
        assert texts(await transcribe(client, 2)) == expected(2)
        assert gateway.connections == 2
    async with scripted(oblige, refusing=((404, {}),)) as gateway, client_of(gateway.url, settings) as client:
        with pytest.raises(Refused):
            await transcribe(client, 1)


async def test_first_contact_fails_soon_when_no_gateway_listens() -> None:
    settings = replace(AT_ONCE, first_contact_s=0.2)
    async with client_of(f"http://127.0.0.1:{free_port()}", settings) as client:
        with pytest.raises(Unreachable, match="no connection to the gateway"):
            await transcribe(client, 1)


async def test_client_refuses_an_invalid_url() -> None:
    async with client_of("localhost without a scheme") as client:
        with pytest.raises(Refused, match="https://host:port"):
            await client.finish()


async def test_client_gives_up_when_gateway_stays_away() -> None:
    async def die(socket: web.WebSocketResponse, memory: Memory) -> None:
        gateway.statuses.extend([(500, {})] * 100_000)
        await breaking_after(2)(socket, memory)

    settings = replace(AT_ONCE, first_contact_s=0.0, give_up_s=0.2)
    async with scripted(die) as gateway, client_of(gateway.url, settings) as client:
        with pytest.raises(Unreachable, match="500"):
            await transcribe(client, 1)
    assert gateway.connections == 1


async def test_client_gives_up_when_gateway_fails_each_time_and_keeps_the_audio() -> None:
    settings = replace(AT_ONCE, give_up_s=inf, failing_s=0.2, retry=lambda failures, chance, asked: 0.01)
    with TemporaryAudio() as store:
        async with (
            scripted(closing_with(CloseCode.INTERNAL_ERROR)) as gateway,
            client_of(gateway.url, settings, store) as client,
        ):
            with pytest.raises(Failing, match="1011"):
                await transcribe(client, 1)
            assert await store.read(0, 0, len(speech(0)) // 2) == speech(0)


@pytest.mark.parametrize("junk", ["not json", '{"type":"unknown"}', '{"type":"final","segment":"x","text":""}'])
async def test_client_refuses_unknown_messages_of_the_gateway(junk: str) -> None:
    async def script(socket: web.WebSocketResponse, memory: Memory) -> None:
        await welcome(socket, memory)
        await socket.send_str(junk)
        await socket.receive()

    async with scripted(script) as gateway, client_of(gateway.url) as client:
        with pytest.raises(Refused, match="Update one of the two"):
            await client.finish()


async def test_client_refuses_binary_messages_of_the_gateway() -> None:
    async def script(socket: web.WebSocketResponse, memory: Memory) -> None:
        await welcome(socket, memory)
        await socket.send_bytes(b"12345678")
        await socket.receive()

    async with scripted(script) as gateway, client_of(gateway.url) as client:
        with pytest.raises(Refused, match="binary"):
            await client.finish()


async def test_silence_after_hello_counts_as_broken_connection() -> None:
    async def mute(socket: web.WebSocketResponse, memory: Memory) -> None:
        async for _ in socket:
            pass

    settings = replace(AT_ONCE, connect_s=0.5)
    async with scripted(mute, mute, oblige) as gateway, client_of(gateway.url, settings) as client:
        assert texts(await transcribe(client, 1)) == expected(1)
        assert gateway.connections >= 3, "neither of the two that said nothing was kept"


async def test_finish_names_segments_whose_results_never_come() -> None:
    settings = replace(AT_ONCE, quiet_s=0.2)
    async with scripted(welcome_only) as gateway, client_of(gateway.url, settings) as client:
        await say_segments(client, 2)
        with pytest.raises(SessionLost) as lost:
            await client.finish()
    assert lost.value.segments == (0, 1)


async def welcome_only(socket: web.WebSocketResponse, memory: Memory) -> None:
    await welcome(socket, memory)
    async for _ in socket:
        pass


async def test_failed_segment_is_reported_and_others_continue() -> None:
    async def failing(socket: web.WebSocketResponse, memory: Memory) -> None:
        await welcome(socket, memory)
        await say(socket, Failed(0, ErrorCode.ENGINE_FAILED, "cannot"))
        memory.texts[0] = ""
        cut_after = asyncio.ensure_future(socket.receive())
        await cut_after
        await socket.close(code=CloseCode.GOING_AWAY)

    async with scripted(failing, oblige) as gateway, client_of(gateway.url) as client:
        events = await transcribe(client, 2)
    assert [event.segment for event in events if isinstance(event, Failed)] == [0]
    assert texts(events) == expected(2)[1:]


async def test_cancelled_segment_gets_no_text_and_is_acknowledged() -> None:
    async with scripted(oblige) as gateway, client_of(gateway.url) as client:
        await client.begin(0, 0)
        await client.audio(0, speech(0))
        await client.cancel(0)
        await client.audio(0, speech(0))
        await client.finish()
        events = [event async for event in client.events()]
    assert texts(events) == []
    assert 0 in gateway.memory.received


async def test_audio_waits_while_too_much_has_no_result() -> None:
    settings = replace(AT_ONCE, held_s=0.3)
    released = asyncio.Event()

    async def late(socket: web.WebSocketResponse, memory: Memory) -> None:
        await released.wait()
        await oblige(socket, memory)

    async with scripted(late) as gateway, client_of(gateway.url, settings) as client:
        speaking = asyncio.create_task(say_segments(client, 4))
        await wait_until(lambda: client.unsent_s > 0.3, "the store is full")
        assert not speaking.done()
        assert client.unsent_s < 0.5
        released.set()
        await speaking
        await client.finish()
        assert texts([event async for event in client.events()]) == expected(4)


async def test_full_store_raises_session_lost_after_quiet_time() -> None:
    settings = replace(AT_ONCE, held_s=0.3, quiet_s=0.2)
    async with scripted(welcome_only) as gateway, client_of(gateway.url, settings) as client:
        with pytest.raises(SessionLost, match="is a worker running"):
            await say_segments(client, 4)


async def test_store_is_empty_after_finish() -> None:
    store = TemporaryAudio()
    async with scripted(oblige) as gateway, client_of(gateway.url, store=store) as client:
        await transcribe(client, 3)
        assert store.files == 0


async def test_client_may_be_closed_twice_and_then_refuses_audio() -> None:
    async with scripted(oblige) as gateway, client_of(gateway.url) as client:
        await client.begin(0, 0)
        await client.close()
        await client.close()
        with pytest.raises(SessionLost, match="was closed"):
            await client.audio(0, b"\0\0")
        assert [event async for event in client.events()][1:] == []


async def test_client_outside_async_with_raises_runtime_error() -> None:
    client = GatewayClient(fixed_locator(Address("http://127.0.0.1:1")), UUID(int=1), TemporaryAudio())
    with pytest.raises(RuntimeError, match="async with"):
        await client.finish()


async def test_store_error_ends_session_with_typed_error() -> None:
    class Broken(TemporaryAudio):
        async def read(self, segment: int, offset: int, samples: int) -> bytes:
            raise OSError("disk gone")

    async with scripted(oblige) as gateway, client_of(gateway.url, store=Broken()) as client:
        with pytest.raises(GatewayError, match="disk gone"):
            await transcribe(client, 1)


async def test_client_forwards_partials_in_order() -> None:
    async def typing(socket: web.WebSocketResponse, memory: Memory) -> None:
        await welcome(socket, memory)
        await socket.receive()  # segment.begin
        await say(socket, Partial(0, 1, "a"), Partial(0, 2, "ab"), Final(0, "abc"))
        memory.texts[0] = "abc"
        memory.received.append(0)
        await socket.close(code=CloseCode.GOING_AWAY)

    async with scripted(typing, oblige) as gateway, client_of(gateway.url) as client:
        events = await transcribe(client, 1)
    assert [e.text for e in events if isinstance(e, Partial | Final)] == ["a", "ab", "abc"]
    assert not any(isinstance(event, Queued) for event in events)


async def test_client_follows_gateway_to_its_new_address() -> None:
    async with scripted(breaking_after(4)) as first, scripted(oblige) as second:
        places = iter([first.url, second.url])
        with TemporaryAudio() as store:
            async with GatewayClient(lambda: Address(next(places)), uuid4(), store, settings=AT_ONCE) as client:
                assert texts(await transcribe(client, 2)) == expected(2)
