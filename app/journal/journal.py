"""The journal of one take: every sample heard, and every event of its segments.

A segment is a range of the take's audio, so audio is stored once; a resend reads it from the file. ``append``
takes samples from the microphone. ``begin`` and ``end`` record boundaries before the client sends them. Several
threads may use a journal at once, each for its own task: the microphone, the segmenter, the consumer of results.
An event loop uses it through ``app.journal.async_journal``.
"""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self
from uuid import UUID

from msgspec.structs import asdict

from app.journal.backlog import MOST_WAITING, DiskState
from app.journal.disk import AUDIO, DISK, EVENTS, Disk, DiskFile, File, TakeLock
from app.journal.errors import JournalError, TakeDamaged, TakeUnknown
from app.journal.events import (
    USUAL,
    Begin,
    Cancelled,
    Chosen,
    Cutting,
    Dismissed,
    Edited,
    End,
    Event,
    Finished,
    Inserted,
    Inserting,
    Mended,
    Recut,
    Replaced,
    Reran,
    Wanted,
    encode_line,
    opened_event,
    whole_lines,
)
from app.journal.lines import Fault, fault_sentences
from app.journal.replaced_edits import without_replaced_edits
from app.journal.take import Take, TakeSegment
from app.journal.take_files import TakeFiles, Unreadable, inspect_files, read_events
from app.journal.take_reader import audio_faults, read_take
from app.journal.writer import TakeWriter
from client.errors import AudioGone
from client.events import Outcome
from protocol.audio import BYTES_PER_SAMPLE, SAMPLE_RATE
from protocol.recognition import Options
from protocol.session import PLAIN, Queued, SegmentDetails
from runtime.folders import refusal
from runtime.whole_file import replacing

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_BLOCK: Final = SAMPLE_RATE
_MOST_RUNS: Final = 20

OpenFile = Callable[[Path], File]


