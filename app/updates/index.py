"""The signed list of versions, its place and keys: read, verified, and searched for a newer one. Pure.

The file is one JSON object. ``content`` is the text of a second one (``ReleaseIndex``), and ``signatures`` sign
exactly that text, so that nothing depends on how JSON is written: Ed25519 (RFC 8032), over a fixed prefix and
the content. Several signatures let a new key replace an old one.

Place and keys are empty until the project has a public place. The maintainer enters them here before the first
public release; ``docs/release.md`` explains how. The settings ``updates.url`` and ``updates.key`` replace both.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Final

from msgspec import DecodeError, Meta, Struct, ValidationError, field, json

from app.core.errors import AppError, Note

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


class UpdateError(AppError):
    """The base of update errors: the newest version cannot be determined."""


class PlaceUnknown(UpdateError):
    """The address of the index, or the key that signs it, is not set."""

    note = Note("updates-no-place")

    def __init__(self) -> None:
        super().__init__("this build does not know where versions are announced: set updates.url and updates.key")


class IndexUnreachable(UpdateError):
    """The index cannot be fetched."""

    note = Note("updates-unreachable")

    def __init__(self, why: str) -> None:
        super().__init__(f"the list of versions cannot be fetched: {why}: try again later")


class IndexRefused(UpdateError):
    """The index is not signed by a known key, or is no index."""

    note = Note("updates-refused")

    def __init__(self, why: str) -> None:
        super().__init__(f"the list of versions is not trusted: {why}: get versions from the project's own page")


class IndexStale(UpdateError):
    """The index is older than one that was seen before, or no longer valid."""

    note = Note("updates-stale")

    def __init__(self, why: str) -> None:
        super().__init__(f"the list of versions is outdated: {why}: look at the project's own page")


Order = tuple[tuple[int, ...], int, int, int, int]
"""A sortable version: numbers, stage, its number, whether it is finished, and its development number."""

_FORM: Final = re.compile(
    r"(\d{1,6}(?:\.\d{1,6}){0,3})(?:(a|b|rc)(\d{1,6}))?(?:\.dev(\d{1,6}))?(?:\+[a-z0-9.]{1,40})?",
    re.ASCII,
)
_STAGES: Final = {"a": 0, "b": 1, "rc": 2}
_ONLY_DEVELOPED, _RELEASED = -1, 3
_LENGTH: Final = 4


def order_of(version: str) -> Order | None:
    """Return the order of a version such as 0.2.0, 0.2.0rc1 or 0.2.0.dev3; ``None`` for another form."""
    found = _FORM.fullmatch(version)
    if not found:
        return None
    numbers = [int(part) for part in found[1].split(".")]
    developed = found[4] is not None
    stage = _STAGES[found[2]] if found[2] else (_ONLY_DEVELOPED if developed else _RELEASED)
    padded = (*numbers, *(0,) * (_LENGTH - len(numbers)))
    return padded, stage, int(found[3] or 0), int(not developed), int(found[4] or 0)


def is_newer(version: str, installed: str) -> bool:
    """Return whether a version should be offered to users of the installed one.

    Unfinished versions are offered only to users of an unfinished one.
    """
    new, own = order_of(version), order_of(installed)
    if new is None or own is None or new <= own:
        return False
    return is_finished(new) or not is_finished(own)


def is_finished(order: Order) -> bool:
    """Return whether a version is a release, not a preview of one."""
    return order[1] == _RELEASED


FORMAT: Final = 1
MOST_BYTES: Final = 256 * 1024

_Text = Annotated[str, Meta(max_length=2_000)]
_Word = Annotated[str, Meta(max_length=100)]
_Page = Annotated[str, Meta(max_length=500, pattern=r"^(https://[!-~]+)?$")]


class Release(Struct, frozen=True):
    """A version. ``says``: what is new, by language. ``page``: where it can be downloaded."""

    version: _Word
    date: _Word = ""
    page: _Page = ""
    says: Mapping[_Word, _Text] = field(default_factory=dict)


class ReleaseIndex(Struct, frozen=True):
    """All versions, as announced at ``made_s``, and believed until ``good_until_s`` (Unix times)."""

    made_s: int
    good_until_s: int
    releases: Annotated[tuple[Release, ...], Meta(max_length=200)] = ()
    format: int = FORMAT


class SignedIndex(Struct, frozen=True):
    """The text of an ``ReleaseIndex`` with its signatures in Base64."""

    content: str
    signatures: Annotated[tuple[_Word, ...], Meta(max_length=8)] = ()


def read_index(raw: bytes, keys: Iterable[str], now_s: float, seen_s: int = 0) -> ReleaseIndex:
    """Return the index in a file that one of the keys signed.

    ``seen_s``: the newest index seen before; older ones are not believed again.

    Raises ``IndexRefused`` or ``IndexStale``.
    """
    try:
        signed = json.decode(raw, type=SignedIndex)
    except (DecodeError, ValidationError, UnicodeDecodeError) as error:
        raise IndexRefused("it is not in the expected form") from error
    content = signed.content.encode("utf-8", "surrogatepass")
    if not any(is_signed(content, signature, key) for key in keys for signature in signed.signatures):
        raise IndexRefused("no known key signed it")
    try:
        index = json.decode(content, type=ReleaseIndex)
    except (DecodeError, ValidationError, UnicodeDecodeError) as error:
        raise IndexRefused("this version cannot read it") from error
    if index.format != FORMAT:
        raise IndexRefused(f"this version cannot read its format {index.format}")
    if index.made_s < seen_s:
        raise IndexStale("a newer one was seen before")
    if index.good_until_s < now_s:
        raise IndexStale("nobody has renewed it for too long, by the clock of this computer")
    return index


def newest(index: ReleaseIndex, installed: str) -> Release | None:
    """Return the newest version that should be offered to users of the installed one."""
    offered = [one for one in index.releases if is_newer(one.version, installed)]
    return max(offered, key=lambda one: order_of(one.version) or (), default=None)


URL: Final = ""
"""Address of the index: https only."""
KEYS: Final[tuple[str, ...]] = ()
"""Public keys in Base64. A new key is added one release before the old one retires."""


@dataclass(frozen=True)
class IndexPlace:
    """The address of the index and the keys that may sign it."""

    url: str = ""
    keys: tuple[str, ...] = ()

    @property
    def known(self) -> bool:
        """True if an index can be fetched and verified."""
        return bool(self.url and self.keys)


def place_of(url: str, key: str) -> IndexPlace:
    """Return the place that the settings name, or that of this build for what they leave empty."""
    return IndexPlace(url or URL, (key,) if key else KEYS)
