"""Clipboard contents that outlive the helper process: a memory file owned by the app and written by the helper.

The user's clipboard contents, while lent or served, exist nowhere else. If the helper is killed, the next one
reads them here and serves them again. The file is kernel memory: it is never on a disk, and ends with the app.

Layout: the length of the body and its place after this header, 4 bytes each, little-endian; bodies in msgpack.
A new body is written beside the valid one, and becomes valid by one write of the header. A helper that is killed
during the write leaves the earlier contents, never half of the new ones.
"""

import os
import struct
from collections.abc import Mapping
from typing import Any, Final, Generic, TypeVar

import msgspec

_HEADER: Final = struct.Struct("<II")

Key = TypeVar("Key")
Contents = TypeVar("Contents")


def memory_file() -> int | None:
    """Return the descriptor of a new file for ``KeptContents``; ``None`` if the system has no memory files."""
    return os.memfd_create("kikipounamu-clipboard") if hasattr(os, "memfd_create") else None


class KeptContents(Generic[Key, Contents]):
    """Contents by selection, in a memory file.

    ``descriptor``: of the file; ``None`` stores nothing. ``kind``: the type of the stored mapping.
    """

    def __init__(self, descriptor: int | None, kind: Any) -> None:
        self._descriptor = descriptor
        self._decoder: msgspec.msgpack.Decoder[dict[Key, Contents]] = msgspec.msgpack.Decoder(kind)
        self._written: dict[Key, Contents] | None = None

    def write(self, contents: Mapping[Key, Contents]) -> None:
        """Replace the stored contents, unless they are the same objects as before."""
        known = self._written
        same = known is not None and contents.keys() == known.keys()
        if self._descriptor is None or (same and known and all(contents[key] is known[key] for key in known)):
            return
        body = msgspec.msgpack.encode(dict(contents)) if contents else b""
        length, at = self._header()
        place = 0 if len(body) <= at else at + length
        self._put(body, place)
        if len(body) <= place:  # leave nothing of larger contents
            self._put(body, 0)
        self._written = dict(contents)

    def read(self) -> dict[Key, Contents]:
        """Return the contents written last, even by an earlier process."""
        if self._descriptor is None:
            return {}
        length, at = self._header()
        body = _read_all(self._descriptor, length, _HEADER.size + at)
        return self._decoder.decode(body) if body else {}

    def _header(self) -> tuple[int, int]:
        """Return length and place of the valid body; a new file has an empty one."""
        assert self._descriptor is not None
        known = os.pread(self._descriptor, _HEADER.size, 0) or bytes(_HEADER.size)
        header: tuple[int, int] = _HEADER.unpack(known)
        return header

    def _put(self, body: bytes, place: int) -> None:
        """Write ``body`` to a place outside the valid body, then make it the valid one."""
        assert self._descriptor is not None
        _write_all(self._descriptor, body, _HEADER.size + place)
        os.pwrite(self._descriptor, _HEADER.pack(len(body), place), 0)
        os.ftruncate(self._descriptor, _HEADER.size + place + len(body))


def _write_all(descriptor: int, data: bytes, at: int) -> None:
    left = memoryview(data)
    while left:
        count = os.pwrite(descriptor, left, at)
        left, at = left[count:], at + count


def _read_all(descriptor: int, length: int, at: int) -> bytes:
    parts: list[bytes] = []
    while length and (part := os.pread(descriptor, length, at)):
        parts.append(part)
        length, at = length - len(part), at + len(part)
    return b"".join(parts)
