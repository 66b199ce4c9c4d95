"""The pieces in which a client takes a text. Pure.

Programs of X11 with the old protocol XIM get a text in the character sets of its time. Tried with ibus-x11 1.5.32
and xterm 398: more than 500 characters at once are replaced by zeros, and a character outside these sets is lost
beside one of another language. Alone or beside ASCII it arrives.
"""

import unicodedata
from collections.abc import Iterator
from typing import Final

_SETS: Final = (
    *("latin-1", "iso8859-2", "iso8859-7", "iso8859-8", "iso8859-9", "koi8-r"),
    *("gb2312", "euc-kr", "shift-jis"),
)
_FOREIGN: Final = frozenset("—―‖～∥−·")
"""Characters that Python counts to one of these sets and X11 does not."""
_XIM_PIECE: Final = 100
_PIECE_BYTES: Final = 4000  # the limit of text-input-v3: older compositors disconnect a client that gets more


def pieces(text: str, *, xim: bool) -> list[str]:
    """Return the pieces of a text, in order."""
    return list(_xim_pieces(text) if xim else _limited(text))


def arrives_by_xim(text: str) -> bool:
    """Return whether a program with XIM gets this text exactly, and tells so.

    A mark or a joiner has no width: it moves no cursor, and it is lost beside its letter. Some characters arrive
    beside ASCII only.
    """
    marks = any(unicodedata.category(char) in ("Mn", "Me", "Mc", "Cf") for char in text)
    return not marks and _FOREIGN.isdisjoint(_xim_pieces(text))


def _limited(text: str) -> Iterator[str]:
    """Yield pieces of at most as many bytes as allowed; a bad half of a letter pair counts as one."""
    raw = text.encode(errors="replace")
    start = 0
    while start < len(raw):
        piece = raw[start : start + _PIECE_BYTES].decode(errors="ignore")
        yield piece
        start += len(piece.encode())


def _xim_pieces(text: str) -> Iterator[str]:
    piece, common = "", frozenset[str]()
    for char in text:
        own = _sets_of(char)
        shared = own if not piece or piece.isascii() else common if char.isascii() else own & common
        if piece and (len(piece) == _XIM_PIECE or not (shared or char.isascii() or piece.isascii())):
            yield piece
            piece, shared = "", own
        piece, common = piece + char, shared
    if piece:
        yield piece


def _sets_of(char: str) -> frozenset[str]:
    """Return the sets that have this character."""
    return frozenset() if char in _FOREIGN else frozenset(name for name in _SETS if _encodes(name, char))


def _encodes(name: str, char: str) -> bool:
    try:
        char.encode(name)
    except UnicodeEncodeError:
        return False
    return True
