"""Conversion of an ONNX model for several streams at once: its first dimensions of 1 become free. Pure.

Models are often exported for one stream, although their operators take any number. The bytes are changed in place:
a dimension of 1 and one with an empty name are equally long.
Source of the numbers: onnx.proto, of ONNX IR version 8 (ModelProto to TensorShapeProto).
"""

from collections.abc import Iterator
from typing import Final

_GRAPH: Final = 7
_VALUES: Final = (11, 12, 13)  # inputs, outputs, and values between them
_TYPE: Final = 2
_TENSOR: Final = 1
_SHAPE: Final = 2
_DIMENSION: Final = 1
_ONE: Final = b"\x08\x01"
_FREE: Final = b"\x12\x00"
_VARINT, _FIXED_64, _BYTES, _FIXED_32 = 0, 1, 2, 5
_SIZES: Final = {_FIXED_64: 8, _FIXED_32: 4}


def with_any_batch(model: bytes) -> bytes:
    """Return the model with a free first dimension of each value. Raises ``ValueError`` if it is no model."""
    changed = bytearray(model)
    for graph in _fields(model, 0, len(model), _GRAPH):
        for kind in _VALUES:
            for value in _fields(model, *graph, kind):
                for first in _first_dimensions(model, value):
                    if model[slice(*first)] == _ONE:
                        changed[slice(*first)] = _FREE
    return bytes(changed)


def _first_dimensions(model: bytes, value: tuple[int, int]) -> Iterator[tuple[int, int]]:
    places = [value]
    for field in (_TYPE, _TENSOR, _SHAPE):
        places = [found for place in places for found in _fields(model, *place, field)]
    for place in places:
        yield from list(_fields(model, *place, _DIMENSION))[:1]


def _fields(data: bytes, at: int, end: int, wanted: int) -> Iterator[tuple[int, int]]:
    """Yield start and end of each embedded message with this number."""
    while at < end:
        key, at = _varint(data, at)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            _, at = _varint(data, at)
            continue
        size = _SIZES.get(kind, 0)
        if kind == _BYTES:
            size, at = _varint(data, at)
        if not size and kind != _BYTES or at + size > end:
            raise ValueError("this is no ONNX model")
        if kind == _BYTES and number == wanted:
            yield at, at + size
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data):
            raise ValueError("this is no ONNX model: it breaks off")
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
