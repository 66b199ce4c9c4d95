"""Reader of protocol buffers whose fields are read without their schema (protobuf.dev, encoding). Pure."""

from collections.abc import Iterator
from typing import Final

_VARINT, _FIXED_64, _BYTES, _FIXED_32 = 0, 1, 2, 5
_SIZES: Final = {_FIXED_64: 8, _FIXED_32: 4}


def embedded_ranges(data: bytes, field: int, at: int = 0, end: int | None = None) -> Iterator[tuple[int, int]]:
    """Yield start and end of each text or message in ``field``, in a message from ``at`` to ``end``.

    Raises ``ValueError`` for data that is no such message.
    """
    end = len(data) if end is None else end
    while at < end:
        key, at = _varint(data, at)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            _, at = _varint(data, at)
            continue
        size = _SIZES.get(kind, 0)
        if kind == _BYTES:
            size, at = _varint(data, at)
        elif not size:
            raise ValueError(f"it has a field of kind {kind}")
        if at + size > end:
            raise ValueError("it ends too early")
        if kind == _BYTES and number == field:
            yield at, at + size
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data):
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
    raise ValueError("it ends too early")
