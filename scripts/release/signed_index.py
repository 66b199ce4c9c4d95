"""Sign the list of versions in ``packaging/versions.toml``, for the notice of newer versions.

    python -m scripts.release.signed_index PRIVATE       make a key for the maintainer, and print its public half

The private key never enters the checkout. ``KIKIPOUNAMU_UPDATES_KEY`` names its file when a release is built;
several files, separated by colons, sign together while one key replaces another.
"""

import argparse
import base64
import os
import sys
import time
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from msgspec import json

from app.updates.index import PREFIX, Release, ReleaseIndex, SignedIndex, read_index
from scripts.release.errors import Refusal, ReleaseRefused

KEY_VARIABLE: Final = "KIKIPOUNAMU_UPDATES_KEY"
FILE: Final = "updates.json"
_LIST: Final = Path("packaging") / "versions.toml"
_DAY_S: Final = 86_400


def build(checkout: Path, dist: Path, version: str) -> list[Path]:
    """Write the signed index into ``dist``; without a private key write nothing. Raises ``ReleaseRefused``."""
    named = os.environ.get(KEY_VARIABLE, "")
    if not named:
        print(f"no {FILE}: {KEY_VARIABLE} names no private key")
        return []
    keys = [read_key(Path(name)) for name in named.split(os.pathsep)]
    index = read_list(checkout / _LIST, version, int(time.time()))
    signed = sign(index, keys)
    read_index(signed, [public_key(key) for key in keys], index.made_s)  # the app must be able to read it
    place = dist / FILE
    place.write_bytes(signed)
    return [place]


def _refused(text: str) -> ReleaseRefused:
    return ReleaseRefused(Refusal.BUILD_FAILED, text)


def read_list(place: Path, version: str, now_s: int) -> ReleaseIndex:
    """Return the index of the listed versions, which must include ``version``. Raises ``ReleaseRefused``."""
    stated: dict[str, Any] = tomllib.loads(place.read_text(encoding="utf-8"))
    rows = stated["release"]
    if version not in {row["version"] for row in rows}:
        raise _refused(f"{place} has no entry for {version}: add one with its date and what is new")
    releases = tuple(
        Release(row["version"], row["date"], stated["page"], {"en": row["en"], "zh": row["zh"]}) for row in rows
    )
    return ReleaseIndex(now_s, now_s + int(stated["good_days"]) * _DAY_S, releases)


def sign(index: ReleaseIndex, keys: Sequence[Ed25519PrivateKey]) -> bytes:
    """Return the file of an index that these keys sign."""
    content = json.encode(index)
    signatures = tuple(base64.b64encode(key.sign(PREFIX + content)).decode() for key in keys)
    return json.encode(SignedIndex(content.decode(), signatures))


def public_key(key: Ed25519PrivateKey) -> str:
    """Return the public half in Base64, for ``app/updates/index.py`` and the setting ``updates.key``."""
    return base64.b64encode(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def read_key(place: Path) -> Ed25519PrivateKey:
    """Return the private key in a PEM file. Raises ``ReleaseRefused``."""
    try:
        key = load_pem_private_key(place.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise _refused(f"{place} has no private key that can be read: {error}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise _refused(f"{place} is no Ed25519 key: make one with this module")
    return key


def make_key(place: Path, checkout: Path) -> str:
    """Write a new private key that only its owner can read, and return its public half.

    Raises ``ReleaseRefused`` for a place inside the checkout, and for a file that exists.
    """
    if checkout.resolve() in place.resolve().parents:
        raise _refused(f"{place} is inside the checkout: a private key must not get into a commit")
    key = Ed25519PrivateKey.generate()
    try:
        descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise _refused(f"{place} cannot be written: {error.strerror}: choose another file") from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return public_key(key)


def main(arguments: Sequence[str] | None = None) -> int:
    """Make a key, and print the part that the maintainer enters into the app."""
    parser = argparse.ArgumentParser(description="Make the key that signs the list of versions.")
    parser.add_argument("private", type=Path, help="file of the private key, outside the checkout")
    place: Path = parser.parse_args(arguments).private
    try:
        public = make_key(place, Path(__file__).resolve().parents[2])
    except ReleaseRefused as error:
        print(error, file=sys.stderr)
        return 1
    print(f"Private key: {place}. Keep it, and a copy elsewhere; nobody else needs it.")
    print(f'Add the public key to KEYS in app/updates/index.py: "{public}"')
    return 0


if __name__ == "__main__":
    sys.exit(main())
