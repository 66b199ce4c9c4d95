"""Run this computer's worker: switch it on and off, fetch its model first, and report its activity.

A second worker beside it recognises live text while a model for that is installed.
The reported state is that of the worker's heartbeat, not the requested one.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

from app.core.child_process import Child, find_program
from app.core.errors import AppError, ModelsMissing, ModelUnfit, Note
from app.core.problem_notes import note_of, unexpected_note
from app.local_services.local_gateway import WorkerSeen, read_endpoint, workers
from app.local_services.worker_view import LocalWorkerState, WorkerView
from app.models.engines import (
    DEFAULT,
    KINDS,
    VAD_MODEL,
    arguments_for,
    engine_is_here,
    engine_of,
    live_model,
    worker_program,
)
from client.connection import Address
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.folders import folders
from runtime.tasks import Tasks, cancel_and_wait, complete
from speech.errors import SpeechError
from speech.models.catalogue import load_catalogue
from speech.models.errors import ModelError
from speech.models.store import FolderState, ModelStore

log = loggers.APP_LOCAL_WORKER

RESTARTS: Final = Note("worker-restarts")
_PROGRAM: Final = "kikipounamu-worker"
_KEY: Final = "KIKIPOUNAMU_KEY"
_UNDECIDED: Final = "auto"  # the device of a worker that is starting
_USELESS: Final = frozenset({2, 3, 4})  # exit statuses for which an immediate restart is useless
_WRONG_USAGE: Final = frozenset({2})  # arguments do not change, so another try is useless too
_REFUSED: Final = frozenset({4})
_CHECK_S: Final = 1.0
_CHECK_SOON_S: Final = 0.2  # while it starts
_STOP_S: Final = 10.0
_LIVE_OUTPUT: Final = "kikipounamu-worker-stream.out"
_LIVE_STOP_S: Final = 5.0
_DRAIN_S: Final = 30.0  # enough for a long segment on a slow computer

Percent = Callable[[int | Note | ModelError], None]
"""Receives the progress of a download in percent, why it is paused, or why it failed and is tried again."""
Fetch = Callable[[str, Percent], Awaitable[None]]
"""Installs the model if necessary. Raises ``SpeechError``."""
ListWorkers = Callable[[], Awaitable[tuple[WorkerSeen, ...]]]


def installed_live_model() -> str:
    """Return the model for live text that is installed with its engine, or an empty name."""
    store = ModelStore(folders().models, load_catalogue())
    return live_model(lambda name: store.state(name) is FolderState.INSTALLED)


def missing_models(names: Iterable[str]) -> list[str]:
    """Return the models that are not, or no longer, on disk. Blocks."""
    store = ModelStore(folders().models, load_catalogue())
    return [name for name in names if store.state(name) is not FolderState.INSTALLED]


@asynccontextmanager
async def live_text(find: Callable[[], str] = installed_live_model) -> AsyncIterator[Child | None]:
    """Run a streaming worker during the context, if there is a model. Its failures do not affect the worker."""
    model = await asyncio.to_thread(find)
    if not model:
        yield None
        return
    command = [find_program(_PROGRAM), "stream", "--model", model]
    child = Child(f"{_PROGRAM} stream", command, folders().logs / _LIVE_OUTPUT, _USELESS)
    running = asyncio.create_task(child.keep_trying(), name="local worker/live text")
    try:
        yield child
    finally:
        await complete(_end(child, running))


async def _end(child: Child, running: "asyncio.Task[None]") -> None:
    await child.stop(_LIVE_STOP_S)
    await cancel_and_wait([running])


@dataclass(frozen=True)
class LocalWorkerSettings:
    """The settings of a worker process.

    ``models``: must be installed before it starts. ``arguments``: of ``kikipounamu-worker run``.
    ``unfit``: why it cannot run with the chosen settings. ``key``: authenticates it to a remote gateway.
    ``output``: the name of its log file. ``program``: its path; empty: the program of this installation.
    """

    models: tuple[str, ...] = (VAD_MODEL, DEFAULT)
    arguments: tuple[str, ...] = ("--engine", "whisper")
    unfit: AppError | None = None
    key: str = field(default="", repr=False)
    output: str = _PROGRAM
    program: str = ""

    @property
    def model(self) -> str:
        """The model that the worker runs, if it is in the catalogue."""
        return next((name for name in self.models if name in KINDS and KINDS[name].engine), "")

    def running(self, model: str, environment: str = "") -> "LocalWorkerSettings":
        """Return the settings for another model, or these settings for an empty name.

        ``environment``: where the model's engine may be installed instead of here.
        """
        if not model:
            return self
        try:
            arguments = arguments_for(model, partial(engine_is_here, environment=environment))
            program = worker_program(engine_of(model), environment)
            return LocalWorkerSettings((VAD_MODEL, model), arguments, program=program)
        except ModelUnfit as error:
            return LocalWorkerSettings((), (), error)

    def with_limits(self, threads: int, gpu_memory: int) -> "LocalWorkerSettings":
        """Return the settings with a number of processor threads, and of MiB of GPU memory; 0: no limit."""
        limits = {"--threads": threads, "--gpu-memory": gpu_memory}
        added = [word for name, most in limits.items() if most and not self.unfit for word in (name, str(most))]
        return replace(self, arguments=(*self.arguments, *added))

    def for_gateway(self, gateway: Address, output: str) -> "LocalWorkerSettings":
        """Return the settings for working for a remote gateway."""
        if self.unfit:
            return self
        where = ("--gateway", gateway.url, "--certificate-sha256", gateway.certificate_sha256)
        return replace(self, arguments=(*self.arguments, *where), key=gateway.key, output=output)


async def fetch_nothing(model: str, percent: Percent) -> None:
    """Do nothing: a ``Fetch`` for models that are installed by other means."""


async def list_workers() -> tuple[WorkerSeen, ...]:
    """Return the workers of this user's gateway."""
    endpoint = read_endpoint()
    return await workers(endpoint) if endpoint else ()


