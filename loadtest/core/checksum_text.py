"""Text of the checksum engine: a digest of the exact samples of a segment. Pure."""

import hashlib
from typing import Final

_HEX_DIGITS: Final = 16


def checksum(*pcm: bytes | memoryview) -> str:
    """Return the text of the concatenated ``pcm``: the first 16 hexadecimal digits of its SHA-256."""
    digest = hashlib.sha256()
    for piece in pcm:
        digest.update(piece)
    return digest.hexdigest()[:_HEX_DIGITS]
