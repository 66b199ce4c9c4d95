"""Convert the float blocks of one open device to 16 kHz samples."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.capture.block_handover import BlockHandover
from app.capture.devices import Input
from app.capture.portaudio import SoundSystem, Stream
from protocol.audio import SAMPLE_RATE
from speech.resampling import Resampler

Samples = NDArray[np.int16]

FLOOR_DBFS: Final = -100.0
_FULL_SCALE: Final = 32_768.0


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
