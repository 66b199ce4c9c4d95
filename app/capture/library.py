"""The takes of this user: one folder each, named by the session."""

import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from app.capture.disk import AUDIO, EVENTS, LOCK, TakeLock, locked
from app.capture.errors import JournalError, NotDeleted, TakeUnknown
from app.capture.events import decode_lines
from app.capture.journal import Journal
from app.capture.retention import RetentionLimits, Stored, expired
from app.capture.take import TRANSCRIBED, Take, TakeState
from app.transcript import Transcript
from protocol.audio import BYTES_PER_SAMPLE, samples_to_seconds
from protocol.recognition import Options
from runtime.folders import folders


@dataclass(frozen=True)
class Found:
    """A take as it is on disk at this moment; nothing of it is changed by looking."""

    session: UUID
    folder: Path
    take: Take
    samples: int
    size: int
    state: TakeState

    @property
    def seconds(self) -> float:
        """How long it is."""
        return samples_to_seconds(self.samples)

    @property
    def partly(self) -> bool:
        """Return whether some of it was inserted before it was cancelled."""
        return self.take.cancelled and self.take.inserted

    @property
    def transcript(self) -> Transcript:
        """What was recognised so far."""
        return self.take.transcript(self.samples)

    @property
    def text(self) -> str:
        """What it says: as a person edited it, or what was recognised so far."""
        return self.take.edited or self.transcript.text

    @property
    def audio(self) -> Path:
        """Its samples."""
        return self.folder / AUDIO


class Stamp(NamedTuple):
    """How a take's files are at this moment."""

    changed_ns: int
    events: int
    audio: int
    live: bool


def parse_session(name: str) -> UUID:
    """A session's name, in the one form in which folders have it. Raises ``TakeUnknown`` for anything else."""
    with suppress(ValueError):
        session = UUID(name)
        if str(session) == name:
            return session
    raise TakeUnknown(f"{name!r} is not the name of a take: `kikipounamu takes list` shows them")


def of_this_user(limits: RetentionLimits | None = None) -> "Library":
    """Where takes are kept on this computer, and for how long."""
    return Library(folders().data / "takes", limits)


class Library:
    """A folder of takes."""

    def __init__(self, root: Path, limits: RetentionLimits | None = None) -> None:
        self.root = root
        self._limits = limits or RetentionLimits()

    def create(self, session: UUID, options: Options, now_s: float, mode: str = "") -> Journal:
        """Begin a take, and let old ones go. Raises ``JournalError``."""
        self.sweep(now_s)
        return Journal.create(self.root, session, options, now_s, mode)

    def reopen(self, session: UUID) -> Journal:
        """Go on with a take. Raises ``TakeUnknown`` or ``TakeBusy``."""
        return Journal.reopen(self.root, session)

    def find(self, session: UUID) -> Found:
        """One take. Raises ``TakeUnknown``."""
        folder = self.root / str(session)
        try:
            events = (folder / EVENTS).read_bytes()
        except FileNotFoundError:
            raise _unknown(session) from None
        take, size = Take.of(decode_lines(events)), _size(folder / AUDIO)
        samples = size // BYTES_PER_SAMPLE
        state = take.state(samples, locked(folder))
        return Found(session, folder, take, samples, size + len(events), state)

    def all(self) -> list[Found]:
        """Every take, the newest first."""
        found: list[Found] = []
        for session in self._sessions():
            with suppress(TakeUnknown):  # another process has just deleted it
                found.append(self.find(session))
        return sorted(found, key=lambda take: take.take.started_s, reverse=True)

    def latest(self) -> Iterator[Found]:
        """As ``all``, but each is looked at only when it is asked for, in the order of their folders."""
        for session in self.newest():
            with suppress(TakeUnknown):
                yield self.find(session)

    def newest(self) -> list[UUID]:
        """In the order of their folders; nothing is read."""
        return sorted(self._sessions(), key=self._made_s, reverse=True)

    def stamp(self, session: UUID) -> "Stamp":
        """The same for as long as ``find`` finds the same. Raises ``TakeUnknown``."""
        folder = self.root / str(session)
        try:
            events = (folder / EVENTS).stat()
        except FileNotFoundError:
            raise _unknown(session) from None
        return Stamp(events.st_mtime_ns, events.st_size, _size(folder / AUDIO), locked(folder))

    def sweep(self, now_s: float, limits: RetentionLimits | None = None) -> list[UUID]:
        """Delete what retention lets go, by these ``limits`` or the library's own; returns it."""
        stored = [
            Stored(found.session, found.take.started_s, found.size, found.state not in TRANSCRIBED)
            for found in self.all()
        ]
        return [session for session in expired(stored, now_s, limits or self._limits) if self.discard(session)]

    def discard(self, session: UUID) -> bool:
        """Delete a take that nobody wants; whether it did. One that a process works on stays."""
        try:
            self.delete(session)
        except JournalError:
            return False
        return True

    def delete(self, session: UUID) -> None:
        """Delete a take for good. Raises ``TakeUnknown``, ``TakeBusy`` or ``NotDeleted``.

        The audio first: audio without its events would look as if it had never been recognised. The lock last:
        Windows deletes no file that is open.
        """
        folder = self.root / str(session)
        if not folder.is_dir():
            raise _unknown(session)
        try:
            lock = TakeLock(folder)
            try:
                (folder / AUDIO).unlink(missing_ok=True)
                for file in folder.iterdir():
                    if file.name not in {EVENTS, LOCK} and not file.is_dir():
                        file.unlink()
                (folder / EVENTS).unlink(missing_ok=True)
            finally:
                lock.release()
            shutil.rmtree(folder)
        except OSError as error:
            raise NotDeleted(f"the take {folder} cannot be deleted: {error.strerror}") from error

    def _sessions(self) -> list[UUID]:
        sessions: list[UUID] = []
        for folder in self.root.iterdir() if self.root.is_dir() else ():
            with suppress(TakeUnknown):
                sessions.append(parse_session(folder.name))
        return sessions

    def _made_s(self, session: UUID) -> float:
        try:
            return (self.root / str(session)).stat().st_mtime  # files are added to it only when it is made
        except FileNotFoundError:
            return 0.0


def _unknown(session: UUID) -> TakeUnknown:
    return TakeUnknown(f"there is no take {session}: `kikipounamu takes list` shows them")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
