"""Give segments the language of their recording."""

from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field
from math import inf
from typing import Any

from msgspec.structs import replace

from app.core.outlet import Outlet, Samples
from app.transcription.language_vote import LanguageVote, VoteRules
from client.events import ClientEvent
from protocol.recognition import Options
from protocol.session import PLAIN, Final, SegmentDetails


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
            self._vote.ended(spoken.at, samples)
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
        self.audio = outlet.audio  # each frame passes here: no call more


@dataclass
class _Waiting:
    """The beginning of a segment that may be too short to tell its language."""

    segment: int
    at: int
    details: SegmentDetails
    sounds: list[Samples] = field(default_factory=list)


class PatientOutlet(_LanguageVoter):
    """An ``Outlet`` for files: a segment begins when it has ended, or is long enough to tell its language."""

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
            await self._go_on(self._waiting, "")

    async def end(self, segment: int, samples: int) -> None:
        """End a segment; a short one has the voted language."""
        if self._waiting is not None:
            await self._go_on(self._waiting, self.language(self._waiting.at))
        await super().end(segment, samples)

    async def _go_on(self, waiting: _Waiting, language: str) -> None:
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
