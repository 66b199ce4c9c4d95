"""The thread that owns the two files of a take: audio is written as it comes, events on request.

Audio is written at once and synced every 250 ms. An event is written after all audio handed over before it, and
both are synced before ``record`` returns: an event on disk never refers to audio that is not. While the disk
refuses data, at most 60 s of audio stays in memory, and events are refused. Only outcomes of texts have disk space
of their own (decision 0095). A disk that became read-only has no room later either: events stay in memory then, so
that the audio there is still recognised (decision 0084).
"""

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from app.journal.backlog import MOST_WAITING, DiskState, WriteBacklog, disk_state, is_for_good
from app.journal.disk import File
from app.journal.errors import DiskRefuses, NotKept
from app.journal.events import sealed
from protocol.audio import BYTES_PER_SAMPLE, SAMPLE_RATE
from runtime import loggers
from runtime.event_names import LogEvent

log = loggers.APP_CAPTURE_WRITER

Seal = Callable[[bytes, int], bytes]
"""Adds the number of a line in the journal. Only written lines get one, so numbers have no gaps."""

SYNC_S: Final = 0.25
_ANSWER_S: Final = 60.0
_CATCH_UP_S: Final = 1.0
_MOST_UNSAVED: Final = 10_000
_FOR_OUTCOMES: Final = 4_096
"""Disk space that every other event leaves to outcomes of texts: one block of most file systems."""
_CLOSED: Final = "the journal is closed"


@dataclass(frozen=True)
class _Request:
    work: Callable[[], bytes]
    answer: "Future[bytes]"
    lines: tuple[bytes, ...] = ()


