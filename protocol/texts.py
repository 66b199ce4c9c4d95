"""Joining of segment texts: spaces, full stops and capitals at the joins. Pure.

Each piece of speech is recognised alone, so engines write a full stop and a capital at every pause. ``join_pair``
removes them where the pause is short, or the words show that the sentence goes on. Question and exclamation marks
always stay. Without times, only spaces are added. A line break at an end of a piece stays, and needs no space.
"""

import re
from collections.abc import Iterable
from os.path import commonprefix
from typing import Final, NamedTuple

from protocol.sentences import goes_on, without_capital, without_false_stop, without_full_stop

Ranges = tuple[tuple[int, int], ...]

# Scripts that are written without spaces between words.
_UNSPACED: Final[Ranges] = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x2E80, 0x312F),  # CJK radicals, kana, bopomofo
    (0x3190, 0x9FFF),  # CJK ideographs
    (0xF900, 0xFAFF),  # compatibility ideographs
    (0xFF10, 0xFF9F),  # full-width letters and digits, half-width kana
    (0x20000, 0x3FFFF),  # ideograph extensions
)
# Punctuation of these scripts, whose glyphs include their own white space.
_PUNCTUATION: Final[Ranges] = ((0x3000, 0x303F), (0xFE30, 0xFE4F), (0xFF01, 0xFF0F), (0xFF1A, 0xFF20))
_DIGITS: Final = re.compile(r"[0-9]+[.,。，]?")
_DIGITS_PAUSE_MS: Final = 800
_SPACES: Final = (
    " \t\r\v\f\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
"""All white space but the line break."""
_CONTEXT: Final = 200
"""Characters before a join that may show whether a sentence is complete."""


class TimedText(NamedTuple):
    """Text and its place in a recording; ``None``: unknown.

    ``after_written``: the text before it is already inserted, and cannot change any more.
    """

    text: str
    start_ms: int | None = None
    end_ms: int | None = None
    after_written: bool = False


def without_spaces(text: str) -> str:
    """Return the text without white space at its ends, except line breaks."""
    return text.strip(_SPACES)


def join_texts(texts: Iterable[str]) -> str:
    """Join texts with spaces, but without a space between scripts that do not use spaces."""
    whole: list[str] = []
    for text in texts:
        if piece := text.strip():
            whole.append(with_space(whole[-1], piece) if whole else piece)
    return "".join(whole)


def join_pieces(pieces: Iterable[TimedText]) -> str:
    """Join the pieces of one recording into running text."""
    return "".join(joined_parts(pieces))


def joined_parts(pieces: Iterable[TimedText]) -> list[str]:
    """Return the pieces as parts of the running text, each with the space before it."""
    parts: list[str] = []
    left, before = TimedText(""), 0
    for place, piece in enumerate(pieces):
        if text := without_spaces(piece.text):
            ending, text = _following_texts(left, piece) if piece.after_written else join_pair(left, piece)
            parts[before:] = [_with_end(part, left.text, ending) for part in parts[before:]]
            left, before = TimedText((ending + text)[-_CONTEXT:].lstrip(), end_ms=piece.end_ms), place
        parts.append(text)
    if parts:
        parts[before] = _with_end(parts[before], left.text, _closed_text(left))
    return parts


def _following_texts(left: TimedText, right: TimedText) -> tuple[str, str]:
    """Join two texts like ``join_pair``, where the left one ended an insertion."""
    ending = _closed_text(left)
    return ending, append_text(left._replace(text=ending), right)


def _closed_text(text: TimedText) -> str:
    return text.text if text.end_ms is None else without_false_stop(text.text)


def _with_end(part: str, whole: str, changed: str) -> str:
    """Return the part at the end of ``whole`` with the end that ``changed`` has."""
    same = len(commonprefix((whole, changed)))
    return part[: len(part) - min(len(part), len(whole) - same)] + changed[same:] if part else part


def join_pair(left: TimedText, right: TimedText) -> tuple[str, str]:
    """Return two texts as they stand in running text: the left one, and the right one with the space before it."""
    before, after = without_spaces(left.text), without_spaces(right.text)
    pause_ms = _pause_ms(left, right)
    if not before or not after or pause_ms is None or _break_between(before, after):
        return before, with_space(before, after)
    if pause_ms <= _DIGITS_PAUSE_MS and _digits_meet(before, after):
        return before.rstrip(".。"), after
    if not goes_on(before, after, pause_ms):
        return before, with_space(before, after)
    before = without_full_stop(before, after)
    return before, with_space(before, without_capital(after, before))


def append_text(left: TimedText, right: TimedText) -> str:
    """Return the right text with the space before it, where the left one is inserted and cannot change."""
    before, after = join_pair(left, right)
    written = without_spaces(left.text)
    return after if before == written else with_space(written, without_spaces(right.text))


def _pause_ms(left: TimedText, right: TimedText) -> int | None:
    if left.end_ms is None or right.start_ms is None or right.start_ms < left.end_ms:
        return None
    return right.start_ms - left.end_ms


def _digits_meet(left: str, right: str) -> bool:
    """Return whether digits of one number or code meet: at least one of the texts has nothing else."""
    if not (left.rstrip(".。")[-1:].isdigit() and right[0].isdigit()):
        return False
    return bool(_DIGITS.fullmatch(left) or _DIGITS.fullmatch(right))


def with_space(left: str, right: str) -> str:
    """Return the right text, after a space where the scripts of both texts need one."""
    if not left or not right or _break_between(left, right):
        return right
    last, first = left[-1], right[0]
    if _within(last, _PUNCTUATION) or _within(first, _PUNCTUATION):
        return right
    return right if _within(last, _UNSPACED) and _within(first, _UNSPACED) else f" {right}"


def _break_between(left: str, right: str) -> bool:
    return left.endswith("\n") or right.startswith("\n")


def _within(character: str, ranges: Ranges) -> bool:
    code = ord(character)
    return any(first <= code <= last for first, last in ranges)
