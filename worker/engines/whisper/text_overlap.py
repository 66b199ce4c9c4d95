"""Words that two decodes of overlapping audio share, so that they are written once. Pure."""

from difflib import SequenceMatcher
from typing import Final

_STOPS: Final = (".", "。")
_ALIKE: Final = 0.8
_MISPLACED: Final = 8
_OVERLAP: Final = 4
"""Fewest letters that two decodes of the same speech share."""


def is_new(rest: str, text: str) -> bool:
    """Return whether a text lacks the rest; after an end stated too early, words are decoded twice."""
    return not letters(text).endswith(letters(rest))


def lies_between(found: str, before: str, after: str) -> bool:
    """Return whether a text is new between two others: no end of the first and no beginning of the second.

    Where a time is stated too early or too late, words are decoded twice. A whole phrase that recurs was spoken.
    """
    here, first, second = letters(found), letters(before), letters(after)
    is_known = first.endswith(here) or second.startswith(here)
    return not is_known or here in (first, second)


def continue_text(text: str, rest: str) -> str:
    """Return a text with the rest after a pause that Whisper took for the end.

    The full stop there belongs to the end. In Chinese a comma replaces it; the words decide in other languages.
    """
    stop = text[-1:] if text.endswith(_STOPS) and rest[-1].isalnum() else ""
    return (f"{text[:-1]}，" if text.endswith("。") else text) + rest + stop


def rest_after_overlap(text: str, rest: str) -> str:
    """Return the part of a rest after the text's last words, with which the rest begins; empty: it does not."""
    said, ends = letters(text), [at for at, character in enumerate(rest, start=1) if character.isalnum()]
    for count in range(len(ends), _OVERLAP - 1, -1):
        same = letters(rest[: ends[count - 1]])
        if said.endswith(same):
            return rest[ends[count - 1] :]
    return ""


def sentence_before(text: str, cut: int) -> int:
    """Return the end of the sentence shortly before a place in a text, or else the place."""
    end = max(text.rfind(stop, 0, cut) for stop in _STOPS) + 1
    return end if end and len(letters(text[end:cut])) <= _MISPLACED else cut


def ends_like(text: str, end: str) -> bool:
    """Return whether a text ends nearly as another decode of the same words does."""
    last = letters(end)
    return SequenceMatcher(None, letters(text)[-len(last) :], last).ratio() >= _ALIKE


def letters(text: str) -> str:
    """Return the letters and digits of a text, in which two decodes of the same words agree."""
    return "".join(filter(str.isalnum, text)).casefold()


def with_spaces(before: str, said: str, after: str) -> str:
    """Return a text with the spaces that it needs between two others; Chinese characters need none."""
    lead = " " if before and before[-1].isascii() and not before[-1].isspace() else ""
    trail = " " if after and said.rstrip()[-1:].isascii() and not after[0].isspace() else ""
    return f"{lead}{said.strip()}{trail}"
