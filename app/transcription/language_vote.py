"""Vote on the language of a recording, from the languages of its results. Pure.

Results of at least 2 s vote with their duration, because shorter ones are often mistaken. A language wins with two
thirds of the votes. Only results whose language the engine chose may vote: others would confirm themselves.
"""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from fractions import Fraction
from math import inf
from typing import Final, NamedTuple

from protocol.audio import SAMPLE_RATE

SHORTEST: Final = 2 * SAMPLE_RATE
"""Samples of the shortest segment that votes."""
_MAJORITY: Final = Fraction(2, 3)
_CODE_LENGTHS: Final = (2, 3)


@dataclass(frozen=True)
class VoteRules:
    """Rules for which votes count, in samples.

    ``window``: how far before a segment votes count. ``pause``: a longer one between segments begins a new vote.
    ``sure``: a segment as long tells its language itself.
    """

    window: float = inf
    pause: float = inf
    sure: float = inf


PER_RECORDING: Final = VoteRules()
PER_SPAN: Final = VoteRules(window=30 * SAMPLE_RATE, pause=1.5 * SAMPLE_RATE)
"""For conversation: speakers change at a pause of 2 s, of which segments contain 0.5 s, or without any pause."""
PER_PART: Final = VoteRules(window=300 * SAMPLE_RATE, sure=10 * SAMPLE_RATE)
"""For files, which may have several speakers. Results come up to 120 s after their segments were sent, so votes
may be older than the last change of the language."""


class _Vote(NamedTuple):
    at: int
    samples: int
    language: str


class LanguageVote:
    """The votes of one recording. ``languages``: the only ones that count; empty for all."""

    def __init__(self, languages: Collection[str] = (), rules: VoteRules = PER_RECORDING) -> None:
        self._languages = frozenset(languages)
        self._rules = rules
        self._votes: list[_Vote] = []
        self._since = 0
        self._end = 0

    def language(self, at: int, samples: int = 0) -> str:
        """Return the language of speech that begins at sample ``at``; empty without a clear majority.

        Votes of less audio than the speech's own ``samples`` do not count: the engine hears more itself.
        """
        if at - self._end > self._rules.pause:
            self._since = at
        first = max(self._since, at - self._rules.window)
        votes = Counter[str]()
        for vote in self._votes:
            if vote.at >= first:
                votes[vote.language] += vote.samples
        language, most = next(iter(votes.most_common(1)), ("", 0))
        total = votes.total()
        return language if total > samples and most >= _MAJORITY * total else ""

    def ended(self, at: int, samples: int) -> None:
        """Record the place of a segment."""
        self._end = max(self._end, at + samples)

    def result(self, at: int, samples: int, language: str) -> None:
        """Count the language that the engine chose for a segment."""
        code = language.lower().partition("-")[0]
        listed = code in self._languages if self._languages else len(code) in _CODE_LENGTHS
        if listed and samples >= SHORTEST:
            self._votes.append(_Vote(at, samples, code))
