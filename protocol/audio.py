"""Binary audio frames: PCM16LE, mono, 16 kHz, the only format of version 1.

A frame is an 8-byte little-endian header, ``u32 segment`` and ``u32 offset`` (samples within the segment),
followed by the samples.
"""

from struct import Struct
from typing import Final, NamedTuple

from protocol.errors import MalformedMessage

SAMPLE_RATE: Final = 16_000
BYTES_PER_SAMPLE: Final = 2
CODEC: Final = "pcm16"
FRAME_MS: Final = 100
FRAME_SAMPLES: Final = SAMPLE_RATE * FRAME_MS // 1000

_HEADER: Final = Struct("<II")
HEADER_BYTES: Final = _HEADER.size
_U32_MAX: Final = 2**32 - 1


class Frame(NamedTuple):
    """Part of one segment's audio: ``pcm`` starts ``offset`` samples after the segment's beginning."""

    segment: int
    offset: int
    pcm: bytes

    @property
    def samples(self) -> int:
        """Number of samples in ``pcm``."""
        return len(self.pcm) // BYTES_PER_SAMPLE


def encode_frame(segment: int, offset: int, pcm: bytes | bytearray | memoryview) -> bytes:
    """Prepend the header to ``pcm``. Raises ``MalformedMessage`` for half a sample or a number over 32 bits."""
    if len(pcm) % BYTES_PER_SAMPLE:
        raise MalformedMessage("a frame must hold whole 16-bit samples")
    if not (0 <= segment <= _U32_MAX and 0 <= offset <= _U32_MAX):
        raise MalformedMessage("segment and offset must fit in 32 bits")
    return _HEADER.pack(segment, offset) + pcm


def decode_frame(data: bytes | bytearray) -> Frame:
    """Split a binary message into header and samples. Raises ``MalformedMessage``."""
    return Frame(*split_frame(data))


def split_frame(data: bytes | bytearray) -> tuple[int, int, bytes]:
    """Return the fields of ``Frame`` as a tuple. Raises ``MalformedMessage``. A bytearray loses its header."""
    size = len(data)
    if size < HEADER_BYTES or size % BYTES_PER_SAMPLE:
        raise _no_frame(size)
    segment, offset = _HEADER.unpack_from(data)
    if isinstance(data, bytes):
        return segment, offset, data[HEADER_BYTES:]
    del data[:HEADER_BYTES]  # in place, so that the samples are copied once
    return segment, offset, bytes(data)


def _no_frame(size: int) -> MalformedMessage:
    if size < HEADER_BYTES:
        return MalformedMessage(f"an audio frame needs its {HEADER_BYTES}-byte header, got {size} bytes")
    return MalformedMessage("an audio frame must hold whole 16-bit samples after its header")


def samples_to_ms(samples: int) -> int:
    """Return the duration of ``samples`` in whole milliseconds, rounded down."""
    return samples * 1000 // SAMPLE_RATE


def samples_to_seconds(samples: int) -> float:
    """Return the duration of ``samples`` in seconds."""
    return samples / SAMPLE_RATE