class LocalWorker:
    """Runner of this computer's worker.

    ``post`` receives each change. Used in one event loop.
    """

    def __init__(
        self,
        post: Callable[[WorkerView], None],
        settings: LocalWorkerSettings | None = None,
        fetch: Fetch = fetch_nothing,
        list_workers: ListWorkers = list_workers,
    ) -> None:
        self.view = WorkerView()
        self.settings = settings or LocalWorkerSettings()
        self._post = post
        self._fetch = fetch
        self._list_workers = list_workers
        self._tasks = Tasks("local worker")
        self._working: asyncio.Task[None] | None = None
        self._child: Child | None = None
        self._lock = asyncio.Lock()
        self._closed = False

    async def switch(self, *, on: bool, why: Note | None = None) -> None:
        """Start the worker, or let it finish its jobs and end.

        ``why``: the reason for off. Safe to call twice.
        """
        async with self._lock:
            if self._closed:
                return
            if on and self._failed:  # retry now instead of after the pause
                await self._stop_worker()
            if on and (self._working is None or self._working.done()):
                self._begin()
            elif not on:
                await self._stop_worker()
                self._show(WorkerView(reason=why))

    async def use(self, settings: LocalWorkerSettings) -> None:
        """Run with these settings from now on.

        The worker finishes its jobs first.
        """
        async with self._lock:
            if settings == self.settings:
                return
            self.settings = settings
            if self._working is not None and not self._closed:
                await self._stop_worker()
                self._begin()

    async def close(self) -> None:
        """End the worker for good. Safe to call twice."""
        self._closed = True
        if self._child is not None:  # also during a drain, to shorten the wait when the app quits
            await self._child.stop(_STOP_S)
        async with self._lock:
            await self._stop_worker()
        await self._tasks.close()

    @property
    def _failed(self) -> bool:
        gave_up = self._child is not None and self._child.given_up is not None
        return gave_up or self.view.state is LocalWorkerState.FAILED

    def _begin(self) -> None:
        self._show(WorkerView(LocalWorkerState.STARTING))
        self._working = self._tasks.start(self._work(), "work")

    async def _stop_worker(self) -> None:
        if self._child is not None:
            await self._child.stop(_DRAIN_S)
            self._child = None
        if self._working is not None:
            await cancel_and_wait([self._working])
            self._working = None

    async def _work(self) -> None:
        try:
            if self.settings.unfit:
                raise self.settings.unfit
            await self._have_models()
            while await self._run():
                await self._have_models()
        except (AppError, SpeechError) as error:
            self._show_failure(error)
        except Exception as error:  # top level of a task: logged, and shown to the user
            log.exception(LogEvent.WORKER_FAILED)
            self._show(WorkerView(LocalWorkerState.FAILED, reason=unexpected_note(error)))

    async def _have_models(self) -> None:
        """Fetch the models. Where that fails, say why and wait until they are installed by other means."""
        try:
            for model in self.settings.models:
                await self._fetch(model, self._show_download)
            failure: AppError | SpeechError | None = None
        except SpeechError as error:
            failure = error
        while missing := await asyncio.to_thread(missing_models, self.settings.models):
            self._show_failure(failure or ModelsMissing(missing))
            await asyncio.sleep(_CHECK_S)

    async def _run(self) -> bool:
        """Run the worker until it ends for good, or until it lacks a model; return True in the latter case."""
        command = [self.settings.program or find_program(_PROGRAM), "run", *self.settings.arguments]
        output = folders().logs / f"{self.settings.output}.out"
        self._child = child = Child(_PROGRAM, command, output, _USELESS)
        if self.settings.key:
            child.secrets = {_KEY: self.settings.key}
        self._show(WorkerView(LocalWorkerState.STARTING))
        # If a remote gateway refuses this worker, the code that lends it handles that.
        trying = child.keep_trying(_WRONG_USAGE | (_REFUSED if self.settings.key else frozenset()))
        running = asyncio.create_task(trying, name="local worker/child")
        try:
            async with nullcontext() if self.settings.key else live_text():
                return await self._watch(child, running)
        finally:
            await cancel_and_wait([running])
            self._child = None

    async def _watch(self, child: Child, running: "asyncio.Task[None]") -> bool:
        """Show the state of the worker until it ends for good; return True once it lacks a model."""
        known: int | None = 0
        while not running.done():
            if error := child.given_up:
                if await asyncio.to_thread(missing_models, self.settings.models):
                    return True
                self._show(WorkerView(LocalWorkerState.FAILED, reason=note_of(error)))
            else:
                pid = child.pid
                seen = seen_as(pid, await self._list_workers(), socket.gethostname())
                known = known if seen == WorkerView(LocalWorkerState.STARTING) else pid
                # A worker that was seen before has not ended: its gateway may have restarted.
                restarts = child.starts > 1 and known != pid
                self._show(replace(seen, reason=RESTARTS) if restarts else seen)
            expected = self.view.state is LocalWorkerState.STARTING
            await asyncio.wait({running}, timeout=_CHECK_SOON_S if expected else _CHECK_S)
        await running
        return False

    def _show_download(self, percent: int | Note | ModelError) -> None:
        if isinstance(percent, ModelError):
            self._show_failure(percent)
        elif isinstance(percent, Note):
            self._show(WorkerView(LocalWorkerState.DOWNLOADING, reason=percent))
        else:
            self._show(WorkerView(LocalWorkerState.DOWNLOADING, percent=percent))

    def _show_failure(self, error: AppError | SpeechError) -> None:
        view = WorkerView(LocalWorkerState.FAILED, reason=note_of(error))
        if view != self.view:
            log.warning(LogEvent.WORKER_CANNOT_RUN, reason=str(error))
        self._show(view)

    def _show(self, view: WorkerView) -> None:
        if view != self.view:
            self.view = view
            self._post(view)


def seen_as(pid: int | None, seen: tuple[WorkerSeen, ...], host: str) -> WorkerView:
    """Return the view of the worker with process id ``pid``, from its heartbeat.

    Without one it is starting.
    """
    for worker in seen:
        if pid is not None and worker.worker.startswith(f"{host}-{pid}-"):
            state = {"idle": LocalWorkerState.IDLE, "busy": LocalWorkerState.BUSY}.get(
                worker.state, LocalWorkerState.STARTING
            )
            model = worker.model or worker.engine
            reason = Note("engine-not-loaded", {"problem": worker.problem}) if worker.problem else None
            device = "" if worker.device == _UNDECIDED else worker.device
            return WorkerView(state, device, reason=reason, jobs=worker.busy, model=model)
    return WorkerView(LocalWorkerState.STARTING)
