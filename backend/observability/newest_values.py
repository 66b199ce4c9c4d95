"""The last values of a type, in one block of memory."""

from typing import Final, Generic, TypeVar

import msgspec

_T = TypeVar("_T")

_LENGTH_BYTES: Final = 4


class NewestValues(Generic[_T]):
    """The last ``most`` values of a type that msgspec encodes, packed into one block.

    As objects, the values of a peak would lie among short-lived objects. Python returns memory in blocks of 1 MB,
    each once nothing in it is used, so these few values would hold many blocks.
    """

    def __init__(self, kind: type[_T], most: int) -> None:
        self._most = most
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder(kind)
        self._packed = bytearray()
        self._count = 0

    def add(self, value: _T) -> None:
        """Add a value; drop the oldest one if there are too many."""
        encoded = self._encoder.encode(value)
        self._packed += len(encoded).to_bytes(_LENGTH_BYTES, "little")
        self._packed += encoded
        self._count += 1
        if self._count > self._most:
            del self._packed[: self._end(0)]
            self._count -= 1

    def all(self) -> tuple[_T, ...]:
        """Return all values, the oldest first."""
        values, begin = [], 0
        with memoryview(self._packed) as packed:
            while begin < len(packed):
                end = self._end(begin)
                values.append(self._decoder.decode(packed[begin + _LENGTH_BYTES : end]))
                begin = end
        return tuple(values)

    def clear(self) -> None:
        """Drop all values and their memory."""
        self._packed.clear()
        self._count = 0

    def _end(self, begin: int) -> int:
        """Return where the value that begins here ends."""
        return begin + _LENGTH_BYTES + int.from_bytes(self._packed[begin : begin + _LENGTH_BYTES], "little")
