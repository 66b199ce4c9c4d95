"""Give segments the language of their recording."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

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


class VotingOutlet(Outlet):
    """An ``Outlet`` that adds the voted language to each new segment, and counts the votes of the results."""

    def __init__(self, outlet: Outlet, vote: LanguageVote) -> None:
        self._outlet = outlet
        self._vote = vote
        self._spoken: dict[int, _Spoken] = {}
        self.audio = outlet.audio  # type: ignore[method-assign] # each frame passes here: no call more

    def language(self, at: int, samples: int = 0) -> str:
        """Return the voted language of speech; empty without a majority of votes from more audio than its own."""
        return self._vote.language(at, samples)

    async def begin(self, segment: int, at: int, details: SegmentDetails = PLAIN) -> None:
        """Begin a segment at sample ``at``, in the voted language if the details have none."""
        if not details.language and (language := self.language(at)):
            details = replace(details, language=language)
        self._spoken[segment] = _Spoken(at, votes=not details.language)
        await self._outlet.begin(segment, at, details)

    async def audio(self, segment: int, samples: Samples) -> None:
        """Append audio to a segment."""
        await self._outlet.audio(segment, samples)

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


def voting(outlet: Outlet, options: Options, rules: VoteRules) -> Outlet:
    """Return an outlet that votes on the language, unless the options set it."""
    return VotingOutlet(outlet, LanguageVote(options.languages, rules)) if options.language == "auto" else outlet
