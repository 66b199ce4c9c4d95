"""Run one of our programs as a child process: find, leash, restart and stop it."""

import asyncio
import os
import shutil
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process, create_subprocess_exec
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from itertools import count
from pathlib import Path
from typing import IO, BinaryIO, Final

from app.core.errors import DISK_IS_FULL, ProgramEnds, ProgramMissing
from client.backoff import backoff
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.folders import private_folder
from runtime.leash import leashed_command
from runtime.programs import is_bundled
from runtime.tasks import is_set_within, loop_time
from runtime.terminal import reason
from runtime.whole_file import open_nonblocking

log = loggers.APP_CHILD

_STEADY_S: Final = 10.0
_USELESS_S: Final = 10.0
_LONGEST_USELESS_S: Final = 300.0
_LAST_LINES: Final = 5
_LAST_BYTES: Final = 4096
_LITTLE_ROOM: Final = 1024 * 1024

Pause = Callable[[int], float]


def find_program(name: str) -> str:
    """Return the path of console script ``name``, from this interpreter's folder or the PATH.

    Raises ``ProgramMissing``.
    """
    beside = Path(sys.executable).parent
    found = shutil.which(name, path=str(beside)) or shutil.which(name)
    if found is None:
        raise ProgramMissing(name, str(beside))
    return found


def lasting_program(name: str) -> str:
    """Return the path by which ``name`` can be started at any time. Raises ``ProgramMissing``.

    An AppImage is unpacked elsewhere at each start, and names its file in the environment.
    """
    image, unpacked = os.environ.get("APPIMAGE"), os.environ.get("APPDIR")
    if image and unpacked and is_bundled() and Path(sys.executable).is_relative_to(unpacked):
        return image
    return find_program(name)


@asynccontextmanager
async def output_of(command: Sequence[str], complaints: int | IO[bytes] = DEVNULL) -> AsyncIterator[Process]:
    """Run a program with its output in a pipe, and kill it at the end of the context. Raises ``OSError``.

    ``complaints``: destination of its standard error.
    """
    process = await create_subprocess_exec(
        *leashed_command(command), stdin=DEVNULL, stdout=PIPE, stderr=complaints
    )
    try:
        yield process
    finally:
        await kill(process)


async def kill(process: Process) -> None:
    """Kill a process unless it has ended, and reap it."""
    with suppress(ProcessLookupError):
        process.kill()
    await process.wait()


def restart_pause(failures: int) -> float:
    """Return the pause before a restart: 0.25 to 10 s, doubling, without jitter (a child has one supervisor)."""
    return backoff(failures, 1.0)


def useless_pause(failures: int) -> float:
    """Return the pause after a final exit status: 10 s to 5 min, doubling."""
    return min(_LONGEST_USELESS_S, _USELESS_S * 2.0 ** min(failures - 1, 16))


