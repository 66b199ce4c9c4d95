"""Conversion of an ONNX model for several streams at once: its first dimensions of 1 become free. Pure.

Models are often exported for one stream, although their operators take any number. The bytes are changed in place:
a dimension of 1 and one with an empty name are equally long.
Source of the numbers: onnx.proto, of ONNX IR version 8 (ModelProto to TensorShapeProto).
"""

from collections.abc import Iterator
from typing import Final

from speech.protobuf import embedded_ranges

_GRAPH: Final = 7
_VALUES: Final = (11, 12, 13)  # inputs, outputs, and values between them
_TYPE: Final = 2
_TENSOR: Final = 1
_SHAPE: Final = 2
_DIMENSION: Final = 1
_ONE: Final = b"\x08\x01"
_FREE: Final = b"\x12\x00"


def free_batch_dimension(model: bytes) -> bytes:
    """Return the model with a free first dimension of each value. Raises ``ValueError`` if it is no model."""
    changed = bytearray(model)
    try:
        for first in _first_dimensions(model):
            if model[slice(*first)] == _ONE:
                changed[slice(*first)] = _FREE
    except ValueError as error:
        raise ValueError(f"this is no ONNX model: {error}") from error
    return bytes(changed)


def _first_dimensions(model: bytes) -> Iterator[tuple[int, int]]:
    graphs = embedded_ranges(model, _GRAPH)
    places = [value for graph in graphs for kind in _VALUES for value in embedded_ranges(model, kind, *graph)]
    for field in (_TYPE, _TENSOR, _SHAPE):
        places = [found for place in places for found in embedded_ranges(model, field, *place)]
    for place in places:
        yield from list(embedded_ranges(model, _DIMENSION, *place))[:1]
