"""Define the interface to which segments are sent and from which their texts come.

Only this module interprets the segmenter's output.
"""

from collections.abc import AsyncIterator
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from client.events import ClientEvent
from client.gateway import GatewayClient
from client.session_series import SessionSeries
from protocol.audio import samples_to_ms
from protocol.session import PLAIN, SegmentDetails
from speech.segmenter import SegmentAudio, SegmentClosed, SegmentOpened, SegmentOutput, SegmentPaused

Samples = NDArray[np.int16]


class Outlet(Protocol):
    """Receiver of segments that reports their outcome as events.

    Positions are samples of the recording.
    """

    async def begin(self, segment: int, at: int, details: SegmentDetails = PLAIN) -> None:
        """Begin a segment at sample ``at``."""

    async def audio(self, segment: int, samples: Samples, /) -> None:
        """Append audio to a segment."""

    async def speculate(self, segment: int) -> None:
        """Announce that the audio so far may be the whole segment."""

    async def end(self, segment: int, samples: int) -> None:
        """End a segment, which has this many samples."""

    async def finish(self) -> None:
        """Wait until every segment has ended; no more segments begin."""

    async def close(self) -> None:
        """End the stream of events."""

    def events(self) -> AsyncIterator[ClientEvent]:
        """Yield every event, in order."""


async def pass_on(output: SegmentOutput, outlet: Outlet, first: int = 0, origin: int = 0) -> None:
    """Pass a segmenter's output to the outlet.

    The segmenter's segment 0 becomes number ``first``, and its sample 0 becomes sample ``origin``.
    """
    match output:
        case SegmentOpened(number, at, gain_db):
            await outlet.begin(first + number, origin + at, SegmentDetails(gain_db=gain_db))
        case SegmentAudio(number, _, audio):
            await outlet.audio(first + number, audio)
        case SegmentPaused(number):
            await outlet.speculate(first + number)
        case SegmentClosed(number, samples):
            await outlet.end(first + number, samples)


class ToGateway:
    """``Outlet`` that sends to the gateway and stores nothing.

    Speculation is sent only if ``live``: in a file, a segment ends too soon after its pause to benefit.
    """

    def __init__(self, client: GatewayClient | SessionSeries, *, live: bool = True) -> None:
        self._client = client
        self._live = live

    async def begin(self, segment: int, at: int, details: SegmentDetails = PLAIN) -> None:
        """Begin a segment at sample ``at``."""
        await self._client.begin(segment, samples_to_ms(at), details)

    async def audio(self, segment: int, samples: Samples) -> None:
        """Append audio to a segment."""
        await self._client.audio(segment, samples.astype("<i2", copy=False).tobytes())

    async def speculate(self, segment: int) -> None:
        """Announce that the audio so far may be the whole segment."""
        if self._live:
            await self._client.speculate(segment)

    async def end(self, segment: int, samples: int) -> None:
        """End a segment whose audio is complete."""
        await self._client.end(segment)

    async def finish(self) -> None:
        """Wait until every segment has ended. Raises ``GatewayError``."""
        await self._client.finish()

    async def close(self) -> None:
        """Close the connection to the gateway."""
        await self._client.close()

    def events(self) -> AsyncIterator[ClientEvent]:
        """Yield the events of the client."""
        return self._client.events()
