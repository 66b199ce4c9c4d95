"""Decide which submitted file is read next, and which segment goes to the broker next. Pure.

Dictation has priority over files: the broker holds only some seconds of audio of all files for one model. The key
with the least audio there is served next; within a key, the file with the least.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from protocol.audio import SAMPLE_RATE

_AHEAD_S: Final = 2.0


@dataclass(frozen=True)
class FlowLimits:
    """Limits for the files in progress.

    ``audio_s``: audio of all files for one model that the broker may hold, or two seconds of all workers' work
    if that is more. ``memory``: the usable part of the broker's memory.

    ``files``: files read at the same time, each by its own process. ``waiting``: files of one key that may wait.
    """

    audio_s: float = 120.0
    memory: float = 0.5
    files: int = 2
    waiting: int = 1_000


class WaitingFile(NamedTuple):
    """A file that waits. ``number``: position in order of arrival. ``model`` empty: any model."""

    id: str
    owner: str
    number: int
    model: str = ""


class Capacity(NamedTuple):
    """The broker's and the workers' current capacity.

    ``memory``: used part of the broker's memory. ``up``: whether the broker answers. ``speed``: seconds of audio
    that all workers together recognise per second.
    """

    memory: float = 0.0
    up: bool = True
    speed: float = 0.0


class ReadySegment(NamedTuple):
    """A segment of a file that is ready for the broker."""

    file: str
    segment: int


def next_file(
    waiting: Iterable[WaitingFile], running: Collection[WaitingFile], served: Sequence[str]
) -> WaitingFile | None:
    """Return the file to begin next: the oldest file of the key with the fewest running files.

    Among equal keys, the one whose last turn was longest ago wins. ``served``: keys in the order of their last
    turns.
    """
    has = [file.owner for file in running]
    turns = {owner: turn for turn, owner in enumerate(served)}
    return min(
        waiting,
        key=lambda file: (has.count(file.owner), turns.get(file.owner, -1), file.number),
        default=None,
    )


def gives_way(waiting: Iterable[WaitingFile], running: Collection[WaitingFile], places: int) -> WaitingFile | None:
    """Return the file to interrupt for another key, or ``None``.

    If all places are taken and a waiting key has none, the youngest file of a key with several places makes way.
    It starts again later.
    """
    has = Counter(file.owner for file in running)
    if len(running) < places or all(file.owner in has for file in waiting):
        return None
    several = [file for file in running if has[file.owner] > 1]
    return max(several, key=lambda file: file.number, default=None)


class Flow:
    """The segments of the running files that the broker holds, and those that are ready for it."""

    def __init__(self, limits: FlowLimits) -> None:
        self._limits = limits
        self._owners: dict[str, str] = {}
        self._models: dict[str, str] = {}
        self._asked: dict[str, tuple[int, int]] = {}  # one request per file: segment, samples
        self._flying: dict[ReadySegment, int] = {}

    def flying(self, file: str) -> list[int]:
        """Return the segments of a file that the broker holds."""
        return [ask.segment for ask in self._flying if ask.file == file]

    def ask(self, file: WaitingFile, segment: int, samples: int) -> None:
        """Request a turn for this segment; a file requests one segment at a time."""
        self._owners[file.id], self._models[file.id] = file.owner, file.model
        self._asked[file.id] = segment, samples

    def ended(self, file: str, segment: int) -> bool:
        """Record that the broker no longer holds a segment. Return False if it did not hold it."""
        return self._flying.pop(ReadySegment(file, segment), None) is not None

    def left(self, file: str) -> None:
        """Forget a file that no longer runs."""
        self._asked.pop(file, None)
        self._owners.pop(file, None)
        for segment in self.flying(file):
            self.ended(file, segment)
        self._models.pop(file, None)

    def grant(self, room: Capacity) -> Iterator[ReadySegment]:
        """Yield the segments that may go to the broker now, in order.

        Each model has its own limit, so files for a model without a worker do not block the others.
        """
        most = max(self._limits.audio_s, _AHEAD_S * room.speed) * SAMPLE_RATE
        if room.up and room.memory <= self._limits.memory:
            for model in sorted({self._models[file] for file in self._asked}):
                yield from self._grant(model, most)

    def _grant(self, model: str, most: float) -> Iterator[ReadySegment]:
        while (file := self._next(model)) is not None:
            segment, samples = self._asked[file]
            flying = sum(of for ask, of in self._flying.items() if self._models[ask.file] == model)
            if flying and flying + samples > most:
                return
            del self._asked[file]
            ask = ReadySegment(file, segment)
            self._flying[ask] = samples
            yield ask

    def _next(self, model: str) -> str | None:
        """Return the file to serve next: the longest waiting of those with the least audio in the broker."""
        by_owner: dict[str, int] = {}
        by_file: dict[str, int] = {}
        for ask, samples in self._flying.items():
            by_file[ask.file] = by_file.get(ask.file, 0) + samples
            owner = self._owners[ask.file]
            by_owner[owner] = by_owner.get(owner, 0) + samples
        return min(
            (file for file in self._asked if self._models[file] == model),
            key=lambda file: (by_owner.get(self._owners[file], 0), by_file.get(file, 0)),
            default=None,
        )
