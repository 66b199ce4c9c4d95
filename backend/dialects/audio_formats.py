"""Formats of continuous audio that clients send: PCM or G.711, mono or stereo, with or without a WAV header.

Pure. Sources: Microsoft, "Multimedia Programming Interface and Data Specifications 1.0", 1991; ITU-T G.711.
"""

import struct
from dataclasses import dataclass
from typing import Final

import numpy as np

from backend.dialects.g711 import decode
from protocol.audio import BYTES_PER_SAMPLE
from speech.resampling import Downmix, to_int16

RATES: Final = (8_000, 48_000)
MOST_CHANNELS: Final = 2
_FULL_SCALE: Final = 1 << 15
_MOST_HEADER: Final = 4_096
_START: Final = 12
_CHUNK: Final = struct.Struct("<4sI")
_FORMAT: Final = struct.Struct("<HHIIHH")
_EXTENSIBLE: Final = 0xFFFE
_SUBFORMAT: Final = slice(24, 26)
_LAWS: Final = {(1, 16): "", (6, 8): "a-law", (7, 8): "mu-law"}
"""Law of G.711, or none for PCM, by format tag and bits."""


class NoWave(ValueError):
    """Data that is no WAV header, or the header of an unsupported format."""


@dataclass(frozen=True)
class IncomingFormat:
    """Format of continuous audio. ``law``: of G.711, or empty for PCM of 16 bits."""

    rate: int
    channels: int = 1
    law: str = ""


class MonoStream:
    """Converter of continuous audio to mono PCM16LE at the same rate; chunks may end anywhere.

    Channels are mixed as those of files are.
    """

    def __init__(self, format: IncomingFormat) -> None:
        self._format, self._rest = format, b""
        self._downmix = Downmix(format.rate)

    def accept(self, data: bytes) -> bytes:
        """Return the PCM of more audio."""
        channels, law = self._format.channels, self._format.law
        frame = channels * (1 if law else BYTES_PER_SAMPLE)
        data = self._rest + data
        whole = len(data) - len(data) % frame
        self._rest = data[whole:]
        pcm = decode(law, data[:whole]) if law else data[:whole]
        if channels == 1:
            return pcm
        samples = np.frombuffer(pcm, "<i2").reshape(-1, channels).astype(np.float32) / np.float32(_FULL_SCALE)
        return to_int16(self._downmix.mix(samples)).astype("<i2", copy=False).tobytes()


def wave_header(data: bytes) -> tuple[IncomingFormat, int] | None:
    """Return the format of a WAV stream and where its audio begins. Raises ``NoWave``.

    ``None``: more bytes are needed.
    """
    if data[:4] != b"RIFF"[: len(data)] or (len(data) >= _START and data[8:_START] != b"WAVE"):
        raise NoWave("this is no WAV header: send one first, or name encoding and sample_rate")
    place, found = _START, b""
    while place + _CHUNK.size <= min(len(data), _MOST_HEADER):
        name, length = _CHUNK.unpack_from(data, place)
        place += _CHUNK.size
        if name == b"data":
            return _parse_format(found), place
        if name == b"fmt ":
            found = data[place : place + length]
        place += length + length % 2
    if len(data) >= _MOST_HEADER or place > _MOST_HEADER:
        raise NoWave("this WAV header is too long")
    return None


def _parse_format(found: bytes) -> IncomingFormat:
    if len(found) < _FORMAT.size:
        raise NoWave("this WAV header names no format")
    tag, channels, rate, _, _, bits = _FORMAT.unpack_from(found)
    if tag == _EXTENSIBLE:
        tag = int.from_bytes(found[_SUBFORMAT], "little")
    law = _LAWS.get((tag, bits))
    least, most = RATES
    if law is None or not least <= rate <= most or not 1 <= channels <= MOST_CHANNELS:
        raise NoWave("a WAV stream is PCM of 16 bits or G.711, of one or two channels at 8 to 48 kHz")
    return IncomingFormat(rate, channels, law)
