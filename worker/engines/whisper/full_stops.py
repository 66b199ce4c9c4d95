"""Full stops and commas between the words of a text, where the words alone make them likely. Pure.

At a long pause Whisper writes a full stop, whatever the words, and in Mandarin mostly commas. Over silence its
decoder is a language model: it knows the words, but no voice and no pauses (decision 0093).
"""

import re
from collections.abc import Callable, Sequence
from itertools import accumulate, islice, pairwise
from math import inf
from statistics import fmean
from typing import Final, NamedTuple

from protocol.sentences import begins_often, goes_on_with, is_abbreviated, without_capital_within

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
    """How a language is written, and how much likelier than others a full stop must be, as a logarithm.

    ``rival``: what a comma and nothing together weigh against a full stop. ``kept``: the least gain of one that
    Whisper wrote, ``asked`` of a question mark, and ``new`` of a full stop in the place of a comma. ``before`` and
    ``after``: characters around a mark that count. ``shortest``: characters of a text that gets a full stop at its
    end. ``length``: letters of an ordinary sentence; each that is lacking costs 1. ``apart``: characters
    between a full stop and a mark that may take it over.
    """

    stop: str
    asks: str
    space: str
    mark: re.Pattern[str]
    rival: Callable[[Sequence[float]], float]
    kept: float
    asked: float
    new: float
    before: int
    after: int
    shortest: int
    length: int = 0
    apart: int = 0


_HAN: Final = r"(?=[\u3400-\u9fff])"
_STYLES: Final = {
    "en": _Style(
        ".", "?", " ", re.compile(r"(?<=\w)([.?,])\s+(?=\w)"), max, -1.8, -2.0, 1.0, 90, 50, 16, apart=50
    ),
    "zh": _Style(
        "。",
        "?",
        "",
        re.compile(rf"(?:(?<=\w)([。？?，,])\s*|(?<=[\u3400-\u9fff])\s+){_HAN}"),
        fmean,
        1.75,
        1.0,
        1.75,
        25,
        20,
        6,
        length=9,
    ),
}
_ASKED: Final = re.compile("(吗)。")
"""A Chinese question, whatever the voice."""
_COMMA: Final = ","
_COMMAS: Final = ",， "
"""A space between Chinese words is a comma that Whisper left out."""
_ASKS: Final = "?？"
_NEEDLESS: Final = 2.5
"""Least gain in log probability by nothing in the place of a comma."""
_GOING_ON: Final = 2.3
"""Additional gain that a full stop needs if the words after it seem to continue the sentence."""
_EXCHANGING: Final = 1.0
"""Least gain in log probability that moves a full stop to the next mark."""
_GAP: Final = re.compile(r"(?<=\w) (?=\w)")
_MARK: Final = re.compile(r"[.,?!。，？！]")
_END: Final = re.compile(r"[.。？?]")
_NO_SENTENCE: Final = re.compile(r"[a-z]\.|(?:[A-Z][\w.'’-]* )*[A-Z][\w.'’-]*(?:[.,?!]|$)")
"""Text that begins no sentence after a comma: "e.g.", or only words with capitals."""
_LISTED: Final = re.compile(r"(?:^|, )[0-9A-Za-z]+$")
_ITEM: Final = re.compile(r"[0-9A-Za-z]+(?:[.,?!]|$)")
"""Single words before and after a comma, which are items of a list. No sentence begins after an item."""
_SERIES: Final = re.compile(r"(?:^|[.?!] )(\w+\. )?\w+\n\w+(\. \w+)?(?=[.?!]|$)")
"""Sentences of a single word around a place, here a line break: three of them are a list or commands."""
_GREETED: Final = re.compile(r"(?:^|[.?!] )(?:Dear|Hello|Hey|Hi)(?: [A-Z][\w.'’-]*){1,3}$")
_PLACE: Final = re.compile(r"(?:^|[.?!] )\d+$")
_NUMBER: Final = re.compile(r"\b[Nn]os?$")
"""Text to which a full stop belongs, as in "2. Call them" or, before a digit, in "No. 5"."""


class _Place(NamedTuple):
    """Mark where a sentence may end.

    ``gain``: how far a full stop is above its limit. ``other``: which of the ways without one is the best.
    """

    mark: re.Match[str]
    gain: float
    other: int


