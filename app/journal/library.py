"""The takes of this user: one folder each, named by session id."""

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from typing import Final, NamedTuple
from uuid import UUID

from app.core.format import Format
from app.core.renderers import render
from app.core.transcript import RecordingTranscript
from app.core.word_times import edited_transcript
from app.journal.disk import AUDIO, DELETED, EVENTS, LOCK, TakeLock, is_locked
from app.journal.errors import JournalError, NotDeleted, TakeAmbiguous, TakesNotThere, TakeUnknown
from app.journal.events import USUAL, Cutting
from app.journal.journal import Journal
from app.journal.retention import HELD_S, RetentionLimits, Stored, expired
from app.journal.take import TRANSCRIBED, Take, TakeState
from app.journal.take_files import read_folder
from protocol.audio import BYTES_PER_SAMPLE, samples_to_seconds
from protocol.recognition import Options
from runtime.clocks import WallClock
from runtime.folders import folders, link_refusal, lost_link, refusal

_CLOCK: Final = "clock.json"
_MOST_NAMED: Final = 5


@dataclass(frozen=True)
class TakeSnapshot:
    """A snapshot of a take on disk. Reading it changes nothing."""

    session: UUID
    folder: Path
    take: Take
    samples: int
    size: int
    state: TakeState

    @property
    def seconds(self) -> float:
        """The duration of the take, in seconds."""
        return samples_to_seconds(self.samples)

    @property
    def partly(self) -> bool:
        """True if a part of its text was inserted before the take was cancelled."""
        return self.take.cancelled and self.take.inserted

    @property
    def transcript(self) -> RecordingTranscript:
        """Everything that was recognised so far."""
        return self.take.transcript(self.samples)

    @property
    def text(self) -> str:
        """The text of the take: the user's edit, or everything recognised so far."""
        return self.take.edited or self.transcript.text

    def render(self, form: Format, source: str = "") -> str:
        """Return the text of the take as the content of a file. ``source``: the name of the recording."""
        if form is Format.TXT:
            return f"{text}\n" if (text := self.text.strip()) else ""
        written, transcript = self.take.edited, self.transcript
        return render(edited_transcript(transcript, written) if written else transcript, form, source)

    @property
    def damaged(self) -> bool:
        """True if the take cannot be read completely."""
        return self.state is TakeState.DAMAGED

    @property
    def audio(self) -> Path:
        """The path of the audio file."""
        return self.folder / AUDIO


class TakeStamp(NamedTuple):
    """The stamp of a take's files, to notice changes; sizes in bytes."""

    changed_ns: int
    events: int
    audio: int = 0


def parse_session(name: str) -> UUID:
    """Parse a session id in its canonical form, as folders have it. Raises ``TakeUnknown`` for anything else."""
    with suppress(ValueError):
        session = UUID(name)
        if str(session) == name:
            return session
    raise TakeUnknown(f"{name!r} is not the id of a take: see `kikipounamu takes list`")


def users_library(limits: RetentionLimits | None = None) -> "Library":
    """Return the takes of this user on this computer, with these retention limits."""
    data = folders().data
    return Library(data / "takes", limits, WallClock(memory=data / _CLOCK))