class TakeWriter:
    """A writer of the two files of a take. Only one thread may call ``append``; events may come from several.

    Each caller of ``record`` waits for its result, and ``close`` joins the thread. ``following``: the number of
    the first line.
    """

    def __init__(
        self,
        audio: File,
        events: File,
        most_waiting: int = MOST_WAITING,
        sync_s: float = SYNC_S,
        following: int = 0,
        seal: Seal = sealed,
    ) -> None:
        self.heard = audio.size  # in bytes, like the next two; each is changed by one thread only
        self.written = audio.size
        self.synced = audio.size
        self._audio = audio
        self._events = events
        self._events_size = events.size
        self._following = following
        self._seal = seal
        self._unsaved: list[bytes] = []  # lines that a read-only disk refused
        self.saved = True  # every durable line survives this process
        self._backlog = WriteBacklog(audio.size)
        self._most = most_waiting
        self._sync_s = sync_s
        self._due = 0.0
        self._refusal: OSError | None = None
        self._closed = False  # the next two only ever become true
        self._ended = False
        self._stopped = False
        # Bounded by ``append``, and by one request per caller, because callers wait.
        self._inbox: queue.SimpleQueue[bytes | _Request] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="journal/writer", daemon=True)
        self._thread.start()

    # -- for callers ---------------------------------------------------------------------------------------

    @property
    def disk_state(self) -> DiskState:
        """The state of the disk with this take."""
        return disk_state(self._refusal, self.heard - self.written, self._most)

    def append(self, pcm: bytes) -> None:
        """Accept more audio without waiting for the disk. Raises ``NotKept`` when memory is full too."""
        if self._closed or self._stopped:
            raise NotKept(_CLOSED)
        if self.heard - self.written + len(pcm) > self._most:
            seconds = self._most / BYTES_PER_SAMPLE / SAMPLE_RATE
            raise NotKept(f"{self._reason()}, and the {seconds:g} s of audio that memory may hold are reached")
        self.heard += len(pcm)
        self._inbox.put(pcm)

    def record(self, *lines: bytes, durable: bool = True, outcome: bool = False) -> None:
        """Write audio, then events; if ``durable``, wait for the disk (some ms). Raises ``NotKept``.

        While the disk is read-only they stay in memory. The ``outcome`` of a text has room on a full disk: its
        audio was written before.
        """

        def work() -> bytes:
            alone = outcome and not self._unsaved
            try:
                self._write_audio()
                if durable:
                    self._sync_audio()
            except OSError:
                if not alone:
                    raise
            self._write_events(lines, 0 if alone else _FOR_OUTCOMES)
            if durable:
                self._events.sync()
                self.saved = True
            return b""

        self._ask(work, lines)

    def unwritten(self, start: int, stop: int) -> bytes:
        """Try to write the audio, then return the bytes of this range that are still in memory only."""

        def work() -> bytes:
            if self._refusal is None:
                self._try(self._write_audio)
            return self._backlog.read(start, stop)

        return self._ask(work)

    def close(self) -> None:
        """Write what is left, end the thread, close the files. Safe to call twice. Raises ``NotKept``."""
        if self._closed:
            return
        self._closed = True

        def work() -> bytes:
            self._ended = True
            self._write_audio()
            self._sync_audio()
            if self._unsaved:
                self._write_events((), 0)
            self._events.sync()
            return b""

        try:
            self._submit(work)
        finally:
            self._thread.join(_ANSWER_S)

    def when_ended(self, work: Callable[[], None]) -> None:
        """Call ``work`` once nothing more is written: a disk that stalls may hold the thread beyond ``close``."""

        def wait_for_disk() -> None:
            self._thread.join()
            work()

        if self._thread.is_alive():
            threading.Thread(target=wait_for_disk, name="journal/end", daemon=True).start()
        else:
            work()

    def _ask(self, work: Callable[[], bytes], lines: tuple[bytes, ...] = ()) -> bytes:
        if self._closed or self._stopped:
            raise NotKept(_CLOSED)
        return self._submit(work, lines)

    def _submit(self, work: Callable[[], bytes], lines: tuple[bytes, ...] = ()) -> bytes:
        request = _Request(work, Future(), lines)
        self._inbox.put(request)
        if self._stopped:  # the thread has ended, and refused only what was there before
            self._refuse_requests()
        # The second wait is for a process that was suspended: the thread was, too, and answers at once.
        if not any(wait({request.answer}, patience_s).done for patience_s in (_ANSWER_S, _CATCH_UP_S)):
            raise NotKept("the journal cannot write: the disk does not answer")
        try:
            return request.answer.result()
        except OSError as error:
            raise DiskRefuses(f"the journal cannot write: {error.strerror}") from error

    def _reason(self) -> str:
        refusal = self._refusal
        return f"the disk takes nothing ({refusal.strerror})" if refusal else "the disk is too slow"

    # -- in the thread -------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while not self._ended:
                self._step()
        except Exception:  # top level of the thread: the next caller gets an error
            log.exception(LogEvent.JOURNAL_WRITER_FAILED)
        finally:
            self._stopped = True
            self._refuse_requests()
            self._audio.close()
            self._events.close()

    def _refuse_requests(self) -> None:
        """Answer the requests that the thread did not reach, so that no caller waits for it."""
        with suppress(queue.Empty):
            while True:
                if isinstance(item := self._inbox.get_nowait(), _Request):
                    item.answer.set_exception(NotKept(_CLOSED))

    def _step(self) -> None:
        item = self._next()
        if isinstance(item, bytes):
            self._backlog.add(item)
        if isinstance(item, _Request):
            self._answer(item)
        due = time.monotonic() >= self._due
        if self._backlog and (due or self._refusal is None):
            self._try(self._write_audio)
        if due and not self._ended and self.synced < self.written:
            self._try(self._sync_audio)

    def _next(self) -> bytes | _Request | None:
        """Return the next item; ``None`` when it is time to sync or to try again."""
        if self.synced == self.written and not self._backlog:
            item = self._inbox.get()
            self._due = time.monotonic() + self._sync_s
            return item
        try:
            return self._inbox.get(timeout=max(0.0, self._due - time.monotonic()))
        except queue.Empty:
            return None

    def _answer(self, request: _Request) -> None:
        size = self._events_size
        try:
            request.answer.set_result(request.work())
        except OSError as error:
            self._note(error)
            if request.lines and is_for_good(error) and len(self._unsaved) < _MOST_UNSAVED:
                self.saved = False
                self._unsaved += request.lines if self._events_size == size else ()
                request.answer.set_result(b"")
            else:
                request.answer.set_exception(error)
        except BaseException as error:
            request.answer.set_exception(error)
            raise

    def _try(self, work: Callable[[], None]) -> None:
        try:
            work()
        except OSError as error:
            self._note(error)

    def _note(self, error: OSError) -> None:
        if self._refusal is None:
            log.warning(LogEvent.JOURNAL_WRITE_FAILED, reason=error.strerror)
        self._refusal = error
        self._due = time.monotonic() + self._sync_s

    def _write_audio(self) -> None:
        while self._backlog:
            written = self._audio.write(self._backlog.first())
            self._backlog.remove_written(written)
            self.written += written
            if not self._backlog:
                self._note_success()

    def _note_success(self) -> None:
        """Note that a write succeeded completely: the disk accepts data again."""
        if self._refusal is not None:
            self._refusal = None
            log.info(LogEvent.JOURNAL_WRITE_RECOVERED)

    def _sync_audio(self) -> None:
        written = self.written
        self._audio.sync()
        if self.synced < written:
            self._note_success()
        self.synced = written
        self._due = time.monotonic() + self._sync_s

    def _write_events(self, lines: tuple[bytes, ...], leave: int) -> None:
        """Write events; ``leave``: bytes of disk space that stay reserved for outcomes."""
        if self._events.size != self._events_size:  # half a line, left by a full disk
            self._events.truncate(self._events_size)
        lines = (*self._unsaved, *lines)
        whole = b"".join(self._seal(line, self._following + number) for number, line in enumerate(lines))
        if leave:
            self._events.reserve(len(whole) + leave)
        rest = whole
        while rest:
            rest = rest[self._events.write(rest) :]
        self._events_size += len(whole)
        self._following += len(lines)
        self._unsaved.clear()
        if leave:
            self._note_success()