def with_likely_stops(text: str, language: str, likely: Likely) -> str:
    """Return an English or Mandarin text with other full stops, commas and capitals where they are likelier."""
    style = _STYLES.get(language)
    if style is None or not text:
        return text
    text = _ASKED.sub("\\1?", _with_full_stop(_with_sentences(text, style, likely), style, likely))
    doubtful = [mark for mark in style.mark.finditer(text) if not _is_sure(text, mark)][:_MOST]
    settled = [mark for mark in doubtful if _has_no_comma(text, mark)]
    for mark in reversed(settled):  # so what precedes a mark is still as it was found
        text = _settle_mark(text, mark, style, likely)
    marks = (mark for mark in style.mark.finditer(text) if not (_is_sure(text, mark) or _has_no_comma(text, mark)))
    places = _places(text, list(islice(marks, len(doubtful) - len(settled))), style, likely)
    numbers = _exchange_neighbours(text, places, _ends(text, places, style), style, likely)
    for place, number in reversed(list(zip(places, numbers, strict=True))):
        text = _with_way(text, place.mark, number, style)
    return text


def split_like(text: str, parts: Sequence[str]) -> list[str]:
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
    """Return whether a mark stays without a comparison, as in "Mr. Wilson", "No. 5" or "eggs, milk."."""
    left, right, written = text[: mark.start()], text[mark.end() :], _written_mark(mark)
    if written == ".":
        if (series := _SERIES.search(f"{left}\n{right}")) and any(series.groups()):
            return True
        numbered = _PLACE.search(left) or (_NUMBER.search(left) and right[0].isdigit())
        return bool(numbered) or (is_abbreviated(f"{left}.") and without_capital_within(right, left) == right)
    listed = _LISTED.search(left) and _ITEM.match(right)
    return written in _COMMAS and bool(listed or _GREETED.search(left) or _NO_SENTENCE.match(right))


def _has_no_comma(text: str, mark: re.Match[str]) -> bool:
    """Return whether a mark belongs to a question or an abbreviation, so that no comma replaces it."""
    written = _written_mark(mark)
    return written in _ASKS or (written == "." and is_abbreviated(text[: mark.end(1)]))


def _settle_mark(text: str, mark: re.Match[str], style: _Style, likely: Likely) -> str:
    """Return a text whose question or abbreviation ends a sentence, or goes on if that is likelier."""
    ended, *scores = _scores(text, mark, style, likely)
    kept = ended - max(scores) >= (style.asked if mark.group(1) in _ASKS else style.kept)
    return _with_way(text, mark, 0 if kept else 1 + scores.index(max(scores)), style)


def _places(text: str, marks: Sequence[re.Match[str]], style: _Style, likely: Likely) -> list[_Place]:
    """Return where sentences may end. Each mark is compared with those after it as they seem to be."""
    places: list[_Place] = []
    for mark in reversed(marks):
        place = _place(text, mark, style, likely)
        places.insert(0, place)
        text = _with_way(text, mark, 0 if place.gain >= 0 else place.other, style)
    return places


def _place(text: str, mark: re.Match[str], style: _Style, likely: Likely) -> _Place:
    """Return what a full stop gains at a mark, and whether a comma or nothing is likelier than the other."""
    ended, *scores = _scores(text, mark, style, likely)
    right, written, half = text[mark.end() :], _written_mark(mark), len(scores) // 2
    least = style.kept + _GOING_ON * goes_on_with(right)
    if written in _COMMAS:
        least = inf if _ITEM.match(right) else least + style.new - style.kept
    held = 0.0 if written in ". " else _NEEDLESS
    weighed = [comma + held for comma in scores[:half]] + scores[half:]
    gain = ended - style.rival((max(scores[:half]), max(scores[half:]))) - least
    return _Place(mark, gain, 1 + weighed.index(max(weighed)))


def _ends(text: str, places: Sequence[_Place], style: _Style) -> list[int]:
    """Return the way at each place that maximises the gain of all full stops, less the cost of short sentences."""
    letters = [*accumulate(map(str.isalnum, text), initial=0)]
    gains = {mark.start(): inf for mark in style.mark.finditer(text) if _written_mark(mark) in _ASKS}
    gains |= {place.mark.start(): place.gain for place in places} | {len(text): inf}
    best: list[tuple[float, int, tuple[int, ...]]] = [(0.0, 0, ())]
    for at, gain in sorted(gains.items()):
        total, _, ends = max(
            (total - max(0, style.length - letters[at] + letters[begin]), begin, ends)
            for total, begin, ends in best
        )
        after = (total if gain == inf else total + gain, at, (*ends, at))
        best = [after] if gain == inf else [*best, after]
    return [0 if place.mark.start() in best[0][2] else place.other for place in places]


