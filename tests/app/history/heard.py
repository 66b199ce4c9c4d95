"""Fake audio output, from which a test takes what is played."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from app.capture.errors import SpeakerRefused
from protocol.audio import SAMPLE_RATE


class FakeStream:
    """Fake stream of an audio output."""

    channels = 1

    def __init__(self, rate: int, latency_s: float) -> None:
        self.rate, self.latency_s, self.closed = rate, latency_s, False

    async def close(self) -> None:
        self.closed = True


class FakeOutput:
    """Fake audio output; ``append`` takes what is played.

    ``refuses``: opening fails.
    """

    def __init__(self, rate: int = SAMPLE_RATE, latency_s: float = 0.0, *, refuses: bool = False) -> None:
        self._rate, self._latency_s, self._refuses = rate, latency_s, refuses
        self.streams: list[FakeStream] = []
        self._pull: Callable[[int], bytes] = lambda size: b""
        self.end: Callable[[], None] = lambda: None

    async def open_output(self, pull: Callable[[int], bytes], ended: Callable[[], None]) -> FakeStream:
        if self._refuses:
            raise SpeakerRefused("there is none")
        self._pull, self.end = pull, ended
        self.streams.append(FakeStream(self._rate, self._latency_s))
        return self.streams[-1]

    @property
    def open(self) -> bool:
        """True while a stream is open."""
        return any(not stream.closed for stream in self.streams)

    def append(self, samples: int) -> NDArray[np.float32]:
        """Take at most this many samples."""
        return np.frombuffer(self._pull(samples * 4), np.float32)
