"""Digests of keys, and the ids that stand for keys in the broker and in the history."""

from hashlib import sha256


def owner_of(key: str) -> str:
    """Return the id of a key, which the broker stores instead of the key."""
    return owner_of_digest(digest_of(key))


def owner_of_digest(digest: str) -> str:
    """Return the id of a key from its digest."""
    return digest[:32]


def digest_of(key: str) -> str:
    """Return the stored digest of a key. Keys have 256 random bits, so a fast hash is safe."""
    return sha256(key.encode()).hexdigest()
