"""Where segments go and where texts come from; the one place that reads what the segmenter puts out."""

from collections.abc import AsyncIterator
from typing import Protocol

from client.events import ClientEvent
from client.gateway import GatewayClient
from protocol.audio import samples_to_ms
from speech.segmenter import SegmentAudio, SegmentBegin, SegmentEnd, SegmentOutput, SegmentSpeculate


class Outlet(Protocol):
    """Takes segments; what becomes of them comes as events. Positions are samples of the recording."""

    async def begin(self, segment: int, at: int) -> None:
        """A segment begins ``at`` this sample."""
        ...

    async def audio(self, segment: int, pcm: bytes) -> None:
        """More of it."""
        ...

    async def speculate(self, segment: int) -> None:
        """What was given of it may be all."""
        ...

    async def end(self, segment: int, samples: int) -> None:
        """It is complete with so many samples."""
        ...

    async def finish(self) -> None:
        """No more segments: wait until every one of them has ended."""
        ...

    async def close(self) -> None:
        """No more events."""
        ...

    def events(self) -> AsyncIterator[ClientEvent]:
        """Everything that happens, in order."""
        ...


async def pass_on(output: SegmentOutput, outlet: Outlet, first: int = 0, origin: int = 0) -> None:
    """What a segmenter said, whose segment 0 is number ``first`` and whose sample 0 is sample ``origin``."""
    match output:
        case SegmentBegin(number, at):
            await outlet.begin(first + number, origin + at)
        case SegmentAudio(number, _, pcm):
            await outlet.audio(first + number, pcm)
        case SegmentSpeculate(number):
            await outlet.speculate(first + number)
        case SegmentEnd(number, samples):
            await outlet.end(first + number, samples)


class ToGateway:
    """An ``Outlet`` that keeps nothing of its own. Unless it is ``live``, an end comes too soon to be guessed."""

    def __init__(self, client: GatewayClient, *, live: bool = True) -> None:
        self._client = client
        self._live = live

    async def begin(self, segment: int, at: int) -> None:
        """A segment begins ``at`` this sample."""
        await self._client.begin(segment, samples_to_ms(at))

    async def audio(self, segment: int, pcm: bytes) -> None:
        """More of it."""
        await self._client.audio(segment, pcm)

    async def speculate(self, segment: int) -> None:
        """What was given of it may be all."""
        if self._live:
            await self._client.speculate(segment)

    async def end(self, segment: int, samples: int) -> None:
        """It is complete."""
        await self._client.end(segment)

    async def finish(self) -> None:
        """Wait until every segment has ended. Raises ``GatewayError``."""
        await self._client.finish()

    async def close(self) -> None:
        """Hang up."""
        await self._client.close()

    def events(self) -> AsyncIterator[ClientEvent]:
        """What the client tells."""
        return self._client.events()
