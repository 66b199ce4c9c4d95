"""Start and supervise this computer's gateway and worker as child processes.

A gateway of this user that is already running is used instead. If it ends while needed, our own replaces it.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, Self, TypeVar

from app.core.child_process import Child, Pause, find_program, restart_pause
from app.core.errors import GatewayNotReady, ProgramEnds, StackFailed, StartedElsewhere
from app.local_services.local_gateway import GatewayReadiness, Running, alive, running
from protocol.endpoint import Endpoint
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.folders import folders, private_folder, refusal
from runtime.locking import try_lock
from runtime.tasks import Closing, Tasks, close_on_error, loop_time

log = loggers.APP_STACK

_LOCK_POLL_S: Final = 0.1


@asynccontextmanager
async def starting_alone(deadline_s: float) -> AsyncIterator[None]:
    """Hold the start lock, which the system releases when the process ends.

    Raises ``StartedElsewhere``, or ``StackFailed`` if it cannot be made.
    """
    try:
        lock = private_folder(folders().runtime) / "starting.lock"
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StackFailed(refusal(error)) from error
    try:
        await _lock(descriptor, deadline_s)
        yield
    finally:
        os.close(descriptor)


async def _lock(descriptor: int, deadline_s: float) -> None:
    try:
        async with asyncio.timeout(deadline_s):
            while not try_lock(descriptor):  # noqa: ASYNC110 - another process cannot set an event here
                await asyncio.sleep(_LOCK_POLL_S)
    except TimeoutError as error:
        raise StartedElsewhere(deadline_s) from error
    except OSError as error:
        raise StackFailed(refusal(error)) from error


T = TypeVar("T")


_GATEWAY: Final = "kikipounamu-gateway"
_WORKER: Final = "kikipounamu-worker"
_CHECK_S: Final = 0.1
_WATCH_S: Final = 1.0
_GRACE_S: Final = 5.0
_WORKER_USELESS: Final = frozenset(
    {2, 3}
)  # exit statuses of kikipounamu-worker: wrong usage; no such engine or model
_WRONG_USAGE: Final = frozenset({2})
_GATEWAY_USELESS: Final = _WRONG_USAGE


@dataclass(frozen=True)
class StackSettings:
    """The settings of the local stack.

    ``own_terminal``: the children write to our terminal instead of files in the logs folder. ``worker``: whether
    to start a worker; otherwise other code provides one. ``lasting``: the gateway stays although the worker
    cannot run, and the worker is retried, unless its arguments are wrong.
    """

    engine: str = "whisper"
    model: str = ""
    worker: bool = True
    lasting: bool = False
    gateway_arguments: tuple[str, ...] = ()
    worker_arguments: tuple[str, ...] = ()
    own_terminal: bool = False
    ready_s: float = 60.0
    stop_s: float = 25.0  # a gateway drains for up to 20 s
    pause: Pause = restart_pause


class Stack(Closing):
    """Local gateway and worker.

    Entering ensures that a gateway answers; leaving ends what was started here.
    """

    def __init__(self, settings: StackSettings | None = None) -> None:
        self._settings = settings or StackSettings()
        self._tasks = Tasks("stack", expected=StackFailed)
        self._children: list[Child] = []
        self._worker_started = False

    @property
    def trouble(self) -> ProgramEnds | None:
        """The reason why a lasting worker cannot run at this moment."""
        return next((child.given_up for child in self._children if child.given_up), None)

    @property
    def children(self) -> dict[str, int]:
        """The names and process ids of our children; empty while an existing gateway is used."""
        return {child.name: pid for child in self._children if (pid := child.pid) is not None}

    async def __aenter__(self) -> Self:
        async with close_on_error(self.close):
            found = await self._ensure_gateway()
            if found is not None:
                self._borrow(found.endpoint, found.readiness)
        return self

    async def until_ready(self) -> None:
        """Wait until a worker can recognise something. Raises ``StackFailed`` at the deadline."""

        async def ready() -> bool:
            found = await running()
            return found is not None and found.readiness.ready

        await self._until(ready, "no worker got ready")

    async def until_broken(self) -> None:
        """Wait until a child ends that cannot be restarted. Raises ``StackFailed``."""
        raise _as_stack_failed(await asyncio.shield(self._tasks.failed))

    async def unless_broken(self, work: Coroutine[Any, Any, T]) -> T:
        """Run ``work``, but stop waiting if the stack breaks. Raises ``StackFailed``."""
        working = asyncio.create_task(work, name="stack/work")
        broken = asyncio.create_task(self.until_broken(), name="stack/broken")
        try:
            await asyncio.wait({working, broken}, return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                await broken
            return await working
        finally:
            working.cancel()
            broken.cancel()
            await asyncio.gather(working, broken, return_exceptions=True)

    async def close(self) -> None:
        """End the children, the worker first. Safe to call twice."""
        for child in reversed(self._children):
            await child.stop(self._settings.stop_s)
        await self._tasks.close()

    async def _ensure_gateway(self) -> Running | None:
        """Return the gateway that already runs, or start ours, wait until it answers and return ``None``."""
        async with starting_alone(2 * self._settings.ready_s):
            if found := await running():
                return found
            self._start(_GATEWAY, ["serve", *self._settings.gateway_arguments], _GATEWAY_USELESS)
            if self._settings.worker and not self._worker_started:
                self._start_worker()
            await self._until_answering()
            return None

    def _start_worker(self) -> None:
        self._worker_started = True
        model = ["--model", self._settings.model] if self._settings.model else []
        arguments = ["run", "--engine", self._settings.engine, *model, *self._settings.worker_arguments]
        self._start(_WORKER, arguments, _WORKER_USELESS)

    def _start(self, program: str, arguments: list[str], final: frozenset[int]) -> None:
        output = None if self._settings.own_terminal else folders().logs / f"{program}.out"
        child = Child(program, [find_program(program), *arguments], output, final, self._settings.pause)
        self._children.append(child)
        lasts = self._settings.lasting and program == _WORKER
        self._tasks.start(child.keep_trying(_WRONG_USAGE) if lasts else child.keep_running(), program)

    def _borrow(self, endpoint: Endpoint, readiness: GatewayReadiness) -> None:
        log.info(LogEvent.GATEWAY_ALREADY_RUNNING, url=endpoint.url, pid=endpoint.pid)
        if self._settings.worker and readiness.needs_worker:
            self._start_worker()
        self._tasks.start(self._stand_in(endpoint.pid), "watch")

    async def _stand_in(self, pid: int) -> None:
        """Start our own gateway if the gateway we use ends and its owner does not restart it."""
        seen_at = loop_time()
        while True:
            if alive(pid):
                seen_at = loop_time()
            elif found := await running():
                pid = found.endpoint.pid
            elif loop_time() - seen_at >= _GRACE_S:
                log.warning(LogEvent.GATEWAY_ENDED, pid=pid)
                if await self._ensure_gateway() is None:
                    return
            await asyncio.sleep(_WATCH_S)

    async def _until_answering(self) -> None:
        gateway = next(child for child in self._children if child.name == _GATEWAY)

        async def answering() -> bool:
            if gateway.status is not None and gateway.status >= 0:  # a killed gateway is restarted
                raise ProgramEnds(gateway.name, gateway.status, gateway.last_words())
            found = await running()
            return found is not None and found.readiness.broker.up

        await self._until(answering, "the gateway did not get ready")

    async def _until(self, condition: Callable[[], Awaitable[bool]], complaint: str) -> None:
        try:
            async with asyncio.timeout(self._settings.ready_s):
                while not await condition():
                    if self._tasks.failed.done():
                        raise _as_stack_failed(self._tasks.failed.result())
                    await asyncio.sleep(_CHECK_S)
        except TimeoutError as error:
            words = "".join(child.last_words() for child in self._children)
            raise GatewayNotReady(complaint, self._settings.ready_s, words) from error


def _as_stack_failed(error: BaseException) -> StackFailed:
    return error if isinstance(error, StackFailed) else StackFailed(f"the stack failed: {error!r}")
