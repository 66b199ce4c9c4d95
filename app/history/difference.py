"""How one text differs from another, for display: by word, and by character where words have no spaces. Pure.

The time is bounded: what both texts have once anchors them to each other, as in patience diff (Bram Cohen), and
only short stretches between anchors are compared token by token. A longer one counts as other.
"""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Final

from protocol.words import UNSPACED

_TOKEN: Final = re.compile(rf"[{UNSPACED}]|[^\W_{UNSPACED}]+|\s+|.", re.DOTALL)
_SHINGLE: Final = 3
_MOST_AT_ONCE: Final = 40_000
_MOST_COMPARED: Final = 400_000
"""Pairs of tokens: in one stretch, and in all."""

Tokens = Sequence[str]


class Change(StrEnum):
    """What became of a piece of text."""

    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True)
class Piece:
    """A part of either text, or of both."""

    change: Change
    text: str


def difference(before: str, after: str) -> tuple[Piece, ...]:
    """Pieces in order: those that are not added make ``before``, those that are not removed make ``after``."""
    removed, added, same = "", "", ""
    pieces: list[Piece] = []
    for old, new in _stretches(_TOKEN.findall(before), _TOKEN.findall(after)):
        if old == new:
            same += "".join(old)
            continue
        if same.isspace() and (removed or added):  # two changes with nothing but a space between them are one
            removed, added = removed + same, added + same
        elif same:
            pieces += _pieces(removed, added, same)
            removed = added = ""
        same = ""
        removed, added = removed + "".join(old), added + "".join(new)
    return (*pieces, *_pieces(removed, added, same))


def words_that_differ(pieces: Sequence[Piece]) -> int:
    """How many words, or characters where words have no spaces: of each change, on its longer side."""
    count, sides = 0, {Change.REMOVED: 0, Change.ADDED: 0}
    for piece in pieces:
        if piece.change is Change.SAME:
            count, sides = count + max(sides.values()), dict.fromkeys(sides, 0)
        else:
            sides[piece.change] += sum(token[0].isalnum() for token in _TOKEN.findall(piece.text))
    return count + max(sides.values())


def _pieces(removed: str, added: str, same: str) -> Iterator[Piece]:
    for change, text in ((Change.REMOVED, removed), (Change.ADDED, added), (Change.SAME, same)):
        if text:
            yield Piece(change, text)


def _stretches(old: Tokens, new: Tokens) -> Iterator[tuple[Tokens, Tokens]]:
    """Both, cut at the same places, so that equal stretches lie beside each other."""
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    middle = old[start : len(old) - end], new[start : len(new) - end]
    yield old[:start], new[:start]
    left = _MOST_COMPARED
    for ours, theirs in _between_anchors(*middle):
        pairs = len(ours) * len(theirs)
        if ours == theirs or pairs > min(left, _MOST_AT_ONCE):
            yield ours, theirs
            continue
        left -= pairs
        for _, a, b, c, d in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
            yield ours[a:b], theirs[c:d]
    yield old[len(old) - end :], new[len(new) - end :]


def _common(old: Tokens, new: Tokens) -> int:
    """Tokens that both begin with."""
    count = 0
    for one, other in zip(old, new, strict=False):
        if one != other:
            break
        count += 1
    return count


def _between_anchors(old: Tokens, new: Tokens) -> Iterator[tuple[Tokens, Tokens]]:
    if len(old) * len(new) <= _MOST_AT_ONCE:
        yield old, new
        return
    ours, theirs = 0, 0
    for a, b in _anchors(old, new):
        yield old[ours:a], new[theirs:b]
        yield old[a : a + 1], new[b : b + 1]
        ours, theirs = a + 1, b + 1
    yield old[ours:], new[theirs:]


def _anchors(old: Tokens, new: Tokens) -> list[tuple[int, int]]:
    """Places where the same few tokens begin that are in each text once: as many as keep their order in both."""
    here, there = _once(old), _once(new)
    pairs = [(at, there[shingle]) for shingle, at in here.items() if shingle in there]
    ends: list[int] = []  # of the chains found so far, by length: where the last pair lies in the new text
    chains: list[tuple[int, int, int]] = []  # a pair, and which pair comes before it
    lasts: list[int] = []
    for a, b in pairs:  # in the order of the old text
        length = bisect_left(ends, b)
        chains.append((a, b, lasts[length - 1] if length else -1))
        ends[length : length + 1] = [b]
        lasts[length : length + 1] = [len(chains) - 1]
    found: list[tuple[int, int]] = []
    last = lasts[-1] if lasts else -1
    while last >= 0:
        a, b, last = chains[last]
        found.append((a, b))
    return found[::-1]


def _once(tokens: Tokens) -> dict[tuple[str, ...], int]:
    """Where each few tokens begin that are there only once."""
    shingles = [tuple(tokens[at : at + _SHINGLE]) for at in range(len(tokens) - _SHINGLE + 1)]
    counts = Counter(shingles)
    return {shingle: at for at, shingle in enumerate(shingles) if counts[shingle] == 1}