class Library:
    """A folder that contains takes; ``clock`` decides whether ages can be trusted."""

    def __init__(self, root: Path, limits: RetentionLimits | None = None, clock: WallClock | None = None) -> None:
        self.root = root
        self._limits = limits or RetentionLimits()
        self._clock = clock or WallClock()

    def create(self, session: UUID, options: Options, now_s: float, cutting: Cutting = USUAL) -> Journal:
        """Begin a take, after deleting expired ones. Raises ``JournalError``."""
        self.sweep(now_s)
        return Journal.create(self.root, session, options, now_s, cutting)

    def reopen(self, session: UUID) -> Journal:
        """Continue a take. Raises ``TakeUnknown``, ``TakeDamaged`` or ``TakeBusy``."""
        return Journal.reopen(self.root, session)

    def find(self, session: UUID) -> TakeSnapshot:
        """Return the take with this id. Raises ``TakeUnknown``, or ``JournalError`` if it cannot be read."""
        folder = self.root / str(session)
        try:
            if not folder.is_dir():
                raise _unknown(session)
            take, files = read_folder(folder)
        except OSError as error:
            raise JournalError(f"the recording cannot be read: {refusal(error)}") from error
        if not files.exist:
            raise _unknown(session)
        if not take.opened:
            take.started_s = self._made_s(session)
        audio, events = files.audio or 0, files.events or 0
        samples = audio // BYTES_PER_SAMPLE
        return TakeSnapshot(
            session, folder, take, samples, audio + events, take.state(samples, live=is_locked(folder))
        )

    def session_named(self, start: str) -> UUID:
        """Return the only session whose id begins with ``start``. Raises ``TakeUnknown`` or ``TakeAmbiguous``."""
        found = [session for session in self.newest_sessions() if start and str(session).startswith(start.lower())]
        if len(found) > 1:
            names = ", ".join(map(str, found[:_MOST_NAMED])) + ", …" * (len(found) > _MOST_NAMED)
            raise TakeAmbiguous(f"several recordings begin with {start}: {names}: give more of the id")
        if not found:
            raise TakeUnknown(f"no recording has an id that begins with {start!r}: see `kikipounamu takes list`")
        return found[0]

    def all(self) -> list[TakeSnapshot]:
        """Return all takes, the newest first.

        Earlier versions wrote whole seconds: takes of the same second are ordered by their folders.
        """
        found: list[TakeSnapshot] = []
        for session in self.sessions():
            with suppress(TakeUnknown):  # another process just deleted it
                found.append(self.find(session))
        return sorted(found, key=lambda take: (take.take.started_s, self._made_s(take.session)), reverse=True)

    def newest_takes(self) -> Iterator[TakeSnapshot]:
        """Yield takes lazily, those with the newest folder first."""
        for session in self.newest_sessions():
            with suppress(TakeUnknown):
                yield self.find(session)

    def sessions(self) -> list[UUID]:
        """Return the session ids in any order. Raises ``JournalError`` if the folder cannot be read."""
        sessions: list[UUID] = []
        try:
            names = os.listdir(self.root)
        except FileNotFoundError as error:
            if link := lost_link(self.root):
                raise TakesNotThere(f"the folder of recordings cannot be read: {link_refusal(link)}") from error
            return []
        except OSError as error:
            raise JournalError(f"the folder of recordings cannot be read: {refusal(error)}") from error
        for name in names:
            with suppress(TakeUnknown):
                sessions.append(parse_session(name))
        return sessions

    def newest_sessions(self) -> list[UUID]:
        """Return the session ids, those with the newest folder first, without reading takes."""
        return sorted(self.sessions(), key=self._made_s, reverse=True)

    def stamp(self, session: UUID) -> TakeStamp:
        """Return the stamp of a take's files. Raises ``TakeUnknown`` if both are missing."""
        folder = os.path.join(self.root, str(session))
        events, audio = _stat_of(folder, EVENTS), _stat_of(folder, AUDIO)
        if events is None and audio is None:
            raise _unknown(session)
        changed = (events.st_mtime_ns, events.st_size) if events else (0, 0)
        return TakeStamp(*changed, audio.st_size if audio else 0)

    def sweep(self, now_s: float, limits: RetentionLimits | None = None) -> list[UUID]:
        """Delete expired takes by these ``limits`` or the library's own, and return their ids.

        While the clock cannot be trusted, no take is deleted for its age. Also complete deletions that a crash
        interrupted.
        """
        limits = limits or self._limits
        if not self._clock.can_judge_age(limits.age_s):
            limits = replace(limits, age_s=inf)
        for session in self.sessions():
            if os.path.exists(self.root / str(session) / DELETED):  # false for a folder of another user
                self.discard(session)
        stored = [
            Stored(found.session, found.take.started_s, found.size, _is_needed(found, now_s))
            for found in reversed(self.all())
        ]
        return [session for session in expired(stored, now_s, limits) if self.discard(session)]

    def discard(self, session: UUID) -> bool:
        """Delete a take unless a process works on it; return whether it was deleted."""
        try:
            self.delete(session)
        except JournalError:
            return False
        return True

    def delete(self, session: UUID) -> None:
        """Delete a take for good. Raises ``TakeUnknown``, ``TakeBusy`` or ``NotDeleted``.

        The audio is renamed first, so that an interrupted deletion leaves no take. The lock is deleted last,
        because Windows cannot delete an open file.
        """
        folder = self.root / str(session)
        try:
            if not folder.is_dir():
                raise _unknown(session)
            lock = TakeLock(folder)
            try:
                with suppress(FileNotFoundError):
                    os.replace(folder / AUDIO, folder / DELETED)
                for file in sorted(folder.iterdir(), key=lambda file: file.name == DELETED):
                    if file.name != LOCK:
                        _remove(file)
            finally:
                lock.release()
            shutil.rmtree(folder)
        except OSError as error:
            raise NotDeleted(f"the take {folder} cannot be deleted: {error.strerror}") from error

    def _made_s(self, session: UUID) -> float:
        try:
            return (self.root / str(session)).stat().st_mtime  # files are added only when the folder is created
        except OSError:
            return 0.0


def _is_needed(found: TakeSnapshot, now_s: float) -> bool:
    offered = found.state is TakeState.HELD and now_s - found.take.started_s < HELD_S
    return offered or found.state not in TRANSCRIBED


def _stat_of(folder: str, name: str) -> os.stat_result | None:
    try:
        return os.stat(os.path.join(folder, name))
    except OSError:  # reading the take reports the error
        return None


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _unknown(session: UUID) -> TakeUnknown:
    return TakeUnknown(f"take {session} does not exist: see `kikipounamu takes list`")
