"""Full stops and commas between the words of a text, where the words alone make them likely. Pure.

At a long pause Whisper writes a full stop, whatever the words, and in Mandarin mostly commas. Over silence its
decoder is a language model: it knows the words, but no voice and no pauses (decision 0093).
"""

import re
from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise
from typing import Final, NamedTuple

from protocol.sentences import begins_often, is_abbreviated, lowered_within

_PARTING: Final = 2.5
"""Least gain in log probability by a full stop between two words without a mark."""
_CLOSING: Final = -1.5
"""Least log probability of a full stop at the end of a text."""
_LONG: Final = 60
"""Characters without a mark that may be two sentences."""

_MOST: Final = 40
"""Marks of a text that are compared; the others stay. Half a minute of speech has fewer, unless it is a loop."""

Likely = Callable[[Sequence[str]], Sequence[float]]
"""Function that returns the log probabilities of texts, in a language, without a voice."""


class _Style(NamedTuple):
    """How a language is written, and how much likelier than another mark a full stop must be, as a logarithm.

    ``kept``: one that Whisper wrote; ``new``: one in the place of a comma. ``before`` and ``after``: characters
    around a mark that count. ``shortest``: characters of a text that gets a full stop at its end.
    """

    stop: str
    asks: str
    space: str
    mark: re.Pattern[str]
    kept: float
    new: float
    before: int
    after: int
    shortest: int


_STYLES: Final = {
    "en": _Style(".", "?", " ", re.compile(r"(?<=\w)([.?,])\s+(?=\w)"), -1.8, 1.4, 90, 50, 16),
    "zh": _Style("。", "?", "", re.compile(r"(?<=\w)([。？?，,])\s*(?=[\u3400-\u9fff])"), 1.5, 1.25, 40, 20, 6),
}
_COMMA: Final = ","
_COMMAS: Final = ",，"
_ASKS: Final = "?？"
_KEPT_QUESTION: Final = -1.0
_GAP: Final = re.compile(r"(?<=\w) (?=\w)")
_MARK: Final = re.compile(r"[.,?!。，？！]")
_END: Final = re.compile(r"[.。？?]")
_NO_SENTENCE: Final = re.compile(r"[a-z]\.|(?:[A-Z][\w.'’-]* )*[A-Z][\w.'’-]*(?:[.,?!]|$)")
"""What begins no sentence after a comma: "e.g.", or only words with capitals."""
_LISTED: Final = re.compile(r"(?:^|, )[0-9A-Za-z]+$")
_LISTED_TOO: Final = re.compile(r"[0-9A-Za-z]+(?:[.,?!]|$)")
"""Single words before and after a comma, which are items of a list."""


def with_likely_stops(text: str, language: str, likely: Likely) -> str:
    """Return an English or Mandarin text with other full stops, commas and capitals where they are likelier."""
    style = _STYLES.get(language)
    if style is None or not text:
        return text
    text = _closed(_parted(text, style, likely), style, likely)
    doubtful = [mark for mark in style.mark.finditer(text) if not _is_sure(text, mark)]
    for mark in reversed(doubtful[:_MOST]):  # so what precedes a mark is still as it was found
        text = _likeliest(text, mark, style, likely)
    return text


def shared_out(text: str, parts: Sequence[str]) -> list[str]:
    """Return the parts of a text anew, after its marks and capitals changed: each has as many letters as before.

    If the letters are not those of the parts, the parts stay.
    """
    letters = [place for place, character in enumerate(text) if character.isalnum()]
    counts = [sum(map(str.isalnum, part)) for part in parts]
    if sum(counts) != len(letters):
        return list(parts)
    begins = [*letters, len(text)]
    places = [begins[count] for count in accumulate(counts, initial=0)]
    return [text[begin:end].strip() for begin, end in pairwise(places)]


def _is_sure(text: str, mark: re.Match[str]) -> bool:
    """Return whether a mark stays without a comparison, as in "Mr. Wilson", "p.m. and" or "eggs, milk."."""
    written = mark.group(1)
    if written == ".":
        return text[mark.end()].islower() or is_abbreviated(text[: mark.start() + 1])
    if written not in _COMMAS:
        return False
    listed = _LISTED.search(text[: mark.start()]) and _LISTED_TOO.match(text, mark.end())
    return bool(listed or _NO_SENTENCE.match(text, mark.end()))


def _likeliest(text: str, mark: re.Match[str], style: _Style, likely: Likely) -> str:
    """Return a text whose sentence ends at a mark, or goes on there if that is likelier."""
    left, right, written = text[: mark.start()], text[mark.end() :], mark.group(1)
    ended, *scores = likely(
        [left[-style.before :] + way for way in _ways(left, written, _near(right, style), style)]
    )
    least = _KEPT_QUESTION if written in _ASKS else style.new if written in _COMMAS else style.kept
    end, *others = _ways(left, written, right, style)
    if ended - max(scores) >= least:
        return left + end
    if written in _COMMAS:
        return text
    return left + (_COMMA + right if written == "。" else others[scores.index(max(scores))])


def _ways(left: str, mark: str, right: str, style: _Style) -> list[str]:
    """Return what follows ``left`` with other marks before it; first the one that ends the sentence."""
    end = (style.asks if mark in _ASKS else style.stop) + style.space + right[0].upper() + right[1:]
    rights = [right] if mark in _COMMAS else [lowered_within(right, left), right[0].lower() + right[1:]]
    if mark in _ASKS:
        return [end, *(style.space + _END.sub(style.asks, one, count=1) for one in rights)]
    return [end, *(sign + style.space + one for one in rights for sign in (_COMMA, ""))]


def _near(right: str, style: _Style) -> str:
    """Return the words after a mark that count, which are the same whatever the mark."""
    return right if len(right) <= style.after else right[: style.after].rpartition(" ")[0] or right[: style.after]


def _parted(text: str, style: _Style, likely: Likely) -> str:
    """Return a text without a mark at its end as sentences: Whisper began it without marks, and wrote none.

    Each gap is compared once, so that the time grows only with the length.
    """
    begin = max((mark.end() for mark in _MARK.finditer(text)), default=0)
    if not text[-1].isalnum() or len(text) - begin < _LONG:
        return text
    gaps = [gap for gap in _GAP.finditer(text, begin) if begins_often(text[gap.end() :])]
    asked: list[str] = []
    for gap in gaps:
        left, right = text[: gap.start()][-style.before :], _near(text[gap.end() :], style)
        asked += [f"{left} {right}", left + _ways(left, style.stop, right, style)[0]]
    scores = likely(asked)
    gains = [stopped - open_ended for open_ended, stopped in zip(scores[::2], scores[1::2], strict=True)]
    for gap, gain in reversed(list(zip(gaps, gains, strict=True))):  # so what precedes a gap is still as it was
        if gain >= _PARTING:
            text = text[: gap.start()] + _ways("", style.stop, text[gap.end() :], style)[0]
    return text


def _closed(text: str, style: _Style, likely: Likely) -> str:
    """Return a text with a full stop at its end, if it has no mark there and may end there."""
    if len(text) < style.shortest or not text[-1].isalnum():
        return text
    said = text[-style.before :]
    without, with_stop = likely([said, said + style.stop])
    return text + style.stop if with_stop - without >= _CLOSING else text
