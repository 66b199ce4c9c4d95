"""Values of D-Bus: written and read back, and broken bytes are refused with one error."""

import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.insertion.accessibility.bus_values import HEADER, Call, Reader, Writer, length, packed, types, unpacked
from app.insertion.errors import BusRefused

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
NUMBERS = {"y": (0, 255), "n": (-(2**15), 2**15 - 1), "i": (-(2**31), 2**31 - 1), "u": (0, 2**32 - 1)}
SIMPLE = {kind: st.integers(*bounds) for kind, bounds in NUMBERS.items()} | {"s": TEXTS, "d": st.floats(width=32)}


@st.composite
def typed(draw: st.DrawFn, depth: int = 2) -> tuple[str, Any]:
    """A type and a value of it."""
    kind = draw(st.sampled_from([*SIMPLE, *(["a", "("] if depth else [])]))
    if kind == "a":
        inner, value = draw(typed(depth - 1))
        return f"a{inner}", [value] * draw(st.integers(0, 3))
    if kind == "(":
        parts = draw(st.lists(typed(depth - 1), min_size=1, max_size=3))
        return f"({''.join(inner for inner, _ in parts)})", tuple(value for _, value in parts)
    return kind, draw(SIMPLE[kind])


@given(st.lists(typed(), max_size=4))
def test_values_are_read_as_they_were_written(values: list[tuple[str, Any]]) -> None:
    signature = "".join(kind for kind, _ in values)
    writer = Writer()
    writer.write(signature, *(value for _, value in values))
    assert list(types(signature)) == [kind for kind, _ in values]
    assert repr(Reader(bytes(writer.data)).read(signature)) == repr([value for _, value in values])


def test_big_endian_values_are_read() -> None:
    assert Reader(struct.pack(">IhxxI", 7, -2, 9), ">").read("unu") == [7, -2, 9]


def answer(kind: int, signature: str, *values: object) -> bytes:
    body = Writer()
    body.write(signature, *values)
    fields: list[tuple[int, tuple[str, object]]] = [(5, ("u", 42)), (8, ("g", signature))]
    made = Writer()
    made.write("yyyyuua(yv)", ord("l"), kind, 0, 1, len(body.data), 1, fields)
    made.align(8)
    return bytes(made.data + body.data)


def test_answer_has_number_of_its_call_and_values() -> None:
    message = answer(2, "a(so)u", [("a", "/b"), ("c", "/d")], 5)
    assert length(message[:HEADER]) == len(message)
    found = unpacked(message)
    assert (found.serial, found.failed, found.values) == (42, False, ([("a", "/b"), ("c", "/d")], 5))
    assert unpacked(answer(3, "s", "no")).failed
    assert unpacked(answer(4, "s", "a signal")).serial == 0


def test_call_is_a_message_that_starts_no_program() -> None:
    message = packed(Call("org.a.B", "/c", "org.a.B.D", "Do", "ss", ("x", "y")), 9)
    assert length(message[:HEADER]) == len(message)
    order, kind, flags, _, body, serial, fields = Reader(message).read("yyyyuua(yv)")
    assert (chr(order), kind, flags, body, serial) == ("l", 1, 2, 14, 9)
    assert dict(fields) == {1: "/c", 2: "org.a.B.D", 3: "Do", 6: "org.a.B", 8: "ss"}


@given(st.binary(max_size=200))
def test_broken_message_is_refused(data: bytes) -> None:
    for message in (data, answer(2, "a(so)u", [("a", "/b")], 5)[: len(data)] + data):
        try:
            unpacked(message)
        except BusRefused:
            continue


@pytest.mark.parametrize("signature", ["(" * 200 + "u" + ")" * 200, "(u", "z", "a()", "av" * 30])
def test_hostile_signature_is_refused(signature: str) -> None:
    with pytest.raises(BusRefused):
        Reader(struct.pack("<I", 8) + bytes(60)).read(signature)


def test_too_long_message_is_refused() -> None:
    with pytest.raises(BusRefused, match="too long"):
        length(b"l\2\0\1" + struct.pack("<III", 2**30, 1, 0))
