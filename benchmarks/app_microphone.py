"""Microphone that plays a long recording to the unchanged app faster than real time."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from app.capture.devices import Input
from app.capture.microphone import open_microphone
from app.capture.portaudio import Put
from app.dictation.recorder import OpenDevice
from protocol.audio import SAMPLE_RATE
from tests.helpers.recordings import samples_of, synthetic

Samples = NDArray[np.int16]

NAME = "a recording"
_BLOCK = SAMPLE_RATE // 50  # block size of PortAudio here
_BLOCK_S = 0.02
_CLOSE_S = 5.0


def long_recording(minutes: float) -> Samples:
    """Return sentences in English and Mandarin, in random order, with pauses between them."""
    chance = random.Random(1)
    sentences = [samples_of(recording.path) for recording in synthetic()]
    wanted, pieces, length = round(minutes * 60 * SAMPLE_RATE), list[Samples](), 0
    while length < wanted:
        pause = np.zeros(round(chance.uniform(0.3, 1.5) * SAMPLE_RATE), np.int16)
        pieces += [chance.choice(sentences), pause]
        length += len(pieces[-2]) + len(pause)
    return np.concatenate(pieces)[:wanted]


class FastSoundSystem:
    """``SoundSystem`` whose device plays silence, and after ``speak`` the recording at ``pace``."""

    def __init__(self, recording: Samples, pace: float) -> None:
        self._recording, self._pace = recording, pace
        self._speaking = threading.Event()

    @property
    def open_device(self) -> OpenDevice:
        """Return the function with which an ``Application`` opens the device."""
        return partial(open_microphone, system=self)

    def speak(self) -> None:
        """Play the recording. Call this once a take has begun to record, so that no sample is lost."""
        self._speaking.set()

    def wait(self) -> None:
        """Play silence again; a stream that is opened later begins with the start of the recording."""
        self._speaking.clear()

    async def inputs(self, *, anew: bool = False) -> list[Input]:
        """Return the only input device."""
        return [Input(0, NAME, "fast", 1, SAMPLE_RATE, default=True)]

    async def open(self, device: Input, put: Put, ended: Callable[[], None]) -> "FastStream":
        """Open the device and begin to record."""
        return FastStream(self._blocks(), self._speaking, put)

    def _blocks(self) -> Iterator[list[bytes]]:
        """Yield the blocks of each 20 ms after ``speak``: several at a time, of PortAudio's size."""
        played, begun = 0, time.perf_counter()
        while played < len(self._recording):
            due = round((time.perf_counter() - begun + _BLOCK_S) * self._pace * SAMPLE_RATE) // _BLOCK * _BLOCK
            now = (
                self._recording[at : at + _BLOCK] for at in range(played, min(due, len(self._recording)), _BLOCK)
            )
            yield [(block / 32768).astype(np.float32).tobytes() for block in now]
            played = max(played, due)


class FastStream:
    """``Stream`` that records in a thread of its own, as PortAudio does."""

    rate, channels, latency_s = SAMPLE_RATE, 1, 0.02

    def __init__(self, blocks: Iterator[list[bytes]], speaking: threading.Event, put: Put) -> None:
        self._blocks, self._speaking, self._put = blocks, speaking, put
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fast microphone", daemon=True)
        self._thread.start()

    def rest(self, resting: bool) -> None:
        """Do nothing: the recording is played anyway."""

    async def close(self) -> None:
        """Stop recording. Safe to call twice."""
        self._closed.set()
        self._thread.join(_CLOSE_S)

    def _run(self) -> None:
        silence = [bytes(4 * _BLOCK)]
        while not self._closed.wait(_BLOCK_S):
            for block in next(self._blocks, silence) if self._speaking.is_set() else silence:
                self._put(block, len(block) // 4, False)
