"""Keeps the index equal to the folder of takes. Reads only what is new or changed, a bounded part at each step.

Whether a take has changed is told by the time and the size of its events, and the size of its audio. While its
recording has no end, it is read each time.
"""

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar
from uuid import UUID

import structlog

from app.capture.disk import AUDIO, EVENTS
from app.capture.errors import TakeUnknown
from app.capture.library import Found, Library, parse_session
from app.history.errors import IndexUnavailable
from app.history.index import Index, Known, Row, Stamp
from runtime import logger_names

log = structlog.get_logger(logger_names.APP_HISTORY_CATALOGUE)
T = TypeVar("T")

_LOOKED_AT: Final = 1_000
_READ: Final = 64


@dataclass(frozen=True)
class Progress:
    """Of so many takes that have changed, how many are in the index; ``changed``: this step changed it."""

    done: int = 0
    total: int = 0
    changed: bool = False


class Catalogue:
    """``most``: how many takes, the newest, the index may have; ``None``: all."""

    def __init__(self, library: Library, index: Index, most: int | None = None) -> None:
        self._library = library
        self._index = index
        self._most = most

    def refresh(self) -> Iterator[Progress]:
        """Look at every take and read those that have changed, the newest first. One step is some milliseconds.

        Raises ``IndexUnavailable`` or ``IndexDamaged``. What was done until then stays.
        """
        gone, changed = dict(self._index.known()), list[tuple[int, UUID]]()
        for number, (session, stamp) in enumerate(_stamps(self._library.root)):
            before = gone.pop(str(session), None)
            if before is None or before.stamp != stamp or not before.settled:
                changed.append((stamp.changed_ns, session))
            if number % _LOOKED_AT == 0:
                yield Progress()
        for names in _parts(list(gone), _READ):
            self._index.remove(map(UUID, names))
            yield Progress(changed=True)
        newest = [session for _, session in sorted(changed, reverse=True)[: self._most]]
        done = 0
        for sessions in _parts(newest, _READ):
            self.read(sessions)
            done += len(sessions)
            yield Progress(done, len(newest), changed=True)
        if self._index.must_purge():
            while self._index.purge():
                yield Progress(done, len(newest))

    def read(self, sessions: Iterable[UUID]) -> None:
        """These takes may have changed, or be gone."""
        there: list[tuple[Row, Known]] = []
        gone: list[UUID] = []
        for session in sessions:
            try:
                stamp = _stamp(self._library.root / str(session))  # first: what comes after it is read again
                found = self._library.find(session)
                there.append((row_of(found), Known(stamp, found.take.finished)))
            except (TakeUnknown, FileNotFoundError):
                gone.append(session)
        self._index.put(there)
        if gone:
            self._index.remove(gone)


def row_of(found: Found) -> Row:
    """A take in the list. Whether a process works on it at this moment is not for keeping."""
    segments = found.transcript.segments
    return Row(
        found.session,
        found.take.started_s,
        found.seconds,
        found.size,
        found.take.state(found.samples),
        found.text,
        language=_most((segment.language, len(segment.text)) for segment in segments),
        model=_most((segment.model, len(segment.text)) for segment in segments),
        edited=bool(found.take.edited),
        cancelled=found.take.cancelled,
        partly=found.partly,
    )


def _most(weighed: Iterable[tuple[str, int]]) -> str:
    total = Counter[str]()
    for name, weight in weighed:
        if name:
            total[name] += weight
    return total.most_common(1)[0][0] if total else ""


def _stamps(root: Path) -> Iterator[tuple[UUID, Stamp]]:
    """Of every take that is there."""
    try:
        with os.scandir(root) as folders:
            for folder in folders:
                with suppress(TakeUnknown, FileNotFoundError):  # no take
                    yield parse_session(folder.name), _stamp(Path(folder.path))
    except FileNotFoundError:  # nothing was ever recorded
        return
    except OSError as error:
        raise IndexUnavailable(f"the folder of recordings {root} cannot be read: {error.strerror}") from error


def _stamp(folder: Path) -> Stamp:
    """Look at both files. Raises ``FileNotFoundError`` where there is neither."""
    events, audio = _looked_at(folder, EVENTS), _looked_at(folder, AUDIO)
    if events is None and audio is None:
        raise FileNotFoundError(folder)
    changed = (events.st_mtime_ns, events.st_size) if events else (0, 0)
    return Stamp(*changed, audio.st_size if audio else 0)


def _looked_at(folder: Path, name: str) -> os.stat_result | None:
    try:
        return os.stat(os.path.join(folder, name))
    except OSError:  # what is wrong is told when the take is read
        return None


def _parts(whole: list[T], size: int) -> Iterator[list[T]]:
    for start in range(0, len(whole), size):
        yield whole[start : start + size]
