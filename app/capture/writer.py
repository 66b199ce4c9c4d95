"""The thread that owns the two files of a take: audio as it comes, events when they are asked for.

Audio is written at once and synced every 250 ms. An event is written after all audio that was handed over before
it, and both are synced before ``record`` returns: an event on disk never speaks of audio that is not.
While the disk takes nothing, audio stays in memory, 60 s of it at most, and events are refused.
"""

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Final

import structlog

from app.capture.backlog import MOST_WAITING, Backlog, Keeping, keeping
from app.capture.disk import File
from app.capture.errors import DiskRefuses, NotKept
from app.capture.events import sealed
from protocol.audio import BYTES_PER_SAMPLE, SAMPLE_RATE
from runtime import logger_names

log = structlog.get_logger(logger_names.APP_CAPTURE_WRITER)

Seal = Callable[[bytes, int], bytes]
"""Adds to a line its number in the journal. Only lines that were written get one, so that none is missing."""

SYNC_S: Final = 0.25
_ANSWER_S: Final = 60.0


@dataclass(frozen=True)
class _Request:
    work: Callable[[], bytes]
    answer: "Future[bytes]"


class Writer:
    """``hear`` belongs to one thread; events may come from several, each of which waits; ``close`` joins.

    ``following``: the number of the first line.
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
        self.heard = audio.size  # bytes, as the next; each is changed by one thread only
        self.written = audio.size
        self.synced = audio.size
        self._audio = audio
        self._events = events
        self._events_size = events.size
        self._following = following
        self._seal = seal
        self._backlog = Backlog(audio.size)
        self._most = most_waiting
        self._sync_s = sync_s
        self._due = 0.0
        self._refusal: OSError | None = None
        self._closed = False
        self._ended = False
        # Bounded by ``hear``, and by one request per caller, who waits for it.
        self._inbox: queue.SimpleQueue[bytes | _Request] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="journal/writer", daemon=True)
        self._thread.start()

    # -- the callers' side ---------------------------------------------------------------------------------

    @property
    def keeping(self) -> Keeping:
        """How it stands with the disk."""
        return keeping(self._refusal is not None, self.heard - self.written, self._most)

    def hear(self, pcm: bytes) -> None:
        """Take more audio, without waiting for the disk. Raises ``NotKept``: memory is full as well."""
        self._check_open()
        if self.heard - self.written + len(pcm) > self._most:
            seconds = self._most / BYTES_PER_SAMPLE / SAMPLE_RATE
            raise NotKept(f"{self._reason()}, and the {seconds:g} s of audio that memory may hold are reached")
        self.heard += len(pcm)
        self._inbox.put(pcm)

    def record(self, *lines: bytes, durable: bool = True) -> None:
        """Write events and, if they are to be ``durable``, wait for the disk (some ms). Raises ``NotKept``."""

        def work() -> bytes:
            self._write_audio()
            if durable:
                self._sync_audio()
            self._write_events(lines)
            if durable:
                self._events.sync()
            return b""

        self._ask(work)

    def flush(self) -> None:
        """Wait until everything heard so far survives a power loss. Raises ``NotKept``."""

        def work() -> bytes:
            self._write_audio()
            self._sync_audio()
            return b""

        self._ask(work)

    def unwritten(self, start: int, stop: int) -> bytes:
        """What of these bytes of the audio is not in the file after an attempt to write it."""

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
            self._events.sync()
            return b""

        try:
            self._submit(work)
        finally:
            self._thread.join(_ANSWER_S)

    def _ask(self, work: Callable[[], bytes]) -> bytes:
        self._check_open()
        return self._submit(work)

    def _submit(self, work: Callable[[], bytes]) -> bytes:
        request = _Request(work, Future())
        self._inbox.put(request)
        try:
            return request.answer.result(_ANSWER_S)
        except OSError as error:
            if error.strerror is None:  # it is our own ``TimeoutError``
                raise NotKept("the journal cannot write: the disk does not answer") from error
            raise DiskRefuses(f"the journal cannot write: {error.strerror}") from error

    def _check_open(self) -> None:
        if self._closed or not self._thread.is_alive():
            raise NotKept("the journal is closed")

    def _reason(self) -> str:
        refusal = self._refusal
        return f"the disk takes nothing ({refusal.strerror})" if refusal else "the disk is too slow"

    # -- the thread's side ---------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while not self._ended:
                self._step()
        except Exception:  # the top of a thread: whoever asks next is told that it has ended
            log.exception("the journal's writer failed")
        finally:
            self._audio.close()
            self._events.close()

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
        """The next thing to do; ``None`` when it is time to sync, or to try again."""
        if self.synced == self.written and not self._backlog:
            item = self._inbox.get()
            self._due = time.monotonic() + self._sync_s
            return item
        try:
            return self._inbox.get(timeout=max(0.0, self._due - time.monotonic()))
        except queue.Empty:
            return None

    def _answer(self, request: _Request) -> None:
        try:
            request.answer.set_result(request.work())
        except OSError as error:
            self._note(error)
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
            log.warning("the journal cannot write", reason=error.strerror)
        self._refusal = error
        self._due = time.monotonic() + self._sync_s

    def _write_audio(self) -> None:
        while self._backlog:
            written = self._audio.write(self._backlog.first())
            self._backlog.written(written)
            self.written += written
            if not self._backlog:
                self._taken()

    def _taken(self) -> None:
        """The disk has taken something whole: it refuses nothing any more."""
        if self._refusal is not None:
            self._refusal = None
            log.info("the journal writes again")

    def _sync_audio(self) -> None:
        written = self.written
        self._audio.sync()
        if self.synced < written:
            self._taken()
        self.synced = written
        self._due = time.monotonic() + self._sync_s

    def _write_events(self, lines: tuple[bytes, ...]) -> None:
        if self._events.size != self._events_size:  # half a line, from a disk that was full
            self._events.truncate(self._events_size)
        whole = b"".join(self._seal(line, self._following + number) for number, line in enumerate(lines))
        rest = whole
        while rest:
            rest = rest[self._events.write(rest) :]
        self._events_size += len(whole)
        self._following += len(lines)
        self._taken()