def _exchange_neighbours(
    text: str, places: Sequence[_Place], numbers: list[int], style: _Style, likely: Likely
) -> list[int]:
    """Return the ways at places, with a full stop moved to the neighbouring place if that is likelier."""
    for at, (one, two) in enumerate(pairwise(places)):
        now, ways = (*numbers[at : at + 2],), [(0, two.other), (one.other, 0)]
        is_far = two.mark.start() - one.mark.end() > style.apart
        if is_far or now not in ways or -inf in (one.gain, two.gain):
            continue
        near = text[: two.mark.end()] + _near(text[two.mark.end() :], style)
        both = [_with_way(_with_way(near, two.mark, last, style), one.mark, first, style) for first, last in ways]
        scores = likely([way[max(0, one.mark.start() - style.before) :] for way in both])
        if abs(scores[1] - scores[0]) >= _EXCHANGING:
            numbers = [*numbers[:at], *ways[scores[1] > scores[0]], *numbers[at + 2 :]]
    return numbers


def _with_way(text: str, mark: re.Match[str], number: int, style: _Style) -> str:
    """Return a text with one of the ways at a mark."""
    left, right = text[: mark.start()], text[mark.end() :]
    return left + _ways(left, _written_mark(mark), right, style)[number]


def _scores(text: str, mark: re.Match[str], style: _Style, likely: Likely) -> Sequence[float]:
    """Return the log probabilities of all ways at a mark."""
    left, right = text[: mark.start()], _near(text[mark.end() :], style)
    return likely([left[-style.before :] + way for way in _ways(left, _written_mark(mark), right, style)])


def _written_mark(mark: re.Match[str]) -> str:
    return mark.group(1) or " "


def _ways(left: str, mark: str, right: str, style: _Style) -> list[str]:
    """Return what may follow ``left``: the end of a sentence, then commas, then nothing.

    Or after a question an end that comes later, and after an abbreviation a small letter.
    """
    within = [right]
    if mark not in _COMMAS:
        within = list(dict.fromkeys([without_capital_within(right, left), right[0].lower() + right[1:]]))
    if mark in _ASKS:
        return [
            style.asks + style.space + right,
            *(style.space + _END.sub(style.asks, one, count=1) for one in within),
        ]
    if is_abbreviated(left + mark):
        return [f". {right}", f". {within[0]}"]
    begin = right[0].upper() + right[1:] if mark in _COMMAS else right
    return [
        style.stop + style.space + begin,
        *(sign + style.space + one for sign in (_COMMA, "") for one in within),
    ]


def _near(right: str, style: _Style) -> str:
    """Return the words after a mark that count, which are the same whatever the mark."""
    return right if len(right) <= style.after else right[: style.after].rpartition(" ")[0] or right[: style.after]


def _with_sentences(text: str, style: _Style, likely: Likely) -> str:
    """Divide the end of a text into sentences if it is long and has no marks: Whisper may stop writing any.

    Each gap is compared once, so that the time grows only with the length.
    """
    begin = max((mark.end() for mark in _MARK.finditer(text)), default=0)
    if not text[-1].isalnum() or len(text) - begin < _LONG:
        return text
    gaps = [gap for gap in _GAP.finditer(text, begin) if begins_often(text[gap.end() :])]
    asked: list[str] = []
    for gap in gaps:
        left, right = text[: gap.start()][-style.before :], _near(text[gap.end() :], style)
        asked += [f"{left} {right}", left + _ways(left, _COMMA, right, style)[0]]
    scores = likely(asked)
    gains = [stopped - open_ended for open_ended, stopped in zip(scores[::2], scores[1::2], strict=True)]
    for gap, gain in reversed(list(zip(gaps, gains, strict=True))):  # so what precedes a gap is still as it was
        if gain >= _PARTING:
            text = text[: gap.start()] + _ways("", _COMMA, text[gap.end() :], style)[0]
    return text


def _with_full_stop(text: str, style: _Style, likely: Likely) -> str:
    """Return a text with a full stop at its end, if it has no mark there and may end there."""
    if len(text) < style.shortest or not text[-1].isalnum():
        return text
    said = text[-style.before :]
    without, with_stop = likely([said, said + style.stop])
    return text + style.stop if with_stop - without >= _CLOSING else text