class Child:
    """Supervisor that keeps one program running.

    ``output``: the file for the program's output; ``None``: our own terminal. ``secrets``: environment variables
    added to ours. An exit status in ``final`` means that restarting is useless.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        output: Path | None,
        final: frozenset[int] = frozenset(),
        pause: Pause = restart_pause,
    ) -> None:
        self.name = name
        self.starts = 0
        self.status: int | None = None  # exit status of the last process
        self.given_up: ProgramEnds | None = None
        self.secrets: Mapping[str, str] = {}
        self._command = command
        self._output = output
        self._final = final
        self._pause = pause
        self._process: Process | None = None
        self._unkept: BinaryIO | None = None  # replaces ``output`` while a program runs, if that cannot be opened
        self._words: bytes | None = None  # content of ``_unkept``, once read
        self._stopping = asyncio.Event()

    @property
    def pid(self) -> int | None:
        """The process id while the program runs."""
        return self._process.pid if self._process else None

    async def keep_running(self) -> None:
        """Run the program until ``stop`` or cancellation. Raises ``ProgramEnds`` for a final exit status."""
        failures = 0
        while not self._stopping.is_set():
            started = loop_time()
            try:
                self.status, failure = await self._run_once(), ""
            except (OSError, RuntimeError) as error:  # no room for a new process, thread or file: temporary
                failure = reason(error)
            if self._stopping.is_set():
                return
            if not failure and self.status in self._final:
                raise ProgramEnds(self.name, self.status, self.last_words())
            failures = 1 if loop_time() - started >= _STEADY_S else failures + 1
            pause = self._pause(failures)
            if failure:
                log.warning(LogEvent.CHILD_START_FAILED, child=self.name, reason=failure, restart_in_s=pause)
            else:
                log.warning(LogEvent.CHILD_ENDED, child=self.name, status=self.status, restart_in_s=pause)
            await asyncio.sleep(pause)

    async def keep_trying(self, for_good: frozenset[int] = frozenset(), pause: Pause = useless_pause) -> None:
        """Keep running even after a final exit, because the cause may be fixed later.

        ``given_up`` holds the error during each pause. Raises ``ProgramEnds`` for an exit status in ``for_good``.
        """
        for failures in count(1):
            try:
                return await self.keep_running()
            except ProgramEnds as error:
                if error.status in for_good:
                    raise
                pause_s = pause(failures)
                log.error(LogEvent.CHILD_CANNOT_RUN, child=self.name, status=error.status, again_in_s=pause_s)
                self.given_up = error
                if not await is_set_within(self._stopping, pause_s):
                    self.given_up = None

    async def stop(self, deadline_s: float) -> None:
        """Send SIGTERM, then SIGKILL at the deadline. Safe to call twice."""
        self._stopping.set()
        process = self._process
        if process is None or process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), deadline_s)
        except TimeoutError:
            log.warning(LogEvent.CHILD_KILLED, child=self.name)
            await kill(process)

    def last_words(self) -> str:
        """Return the end of the program's output, formatted to follow a message."""
        if self._output is None:
            return ""
        try:
            end = self._read_output(self._output)[-_LAST_BYTES:]
        except OSError:
            return ""
        written = end.decode(errors="replace").strip().splitlines()
        if self._words is None and not written and shutil.disk_usage(self._output.parent).free < _LITTLE_ROOM:
            return f"{DISK_IS_FULL}{self._output.parent}"
        return ":\n" + "\n".join(f"    {line}" for line in written[-_LAST_LINES:]) if written else ""

    def _read_output(self, place: Path) -> bytes:
        """Return the program's output, from the temporary file if there is one. Raises ``OSError``."""
        if self._unkept is not None:
            self._words = os.pread(self._unkept.fileno(), os.fstat(self._unkept.fileno()).st_size, 0)
        return place.read_bytes() if self._words is None else self._words

    def _close_unkept(self) -> None:
        if self._unkept is not None and self._output is not None:
            self._read_output(self._output)
            self._unkept.close()
            self._unkept = None

    async def _run_once(self) -> int:
        self._process = process = await self._start()
        try:
            if self._stopping.is_set():  # ``stop`` was called before there was a process to signal
                process.kill()
            return await process.wait()
        except asyncio.CancelledError:
            await kill(process)  # reap it now, in case the loop ends
            raise
        finally:
            self._process = None
            self._close_unkept()

    async def _start(self) -> Process:
        self.starts += 1
        command, environment = leashed_command(self._command), {**os.environ, **self.secrets}
        # In its own session, so that Ctrl-C reaches only us and we end the children in order.
        start = partial(
            asyncio.create_subprocess_exec, *command, stdin=DEVNULL, start_new_session=True, env=environment
        )
        if self._output is None:
            return await start()
        with self._open_output(self._output) as output:
            return await start(stdout=output, stderr=output)

    def _open_output(self, place: Path) -> BinaryIO:
        """Open ``place`` for the output, or a temporary file if that fails. Raises ``OSError``."""
        self._close_unkept()
        self._words = None
        try:
            private_folder(place.parent)
            return open(place, "wb", opener=open_nonblocking)
        except OSError:
            self._unkept = tempfile.TemporaryFile()  # noqa: SIM115 - it is read when the program has ended
            return os.fdopen(os.dup(self._unkept.fileno()), "wb")
