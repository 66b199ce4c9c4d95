"""Convert the float blocks of one open device to 16 kHz samples."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.capture.devices import Input
from app.capture.portaudio import SoundSystem, Stream
from protocol.audio import SAMPLE_RATE
from speech.resampling import Resampler

Samples = NDArray[np.int16]
Clock = Callable[[], float]

FLOOR_DBFS: Final = -100.0
_FULL_SCALE: Final = 32_768.0


class BlockHandover:
    """A bounded queue between two threads, of at most ``most`` frames, without locks, waits or calculations.

    Only one side changes each counter. A full queue keeps the older audio; newer frames are dropped and counted
    until there is room.

    The sound system's thread calls ``put``, and the loop everything else. ``put`` calls ``wake`` when there is
    something to take.
    """

    def __init__(self, wake: Callable[[], None], most: int, clock: Clock = time.monotonic) -> None:
        self.overflows = 0  # how often the sound system dropped audio; it does not report how much
        self.dropped = 0  # frames dropped because the queue was full
        self.first_s: float | None = None  # time of the first block
        self.heard_s: float | None = None  # time of the latest block
        self._wake = wake
        self._most = most
        self._clock = clock
        self._came = 0
        self._went = 0
        self._woken = False
        self._blocks: deque[tuple[bytes, int]] = deque()

    def put(self, block: bytes, frames: int, overflowed: bool) -> None:
        """Add a block. The caller must pass a copy."""
        self.heard_s = self._clock()
        if self.first_s is None:
            self.first_s = self.heard_s
        if overflowed:
            self.overflows += 1
        if self._came - self._went + frames > self._most:
            self.dropped += frames
        else:
            self._came += frames
            self._blocks.append((block, frames))
        if not self._woken:
            self._woken = True
            self._wake()

    def take(self) -> bytes:
        """Return all waiting audio and empty the queue."""
        self._woken = False  # before reading: later blocks must wake the loop again
        taken = []
        while self._blocks:
            block, frames = self._blocks.popleft()
            self._went += frames
            taken.append(block)
        return b"".join(taken)


class ResampledInput:
    """An open device. Belongs to the event loop, where ``wake`` is called when audio is available."""

    def __init__(self, device: Input, wake: Callable[[], None], most_waiting_s: float) -> None:
        loop = asyncio.get_running_loop()
        self.device = device
        self.ended = asyncio.Event()
        self.latency_s = 0.0
        self._stream: Stream | None = None
        self._resampler: Resampler | None = None
        self._handover = BlockHandover(
            partial(_in_loop, loop, wake), round(most_waiting_s * device.rate), clock=loop.time
        )

    @property
    def overflows(self) -> int:
        """How often the sound system had to drop audio."""
        return self._handover.overflows

    @property
    def dropped(self) -> int:
        """Samples at 16 kHz dropped because too much was waiting."""
        return self._handover.dropped * SAMPLE_RATE // self.device.rate

    @property
    def first_s(self) -> float | None:
        """The time of the first block, on the loop's clock."""
        return self._handover.first_s

    @property
    def heard_s(self) -> float | None:
        """The time of the latest block, on the loop's clock."""
        return self._handover.heard_s

    async def open(self, system: SoundSystem) -> None:
        """Open the device and start its stream. Raises ``MicrophoneError``."""
        loop = asyncio.get_running_loop()
        stream = await system.open(self.device, self._handover.put, lambda: _in_loop(loop, self.ended.set))
        self.latency_s = stream.latency_s
        self._stream = stream

    def take(self) -> Samples:
        """Return the audio received so far, except what the resampler still holds."""
        if self._stream is None:  # still opening; the opener takes this audio later
            return np.empty(0, np.int16)
        frames = np.frombuffer(self._handover.take(), np.float32).reshape(-1, self._stream.channels)
        if self._resampler is None:
            self._resampler = Resampler(self.device.rate)
        return self._resampler.accept(frames)

    def flush(self) -> Samples:
        """Return all audio received so far, including the resampler's; later audio starts a new resampler."""
        rest = self.take()
        resampler, self._resampler = self._resampler, None
        return rest if resampler is None else np.concatenate([rest, resampler.finish()])

    async def close(self) -> None:
        """Stop the stream; received audio can still be taken. Safe to call twice. Raises ``SoundHangs``."""
        if self._stream is not None:
            await self._stream.close()


def level_dbfs(samples: Samples) -> float:
    """Return the root mean square relative to full scale; ``FLOOR_DBFS`` for silence."""
    if not len(samples):
        return FLOOR_DBFS
    power = float(np.mean(np.square(samples, dtype=np.float64))) / _FULL_SCALE**2
    return max(FLOOR_DBFS, 10 * float(np.log10(power))) if power else FLOOR_DBFS


def _in_loop(loop: asyncio.AbstractEventLoop, act: Callable[[], None]) -> None:
    """Run ``act`` in the loop; safe from any thread, and without effect after the loop has closed."""
    if not loop.is_closed():
        try:
            loop.call_soon_threadsafe(act)
        except RuntimeError:  # closed meanwhile
            return
