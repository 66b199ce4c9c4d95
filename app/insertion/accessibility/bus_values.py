"""Values and messages of D-Bus as bytes. Pure. Source: the D-Bus specification, "Marshaling".

A signature such as ``a(so)`` describes values; structures are tuples, arrays are lists, dictionaries are lists of
pairs, and variants are their bare value. Only little-endian messages are written; both orders are read.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from app.insertion.errors import BusRefused

_FIXED: Final = {
    "y": ("B", 1),
    "b": ("I", 4),
    "n": ("h", 2),
    "q": ("H", 2),
    "i": ("i", 4),
    "u": ("I", 4),
    "x": ("q", 8),
    "t": ("Q", 8),
    "d": ("d", 8),
    "h": ("I", 4),
}
_ALIGNED: Final = {"s": 4, "o": 4, "a": 4, "g": 1, "v": 1, "(": 8, "{": 8}
_CLOSING: Final = {"(": ")", "{": "}"}
_DEEPEST: Final = 16
_LONGEST: Final = 2**20
HEADER: Final = 16
"""Number of bytes of a message that tell its length."""


def types(signature: str) -> Iterator[str]:
    """Yield the complete types of a signature."""
    start = 0
    while start < len(signature):
        end = _end(signature, start)
        yield signature[start:end]
        start = end


def _end(signature: str, start: int) -> int:
    """Return where the type that begins at ``start`` ends."""
    while signature[start : start + 1] == "a":
        start += 1
    depth = 0
    for place in range(start, len(signature)):
        depth += (signature[place] in "({") - (signature[place] in ")}")
        if depth <= 0:
            return place + 1
    raise BusRefused("the accessibility bus sent a broken signature")


class Writer:
    """Little-endian bytes of values."""

    def __init__(self) -> None:
        self.data = bytearray()

    def align(self, size: int) -> None:
        """Fill up to a multiple of ``size``."""
        self.data += bytes(-len(self.data) % size)

    def write(self, signature: str, *values: Any) -> None:
        """Append one value for each type of the signature."""
        for kind, value in zip(types(signature), values, strict=True):
            self._value(kind, value)

    def _value(self, kind: str, value: Any) -> None:
        first = kind[0]
        if first in _FIXED:
            form, size = _FIXED[first]
            self.align(size)
            self.data += struct.pack(f"<{form}", value)
            return
        self.align(_ALIGNED[first])
        if first in "so":
            self.data += struct.pack("<I", len(value.encode())) + value.encode() + b"\0"
        elif first == "g":
            self.data += bytes([len(value)]) + value.encode() + b"\0"
        elif first == "(":
            self.write(kind[1:-1], *value)
        elif first == "v":
            inner, bare = value
            self._value("g", inner)
            self._value(inner, bare)
        else:
            self._array(kind[1:], value)

    def _array(self, kind: str, values: Any) -> None:
        place = len(self.data)
        self.data += bytes(4)
        self.align(_FIXED[kind[0]][1] if kind[0] in _FIXED else _ALIGNED[kind[0]])
        start = len(self.data)
        for value in values:
            self._value(kind, value)
        struct.pack_into("<I", self.data, place, len(self.data) - start)


class Reader:
    """Values in bytes of the given order, ``<`` or ``>``. Raises ``BusRefused`` for broken bytes."""

    def __init__(self, data: bytes, order: str = "<", at: int = 0) -> None:
        self._data, self._order, self.at = data, order, at
        self._depth = 0

    def read(self, signature: str) -> list[Any]:
        """Return one value for each type of the signature."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise BusRefused("the accessibility bus sent values nested too deeply")
        try:
            return [self._value(kind) for kind in types(signature)]
        except (struct.error, KeyError, IndexError, UnicodeDecodeError):
            raise BusRefused("the accessibility bus sent a broken message") from None
        finally:
            self._depth -= 1

    def _align(self, size: int) -> None:
        self.at += -self.at % size

    def _value(self, kind: str) -> Any:
        first = kind[0]
        if first in _FIXED:
            return self._number(*_FIXED[first])
        self._align(_ALIGNED[first])
        if first in "so":
            return self._text(self._number("I", 4))
        if first == "g":
            return self._text(self._number("B", 1))
        if first in _CLOSING:
            return tuple(self.read(kind[1:-1]))
        if first == "v":
            return self.read(self._value("g"))[0]
        return self._array(kind[1:])

    def _number(self, form: str, size: int) -> Any:
        self._align(size)
        (value,) = struct.unpack_from(f"{self._order}{form}", self._data, self.at)
        self.at += size
        return value

    def _text(self, length: int) -> str:
        raw = self._data[self.at : self.at + length]
        self.at += length + 1
        if self.at > len(self._data):
            raise BusRefused("the accessibility bus sent a text that is cut off")
        return raw.decode()

    def _array(self, kind: str) -> list[Any]:
        length = self._number("I", 4)
        self._align(_FIXED[kind[0]][1] if kind[0] in _FIXED else _ALIGNED[kind[0]])
        end, found = self.at + length, list[Any]()
        if end > len(self._data):
            raise BusRefused("the accessibility bus sent an array that is cut off")
        while self.at < end:
            before = self.at
            found += self.read(kind)
            if self.at == before:
                raise BusRefused("the accessibility bus sent values without a size")
        return found


@dataclass(frozen=True)
class Call:
    """A method of an object: ``target`` is the name of its program on the bus."""

    target: str
    path: str
    interface: str
    member: str
    signature: str = ""
    values: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Answer:
    """A message from the bus. ``serial``: the number of the call that it answers, 0 for other messages."""

    serial: int
    failed: bool
    values: tuple[Any, ...]


_CALL, _RETURN, _ERROR = 1, 2, 3
_NO_START: Final = 2  # the bus starts no program for this call
_SERIAL_FIELD, _SIGNATURE_FIELD = 5, 8


def packed(call: Call, serial: int) -> bytes:
    """Return the message that makes a call."""
    body = Writer()
    body.write(call.signature, *call.values)
    fields = [
        (1, ("o", call.path)),
        (2, ("s", call.interface)),
        (3, ("s", call.member)),
        (6, ("s", call.target)),
    ]
    if call.signature:
        fields.append((_SIGNATURE_FIELD, ("g", call.signature)))
    made = Writer()
    made.write("yyyyuua(yv)", ord("l"), _CALL, _NO_START, 1, len(body.data), serial, fields)
    made.align(8)
    return bytes(made.data + body.data)


def length(header: bytes) -> int:
    """Return the length of the message that begins with these ``HEADER`` bytes."""
    body, _, fields = struct.unpack_from(f"{_order(header)}III", header, 4)
    whole = HEADER + int(fields) + -int(fields) % 8 + int(body)
    if whole > _LONGEST:
        raise BusRefused("the accessibility bus sent a message that is too long")
    return whole


def unpacked(message: bytes) -> Answer:
    """Return the contents of a whole message."""
    reader = Reader(message, _order(message))
    _, kind, _, _, _, _, fields = reader.read("yyyyuua(yv)")
    named = dict(fields)
    serial, signature = named.get(_SERIAL_FIELD, 0), named.get(_SIGNATURE_FIELD, "")
    if not (isinstance(serial, int) and isinstance(signature, str)):
        raise BusRefused("the accessibility bus sent a broken message")
    answers = kind in (_RETURN, _ERROR)
    body = Reader(message, _order(message), reader.at + -reader.at % 8)
    values = body.read(signature) if answers else []
    return Answer(serial if answers else 0, kind == _ERROR, tuple(values))


def _order(message: bytes) -> str:
    return ">" if message[:1] == b"B" else "<"
