"""Engine in its own process: it may block, crash or hang without delaying the renewal of leases.

The process ends with this one. When a deadline passes, it is killed at once.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import Sequence
from typing import Final, NoReturn

import psutil

from protocol.engine import (
    DecodeOutcome,
    DecodeRequest,
    EngineInfo,
    EnginePiece,
    EngineSettings,
    EngineUnavailable,
)
from runtime.folders import refusal
from runtime.framing import BrokenFrame
from runtime.leash import leashed_command
from runtime.programs import module_command
from runtime.tasks import complete
from worker.core.errors import EngineDied, EngineRaised, EngineTimedOut, UnknownEngine
from worker.supervision.engine_frames import (
    REPLIES,
    REQUESTS,
    Decode,
    Decoded,
    Fed,
    Feed,
    LoadEngine,
    Raised,
    Ready,
    Reply,
    Request,
    Unavailable,
)

_CLOSE_S: Final = 2.0
_COMMAND: Final = module_command("worker.engine_main")


class EngineProcess:
    """Loaded engine. One batch at a time; after ``EngineDied`` or ``EngineTimedOut`` the process is gone."""

    def __init__(self, process: asyncio.subprocess.Process, usage: psutil.Process) -> None:
        assert process.stdin is not None and process.stdout is not None
        self._process = process
        self._requests = process.stdin
        self._replies = process.stdout
        self._usage = usage
        self.info = EngineInfo("", "", "")

    @classmethod
    async def start(cls, settings: EngineSettings, deadline_s: float, streams: bool = False) -> "EngineProcess":
        """Start the process and load the engine. Raises ``EngineUnavailable`` or an ``EngineFault``.

        ``streams``: it must recognise live text.
        """
        engine = await cls._start()
        try:
            reply = await engine._ask(LoadEngine(settings, streams), deadline_s)
            if isinstance(reply, Unavailable):
                raise (UnknownEngine if reply.unknown else EngineUnavailable)(reply.message)
            if isinstance(reply, Raised):
                raise EngineRaised(f"the engine {settings.engine} failed to load: {reply.message}")
            if not isinstance(reply, Ready):
                raise EngineDied(f"the engine {settings.engine} did not report ready")
        except BaseException:
            await complete(engine.kill())
            raise
        engine.info = reply.info
        return engine

    @classmethod
    async def _start(cls) -> "EngineProcess":
        """Start the process, without loading an engine.

        If cancelled meanwhile, end the process and wait for its end.
        """
        begins = asyncio.ensure_future(_start_process())
        try:
            process = await asyncio.shield(begins)
        except asyncio.CancelledError:
            await complete(_kill_started(begins))
            raise
        except (OSError, RuntimeError) as error:  # RuntimeError: no thread can be started that waits for its end
            why = refusal(error) if isinstance(error, OSError) else error
            raise EngineDied(f"the engine's process cannot be started: {why}") from error
        try:
            return cls(process, psutil.Process(process.pid))
        except psutil.NoSuchProcess as error:
            raise EngineDied(f"the engine's process {_end_of(await process.wait())}") from error

    @property
    def pid(self) -> int:
        """Process id of the engine."""
        return self._process.pid

    async def decode(self, batch: Sequence[DecodeRequest], deadline_s: float) -> Sequence[DecodeOutcome]:
        """Return one outcome per request. Raises ``EngineRaised``, ``EngineDied`` or ``EngineTimedOut``."""
        reply = await self._ask(Decode(tuple(batch)), deadline_s)
        return reply.outcomes if isinstance(reply, Decoded) else await self._raise_failure(reply)

    async def feed(
        self, pieces: Sequence[EnginePiece], dropped: Sequence[int], deadline_s: float
    ) -> Sequence[str]:
        """Release states, and return the text of each piece's utterance. Raises as ``decode``."""
        reply = await self._ask(Feed(tuple(pieces), tuple(dropped)), deadline_s)
        return reply.texts if isinstance(reply, Fed) else await self._raise_failure(reply)

    async def _raise_failure(self, reply: Reply) -> NoReturn:
        if isinstance(reply, Raised):
            raise EngineRaised(f"the engine raised {reply.message}")
        await self.kill()
        raise EngineDied("the engine answered out of turn")

    @property
    def ended(self) -> bool:
        """True once the process has ended, even while it was idle."""
        return self._process.returncode is not None

    async def end(self) -> EngineDied:
        """Release an ended process, and return the error that says how it ended."""
        return EngineDied(f"the engine's process {_end_of(await self.kill())}")

    def memory_bytes(self) -> int:
        """Return the resident memory in bytes; 0 if the process is gone."""
        try:
            return self._usage.memory_info().rss
        except psutil.Error:
            return 0

    def cpu_percent(self) -> float:
        """Return the CPU use since the last call, in percent of one core; 0 if the process is gone."""
        try:
            return self._usage.cpu_percent()
        except psutil.Error:
            return 0.0

    async def close(self) -> None:
        """Let the engine release its resources; kill it after a short deadline.

        Safe to call twice or after its end.
        """
        self._requests.close()
        try:
            async with asyncio.timeout(_CLOSE_S):
                await self._gone()
        except TimeoutError:
            await self.kill()

    async def kill(self) -> int:
        """Kill the process; return its exit status."""
        with contextlib.suppress(psutil.NoSuchProcess):
            # Not Process.kill: its poll() would steal the exit status from asyncio's watcher.
            self._usage.kill()
        self._requests.close()
        return await self._gone()

    async def _gone(self) -> int:
        """Wait for the end of the process and of both pipes; return the exit status."""
        status = await self._process.wait()
        with contextlib.suppress(OSError):  # also TimeoutError: a child of the engine may hold the pipe
            async with asyncio.timeout(_CLOSE_S):
                await self._replies.read()
                await self._requests.wait_closed()
        return status

    async def _ask(self, request: Request, deadline_s: float) -> Reply:
        try:
            async with asyncio.timeout(deadline_s):
                self._requests.write(REQUESTS.pack(request))
                await self._requests.drain()
                return await REPLIES.receive(self._replies)
        except TimeoutError:
            await self.kill()
            raise EngineTimedOut(f"the engine did not answer within {deadline_s:.0f} s and was killed") from None
        except (asyncio.IncompleteReadError, OSError) as error:
            raise await self.end() from error
        except BrokenFrame as error:
            await self.kill()
            raise EngineDied(f"the engine wrote into its worker's pipe: {error}") from error


async def _start_process() -> asyncio.subprocess.Process:
    command = leashed_command(_COMMAND, signal.SIGKILL) if os.name == "posix" else list(_COMMAND)
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)


def _end_of(status: int) -> str:
    """Describe an exit status in words."""
    if status >= 0:
        return f"ended with status {status}"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    advice = "; the system may be out of memory" if name == "SIGKILL" else ""
    return f"was ended by {name}{advice}"


async def _kill_started(begins: "asyncio.Future[asyncio.subprocess.Process]") -> None:
    process = await begins
    with contextlib.suppress(psutil.NoSuchProcess):
        await EngineProcess(process, psutil.Process(process.pid)).kill()
