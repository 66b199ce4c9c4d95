"""Which submitted file is read next, and which of their segments goes to the broker next. Pure.

Files are for the night, dictation is for now: of all files for one model only some seconds of audio are with the
broker. Whoever has least of that is served next, first among keys, then among the files of one.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from protocol.audio import SAMPLE_RATE

_AHEAD_S: Final = 2.0


@dataclass(frozen=True)
class FlowLimits:
    """``audio_s``: of all files for one model, with the broker at a time, or two seconds of all workers' work if
    that is more. ``memory``: the part of the broker's that may be used.

    ``files``: read at a time, each by a process of its own. ``waiting``: files of one key that may wait.
    """

    audio_s: float = 120.0
    memory: float = 0.5
    files: int = 2
    waiting: int = 1_000


class Waiting(NamedTuple):
    """A file. ``number``: its place in the order in which they came. ``model``: empty: any."""

    id: str
    owner: str
    number: int
    model: str = ""


class Room(NamedTuple):
    """How things stand: the used part of the broker's memory, whether it answers, and what all workers recognise
    together, in seconds of audio a second.
    """

    memory: float = 0.0
    up: bool = True
    speed: float = 0.0


class Ask(NamedTuple):
    """A segment of a file that wants to go."""

    file: str
    segment: int


def next_file(waiting: Iterable[Waiting], running: Collection[Waiting], served: Sequence[str]) -> Waiting | None:
    """The one to begin next: the oldest of the key of which fewest run, and whose turn was longest ago.

    ``served``: keys in the order of their last turns.
    """
    has = [file.owner for file in running]
    turns = {owner: turn for turn, owner in enumerate(served)}
    return min(
        waiting,
        key=lambda file: (has.count(file.owner), turns.get(file.owner, -1), file.number),
        default=None,
    )


def gives_way(waiting: Iterable[Waiting], running: Collection[Waiting], places: int) -> Waiting | None:
    """The one that is put back, to be begun again later: the youngest of a key that has several places while they
    are all taken and another key has none.
    """
    has = Counter(file.owner for file in running)
    if len(running) < places or all(file.owner in has for file in waiting):
        return None
    several = [file for file in running if has[file.owner] > 1]
    return max(several, key=lambda file: file.number, default=None)


class Flow:
    """What of the running files is with the broker, and what wants to go there."""

    def __init__(self, limits: FlowLimits) -> None:
        self._limits = limits
        self._owners: dict[str, str] = {}
        self._models: dict[str, str] = {}
        self._asked: dict[str, tuple[int, int]] = {}  # of each file one: segment, samples
        self._flying: dict[Ask, int] = {}

    def flying(self, file: str) -> list[int]:
        """Segments of a file that are with the broker."""
        return [ask.segment for ask in self._flying if ask.file == file]

    def ask(self, file: Waiting, segment: int, samples: int) -> None:
        """This one wants to go; a file asks for one at a time."""
        self._owners[file.id], self._models[file.id] = file.owner, file.model
        self._asked[file.id] = segment, samples

    def ended(self, file: str, segment: int) -> bool:
        """It is with the broker no more. False: it was not."""
        return self._flying.pop(Ask(file, segment), None) is not None

    def left(self, file: str) -> None:
        """The file runs no more."""
        self._asked.pop(file, None)
        self._owners.pop(file, None)
        for segment in self.flying(file):
            self.ended(file, segment)
        self._models.pop(file, None)

    def grant(self, room: Room) -> Iterator[Ask]:
        """Those that go now, in order. A model whose worker is away keeps files for others from nothing."""
        most = max(self._limits.audio_s, _AHEAD_S * room.speed) * SAMPLE_RATE
        if room.up and room.memory <= self._limits.memory:
            for model in sorted({self._models[file] for file in self._asked}):
                yield from self._grant(model, most)

    def _grant(self, model: str, most: float) -> Iterator[Ask]:
        while (file := self._next(model)) is not None:
            segment, samples = self._asked[file]
            flying = sum(of for ask, of in self._flying.items() if self._models[ask.file] == model)
            if flying and flying + samples > most:
                return
            del self._asked[file]
            ask = Ask(file, segment)
            self._flying[ask] = samples
            yield ask

    def _next(self, model: str) -> str | None:
        """The file that is served next: waiting longest, among those that have least."""
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
