"""Requests and events of Wayland as bytes."""

import struct

import pytest

from app.wayland.wire import WireEvent, packed, split, unpacked, words


def test_request_has_id_size_opcode_and_padded_text() -> None:
    data, descriptors = packed(3, 1, "uson", (7, "hello", None, 9))
    assert data == struct.pack("=IIII8sII", 3, 32 << 16 | 1, 7, 6, b"hello\0\0\0", 0, 9)
    assert descriptors == []


def test_descriptor_travels_beside_the_bytes() -> None:
    data, descriptors = packed(2, 0, "uhu", (1, 42, 5))
    assert (len(data), descriptors) == (16, [42])


def test_missing_text_has_no_bytes() -> None:
    assert packed(1, 0, "s", (None,))[0] == struct.pack("=III", 1, 12 << 16, 0)


def test_long_request_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        packed(1, 0, "s", ("x" * 5000,))


@pytest.mark.parametrize("cut", range(33))
def test_events_are_found_wherever_the_stream_is_cut(cut: int) -> None:
    data = packed(5, 2, "us", (1, "naïve"))[0] + packed(6, 0, "i", (-3,))[0]
    first, rest = split(data[:cut])
    second, rest = split(rest + data[cut:])
    found = first + second
    assert [(event.sender, event.opcode) for event in found] == [(5, 2), (6, 0)] and rest == b""
    assert unpacked("us", found[0].body, int) == [1, "naïve"]
    assert unpacked("i", found[1].body, int) == [-3]


def test_damaged_size_is_refused() -> None:
    with pytest.raises(ValueError, match="damaged"):
        split(struct.pack("=II", 1, 4 << 16))


def test_short_event_is_refused() -> None:
    for signature, body in (("u", b""), ("s", struct.pack("=I", 9) + b"abc\0")):
        with pytest.raises(ValueError, match="short"):
            unpacked(signature, body, int)


def test_arguments_of_every_kind_come_back() -> None:
    values = (-1, 2, -1.5, "文字", 4, b"\1\0\0\0\2\0\0\0")
    data, _ = packed(1, 0, "iufsoa", values)
    (event,), _ = split(data)
    assert event == WireEvent(1, 0, data[8:])
    found = unpacked("iufsoha", event.body, lambda: 77)
    assert found == [*values[:5], 77, values[5]]
    assert list(words(found[-1])) == [1, 2]