class Journal:
    """A take that this process records or sends. An operation that raises ``NotKept`` recorded nothing."""

    def __init__(self, folder: Path, lock: TakeLock, writer: TakeWriter, take: Take) -> None:
        self.folder = folder
        self.take = take
        self._lock = lock
        self._writer = writer
        self._audio = folder / AUDIO
        self._reading = threading.Lock()  # threads share the position of the file
        self._reader: FileIO | None = None

    @classmethod
    def create(
        cls,
        root: Path,
        session: UUID,
        options: Options,
        now_s: float,
        cutting: Cutting = USUAL,
        disk: Disk = DISK,
    ) -> Self:
        """Begin a take. Raises ``JournalError`` if its name is taken, or if the disk refuses it."""
        folder = root / str(session)
        try:
            disk.make_root(root)
            folder.mkdir(mode=0o700)
            journal = cls._open(folder, disk.open)
        except OSError as error:
            raise JournalError(f"the take cannot be made: {refusal(error, folder)}") from error
        with ExitStack() as undo:
            undo.callback(journal.close)
            journal._record(opened_event(session, options, now_s, cutting))
            try:
                disk.sync_folder(folder)
                disk.sync_folder(root)
            except OSError as error:
                raise JournalError(f"the take cannot be made: {refusal(error, folder)}") from error
            undo.pop_all()
        return journal

    @classmethod
    def reopen(
        cls, root: Path, session: UUID, open_file: OpenFile = DiskFile, most_waiting: int = MOST_WAITING
    ) -> Self:
        """Continue a take, buffering at most ``most_waiting`` bytes in memory while the disk is full.

        Raises ``TakeUnknown``, ``TakeDamaged``, or ``TakeBusy`` while another process holds it.
        """
        folder = root / str(session)
        try:
            files = inspect_files(folder) if folder.is_dir() else TakeFiles(None, None)
            if not files.exist:
                raise TakeUnknown(f"take {session} does not exist: see `kikipounamu takes list`")
            if files.faults:
                raise TakeDamaged(f"take {session} is damaged: {'; '.join(fault_sentences(files.faults))}")
            return cls._open(folder, open_file, most_waiting)
        except Unreadable as error:
            raise TakeDamaged(f"take {session} is damaged: {Fault(EVENTS, str(error))}") from error
        except OSError as error:
            raise JournalError(f"the take {folder} cannot be opened: {error.strerror}") from error

    @classmethod
    def _open(cls, folder: Path, open_file: OpenFile = DiskFile, most_waiting: int = MOST_WAITING) -> Self:
        """Open the files and continue after the last whole event and sample.

        Raises ``OSError`` or ``Unreadable`` and then holds nothing.
        """
        with ExitStack() as undo:
            lock = TakeLock(folder)
            undo.callback(lock.release)
            known = _shorten(folder, read_events(folder))
            audio = open_file(folder / AUDIO)
            undo.callback(audio.close)
            events = open_file(folder / EVENTS)
            undo.callback(events.close)
            if events.size > (whole := whole_lines(known)):
                events.truncate(whole)
            take = read_take(known, audio.size)
            if not take.finished:  # half a sample, left by a crash
                audio.truncate(audio.size - audio.size % BYTES_PER_SAMPLE)
            writer = TakeWriter(audio, events, most_waiting, following=take.following)
            undo.callback(writer.close)
            journal = cls(folder, lock, writer, take)
            undo.pop_all()
            return journal

    # -- for the recording ---------------------------------------------------------------------------------

    @property
    def session(self) -> UUID:
        """The session id of this take."""
        return UUID(self.folder.name)

    @property
    def samples(self) -> int:
        """Samples of the take, including those still in memory."""
        return self._writer.heard // BYTES_PER_SAMPLE

    @property
    def saved(self) -> bool:
        """True unless events are only in memory, because the disk became read-only."""
        return self._writer.saved

    @property
    def disk_state(self) -> DiskState:
        """The state of the disk with this take."""
        return self._writer.disk_state

    def append(self, samples: "NDArray[np.int16]") -> None:
        """Keep samples from the microphone without waiting for the disk. Raises ``NotKept`` if memory is full."""
        self._writer.append(samples.astype("<i2", copy=False).tobytes())

    def begin(self, segment: int, at: int, details: SegmentDetails = PLAIN) -> None:
        """Record that a segment begins at sample ``at``. On disk when this returns."""
        self._record(Begin(segment, at, **asdict(details)))

    def end(self, segment: int, samples: int) -> None:
        """Record that a segment is complete, and its length. On disk when this returns."""
        self._record(End(segment, samples))

    def record_queued(self, queued: Queued) -> None:
        """Record that the broker has the segment. Informational, so not synced."""
        self._record(queued, durable=False)

    def set_wanted(self, *, inserted: bool) -> None:
        """Record whether the take's texts are to be inserted, or kept for the history only (the default)."""
        if self.take.wanted is not inserted:
            self._record(Wanted(inserted), durable=False)

    def cancel(self) -> None:
        """Record that the user cancelled the take: its texts are for the history only."""
        if not self.take.cancelled:
            self._record_outcome(Wanted(inserted=False, cancelled=True))

    def inserting(self, segment: int, program: str = "", rest: str = "") -> None:
        """Record that the text is about to be given to another program, named if known.

        After a crash, a text with this event but no ``inserted`` may or may not have arrived. Recorded once for
        each program that it is given to. ``rest``: the part that is missing there.
        """
        known, program = self._segment(segment), program.encode("utf-8", "replace").decode()
        again = not known.inserting or (known.missing and not rest)
        if again or (program and program != known.program) or (rest and rest != known.rest):
            self._record_outcome(Inserting(segment, program, rest))

    def record_missing(self, segment: int) -> None:
        """Record that the text was not given to another program, or certainly did not arrive there."""
        if not self._segment(segment).missing:
            self._record_outcome(Inserting(segment, missing=True))

    def record_inserted(self, segment: int) -> None:
        """Record that the text of a segment was inserted."""
        self._record_outcome(Inserted(segment))

    def record_dismissed(self, segment: int) -> None:
        """Record that the text of a segment is for the history only."""
        self._record_outcome(Dismissed(segment))

    def edit(self, text: str) -> None:
        """Replace the text of the whole take; an empty text restores the recognised one."""
        self._record(Edited(text))

    def reran(self, run: Reran) -> None:
        """Keep the result of recognising the take again. Raises ``JournalError`` at the limit of reruns."""
        if len(self.take.runs) >= _MOST_RUNS:
            raise JournalError(f"take {self.folder.name} was recognised {_MOST_RUNS} times: no more is kept of it")
        self._record(run)

    def finish(self) -> None:
        """Record that the VAD has heard everything: no more segments follow."""
        if not self.take.finished:
            self._record(Finished(self.samples))

    def choose(self, span: int, *, accepted: bool) -> None:
        """Record whether the text of a span is used, or those of the segments that it replaces."""
        self._record_outcome(Chosen(span, accepted))

    def recut(self, segment: int) -> None:
        """Record that the boundaries of a segment are uncertain: its audio is cut again under other numbers."""
        self._record(Recut(segment))

    def record_repair(self) -> None:
        """Record that all audio has boundaries again, despite the faults in earlier lines."""
        self._record(Mended(self.samples, self.take.faults_found))
        self.take.file_faults = audio_faults(self.take, self._writer.heard)

    # -- for the client ------------------------------------------------------------------------------------

    def settle(
        self, segment: int, outcome: Outcome | None, rewritten: str | None = None, samples: int = 0
    ) -> None:
        """Keep the first text of a segment; a failure only until a text arrives. On disk when this returns.

        ``rewritten``: the text after replacement rules, kept in addition. Outcome ``None``: the segment was
        cancelled after this many ``samples``.
        """
        if self._segment(segment).settled:
            return
        known = outcome if outcome is not None else Cancelled(segment, samples)
        self._record(known, *([] if rewritten is None else [Replaced(segment, rewritten)]))

    def audio(self, at: int, samples: int, *, waits: bool = True) -> bytes:
        """Return samples of the take, from ``at`` on. Raises ``AudioGone``.

        Without ``waits`` it does not wait for the writer, and returns nothing if the file lacks some of them.
        """
        start, stop, unwritten = at * BYTES_PER_SAMPLE, (at + samples) * BYTES_PER_SAMPLE, b""
        if stop > self._writer.written:
            if not waits:
                return b""
            unwritten = self._writer.unwritten(start, stop)
        size = stop - start - len(unwritten)
        pieces: list[bytes] = []
        try:
            with self._reading:
                if self._reader is None:
                    self._reader = FileIO(self._audio)
                self._reader.seek(start)
                while piece := self._reader.read(size):
                    pieces.append(piece)
                    size -= len(piece)
        except OSError as error:
            raise AudioGone(f"take {self.folder.name} cannot be read: {error.strerror}") from error
        pcm = b"".join([*pieces, unwritten])
        if len(pcm) != stop - start:
            raise AudioGone(f"samples {at} to {at + samples} of take {self.folder.name} are not on disk")
        return pcm

    def blocks(self, at: int, end: int | None = None) -> "Iterator[NDArray[np.int16]]":
        """Yield the take's audio from sample ``at`` (up to ``end``), in blocks of one second."""
        import numpy as np  # late: lists of recordings need no samples

        end = self.samples if end is None else end
        for start in range(at, end, _BLOCK):
            yield np.frombuffer(self.audio(start, min(_BLOCK, end - start)), "<i2")

    # -- lifetime ------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Write what is left and release the lock; a stalled disk delays the release. Raises ``NotKept``.

        Safe to call twice.
        """
        try:
            self._writer.close()
        finally:
            with self._reading:
                if self._reader is not None:
                    self._reader.close()
                    self._reader = None
            self._writer.when_ended(self._lock.release)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _record(self, *events: Event, durable: bool = True) -> None:
        self._writer.record(*map(encode_line, events), durable=durable)
        for event in events:
            self.take.apply(event)

    def _record_outcome(self, event: Event) -> None:
        self._writer.record(encode_line(event), outcome=True)
        self.take.apply(event)

    def _segment(self, segment: int) -> TakeSegment:
        try:
            return self.take.segments[segment]
        except KeyError:
            raise ValueError(f"segment {segment} has no beginning in the journal") from None


def _shorten(folder: Path, known: bytes) -> bytes:
    """Shorten the edits that later ones replace; return the resulting contents of the file.

    Raises ``OSError`` if a power loss could bring the old file back: then lines added from now on would be lost.
    """
    shorter = without_replaced_edits(known)
    if shorter is None:
        return known
    times = folder.stat()
    try:
        with replacing(folder / EVENTS, durable=True) as file:
            file.write(shorter)
    except OSError:  # a full disk: another time
        return known
    finally:
        with suppress(OSError):  # lists order recordings by the time of their folder
            os.utime(folder, ns=(times.st_atime_ns, times.st_mtime_ns))
    DISK.sync_folder(folder)
    return shorter
