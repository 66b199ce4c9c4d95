"""Marks and capitals of a text, which another decode of the same speech lends. Pure."""

import re
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Final

from worker.engines.whisper.decoder import DecodeResult
from worker.engines.whisper.full_stops import split_like

_WORD: Final = re.compile(r"[^\W_]+(?:['’.][^\W_]+)*")
_MARKS: Final = re.compile(r"[\s.,?!;:]*")
_ENDS: Final = (".", "?", "!")


def is_well_written(text: str) -> bool:
    """Return whether a text begins with a capital or a digit and ends with a mark."""
    written = text.strip()
    return bool(written) and not written[0].islower() and written.endswith(_ENDS)


def lend_marks(heard: DecodeResult, written: DecodeResult) -> DecodeResult:
    """Return a result with the marks and capitals of another one of the same speech."""
    text = with_marks_of(heard.text, written.text)
    parts = split_like(text, [phrase.text for phrase in heard.phrases])
    phrases = (phrase._replace(text=f" {part}") for phrase, part in zip(heard.phrases, parts, strict=True))
    return heard._replace(text=text, phrases=tuple(phrases))


def with_marks_of(text: str, marked: str) -> str:
    """Return the words of a text with the marks and capitals that another text has at the same words.

    A capital or a mark is lent only where both texts have the same word before it too, or none.
    """
    own, lent = list(_WORD.finditer(text)), list(_WORD.finditer(marked))
    if not own or not lent:
        return text
    pairs = _same_words([word.group() for word in own], [word.group() for word in lent])
    words, gaps = [word.group() for word in own], [text[one.end() : two.start()] for one, two in pairwise(own)]
    for n, other in pairs.items():
        if n and pairs.get(n - 1) == other - 1:
            words[n] = lent[other].group()
            gaps[n - 1] = _with_marks(gaps[n - 1], marked[lent[other - 1].end() : lent[other].start()])
    if lent[0].group()[0].isupper():
        words[0] = words[0][0].upper() + words[0][1:]
    end = text[own[-1].end() :]
    if not end.endswith(_ENDS):
        end = _with_marks(end, marked[lent[-1].end() :])
    return text[: own[0].start()] + "".join(map("".join, zip(words, [*gaps, end], strict=True)))


def _same_words(own: list[str], lent: list[str]) -> dict[int, int]:
    """Return which words of the first text are which of the second, whatever their capitals."""
    first, second = ([word.lower() for word in words] for words in (own, lent))
    blocks = SequenceMatcher(None, first, second, autojunk=False).get_matching_blocks()
    return {block.a + n: block.b + n for block in blocks for n in range(block.size)}


def _with_marks(own: str, lent: str) -> str:
    """Return the marks to write between two words. Signs as in "11%" or "e-mail" are no marks and stay."""
    return lent if _MARKS.fullmatch(own) and _MARKS.fullmatch(lent) else own
