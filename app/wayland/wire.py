"""Encode requests and decode events of the Wayland wire format. Pure.

Source: "The Wayland Protocol", chapter "Wire Format". A message is the id of its object, then its size and opcode
in one word, then its arguments in words of 32 bits in the computer's byte order. File descriptors travel beside
the bytes.
"""

import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

HEADER_BYTES: Final = 8
LONGEST: Final = 4096
"""Size of the longest message that compositors accept, in bytes."""
_WORD: Final = struct.Struct("=I")
_SIGNED: Final = struct.Struct("=i")
_HEADER: Final = struct.Struct("=II")
_FIXED: Final = 256  # fixed-point numbers count in parts of 256


@dataclass(frozen=True)
class Message:
    """A request or an event. ``signature``: one letter for each argument.

    ``i`` and ``u``: numbers; ``f``: a fixed-point number; ``s``: a text; ``o``: an object, ``None`` allowed;
    ``n``: a new object of the interface ``creates``; ``a``: bytes; ``h``: a file descriptor.
    """

    name: str
    signature: str = ""
    creates: str = ""


@dataclass(frozen=True)
class WireEvent:
    """A received event: the id of its object, its opcode and its encoded arguments."""

    sender: int
    opcode: int
    body: bytes


def packed(object_id: int, opcode: int, signature: str, values: Sequence[Any]) -> tuple[bytes, list[int]]:
    """Return the bytes and the file descriptors of a request. Objects are given by their ids.

    Raises ``ValueError`` if the request is longer than compositors accept.
    """
    body, descriptors = bytearray(), list[int]()
    for letter, value in zip(signature, values, strict=True):
        if letter == "h":
            descriptors.append(value)
        else:
            body += _ENCODERS[letter](value)
    size = HEADER_BYTES + len(body)
    if size > LONGEST:
        raise ValueError(f"a request of {size} bytes is too long for Wayland")
    return _HEADER.pack(object_id, size << 16 | opcode) + body, descriptors


def split(data: bytes) -> tuple[list[WireEvent], bytes]:
    """Return the complete events at the start of ``data``, and the incomplete rest. Raises ``ValueError``."""
    events, at = list[WireEvent](), 0
    while len(data) - at >= HEADER_BYTES:
        sender, word = _HEADER.unpack_from(data, at)
        size, opcode = word >> 16, word & 0xFFFF
        if size < HEADER_BYTES or size % 4:
            raise ValueError("the compositor sent a damaged message")
        if len(data) - at < size:
            break
        events.append(WireEvent(sender, opcode, data[at + HEADER_BYTES : at + size]))
        at += size
    return events, data[at:]


def unpacked(signature: str, body: bytes, descriptor: Callable[[], int]) -> list[Any]:
    """Return the arguments of an event; objects are ids. ``descriptor`` returns the next received descriptor.

    Raises ``ValueError`` if the body does not match the signature.
    """
    values, at = list[Any](), 0
    for letter in signature:
        if letter == "h":
            values.append(descriptor())
            continue
        if len(body) - at < _WORD.size:
            raise ValueError("an event of the compositor is too short")
        (word,) = _WORD.unpack_from(body, at)
        if letter in "sa":
            content, at = body[at + 4 : at + 4 + word], at + 4 + _padded_size(word)
            if len(content) < word:
                raise ValueError("an event of the compositor is too short")
            values.append(content if letter == "a" else content[:-1].decode(errors="replace"))
            continue
        values.append(_DECODERS.get(letter, int)(word))
        at += _WORD.size
    return values


def words(data: bytes) -> Iterable[int]:
    """Return the numbers of an array argument."""
    return (word for (word,) in _WORD.iter_unpack(data))


def _padded_size(count: int) -> int:
    return count + -count % 4


def _bytes(data: bytes) -> bytes:
    return _WORD.pack(len(data)) + data + bytes(-len(data) % 4)


def _text(text: str | None) -> bytes:
    return _WORD.pack(0) if text is None else _bytes(text.encode() + b"\0")


def _fixed_point(word: int) -> float:
    return int(_SIGNED.unpack(_WORD.pack(word))[0]) / _FIXED


_ENCODERS: Final[dict[str, Callable[[Any], bytes]]] = {
    "i": _SIGNED.pack,
    "u": _WORD.pack,
    "f": lambda number: _SIGNED.pack(round(number * _FIXED)),
    "s": _text,
    "o": lambda object_id: _WORD.pack(object_id or 0),
    "n": _WORD.pack,
    "a": _bytes,
}
_DECODERS: Final[dict[str, Callable[[int], Any]]] = {
    "i": lambda word: int(_SIGNED.unpack(_WORD.pack(word))[0]),
    "f": _fixed_point,
}
