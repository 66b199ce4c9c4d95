"""Test the search for readable contents in captured traffic."""

import random

import pytest

from tests.helpers.capture import Capture, readable, readable_speech

PCM = random.Random(1).randbytes(4_000)
TEXT = "0123456789abcdef"
PORT = 8765


def masked(data: bytes, mask: bytes = b"\x12\xa4\x00\x7f") -> bytes:
    """Mask data as a WebSocket client does."""
    return bytes(value ^ mask[number % 4] for number, value in enumerate(data))


def frame(payload: bytes, port: int = PORT, protocol: int = 6, ethertype: int = 0x0800) -> bytes:
    """Build an Ethernet frame with TCP or UDP over IPv4 to this port, with padding."""
    ports = (40_000).to_bytes(2) + port.to_bytes(2)
    body = (ports + bytes(8) + b"\x50" + bytes(7) if protocol == 6 else ports + bytes(4)) + payload
    head = b"\x45\x00" + (20 + len(body)).to_bytes(2) + bytes(5) + bytes([protocol]) + bytes(2) + bytes(8)
    return bytes(12) + ethertype.to_bytes(2) + head + body + bytes(6)


@pytest.mark.parametrize("start", range(9))
def test_sixteen_bytes_of_speech_are_found_at_any_offset(start: int) -> None:
    noise = random.Random(2).randbytes(5_001)
    run = PCM[start + 100 : start + 124]
    assert readable_speech(noise[:start] + run + noise[start:], PCM)
    assert readable_speech(noise[:start] + masked(run) + noise[start:], PCM)
    assert not readable_speech(noise + PCM[:7] + noise, PCM)


def test_texts_are_found_masked_or_not() -> None:
    noise = random.Random(3).randbytes(999)
    assert readable(noise + TEXT.encode() + noise, [TEXT, "another text"]) == [TEXT]
    assert readable(noise + masked(TEXT.encode()) + noise, [TEXT, "another text"]) == [TEXT]
    assert readable(noise, [TEXT]) == []


def test_text_split_over_packets_is_joined() -> None:
    capture = Capture([frame(b"\x16\x03" + TEXT[:5].encode()), frame(TEXT[5:].encode())])
    assert readable(capture.everything(), [TEXT]) == [TEXT]
    assert capture.unexpected(PORT) == set()


@pytest.mark.parametrize(
    "strange",
    [
        frame(b"GET / HTTP/1.1"),
        frame(b"\x16\x03", port=80),
        frame(b"a datagram", port=53, protocol=17),
        frame(b"", protocol=132),
        frame(b"", ethertype=0x88CC),
    ],
)
def test_traffic_other_than_tls_and_mdns_is_reported(strange: bytes) -> None:
    assert len(Capture([strange]).unexpected(PORT)) == 1
    assert Capture([frame(b"said to all", port=5353, protocol=17)]).unexpected(PORT) == set()
