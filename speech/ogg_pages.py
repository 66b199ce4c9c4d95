"""Pages of an Ogg file, for faults that decoders skip silently: holes, and recordings that follow the first.

Source: RFC 3533.
"""

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

_SIGNATURE: Final = b"OggS"
_HEADER: Final = 27
_LONGEST_PAGE: Final = 1 << 16
_HOLE: Final = "it has a hole"
_BEGINS: Final = 2
_REVERSED: Final = bytes(int(f"{value:08b}"[::-1], 2) for value in range(256))


def fault_in_pages(path: Path) -> str:
    """Return the fault in the pages; empty if there is none. An incomplete last page is no fault here.

    All pages are read, because a missing or damaged one has no other sign.
    """
    numbers, beginning = dict[bytes, int](), True
    with path.open("rb") as file:
        for page in _pages(file):
            stream, number = page[14:18], int.from_bytes(page[18:22], "little")
            beginning = beginning and bool(page[5] & _BEGINS)
            if not page.startswith(_SIGNATURE):  # such as a tag at the end, if no page follows
                return _HOLE if _SIGNATURE in page + file.read(_LONGEST_PAGE) else ""
            if not _is_sound(page):
                return _HOLE
            if stream not in numbers and not beginning:
                return "another recording follows in the same file: split them"
            if number != numbers.get(stream, number):
                return _HOLE
            numbers[stream] = number + 1
    return ""


def _pages(file: BinaryIO) -> Iterator[bytes]:
    """Yield all complete pages, or the bytes in the place of one."""
    while len(header := file.read(_HEADER)) == _HEADER:
        lengths = file.read(header[26])
        body = file.read(sum(lengths))
        if header.startswith(_SIGNATURE) and len(lengths) + len(body) < header[26] + sum(lengths):
            return
        yield header + lengths + body


def _is_sound(page: bytes) -> bool:
    """Return whether the checksum of a page is right: CRC-32 with the bits in reverse order."""
    unchecked = (page[:22] + bytes(4) + page[26:]).translate(_REVERSED)
    checksum = ~zlib.crc32(unchecked, 0xFFFFFFFF) & 0xFFFFFFFF
    expected = int.from_bytes(page[22:26].translate(_REVERSED), "big")
    return checksum == expected
