"""Bytes that a recording's header promises beyond the end of the file, which reveal a truncated file.

Sizes that mean "not known yet" (0 and all ones, as in streams) promise nothing. Neither do formats without a
size in their header: raw AAC, AMR, FLV, live Matroska, MP3 without a Xing or VBRI header, Ogg that ends between
two pages. FLAC counts samples, not bytes: ``audio_file`` compares them.

Sources: RIFF (Microsoft, 1991), EBU Tech 3306 (RF64), AIFF 1.3, RFC 3533 (Ogg), ISO/IEC 14496-12 (boxes), RFC 8794
(EBML), Advanced Systems Format 01.20.06, and for MP3 what LAME and Fraunhofer's encoder write.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from struct import Struct, error, unpack_from
from typing import BinaryIO, Final, NamedTuple

_MOST_CHUNKS: Final = 10_000
_TAIL: Final = 1 << 16  # longer than any Ogg page
_HEAD: Final = 1 << 14
_WHOLE_FRAMES: Final = frozenset({1, 3, 6, 7, 0xFFFE})  # PCM, float, A-law, mu-law: end with a complete frame
_UNKNOWN: Final = frozenset({0, 0xFFFFFFFF, (1 << 63) - 1, (1 << 64) - 1})


class Chunk(NamedTuple):
    """Chunk of a RIFF or AIFF file: its name and the position of its content."""

    name: bytes
    begin: int
    length: int

    @property
    def end(self) -> int:
        """Position of the next chunk; contents are padded to an even number of bytes."""
        return self.begin + self.length + self.length % 2


def missing_bytes(path: Path) -> int:
    """Return how many bytes are missing at the end; 0 for a complete file or if the header does not say."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(_HEAD)
        promised = next((promise for signature, promise in _PROMISES if signature.match(head)), None)
        try:
            return max(0, promised(file, head, size) - size) if promised else 0
        except error:  # too short for its header: the reader reports it
            return 0


def chunks(file: BinaryIO, begin: int, header: Struct) -> Iterator[Chunk]:
    """Yield the chunks up to the end of the file. ``header``: a name and a length."""
    for _ in range(_MOST_CHUNKS):
        file.seek(begin)
        if len(read := file.read(header.size)) < header.size:
            return
        name, length = header.unpack(read)
        chunk = Chunk(name, begin + header.size, length)
        yield chunk
        begin = chunk.end


RIFF_CHUNK: Final = Struct("<4sI")
_AIFF_CHUNK: Final = Struct(">4sI")


def _wave(file: BinaryIO, head: bytes, size: int) -> int:
    """Return the end of the sound; for sound without a declared end, the end of its last frame."""
    header = _AIFF_CHUNK if head.startswith(b"RIFX") else RIFF_CHUNK
    order, frame, long = header.format[0], 1, 0
    for chunk in chunks(file, 12, header):
        if chunk.name == b"ds64":
            (long,) = unpack_from("<8xQ", _content(file, chunk, 16))
        elif chunk.name == b"fmt ":
            kind, frame = unpack_from(f"{order}H10xH", _content(file, chunk, 14))
            frame = frame if kind in _WHOLE_FRAMES else 1
        elif chunk.name == b"data":
            length = long if chunk.length == 0xFFFFFFFF else chunk.length
            return _sound_end(chunk.begin, length, max(1, frame), size)
    return 0


def _sound_end(begin: int, length: int, frame: int, size: int) -> int:
    end = begin + length if length not in _UNKNOWN else size
    if end <= size and (odd := (end - begin) % frame):
        return size + frame - odd
    return end


def _wave64(file: BinaryIO, head: bytes, size: int) -> int:
    at = 40
    while at + 24 <= size:
        file.seek(at)
        name, length = unpack_from("<4s12xQ", file.read(24))
        if name == b"data":
            return at + length if length not in _UNKNOWN else 0
        if length < 24:
            return 0
        at += length + -length % 8
    return at + 24  # the header of the sound's chunk, which must follow


def _aiff(file: BinaryIO, head: bytes, size: int) -> int:
    for chunk in chunks(file, 12, _AIFF_CHUNK):
        if chunk.name == b"SSND":
            return chunk.begin + chunk.length if chunk.length not in _UNKNOWN else 0
    return 0


def _au(file: BinaryIO, head: bytes, size: int) -> int:
    begin, length = unpack_from(">4xII", head)
    return begin + length if length not in _UNKNOWN else 0


