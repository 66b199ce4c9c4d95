"""A simulated sound system: tests plug devices in, unplug them, and let them deliver samples."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from app.capture.devices import Input
from app.capture.errors import MicrophoneError, MicrophoneRefused
from app.capture.portaudio import Put

BUILT_IN = Input(0, "built-in", "fake", 2, 48_000, default=True)
HEADSET = Input(1, "headset", "fake", 1, 16_000)


class FakeStream:
    """An open stream of a simulated device. ``say`` is the device's callback."""

    def __init__(self, device: Input, put: Put, ended: Callable[[], None], latency_s: float) -> None:
        self.device = device
        self.rate = device.rate
        self.channels = device.channels
        self.latency_s = latency_s
        self.closed = 0
        self.resting = False
        self.end = ended
        self._put = put

    def say(self, samples: NDArray[np.float32], overflowed: bool = False) -> None:
        """Deliver the same samples on each channel."""
        frames = np.repeat(samples.astype(np.float32)[:, None], self.channels, axis=1)
        self._put(frames.tobytes(), len(frames), overflowed)

    async def close(self) -> None:
        self.closed += 1

    def rest(self, *, resting: bool) -> None:
        self.resting = resting


class FakeSoundSystem:
    """A ``SoundSystem``. Devices in ``refusing`` cannot be opened; those in ``mute`` give no first block."""

    def __init__(self, *devices: Input) -> None:
        self.devices = list(devices)
        self.refusing: set[Input] = set()
        self.mute: set[Input] = set()
        self.streams: list[FakeStream] = []
        self.latency_s = 0.02
        self.failure: MicrophoneError | None = None

    @property
    def stream(self) -> FakeStream:
        """The stream that was opened last."""
        return self.streams[-1]

    async def inputs(self, *, anew: bool = False) -> list[Input]:
        if self.failure is not None:
            raise self.failure
        return list(self.devices)

    async def open(self, device: Input, put: Put, ended: Callable[[], None]) -> FakeStream:
        if device in self.refusing or device not in self.devices:
            raise MicrophoneRefused(device.name, "the test refuses")
        assert not self.streams or self.stream.closed, "one at a time"
        stream = FakeStream(device, put, ended, self.latency_s)
        if device not in self.mute:
            stream.say(np.zeros(device.rate // 10, np.float32))
        self.streams.append(stream)
        return stream

    def take(self, device: Input) -> None:
        """Unplug a device and end its stream."""
        self.devices.remove(device)
        if self.stream.device == device:
            self.stream.end()
