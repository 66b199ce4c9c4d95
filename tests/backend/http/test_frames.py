"""Frames of clients, split at any byte: messages are read whole, or the connection must close."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.http.frames import BINARY, CLOSE, MESSAGES_A_TURN, PING, PONG, TEXT, FrameReader, Message
from protocol.errors import CloseCode

MOST = 70_000
CONTINUATION, FINAL = 0, 0x80
MASKS = st.binary(min_size=4, max_size=4)
LENGTHS = st.sampled_from([0, 1, 3, 125, 126, 300, 3_208, 65_535, 65_536, MOST])


def frame(first: int, body: bytes, mask: bytes = b"\x01\x80\xff\x7e", length: int | None = None) -> bytes:
    """Return a frame of a client, which may state a wrong length, or have no mask (an empty one)."""
    length, bit = len(body) if length is None else length, 0x80 if mask else 0
    if length < 126:
        head = bytes((first, bit | length))
    elif length < 1 << 16:
        head = bytes((first, bit | 126)) + length.to_bytes(2, "big")
    else:
        head = bytes((first, bit | 127)) + length.to_bytes(8, "big")
    return head + mask + (bytes(byte ^ mask[at % 4] for at, byte in enumerate(body)) if mask else body)


def read(reader: FrameReader, data: bytes, sizes: list[int]) -> list[Message]:
    """Feed data in pieces of these sizes; the buffer of a piece is overwritten afterwards."""
    messages: list[Message] = []
    at = 0
    for size in [*sizes, len(data)]:
        piece = bytearray(data[at : at + size])
        at += size
        messages += reader.read(memoryview(piece))
        piece[:] = bytes(len(piece))
        while reader.more:
            messages += reader.read()
    return messages


def outcome(data: bytes, sizes: list[int] | None = None) -> tuple[list[Message], CloseCode | None]:
    reader = FrameReader(MOST)
    return read(reader, data, sizes or []), reader.failure


@given(st.lists(st.tuples(LENGTHS, MASKS), max_size=4), st.lists(st.integers(0, 40_000), max_size=12))
def test_messages_are_whole_however_data_is_split(sent: list[tuple[int, bytes]], sizes: list[int]) -> None:
    bodies = [bytes(range(256)) * (length // 256) + bytes(range(length % 256)) for length, _ in sent]
    data = b"".join(frame(FINAL | BINARY, body, mask) for body, (_, mask) in zip(bodies, sent, strict=True))
    assert outcome(data, sizes) == ([(BINARY, bytearray(body)) for body in bodies], None)


@given(st.lists(st.binary(max_size=200), min_size=2, max_size=6), st.lists(st.integers(0, 9), max_size=40))
def test_fragments_are_joined_around_control_frames(parts: list[bytes], sizes: list[int]) -> None:
    data = frame(TEXT, parts[0])
    for part in parts[1:-1]:
        data += frame(FINAL | PING, b"?") + frame(CONTINUATION, part)
    data += frame(FINAL | CONTINUATION, parts[-1])
    messages, failure = outcome(data + frame(FINAL | BINARY, b"next"), sizes)
    assert failure is None
    whole = (TEXT, bytearray(b"".join(parts)))
    assert messages == [(PING, bytearray(b"?"))] * (len(parts) - 2) + [whole, (BINARY, bytearray(b"next"))]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\x82\x05hello", CloseCode.PROTOCOL_ERROR),  # no mask
        (b"\x82\x7e\x01\x00", CloseCode.PROTOCOL_ERROR),
        (frame(FINAL | 0x40 | BINARY, b"x"), CloseCode.PROTOCOL_ERROR),  # a reserved bit
        (frame(FINAL | 3, b"x"), CloseCode.PROTOCOL_ERROR),  # a reserved opcode
        (frame(FINAL | 11, b"x"), CloseCode.PROTOCOL_ERROR),
        (frame(FINAL | PING, bytes(126)), CloseCode.PROTOCOL_ERROR),
        (frame(PING, b"x"), CloseCode.PROTOCOL_ERROR),  # in fragments
        (frame(FINAL | CONTINUATION, b"x"), CloseCode.PROTOCOL_ERROR),  # of nothing
        (frame(TEXT, b"x") + frame(FINAL | BINARY, b"y"), CloseCode.PROTOCOL_ERROR),
        (frame(FINAL | CLOSE, b"\x03"), CloseCode.PROTOCOL_ERROR),
        (frame(FINAL | CLOSE, (1005).to_bytes(2, "big")), CloseCode.PROTOCOL_ERROR),
        (frame(FINAL | BINARY, b"", length=MOST + 1), CloseCode.MESSAGE_TOO_BIG),
        (frame(FINAL | BINARY, b"", length=2**64 - 1), CloseCode.MESSAGE_TOO_BIG),
        (frame(TEXT, bytes(MOST)) + frame(CONTINUATION, b"x"), CloseCode.MESSAGE_TOO_BIG),
    ],
)
def test_violation_ends_reading_and_messages_before_it_count(data: bytes, code: CloseCode) -> None:
    good, late = frame(FINAL | PONG, b"before"), frame(FINAL | BINARY, b"late")
    for sizes in ([], [1] * 12, [len(good) + 1]):
        assert outcome(good + data + late, sizes) == ([(PONG, bytearray(b"before"))], code)


@pytest.mark.parametrize("body", [b"", (1000).to_bytes(2, "big") + b"bye", (4321).to_bytes(2, "big")])
def test_close_frame_is_a_message(body: bytes) -> None:
    assert outcome(frame(FINAL | CLOSE, body)) == ([(CLOSE, bytearray(body))], None)


@given(st.sampled_from([TEXT, BINARY]), LENGTHS, MASKS, st.binary(max_size=12))
def test_single_message_is_read_as_by_the_general_reader(
    kind: int, length: int, mask: bytes, behind: bytes
) -> None:
    body = bytes(range(256)) * (length // 256) + bytes(range(length % 256))
    data = frame(FINAL | kind, body, mask) + behind
    reader = FrameReader(MOST)
    usual = (2 < length <= 125 if kind == TEXT else 125 < length < 1 << 16) and not behind
    assert reader.read_one(memoryview(data + b"old"), len(data)) == ((kind, bytearray(body)) if usual else None)
    if not usual:
        assert reader.read(data)[:1] == [(kind, bytearray(body))]


@pytest.mark.parametrize(("kind", "length"), [(TEXT, 50), (BINARY, 300)])
def test_single_message_above_the_limit_is_not_read_alone(kind: int, length: int) -> None:
    reader, data = FrameReader(length - 1), frame(FINAL | kind, bytes(length))
    assert reader.read_one(memoryview(data), len(data)) is None
    assert reader.read(data) == [] and reader.failure is CloseCode.MESSAGE_TOO_BIG


@pytest.mark.parametrize("data", [b"\x81\x03" + bytes(7), b"\x81\x84" + bytes(9), b"\xc1\x83" + bytes(7)])
def test_unmasked_incomplete_or_reserved_frame_is_not_read_alone(data: bytes) -> None:
    assert FrameReader(MOST).read_one(memoryview(data), len(data)) is None


@pytest.mark.parametrize("before", [frame(FINAL | BINARY, bytes(300))[:200], frame(BINARY, b"part")])
def test_single_message_is_not_read_alone_after_incomplete_data(before: bytes) -> None:
    reader, data = FrameReader(MOST), frame(FINAL | BINARY, bytes(300))
    assert reader.read(before) == []
    assert reader.read_one(memoryview(data), len(data)) is None


def test_tiny_frames_are_read_in_turns() -> None:
    reader = FrameReader(MOST)
    data = frame(FINAL | BINARY, b"x") * 100
    turns = [len(reader.read(data))]
    while reader.more:
        turns.append(len(reader.read()))
    assert turns == [MESSAGES_A_TURN] * 3 + [100 - 3 * MESSAGES_A_TURN]


PIECES = st.builds(frame, st.sampled_from([FINAL | BINARY, BINARY, FINAL]), st.binary(max_size=130))


@given(
    st.lists(PIECES | st.binary(max_size=8), max_size=6).map(b"".join), st.lists(st.integers(0, 40), max_size=20)
)
def test_any_data_gives_messages_within_limit_or_failure(data: bytes, sizes: list[int]) -> None:
    reader = FrameReader(100)
    messages = read(reader, data, sizes)
    assert all(len(body) <= max(100, 125) for _, body in messages)
    assert messages == read(FrameReader(100), data, [])
