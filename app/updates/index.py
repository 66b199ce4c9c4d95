"""The signed list of versions: read, verified, and searched for a newer one. Pure.

The file is one JSON object. ``content`` is the text of a second one (``ReleaseIndex``), and ``signatures`` sign
exactly that text, so that nothing depends on how JSON is written. Several signatures let a new key replace an
old one.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Final

from msgspec import DecodeError, Meta, Struct, ValidationError, field, json

from app.updates.errors import IndexRefused, IndexStale
from app.updates.signature import is_signed
from app.updates.versions import is_newer, order_of

FORMAT: Final = 1
MOST_BYTES: Final = 256 * 1024

_Text = Annotated[str, Meta(max_length=2_000)]
_Word = Annotated[str, Meta(max_length=100)]
_Page = Annotated[str, Meta(max_length=500, pattern=r"^(https://[!-~]+)?$")]


class Release(Struct, frozen=True):
    """A version. ``says``: what is new, by language. ``page``: where it can be got."""

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
