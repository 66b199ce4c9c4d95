"""Vote on the language of a recording, and give its segments that language.

Results of at least 2 s vote with their duration, because shorter ones are often mistaken. A language wins with two
thirds of the votes. Only results whose language the engine chose may vote: others would confirm themselves.
"""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Coroutine
from dataclasses import dataclass, field
from fractions import Fraction
from math import inf
from typing import Any, NamedTuple
from typing import Final as Constant

from msgspec.structs import replace

from app.core.outlet import Outlet, Samples
from client.events import ClientEvent
from protocol.audio import SAMPLE_RATE
from protocol.recognition import Options
from protocol.session import PLAIN, Final, SegmentDetails

SHORTEST: Constant = 2 * SAMPLE_RATE
"""Samples of the shortest segment that votes."""
_MAJORITY: Constant = Fraction(2, 3)
_CODE_LENGTHS: Constant = (2, 3)


@dataclass(frozen=True)
class VoteRules:
    """Rules for which votes count, in samples.

    ``window``: how far before a segment votes count. ``pause``: a longer one between segments begins a new vote.
    ``sure``: a segment of this length is enough to find its language.
    """

    window: float = inf
    pause: float = inf
    sure: float = inf


PER_RECORDING: Constant = VoteRules()
PER_SPAN: Constant = VoteRules(window=30 * SAMPLE_RATE, pause=1.5 * SAMPLE_RATE)
"""For conversation: speakers change at a pause of 2 s, of which segments contain 0.5 s, or without any pause."""
PER_PART: Constant = VoteRules(window=300 * SAMPLE_RATE, sure=10 * SAMPLE_RATE)
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

        Votes from less audio than the speech's own ``samples`` do not count: the engine itself hears more.
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

    def add_segment(self, at: int, samples: int) -> None:
        """Record the place of a segment."""
        self._end = max(self._end, at + samples)

    def result(self, at: int, samples: int, language: str) -> None:
        """Count the language that the engine chose for a segment."""
        code = language.lower().partition("-")[0]
        listed = code in self._languages if self._languages else len(code) in _CODE_LENGTHS
        if listed and samples >= SHORTEST:
            self._votes.append(_Vote(at, samples, code))


@dataclass
class _Spoken:
    """The place of a segment. ``votes``: the engine chooses its language."""

    at: int
    votes: bool
    samples: int = 0


class _LanguageVoter(Outlet):
    """Base of an ``Outlet`` that gives new segments the voted language, and counts the votes of the results."""

    def __init__(self, outlet: Outlet, vote: LanguageVote) -> None:
        self._outlet = outlet
        self._vote = vote
        self._spoken: dict[int, _Spoken] = {}

    def language(self, at: int, samples: int = 0) -> str:
        """Return the voted language of speech; empty without a majority of votes from more audio than its own."""
        return self._vote.language(at, samples)

    async def begin(self, segment: int, at: int, details: SegmentDetails = PLAIN) -> None:
        """Begin a segment at sample ``at``, in the voted language if the details have none."""
        await self._begin(segment, at, details, self.language(at))

    async def _begin(self, segment: int, at: int, details: SegmentDetails, language: str) -> None:
        if language and not details.language:
            details = replace(details, language=language)
        self._spoken[segment] = _Spoken(at, votes=not details.language)
        await self._outlet.begin(segment, at, details)

    async def speculate(self, segment: int) -> None:
        """Announce that the audio so far may be the whole segment."""
        await self._outlet.speculate(segment)

    async def end(self, segment: int, samples: int) -> None:
        """End a segment, which has this many samples."""
        if spoken := self._spoken.get(segment):
            spoken.samples = samples
            self._vote.add_segment(spoken.at, samples)
        await self._outlet.end(segment, samples)

    async def finish(self) -> None:
        """Wait until every segment has ended."""
        await self._outlet.finish()

    async def close(self) -> None:
        """End the stream of events."""
        await self._outlet.close()

    async def events(self) -> AsyncIterator[ClientEvent]:
        """Yield every event, after counting it."""
        async for event in self._outlet.events():
            if isinstance(event, Final) and event.text:
                spoken = self._spoken.pop(event.segment, None)
                if spoken is not None and spoken.votes:
                    self._vote.result(spoken.at, spoken.samples, event.language)
            yield event


class VotingOutlet(_LanguageVoter):
    """An ``Outlet`` that adds the voted language to each segment at its beginning."""

    audio: Callable[[int, Samples], Coroutine[Any, Any, None]]

    def __init__(self, outlet: Outlet, vote: LanguageVote) -> None:
        super().__init__(outlet, vote)
        self.audio = outlet.audio  # every frame passes here: save a call


@dataclass
class _Waiting:
    """The beginning of a segment that may be too short to find its language."""

    segment: int
    at: int
    details: SegmentDetails
    sounds: list[Samples] = field(default_factory=list)


class PatientOutlet(_LanguageVoter):
    """An ``Outlet`` for files: a segment begins when it has ended, or is long enough to find its language."""

    def __init__(self, outlet: Outlet, vote: LanguageVote, sure: float) -> None:
        super().__init__(outlet, vote)
        self._sure = sure
        self._waiting: _Waiting | None = None

    async def begin(self, segment: int, at: int, details: SegmentDetails = PLAIN) -> None:
        """Keep the beginning of a segment."""
        self._waiting = _Waiting(segment, at, details)

    async def audio(self, segment: int, samples: Samples, /) -> None:
        """Append audio to a segment, or keep it until the segment begins."""
        if self._waiting is None:
            await self._outlet.audio(segment, samples)
            return
        self._waiting.sounds.append(samples)
        if sum(map(len, self._waiting.sounds)) >= self._sure:
            await self._pass_on_waiting(self._waiting, "")

    async def end(self, segment: int, samples: int) -> None:
        """End a segment; a short one has the voted language."""
        if self._waiting is not None:
            await self._pass_on_waiting(self._waiting, self.language(self._waiting.at))
        await super().end(segment, samples)

    async def _pass_on_waiting(self, waiting: _Waiting, language: str) -> None:
        self._waiting = None
        await self._begin(waiting.segment, waiting.at, waiting.details, language)
        for samples in waiting.sounds:
            await self._outlet.audio(waiting.segment, samples)


def voting(outlet: Outlet, options: Options, rules: VoteRules) -> Outlet:
    """Return an outlet that votes on the language, unless the options set it."""
    if options.language != "auto":
        return outlet
    vote = LanguageVote(options.languages, rules)
    return VotingOutlet(outlet, vote) if rules.sure == inf else PatientOutlet(outlet, vote, rules.sure)
