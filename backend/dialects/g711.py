"""Decoding of telephone speech: mu-law and A-law to PCM. Pure. Source: ITU-T G.711, tables 1a and 2a."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

_CODES: Final = np.arange(256, dtype=np.int32)


def _mu_law() -> NDArray[np.int16]:
    code = ~_CODES & 0xFF
    magnitude = (((code & 0x0F) << 3) + 0x84 << ((code >> 4) & 0x07)) - 0x84
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)


def _a_law() -> NDArray[np.int16]:
    code = _CODES ^ 0x55
    exponent, mantissa = (code >> 4) & 0x07, (code & 0x0F) << 4
    magnitude = np.where(exponent == 0, mantissa + 8, mantissa + 0x108 << np.maximum(exponent - 1, 0))
    return np.where(code & 0x80, magnitude, -magnitude).astype(np.int16)


TABLES: Final = {"mu-law": _mu_law(), "a-law": _a_law()}


def decode(law: str, data: bytes) -> bytes:
    """Return PCM16LE of codes by ``mu-law`` or ``a-law``, at the same rate."""
    return TABLES[law][np.frombuffer(data, np.uint8)].astype("<i2").tobytes()
