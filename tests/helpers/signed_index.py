"""Sign lists of versions for tests, as a maintainer does."""

from collections.abc import Sequence
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.updates.index import Release, ReleaseIndex
from scripts.release.signed_index import public_key, sign

KEY: Final = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC: Final = public_key(KEY)
MADE_S: Final = 1_800_000_000
DAY_S: Final = 86_400


def index_of(*versions: str, made_s: int = MADE_S, page: str = "https://get.example/") -> ReleaseIndex:
    """Return an index of these versions, good for a year."""
    releases = tuple(
        Release(one, "2027-01-15", page, {"en": f"New in {one}", "zh": f"{one} 的新功能"}) for one in versions
    )
    return ReleaseIndex(made_s, made_s + 365 * DAY_S, releases)


def signed(*versions: str, made_s: int = MADE_S, keys: Sequence[Ed25519PrivateKey] = (KEY,)) -> bytes:
    """Return the signed file of these versions."""
    return sign(index_of(*versions, made_s=made_s), keys)
