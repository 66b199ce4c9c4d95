"""The one buffer between the microphone and the segmenter.

``append`` adds the audio of a recording, first to its journal; ``blocks`` yields it. Until there is a journal,
audio waits in memory, at most a minute. From then on, memory holds only the newest audio, and a slow reader gets
older audio from the journal. So the microphone never waits, and memory stays bounded for takes of any length.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.journal.errors import NotKept
from app.journal.journal import Journal
from protocol.audio import SAMPLE_RATE

Samples = NDArray[np.int16]

MOST_WAITING: Final = 60 * SAMPLE_RATE
MOST_RECENT: Final = 10 * SAMPLE_RATE
_FEWEST: Final = SAMPLE_RATE // 100
_PIECE: Final = SAMPLE_RATE // 20
_FROM_JOURNAL: Final = SAMPLE_RATE


class BlockBuffer:
    """The audio of one recording, with one reader. Belongs to the event loop.

    ``most_waiting``: samples that memory holds without a journal. ``most_recent``: samples that it holds with one.
    ``begun`` is done from the first sample on, ``ended`` once no more follow.
    ``silent``: all samples so far are zeros.
    """

    def __init__(self, most_waiting: int = MOST_WAITING, most_recent: int = MOST_RECENT) -> None:
        loop = asyncio.get_running_loop()
        self.begun: asyncio.Future[None] = loop.create_future()
        self.ended: asyncio.Future[None] = loop.create_future()
        self.error: BaseException | None = None
        self.samples = 0
        self.silent = True
        self._most_waiting, self._most_recent = most_waiting, most_recent
        self._journal: Journal | None = None
        self._journal_from = 0  # sample of the journal at which the recording begins
        self._recent: deque[Samples] = deque()
        self._recent_from = 0
        self._read = 0
        self._changed = asyncio.Event()

    @property
    def in_memory(self) -> int:
        """The number of samples held in memory."""
        return self.samples - self._recent_from

    def keep_in(self, journal: Journal) -> None:
        """Write the waiting audio to the journal, and all later audio."""
        self._journal, self._journal_from = journal, journal.samples - self._recent_from
        try:
            for block in self._recent:
                journal.append(block)
        except NotKept as error:
            self.end(error)

    def append(self, samples: Samples) -> int:
        """Add samples. Return how many of them are lost because memory without a journal is full."""
        lost = 0
        self.silent = self.silent and not samples.any()
        if self._journal is None:
            lost = max(0, self.samples - self._recent_from + len(samples) - self._most_waiting)
            samples = samples[: len(samples) - lost]
        else:
            try:
                self._journal.append(samples)
            except NotKept as error:
                self.end(error)
                return 0
        for at in range(0, len(samples), _PIECE):
            self._recent.append(samples[at : at + _PIECE])
        self.samples += len(samples)
        while self._journal is not None and self.samples - self._recent_from > self._most_recent:
            self._recent_from += len(self._recent.popleft())
        if self.samples and not self.begun.done():
            self.begun.set_result(None)
        self._changed.set()
        return lost

    def end(self, error: BaseException | None = None) -> None:
        """End the recording; ``error``: why it ended early. Only the first call counts."""
        if not self.ended.done():
            self.error = error
            self.ended.set_result(None)
            self._changed.set()

    async def blocks(self, *, raises: bool = True) -> AsyncIterator[Samples]:
        """Yield every sample once, in order: blocks of 10 to 60 ms from memory, of at most 1 s from the journal.

        The last block may be shorter. ``raises``: raise ``error`` after it.
        """
        while self._read < self.samples or not self.ended.done():
            if self.samples - self._read < _FEWEST and not self.ended.done():
                self._changed.clear()
                await self._changed.wait()
                continue
            if self._journal is not None and self._read < self._recent_from:
                at, most = self._journal_from + self._read, min(_FROM_JOURNAL, self._recent_from - self._read)
                block = np.frombuffer(await asyncio.to_thread(self._journal.audio, at, most), "<i2")
            else:
                block = self._recent.popleft()
                while len(block) < _FEWEST and self._recent:
                    block = np.concatenate([block, self._recent.popleft()])
                self._recent_from += len(block)
            self._read += len(block)
            yield block
        self._journal = None  # the microphone keeps this buffer until its next recording
        if raises and self.error is not None:
            raise self.error


class PreRoll:
    """A ring buffer of the newest ``size`` samples before a recording."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._held = 0
        self._blocks: deque[Samples] = deque()

    def add(self, block: Samples) -> None:
        """Add newer samples; drop the oldest to make room."""
        newest = block[max(0, len(block) - self._size) :]
        if not len(newest):
            return
        self._blocks.append(newest)
        self._held += len(newest)
        while self._held - len(self._blocks[0]) >= self._size:
            self._held -= len(self._blocks.popleft())

    def drain(self) -> Samples:
        """Return the samples and remove them, so that each is used once."""
        held = np.concatenate([np.empty(0, np.int16), *self._blocks])
        self._blocks.clear()
        self._held = 0
        return held[max(0, len(held) - self._size) :]
