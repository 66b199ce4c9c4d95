"""Speech detection for the streams of all clients of this process; one call of the network serves several.

Hundreds of people may send speech at the same moment. The weights of the network are then read once for many
streams, not for each. Each iteration of the event loop does a limited part: otherwise the broker would seem not to
answer, and pings would be late.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from protocol.audio import SAMPLE_RATE
from speech.vad import GroupVad, VadEvent, open_vad

GATHER_S: Final = 0.03
"""Wait for the audio of others, if the last call was for several: much less than any pause in speech."""
MOST_STREAMS: Final = 16
_MOST_SAMPLES: Final = 2 * SAMPLE_RATE

Samples = NDArray[np.int16]


class _Waiting(NamedTuple):
    vad: GroupVad
    samples: Samples
    found: "asyncio.Future[list[VadEvent]]"


class SpeechDetectors:
    """Detectors of one process. ``vad_folder``: folder of the FSMN model; without it a simpler one is used."""

    def __init__(self, vad_folder: Path | None = None) -> None:
        self._vad_folder = vad_folder
        self._waiting: deque[_Waiting] = deque()
        self._due = False
        self._gather_s = 0.0

    def detector(self, endpoint_ms: int) -> GroupVad:
        """Return a detector of one stream; ``endpoint_ms``: silence that ends speech."""
        return open_vad(self._vad_folder, endpoint_ms)

    async def events(self, vad: GroupVad, samples: Samples) -> list[VadEvent]:
        """Let a detector process more samples, which may wait for those of other streams."""
        loop = asyncio.get_running_loop()
        one = _Waiting(vad, samples, loop.create_future())
        self._waiting.append(one)
        if not self._due:
            self._due = True
            loop.call_later(self._gather_s, self._process)
        return await one.found

    def _process(self) -> None:
        """Process the audio of some streams."""
        some = self._some()
        for kind in {type(one.vad) for one in some}:
            alike = [one for one in some if type(one.vad) is kind]
            try:
                found = kind.accept_all([one.vad for one in alike], [one.samples for one in alike])
            except Exception as error:  # noqa: BLE001 - raised where the events are awaited
                for one in alike:
                    one.found.set_exception(error)
            else:
                for one, events in zip(alike, found, strict=True):
                    one.found.set_result(events)
        self._gather_s = GATHER_S if len(some) > 1 else 0.0
        self._due = bool(self._waiting)
        if self._due:
            asyncio.get_running_loop().call_soon(self._process)

    def _some(self) -> Sequence[_Waiting]:
        """Take the streams that wait longest, up to a number of samples, because one call processes them all."""
        some: list[_Waiting] = []
        samples = 0
        while self._waiting and len(some) < MOST_STREAMS and samples < _MOST_SAMPLES:
            one = self._waiting.popleft()
            if not one.found.done():  # else its task was cancelled
                some.append(one)
                samples += len(one.samples)
        return some
