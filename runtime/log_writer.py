"""Log writer thread: other threads append to a bounded queue and never wait.

If the disk or the terminal is too slow, lines are dropped and counted.
"""

import gzip
import os
import shutil
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from logging import LogRecord
from pathlib import Path
from typing import Final, TextIO

from runtime import loggers
from runtime.event_names import LogEvent

log = loggers.RUNTIME_LOG_WRITER

MOST_RECORDS: Final = 10_000
_IDLE_S: Final = 1.0
_GATHER_S: Final = 0.3
"""Time to gather lines before a write: waking the thread for each line costs more than writing it."""
_STOP_S: Final = 5.0
_GZIP_LEVEL: Final = 5
_COPY_BYTES: Final = 1 << 20


Write = Callable[[LogRecord], None]
"""Formats and writes one record; may block, and raise ``OSError``."""


class LogWriter:
    """Writer thread: passes every record, in order, to ``writes``.

    ``idle(ending)`` is called once a second, and once at the end.
    """

    def __init__(
        self,
        writes: Sequence[Write],
        idle: Callable[[bool], None] = lambda ending: None,
        most: int = MOST_RECORDS,
    ) -> None:
        self._writes = writes
        self._idle = idle
        self._most = most
        self._records: deque[LogRecord] = deque()
        self._woken = threading.Event()
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._lost = 0
        self._thread = threading.Thread(target=self._run, name="logs", daemon=True)

    def start(self) -> None:
        """Start the writer thread."""
        self._thread.start()

    def put(self, record: LogRecord, lines: int = 1) -> None:
        """Queue a record that makes ``lines`` lines. Never waits; safe from any thread."""
        if len(self._records) >= self._most:
            with self._lock:
                self._lost += lines
            return
        self._records.append(record)
        if not self._woken.is_set():
            self._woken.set()

    def take_lost_count(self) -> int:
        """Return the number of lines lost since the last call."""
        with self._lock:
            lost, self._lost = self._lost, 0
        return lost

    def stop(self, deadline_s: float = _STOP_S) -> bool:
        """Write the remaining records within the deadline; return ``False`` if that fails. Safe to call twice."""
        self._ended.set()
        self._woken.set()
        self._thread.join(deadline_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        idled_at = time.monotonic()
        while not self._ended.is_set():
            if self._woken.wait(_IDLE_S):
                self._ended.wait(_GATHER_S)
            self._woken.clear()
            self._write_all()
            if time.monotonic() - idled_at >= _IDLE_S:
                idled_at = time.monotonic()
                self._idle(False)
        self._write_all()
        self._idle(True)
        self._write_all()

    def _write_all(self) -> None:
        while self._records:
            self._write(self._records.popleft())

    def _write(self, record: LogRecord) -> None:
        # failures to write the writer's own records are not reported
        reported = record.name == log.name
        for write in self._writes:
            try:
                write(record)
            except (OSError, ValueError):  # a full disk or a closed terminal cannot be reported anywhere
                continue
            except Exception:  # top of a thread: only this line is lost
                if not reported:
                    log.exception(LogEvent.LOG_WRITE_FAILED, of=record.name)
                reported = True


class LogFile:
    """Log file that is rotated when it is full; several processes may write to it.

    Rotated files are ``NAME.1``, then ``NAME.2.gz`` and so on. The oldest are deleted, so that rotated files
    take at most ``most_in_all`` bytes. The file is opened with the first line, so that only the writer thread
    waits for it.
    """

    def __init__(self, path: Path, most_bytes: int, most_in_all: int) -> None:
        self._path = path
        self._most = most_bytes
        self._most_in_all = most_in_all
        self._file = -1
        self._torn = False  # the file ends with a part of a line, which a full disk left

    def write(self, line: str) -> None:
        """Append a line. Raises ``OSError``."""
        if self._file < 0:
            self._open()
        elif os.fstat(self._file).st_size >= self._most:
            self._rotate()
        data = b"\n" * self._torn + line.encode(errors="replace") + b"\n"
        self._torn = os.write(self._file, data) < len(data)

    def close(self) -> None:
        """Close the file. Safe to call twice."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _open(self) -> None:
        self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def _rotate(self) -> None:
        """Rotate the file, unless another process already has; then only open the new one."""
        mine = self._is_in_its_place()
        self.close()
        if mine:
            with suppress(OSError):  # a file that cannot be moved keeps growing, and the next line tries again
                self._move_aside()
        self._open()
        if mine:
            with suppress(OSError):
                self._pack()

    def _is_in_its_place(self) -> bool:
        try:
            return os.path.samestat(os.stat(self._path), os.fstat(self._file))
        except FileNotFoundError:
            return False

    def _move_aside(self) -> None:
        for number, path in reversed(self._older()):
            path.replace(path.with_name(f"{self._path.name}.{number + 1}{'.gz' * (path.suffix == '.gz')}"))
        self._path.replace(self._path.with_name(f"{self._path.name}.1"))

    def _pack(self) -> None:
        for number, path in self._older():
            if number > 1 and path.suffix != ".gz":
                packed = path.with_name(f"{path.name}.gz")
                part = path.with_name(f"{path.name}.{os.getpid()}.part")
                with path.open("rb") as plain, part.open("wb") as file:
                    with gzip.open(file, "wb", _GZIP_LEVEL) as packing:
                        shutil.copyfileobj(plain, packing, _COPY_BYTES)
                    file.flush()
                    os.fsync(file.fileno())  # on the disk before the plain file is deleted
                part.chmod(0o600)
                part.replace(packed)
                path.unlink()
        kept = 0
        for _, path in self._older():
            kept += path.stat().st_size
            if kept > self._most_in_all:
                path.unlink()

    def _older(self) -> list[tuple[int, Path]]:
        """Return the rotated files with their numbers, newest first."""
        found: list[tuple[int, Path]] = []
        for path in self._path.parent.glob(f"{self._path.name}.*"):
            number = path.name.removeprefix(f"{self._path.name}.").removesuffix(".gz")
            if number.isdigit():
                found.append((int(number), path))
        return sorted(found)


def to_stream(stream: TextIO, line: str) -> None:
    """Write a line to a terminal. Raises ``OSError``, or ``ValueError`` if it is closed."""
    stream.write(line + "\n")
    stream.flush()
