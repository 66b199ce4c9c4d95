"""``/v1/stream`` over real sockets: bad input gets a typed error, and the gateway keeps working."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import aiohttp
import pytest

from backend.devices.records import DeviceStore
from backend.devices.registry import DeviceRegistry
from backend.gateway import Gateway
from backend.http.access import Access, AdmittedRequest
from backend.http.frames import TEXT
from backend.http.settings import HttpSettings
from backend.http.websocket import WebSocket
from backend.running_gateway import running_gateway
from backend.sessions.session_slot import SessionSlot
from backend.sessions.stream import _Stream
from backend.settings import GatewaySettings
from protocol.audio import encode_frame
from protocol.devices import DeviceKind
from protocol.errors import CloseCode, ErrorCode
from protocol.session import (
    STREAM_PATH,
    AudioFormat,
    Error,
    Final,
    Finish,
    Hello,
    Limits,
    Missing,
    SegmentBegin,
    SegmentEnd,
    encode,
    is_resumable,
)
from tests.backend.conftest import KEY
from tests.backend.fake_worker import working
from tests.backend.wire import Wire, connected, tone
from tests.helpers.logs import capture_logs
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until

SendBad = Callable[[Wire], Awaitable[None]]
ABNORMAL = 1006  # RFC 6455 7.1.5: closed without a close frame
QUICK = Limits(ping_s=1.0, segment_s=1.0, window_s=2.0)


@pytest.fixture
async def quick(broker: Broker) -> AsyncIterator[Gateway]:
    """A gateway with short limits."""
    settings = GatewaySettings(redis=broker.url, key=KEY, limits=QUICK, goodbye_s=2.0)
    async with running_gateway(settings) as gateway:
        yield gateway


async def check_recognition(gateway: Gateway, broker: Broker) -> None:
    """Check that the gateway still recognises speech."""
    async with working(broker.url), connected(gateway.url, KEY) as wire:
        await wire.segment(0, tone(1_600))
        assert (await wire.expect(Final)).segment == 0


async def refusal(wire: Wire) -> tuple[ErrorCode, int | None]:
    error = await wire.expect(Error)
    return error.code, await wire.until_closed()


def hello(wire: Wire, **fields: object) -> str:
    return json.dumps({"type": "hello", "session": str(wire.session)} | fields)


@pytest.mark.parametrize(
    ("say", "code", "close"),
    [
        (lambda wire: wire.text("no JSON"), ErrorCode.MALFORMED, CloseCode.INVALID_DATA),
        (lambda wire: wire.text("[1]"), ErrorCode.MALFORMED, CloseCode.INVALID_DATA),
        (lambda wire: wire.text('{"type":"greet"}'), ErrorCode.MALFORMED, CloseCode.INVALID_DATA),
        (lambda wire: wire.text('{"type":"hello"}'), ErrorCode.MALFORMED, CloseCode.INVALID_DATA),
        (lambda wire: wire.text(hello(wire, session="../../x")), ErrorCode.MALFORMED, CloseCode.INVALID_DATA),
        (
            lambda wire: wire.text(hello(wire, options={"model": "a/b"})),
            ErrorCode.MALFORMED,
            CloseCode.INVALID_DATA,
        ),
        (lambda wire: wire.text(hello(wire, client="x" * 70_000)), ErrorCode.TOO_LARGE, CloseCode.MESSAGE_TOO_BIG),
        (lambda wire: wire.binary(encode_frame(0, 0, b"")), ErrorCode.OUT_OF_ORDER, CloseCode.POLICY_VIOLATION),
        (lambda wire: wire.say(Finish(0)), ErrorCode.OUT_OF_ORDER, CloseCode.POLICY_VIOLATION),
        (
            lambda wire: wire.say(Hello(wire.session, audio=AudioFormat(rate=44_100))),
            ErrorCode.UNSUPPORTED,
            CloseCode.UNSUPPORTED_DATA,
        ),
        (
            lambda wire: wire.say(Hello(wire.session, audio=AudioFormat(codec="opus"))),
            ErrorCode.UNSUPPORTED,
            CloseCode.UNSUPPORTED_DATA,
        ),
    ],
)
async def test_bad_first_message_is_refused(
    gateway: Gateway, broker: Broker, say: SendBad, code: ErrorCode, close: int
) -> None:
    async with Wire(gateway.url, KEY) as wire:
        await say(wire)
        assert await refusal(wire) == (code, close)
    await check_recognition(gateway, broker)


@pytest.mark.parametrize(
    ("say", "code", "close"),
    [
        (lambda wire: wire.text("{"), ErrorCode.MALFORMED, CloseCode.INVALID_DATA),
        (lambda wire: wire.text('{"type":"nonsense"}'), ErrorCode.MALFORMED, CloseCode.INVALID_DATA),
        (lambda wire: wire.text('{"type":"finish","segments":-1}'), ErrorCode.MALFORMED, CloseCode.INVALID_DATA),
        (lambda wire: wire.text(" " * 70_000), ErrorCode.TOO_LARGE, CloseCode.MESSAGE_TOO_BIG),
        (lambda wire: wire.say(Hello(uuid4())), ErrorCode.OUT_OF_ORDER, CloseCode.POLICY_VIOLATION),
        (lambda wire: wire.binary(b"short"), ErrorCode.MALFORMED, CloseCode.INVALID_DATA),
        (lambda wire: wire.binary(bytes(11)), ErrorCode.MALFORMED, CloseCode.INVALID_DATA),
        (lambda wire: wire.binary(bytes(70_000)), ErrorCode.TOO_LARGE, CloseCode.MESSAGE_TOO_BIG),
        (lambda wire: wire.audio(7, tone(100)), ErrorCode.OUT_OF_ORDER, CloseCode.POLICY_VIOLATION),
        (lambda wire: wire.say(SegmentEnd(7, 0)), ErrorCode.OUT_OF_ORDER, CloseCode.POLICY_VIOLATION),
    ],
)
async def test_bad_later_message_is_refused(
    gateway: Gateway, broker: Broker, say: SendBad, code: ErrorCode, close: int
) -> None:
    async with connected(gateway.url, KEY) as wire:
        await say(wire)
        assert await refusal(wire) == (code, close)
    await check_recognition(gateway, broker)


async def test_message_above_parser_limit_closes_connection(gateway: Gateway, broker: Broker) -> None:
    async with connected(gateway.url, KEY) as wire:
        await wire.binary(bytes(1_000_000))
        assert await wire.until_closed() == CloseCode.MESSAGE_TOO_BIG
    await check_recognition(gateway, broker)


async def test_late_hello_is_refused(broker: Broker) -> None:
    settings = GatewaySettings(redis=broker.url, key=KEY, limits=Limits(hello_s=0.1))
    async with running_gateway(settings) as gateway, Wire(gateway.url, KEY) as wire:
        assert await refusal(wire) == (ErrorCode.OUT_OF_ORDER, CloseCode.TRY_AGAIN_LATER)


async def test_endless_segment_is_refused(quick: Gateway) -> None:
    async with connected(quick.url, KEY) as wire:
        await wire.say(SegmentBegin(0))
        await wire.audio(0, bytes(2 * 17_600))
        assert await refusal(wire) == (ErrorCode.TOO_LARGE, CloseCode.MESSAGE_TOO_BIG)


async def test_last_error_arrives_while_audio_is_still_sent(quick: Gateway) -> None:
    """Closing with unread audio in the socket would cause a reset and lose the error."""
    for _ in range(5):
        async with connected(quick.url, KEY) as wire:
            await wire.say(SegmentBegin(0))
            for n in range(40):
                await wire.binary(encode_frame(0, n * 16_000, bytes(32_000)))
            assert await refusal(wire) == (ErrorCode.TOO_LARGE, CloseCode.MESSAGE_TOO_BIG)


async def test_lower_offset_is_resend_and_higher_offset_is_gap(gateway: Gateway, broker: Broker) -> None:
    pcm = tone(4_800)
    async with working(broker.url), connected(gateway.url, KEY) as wire:
        await wire.say(SegmentBegin(0))
        await wire.audio(0, pcm[:3_200])
        await wire.audio(0, pcm[4_800:], offset=2_400)
        assert (await wire.expect(Missing)).from_ == 1_600
        await wire.audio(0, pcm[2_000:], offset=1_000)
        await wire.say(SegmentEnd(0, 4_800))
        assert (await wire.expect(Final)).text == f"4800:{sum(pcm)}"


@pytest.mark.parametrize("pcm", [b"", bytes(2), bytes(160), bytes(32_000)])
async def test_empty_short_and_silent_audio_is_answered(gateway: Gateway, broker: Broker, pcm: bytes) -> None:
    async with working(broker.url), connected(gateway.url, KEY) as wire:
        await wire.segment(0, pcm)
        assert (await wire.expect(Final)).text == f"{len(pcm) // 2}:0"


async def test_failing_writer_closes_connection_so_that_client_resumes(gateway: Gateway, broker: Broker) -> None:
    """An open connection without answers would keep its client waiting."""
    async with connected(gateway.url, KEY) as wire:
        gateway.hub.hosted[str(wire.session)].send(Final(0, cast(str, object())))  # cannot be encoded
        assert await refusal(wire) == (ErrorCode.INTERNAL, CloseCode.INTERNAL_ERROR)
    assert is_resumable(CloseCode.INTERNAL_ERROR)
    await check_recognition(gateway, broker)


async def test_unencodable_text_reaches_its_client(gateway: Gateway) -> None:
    """A closed connection would make the client resume, again and again."""
    async with connected(gateway.url, KEY) as wire:
        for text in ("kia\ud800 ora", "next"):
            gateway.hub.hosted[str(wire.session)].send(Final(0, text))
        assert [(await wire.expect(Final)).text for _ in range(2)] == ["kia\ufffd ora", "next"]


async def test_silent_peer_is_dropped_and_answering_peer_is_kept(quick: Gateway) -> None:
    async with connected(quick.url, KEY) as answering, connected(quick.url, KEY) as silent:
        reading = asyncio.create_task(answering.expect(Missing))  # aiohttp answers pings only while reading
        await wait_until(
            lambda: quick.hub.hosted[str(silent.session)].connection is None, "the silent peer is disconnected"
        )
        await answering.say(SegmentBegin(0))
        await answering.say(SegmentEnd(0, 1))
        assert (await reading).from_ == 0


async def test_revoked_device_that_does_not_read_is_reset(broker: Broker, tmp_path: Path) -> None:
    settings = GatewaySettings(
        redis=broker.url, key=KEY, devices_file=tmp_path / "devices.json", stuck_s=1_000.0, goodbye_s=1_000.0
    )
    async with running_gateway(settings) as gateway:
        device, key = await gateway.access.roster.add("laptop", DeviceKind.CLIENT)
        async with connected(gateway.url, key) as wire:
            conn = wire._socket._conn
            assert conn is not None and conn.transport is not None
            conn.transport.pause_reading()
            hosted = gateway.hub.hosted[str(wire.session)]
            for n in range(200):
                hosted.send(Final(n, "x" * 100_000))
            await gateway.access.roster.revoke(device.id)
            await wait_until(lambda: not gateway.hub.connections, "it is out")
            conn.transport.resume_reading()
            await wire.until_closed()
            assert wire.closed == ABNORMAL and len(wire.seen) < 200


async def test_log_reports_end_of_connection_and_reason(gateway: Gateway) -> None:
    with capture_logs() as lines:
        async with connected(gateway.url, KEY) as leaving:
            pass
        async with connected(gateway.url, KEY) as refused:
            await refused.text("{")
            await refused.until_closed()
        await wait_until(lambda: not gateway.hub.connections, "both connections end")
    ends = {line["session"]: line["reason"] for line in lines if line["event"] == "connection.closed"}
    assert ends == {str(leaving.session): "", str(refused.session): "malformed (1007)"}


async def test_broken_connection_leaves_only_its_session(gateway: Gateway) -> None:
    async with connected(gateway.url, KEY) as wire:
        await wire.say(SegmentBegin(0))
        await wire.audio(0, tone(1_600))
        assert wire._socket._conn is not None
        transport = wire._socket._conn.transport
        assert transport is not None
        transport.abort()
        await wait_until(lambda: not gateway.hub.connections, "the connection goes")
    hosted = gateway.hub.hosted[str(wire.session)]
    assert hosted.connection is None and hosted.session.unqueued == 1_600


@pytest.mark.parametrize("protocols", [(), ("kikipounamu.v0",), ("kikipounamu.v2", "chat")])
async def test_other_protocol_version_is_refused(gateway: Gateway, protocols: tuple[str, ...]) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        async with Wire(gateway.url, KEY, protocols=protocols):
            pass
    assert refused.value.status == 400


async def test_plain_http_request_is_refused(gateway: Gateway) -> None:
    headers = {"Authorization": f"Bearer {KEY}", "Sec-WebSocket-Protocol": "kikipounamu.v1"}
    async with aiohttp.ClientSession() as http, http.get(gateway.url + STREAM_PATH, headers=headers) as response:
        assert response.status == 400
        assert (await response.json())["error"]["code"] == "malformed"


async def test_text_messages_pause_reading_only_above_the_pace_of_their_key(tmp_path: Path) -> None:
    store = DeviceStore(tmp_path / "devices.json")
    device, _ = store.add("n", DeviceKind.CLIENT, 0)
    access, socket = Access(HttpSettings(), DeviceRegistry(store), lambda: 0.0), cast(WebSocket, None)
    hub: Any = SimpleNamespace(settings=GatewaySettings(), receive=lambda hosted, message: None)
    hub.connected = hub.disconnected = lambda connection: None
    stream, text = _Stream(socket, hub, AdmittedRequest(access, device)), bytearray(encode(Finish(0)).encode())
    stream._hosted = cast(SessionSlot, SimpleNamespace(flying=0))
    assert stream._take(TEXT, text) is None
    access.meter.of(device.id).pace.burst = 0.0
    pause = stream._take(TEXT, text)
    assert pause is not None
    await pause
