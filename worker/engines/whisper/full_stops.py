"""Full stops that Whisper writes at pauses, and that it would not write without them (decision 0071). Pure."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import log
from typing import Final, NamedTuple

_CERTAIN: Final = 0.8
_MARGIN: Final = -1.2
"""Of the log probability of a full stop over a comma or none: 8 of 9 false ones are below, 1 of 5 right ones."""
_AFTER: Final = 8
_LEAST: Final = 1e-12

Probabilities = Callable[[list[int]], Sequence[float]]


class Marks(NamedTuple):
    """Tokens of a Chinese full stop and of a comma. ``end``: all tokens of text are smaller."""

    end: int
    stop: int
    comma: int


def without_doubtful_stops(
    tokens: Sequence[int], marks: Marks, probabilities: Probabilities, in_brief: Probabilities
) -> list[int]:
    """Return the tokens with commas for the doubtful full stops within the text.

    ``probabilities``: of the tokens of a text without timestamps; ``in_brief``: also without long pauses. Either
    makes a full stop probable whatever the words; without them, the words and the voice count.
    """
    places = [place for place, token in enumerate(tokens) if token < marks.end]
    text = [tokens[place] for place in places]
    stops = [number for number, token in enumerate(text[:-1]) if token == marks.stop]
    if not stops:
        return list(tokens)
    heard = probabilities(text)
    doubted = [stop for stop in stops if heard[stop] < _CERTAIN]
    if not doubted:
        return list(tokens)
    found = in_brief(text)
    commas = in_brief([marks.comma if number in doubted else token for number, token in enumerate(text)])
    nothing = in_brief([token for number, token in enumerate(text) if number not in doubted])
    doubtful: set[int] = set()
    for earlier, (stop, following) in enumerate(pairwise([*doubted, len(text)])):
        end = min(stop + 1 + _AFTER, following)
        other = max(_likely(commas[stop:end]), _likely(nothing[stop - earlier : end - earlier - 1]))
        if _likely(found[stop:end]) - other < _MARGIN:
            doubtful.add(places[stop])
    return [marks.comma if place in doubtful else token for place, token in enumerate(tokens)]


def _likely(probabilities: Sequence[float]) -> float:
    return sum(log(max(one, _LEAST)) for one in probabilities)
