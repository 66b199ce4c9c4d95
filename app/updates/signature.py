"""Signature of the index: Ed25519 (RFC 8032), over a fixed prefix and the content. Pure."""

import base64
import binascii
from typing import Final

PREFIX: Final = b"kikipounamu updates 1\n"
"""Signed before the content, so that no other signature of the same key fits."""
_KEY_BYTES: Final = 32


def is_key(text: str) -> bool:
    """Return whether this is a public key: 32 bytes in Base64."""
    return len(_bytes(text)) == _KEY_BYTES


def is_signed(content: bytes, signature: str, key: str) -> bool:
    """Return whether the owner of a public key signed this content."""
    # Late: settings check keys at the start of the app, which must not wait for this import.
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    if not is_key(key):
        return False
    try:
        Ed25519PublicKey.from_public_bytes(_bytes(key)).verify(_bytes(signature), PREFIX + content)
    except (InvalidSignature, ValueError):
        return False
    return True


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        return b""
