"""Clipboard contents that outlive the helper process: a memory file owned by the app and written by the helper.

The user's clipboard contents, while lent or served, exist nowhere else. If the helper is killed, the next one
reads them here and serves them again. The file is kernel memory: it is never on a disk, and ends with the app.

Layout: 8 bytes with the length of the body, little-endian; then the body in msgpack. The length is 0 while the
body is being written. A helper killed meanwhile leaves an empty file, never half of the contents.
"""

import os
from collections.abc import Mapping
from typing import Any, Final, Generic, TypeVar

import msgspec

_HEADER_BYTES: Final = 8

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
        self._written = dict(contents)
        body = msgspec.msgpack.encode(self._written)
        os.pwrite(self._descriptor, bytes(_HEADER_BYTES), 0)
        os.ftruncate(self._descriptor, _HEADER_BYTES + len(body))
        _write_all(self._descriptor, body, _HEADER_BYTES)
        os.pwrite(self._descriptor, len(body).to_bytes(_HEADER_BYTES, "little"), 0)

    def read(self) -> dict[Key, Contents]:
        """Return the contents written last, even by an earlier process."""
        if self._descriptor is None:
            return {}
        length = int.from_bytes(os.pread(self._descriptor, _HEADER_BYTES, 0), "little")
        body = _read_all(self._descriptor, length, _HEADER_BYTES)
        return self._decoder.decode(body) if body else {}


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
