"""Chunks of one recording: the order in which they are heard, and which text each one gets. Pure."""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Final

from protocol.errors import OutOfOrder
from protocol.texts import spaced

MOST_AHEAD: Final = 8
_MOST_AHEAD_BYTES: Final = 4 * 1024 * 1024
_REMEMBERED: Final = 1_024


class ChunkOrder:
    """Order of chunks. The first one that comes is the first; a missing one is waited for during a few others.

    A chunk that comes twice counts once.
    """

    def __init__(self) -> None:
        self._next: int | None = None
        self._ahead: dict[int, bytes] = {}
        self._heard: deque[int] = deque(maxlen=_REMEMBERED)

    def take(self, index: int, audio: bytes) -> Iterator[tuple[int, bytes]]:
        """Yield the chunks that are heard now, in order. Raises ``OutOfOrder``."""
        if self._next is None:
            self._next = index
        if index < self._next:
            if index not in self._heard:
                raise OutOfOrder(f"chunk {index} comes too late: chunks after it have been heard")
            return
        self._ahead.setdefault(index, audio)
        while self._next in self._ahead or self._is_full():
            yield self._hear(min(self._ahead))

    def rest(self) -> Iterator[tuple[int, bytes]]:
        """Yield the chunks that still wait for missing ones: nothing more comes."""
        while self._ahead:
            yield self._hear(min(self._ahead))

    def _is_full(self) -> bool:
        size = sum(map(len, self._ahead.values()))
        return len(self._ahead) > MOST_AHEAD or size > _MOST_AHEAD_BYTES

    def _hear(self, index: int) -> tuple[int, bytes]:
        self._next = index + 1
        self._heard.append(index)
        return index, self._ahead.pop(index)


class ChunkTexts:
    """Texts of chunks, one for each: that of the segments which ended while the chunk was heard.

    Texts come in the order of the chunks. The last chunk waits for the next one, because at the end of the
    recording it gets the rest.
    """

    def __init__(self) -> None:
        self._waiting: deque[tuple[int, list[int]]] = deque()
        self._known: dict[int, str] = {}
        self._said = ""
        self._let_go = False

    @property
    def holds(self) -> bool:
        """True while the only chunk without a text waits for the next one."""
        return len(self._waiting) == 1 and not self._let_go

    def heard(self, index: int, segments: Iterable[int]) -> None:
        """Add a chunk and the segments that ended in it."""
        self._waiting.append((index, list(segments)))
        self._let_go = False

    def know(self, segment: int, text: str) -> None:
        """Note the text of a segment; empty: there is none."""
        self._known[segment] = text.strip()

    def let_go(self, segments: Iterable[int] = ()) -> None:
        """Let the last chunk wait no more; ``segments``: those that ended after it."""
        self._let_go = True
        if self._waiting:
            self._waiting[-1][1].extend(segments)

    def due(self) -> tuple[int, str] | None:
        """Return the next chunk whose text is known, with the space before the text; ``None``: none yet."""
        if not self._waiting or self.holds:
            return None
        index, segments = self._waiting[0]
        if any(segment not in self._known for segment in segments):
            return None
        self._waiting.popleft()
        return index, "".join(map(self._spoken, segments))

    def _spoken(self, segment: int) -> str:
        text = spaced(self._said, self._known.pop(segment))
        self._said = text or self._said
        return text
