"""Frames without a mask are refused, split at any byte, at every WebSocket of a gateway."""

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.gateway import Gateway
from backend.http.certificates import own_certificate
from backend.http.frames import BINARY, CLOSE, TEXT
from backend.http.masking import MaskedFrames
from backend.http.modes import GatewayMode
from backend.running_gateway import running_gateway
from backend.settings import GatewaySettings
from protocol.broker import BROKER_PATH
from protocol.errors import CloseCode
from protocol.session import STREAM_PATH, SUBPROTOCOL, Hello, encode
from tests.backend.conftest import KEY
from tests.backend.http.test_frames import FINAL, frame
from tests.helpers.valkey import Broker

LENGTHS = st.sampled_from([0, 1, 125, 126, 300, 65_535, 65_536, 70_000])
NO_MASK = b""


class Sink:
    """Reader that records its input."""

    def __init__(self) -> None:
        self.data = b""
        self.ended = False

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        self.data += data
        return False, b""

    def feed_eof(self) -> None:
        self.ended = True


def passed(data: bytes, sizes: list[int]) -> bytes:
    """Feed data in pieces of these sizes; return what passes."""
    sink = Sink()
    masked, at = MaskedFrames(sink), 0
    for size in [*sizes, len(data)]:
        masked.feed_data(data[at : at + size])
        at += size
    masked.feed_eof()
    assert sink.ended
    return sink.data


@given(st.lists(LENGTHS, max_size=4), st.lists(st.integers(1, 40_000), max_size=12))
def test_masked_frames_pass_unchanged(lengths: list[int], sizes: list[int]) -> None:
    data = b"".join(frame(FINAL | BINARY, bytes(length)) for length in lengths)
    assert passed(data, sizes) == data


@given(st.lists(LENGTHS, max_size=3), LENGTHS, st.lists(st.integers(1, 9), max_size=9))
def test_data_stops_at_first_unmasked_frame(before: list[int], length: int, sizes: list[int]) -> None:
    good = b"".join(frame(FINAL | BINARY, bytes(one)) for one in before)
    data = good + frame(FINAL | TEXT, b"x" * length, NO_MASK) + frame(FINAL | TEXT, b"late")
    assert passed(data, sizes) == good + b"\x70\x80"


# -- at a gateway ---------------------------------------------------------------------------------------------


@pytest.fixture
async def shared(broker: Broker, tmp_path: Path) -> AsyncIterator[Gateway]:
    """A gateway with a TLS port."""
    settings = GatewaySettings(
        redis=broker.url,
        key=KEY,
        mode=GatewayMode.SHARED,
        host="127.0.0.1",
        certificate=own_certificate(tmp_path),
        devices_file=tmp_path / "devices.json",
        announce=False,
    )
    async with running_gateway(settings) as gateway:
        yield gateway


async def close_code(gateway: Gateway, path: str, tls: bool, sent: bytes) -> int:
    """Send raw WebSocket frames; return the code with which the gateway closes."""
    port = gateway.tls_port if tls else urlsplit(gateway.url).port
    context = ssl._create_unverified_context() if tls else None
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    lines = [f"GET {path} HTTP/1.1", "Host: x", "Upgrade: websocket", "Connection: Upgrade"]
    lines += [f"Sec-WebSocket-Key: {base64.b64encode(bytes(16)).decode()}", "Sec-WebSocket-Version: 13"]
    lines += [f"Authorization: Bearer {KEY}", f"Sec-WebSocket-Protocol: {SUBPROTOCOL}"]
    writer.write("\r\n".join(lines).encode() + b"\r\n\r\n")
    try:
        async with asyncio.timeout(30):
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101")
            writer.write(sent)
            while True:
                first, length = await reader.readexactly(2)
                size = length if length < 126 else int.from_bytes(await reader.readexactly(2), "big")
                body = await reader.readexactly(size)
                if first & 0x0F == CLOSE:
                    return int.from_bytes(body[:2], "big")
    finally:
        writer.close()


@pytest.mark.parametrize("tls", [False, True], ids=["loopback", "TLS port"])
async def test_gateway_closes_a_stream_at_an_unmasked_frame(shared: Gateway, tls: bool) -> None:
    hello = encode(Hello(uuid4())).encode()
    for sent in (
        frame(FINAL | TEXT, hello, NO_MASK),
        frame(FINAL | TEXT, hello) + frame(FINAL | BINARY, bytes(300), NO_MASK),
    ):
        assert await close_code(shared, STREAM_PATH, tls, sent) == CloseCode.PROTOCOL_ERROR


@pytest.mark.parametrize("tls", [False, True], ids=["loopback", "TLS port"])
async def test_gateway_closes_a_tunnel_at_an_unmasked_frame(shared: Gateway, tls: bool) -> None:
    sent = frame(FINAL | BINARY, b"*1\r\n$4\r\nPING\r\n", NO_MASK)
    assert await close_code(shared, BROKER_PATH, tls, sent) == CloseCode.PROTOCOL_ERROR
