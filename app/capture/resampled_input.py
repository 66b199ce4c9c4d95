"""Convert the float blocks of one open device to 16 kHz samples."""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import numpy as np
from numpy.typing import NDArray

from app.capture.devices import Input
from app.capture.portaudio import InputStream, SoundSystem
from protocol.audio import SAMPLE_RATE
from speech.resampling import Resampler

Samples = NDArray[np.int16]


class ResampledInput:
    """An open device. The sound system's thread calls ``put``, the event loop everything else.

    Between both is a queue of at most ``most_waiting_s``, without locks, waits or calculations; only one side
    changes each counter. A full queue keeps the older audio; newer frames are dropped and counted until there is
    room. ``wake`` is called in the loop when there is something to take; while the input rests, once a second.
    """

    def __init__(self, device: Input, wake: Callable[[], None], most_waiting_s: float) -> None:
        loop = asyncio.get_running_loop()
        self.device = device
        self.ended = asyncio.Event()
        self.latency_s = 0.0
        self.overflows = 0  # how often the sound system dropped audio; it does not report how much
        self.dropped = 0  # samples at 16 kHz that the full queue did not take
        self.first_s: float | None = None  # time of the first block, on the loop's clock
        self.last_block_s: float | None = None  # time of the latest block
        self._clock = loop.time
        self._in_loop = loop.call_soon_threadsafe
        self._wake = wake
        self._most = round(most_waiting_s * device.rate)
        self._received = 0  # in frames of the device, like the next two
        self._taken = 0
        self._dropped = 0
        self._woken = False
        self._resting = False
        self._at_rest = min(device.rate, self._most // 2)  # frames that may wait while it rests
        self._blocks: deque[tuple[bytes, int]] = deque()
        self._stream: InputStream | None = None
        self._resampler: Resampler | None = None

    @property
    def behind_s(self) -> float | None:
        """Seconds of audio missing since the first block, by the clock; ``None`` before it."""
        if self.first_s is None:
            return None
        return self._clock() - self.first_s - (self._received + self._dropped) / self.device.rate

    async def open(self, system: SoundSystem) -> None:
        """Open the device and start its stream. Raises ``MicrophoneError``."""
        stream = await system.open(self.device, self.put, partial(self._call_in_loop, self.ended.set))
        self.latency_s = stream.latency_s
        self._stream = stream
        stream.rest(resting=self._resting)

    def rest(self, *, resting: bool) -> None:
        """Let audio wait longer while no recording runs; none of it is lost."""
        self._resting = resting
        if self._stream is not None:
            self._stream.rest(resting=resting)

    def put(self, block: bytes, frames: int, overflowed: bool) -> None:
        """Add a block. The caller must pass a copy."""
        self.last_block_s = self._clock()
        first = self.first_s is None
        if self.first_s is None:
            self.first_s = self.last_block_s
        if overflowed:
            self.overflows += 1
        if self._received - self._taken + frames > self._most:
            self._dropped += frames
            self.dropped = self._dropped * SAMPLE_RATE // self.device.rate
        else:
            self._received += frames
            self._blocks.append((block, frames))
        if not self._woken and (first or not self._resting or self._received - self._taken >= self._at_rest):
            self._woken = True
            try:
                self._in_loop(self._wake)
            except RuntimeError:  # the loop has closed
                return

    def take(self, *, last: bool = False) -> Samples:
        """Return the audio received so far, except what the resampler still holds.

        ``last``: return that too; later audio starts a new resampler.
        """
        if self._stream is None:  # still opening; the opener takes this audio later
            return np.empty(0, np.int16)
        self._woken = False  # before reading: later blocks must wake the loop again
        taken = []
        while self._blocks:
            block, frames = self._blocks.popleft()
            self._taken += frames
            taken.append(block)
        if self._resampler is None:
            self._resampler = Resampler(self.device.rate)
        samples = self._resampler.accept(
            np.frombuffer(b"".join(taken), np.float32).reshape(-1, self._stream.channels)
        )
        if last:
            samples, self._resampler = np.concatenate([samples, self._resampler.finish()]), None
        return samples

    async def close(self) -> None:
        """Stop the stream; received audio can still be taken. Safe to call twice. Raises ``SoundHangs``."""
        if self._stream is not None:
            await self._stream.close()

    def _call_in_loop(self, act: Callable[[], None]) -> None:
        """Run ``act`` in the loop; safe from any thread, and without effect after the loop has closed."""
        with suppress(RuntimeError):
            self._in_loop(act)
