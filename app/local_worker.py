"""The worker of this computer: switched on and off, its model fetched first, and what it is doing at any moment.

What it is doing is what its heartbeat says, not what was asked for.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import structlog

from app.child import Child, find_program
from app.errors import AppError
from app.local_gateway import WorkerSeen, read_endpoint, workers
from app.problem_notes import note_of
from app.view import Note, WorkerState, WorkerView
from runtime.folders import folders
from runtime.tasks import Tasks, cancel_and_wait
from speech.errors import SpeechError
from speech.models.catalogue import load_catalogue
from speech.models.probing import Probes
from speech.models.progress import Advanced, Event
from speech.models.sources import sources_for
from speech.models.store import ModelStore, State

log = structlog.get_logger(__name__)

_PROGRAM: Final = "kikipounamu-worker"
_USELESS: Final = frozenset({2, 3, 4})  # its exit states that no restart makes better
_LOOK_S: Final = 1.0
_STOP_S: Final = 10.0

Percent = Callable[[int], None]
Fetch = Callable[[str, Percent], Awaitable[None]]
Look = Callable[[], Awaitable[tuple[WorkerSeen, ...]]]


@dataclass(frozen=True)
class LocalWorkerSettings:
    """``models``: what must be here before it starts. ``arguments``: of ``kikipounamu-worker run``."""

    models: tuple[str, ...] = ("fsmn-vad", "whisper-base")
    arguments: tuple[str, ...] = ("--engine", "whisper")


async def fetch(model: str, percent: Percent) -> None:
    """Have this model here. Raises ``SpeechError``. Cancelled, it goes on in its thread; nothing is half there."""
    loop = asyncio.get_running_loop()
    catalogue = load_catalogue()
    store = ModelStore(folders().models, catalogue)
    if await asyncio.to_thread(store.state, model) is State.INSTALLED:
        return

    def report(event: Event) -> None:
        if isinstance(event, Advanced):
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(percent, 100 * event.done // max(1, event.size))

    percent(0)
    offers = Probes(sources_for(catalogue.model(model), catalogue))
    await asyncio.to_thread(store.install, model, offers, report)


async def look() -> tuple[WorkerSeen, ...]:
    """Who works for the gateway of this user."""
    endpoint = read_endpoint()
    return await workers(endpoint) if endpoint else ()


class LocalWorker:
    """``tell`` hears of each change. All in one event loop."""

    def __init__(
        self,
        tell: Callable[[WorkerView], None],
        settings: LocalWorkerSettings | None = None,
        fetch: Fetch = fetch,
        look: Look = look,
    ) -> None:
        self.view = WorkerView()
        self._tell = tell
        self._settings = settings or LocalWorkerSettings()
        self._fetch = fetch
        self._look = look
        self._tasks = Tasks("local worker")
        self._working: asyncio.Task[None] | None = None
        self._child: Child | None = None
        self._lock = asyncio.Lock()
        self._closed = False

    async def switch(self, on: bool, why: Note | None = None) -> None:
        """Start it, or let it finish what it is decoding and end; ``why`` it is off. Safe to call twice."""
        async with self._lock:
            if self._closed:
                return
            if on and (self._working is None or self._working.done()):
                self._show(WorkerView(WorkerState.STARTING))
                self._working = self._tasks.start(self._work(), "work")
            elif not on:
                await self._end()
                self._show(WorkerView(reason=why))

    async def close(self) -> None:
        """End it for good. Safe to call twice."""
        async with self._lock:
            self._closed = True
            await self._end()
        await self._tasks.close()

    async def _end(self) -> None:
        if self._child is not None:
            await self._child.stop(_STOP_S)
            self._child = None
        if self._working is not None:
            await cancel_and_wait([self._working])
            self._working = None

    async def _work(self) -> None:
        try:
            for model in self._settings.models:
                await self._fetch(model, self._downloaded)
            await self._run()
        except (AppError, SpeechError) as error:
            log.warning("the worker of this computer cannot run", reason=str(error))
            self._show(WorkerView(WorkerState.FAILED, reason=note_of(error)))

    async def _run(self) -> None:
        command = [find_program(_PROGRAM), "run", *self._settings.arguments]
        self._child = child = Child(_PROGRAM, command, folders().logs / f"{_PROGRAM}.out", _USELESS)
        self._show(WorkerView(WorkerState.STARTING))
        running = asyncio.create_task(child.keep_running(), name="local worker/child")
        try:
            while not running.done():
                self._show(seen_as(child.pid, await self._look()))
                await asyncio.wait({running}, timeout=_LOOK_S)
            await running
        finally:
            await cancel_and_wait([running])

    def _downloaded(self, percent: int) -> None:
        self._show(WorkerView(WorkerState.DOWNLOADING, percent=percent))

    def _show(self, view: WorkerView) -> None:
        if view != self.view:
            self.view = view
            self._tell(view)


def seen_as(pid: int | None, seen: tuple[WorkerSeen, ...]) -> WorkerView:
    """What the heartbeat of process ``pid`` says; a worker without one is starting."""
    for worker in seen:
        if pid is not None and f"-{pid}-" in worker.worker:
            state = {"idle": WorkerState.IDLE, "busy": WorkerState.BUSY}.get(worker.state, WorkerState.STARTING)
            return WorkerView(state, f"{worker.device} · {worker.model or worker.engine}")
    return WorkerView(WorkerState.STARTING)