def _avi(file: BinaryIO, head: bytes, size: int) -> int:
    last = None
    for last in chunks(file, 0, RIFF_CHUNK):
        if last.name != b"RIFF" or last.length in _UNKNOWN:
            return 0
    return last.begin + last.length if last else 0


def _ogg(file: BinaryIO, head: bytes, size: int) -> int:
    """Return the end of the last page."""
    begin = max(0, size - _TAIL)
    file.seek(begin)
    tail = file.read(_TAIL)
    page = tail.rfind(b"OggS")
    if page < 0:
        return 0
    lengths = tail[page + 27 : page + 27 + tail[page + 26]] if page + 26 < len(tail) else b""
    complete = page + 26 < len(tail) and len(lengths) == tail[page + 26]
    return begin + page + 27 + len(lengths) + sum(lengths) if complete else size + 1


def _mp3(file: BinaryIO, head: bytes, size: int) -> int:
    """Return the size counted by a Xing, Info or VBRI header in the first frame, plus any ID3 tag before it."""
    begin = 0
    if head.startswith(b"ID3") and len(head) > 10:
        first, second, third, fourth = head[6:10]
        begin = 10 + (first << 21 | second << 14 | third << 7 | fourth) + 10 * bool(head[5] & 0x10)
        file.seek(begin)
        head = file.read(_HEAD)
    found = re.compile(rb"\xff[\xe2-\xff].{7,34}?(Xing|Info|VBRI)", re.DOTALL).match(head)
    if not found:
        return 0
    tag = found.start(1)
    if found[1] == b"VBRI":
        (length,) = unpack_from(">I", head, tag + 10)
    else:
        (flags,) = unpack_from(">I", head, tag + 4)
        length = unpack_from(">I", head, tag + 8 + 4 * (flags & 1))[0] if flags & 2 else 0
    return begin + length if length not in _UNKNOWN else 0


def _boxes(file: BinaryIO, head: bytes, size: int) -> int:
    """Return the end of the last box of an MP4 or QuickTime file."""
    at = 0
    for _ in range(_MOST_CHUNKS):
        file.seek(at)
        length = int.from_bytes((box := file.read(16))[:4], "big")
        length = int.from_bytes(box[8:], "big") if length == 1 else length
        if len(box) < 8 or length < 8:  # 0: extends to the end of the file
            return 0
        at += length
        if at >= size:
            return at
    return 0


def _matroska(file: BinaryIO, head: bytes, size: int) -> int:
    """Return the end of the single segment after the EBML header."""
    length, begin = _vint(head, 4)
    if length is None or not head.startswith(b"\x18\x53\x80\x67", begin + length):
        return 0
    segment, content = _vint(head, begin + length + 4)
    return content + segment if segment is not None else 0


def _vint(data: bytes, at: int) -> tuple[int | None, int]:
    """Parse a length of EBML; return it (``None`` if unknown) and the position after it."""
    width = 9 - data[at].bit_length() if at < len(data) and data[at] else 1
    value = int.from_bytes(data[at : at + width], "big") & (1 << 7 * width) - 1
    return None if value == (1 << 7 * width) - 1 else value, at + width


def _asf(file: BinaryIO, head: bytes, size: int) -> int:
    """Return the size declared by the file properties, or 0 for a broadcast."""
    at = head.find(bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365"))
    length, flags = unpack_from("<Q40xI", head, at + 40) if at >= 0 else (0, 1)
    return 0 if flags & 1 else length


def _content(file: BinaryIO, chunk: Chunk, most: int) -> bytes:
    file.seek(chunk.begin)
    return file.read(most)


Promise = Callable[[BinaryIO, bytes, int], int]
"""Returns the least end position of a file of this size. Raises ``struct.error``."""

_PROMISES: Final[tuple[tuple[re.Pattern[bytes], Promise], ...]] = (
    (re.compile(rb"(RIFF|RIFX|RF64).{4}WAVE", re.DOTALL), _wave),
    (re.compile(rb"riff\x2e\x91\xcf\x11"), _wave64),
    (re.compile(rb"FORM.{4}AIF[FC]", re.DOTALL), _aiff),
    (re.compile(rb"\.snd"), _au),
    (re.compile(rb"OggS"), _ogg),
    (re.compile(rb"ID3|\xff[\xe2-\xef\xf2-\xf7\xfa-\xff]"), _mp3),
    (re.compile(rb".{4}(ftyp|moov|mdat)", re.DOTALL), _boxes),
    (re.compile(rb"\x1aE\xdf\xa3"), _matroska),
    (re.compile(rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11"), _asf),
    (re.compile(rb"RIFF.{4}AVI ", re.DOTALL), _avi),
)
