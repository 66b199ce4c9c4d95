"""Recorded audio for the segmenter, from memory or from the journal.

While the segmenter keeps up, it gets audio from memory; when it falls behind, from the journal. The microphone
never waits, and memory stays below ``most`` samples for takes of any length.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.capture.errors import MicrophoneError
from app.journal.errors import NotKept
from app.journal.journal import Journal
from protocol.audio import SAMPLE_RATE

Samples = NDArray[np.int16]

MOST: Final = 10 * SAMPLE_RATE
_PIECE: Final = SAMPLE_RATE


class BlockBuffer:
    """A recording: ``record`` fills the journal, ``blocks`` yields all of it from the first sample on."""

    def __init__(self, journal: Journal, most: int = MOST) -> None:
        self.error: MicrophoneError | NotKept | None = None
        self._journal = journal
        self._most = most
        self._start = journal.samples
        self._heard = journal.samples
        self._recent: deque[Samples] = deque()
        self._recent_from = self._heard
        self._ended = False
        self._changed = asyncio.Event()

    async def record(self, blocks: AsyncIterator[Samples]) -> None:
        """Keep all incoming blocks. ``error`` tells why the recording ended early: no microphone, or full disk."""
        try:
            async for block in blocks:
                if not len(block):
                    continue
                self._journal.hear(block)
                self._recent.append(block)
                self._heard += len(block)
                while self._heard - self._recent_from > self._most:
                    self._recent_from += len(self._recent.popleft())
                self._changed.set()
        except (MicrophoneError, NotKept) as error:
            self.error = error
        finally:
            self._ended = True
            self._changed.set()

    async def blocks(self) -> AsyncIterator[Samples]:
        """Yield every sample once, in order; end with the recording."""
        at = self._start
        while True:
            while at < self._heard:
                if at == self._recent_from:
                    block = self._recent.popleft()
                    self._recent_from += len(block)
                else:
                    samples = min(_PIECE, self._recent_from - at)
                    block = np.frombuffer(await asyncio.to_thread(self._journal.audio, at, samples), "<i2")
                at += len(block)
                yield block
            if self._ended:
                return
            self._changed.clear()
            await self._changed.wait()

    @property
    def in_memory(self) -> int:
        """The number of samples held in memory."""
        return self._heard - self._recent_from
