"""Models of this computer: carries out the decisions of ``state_machine`` in threads that can be stopped."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Final, Self

from app.core.daemon_thread import in_daemon_thread
from app.core.errors import Note
from app.models.advice import Advice, advise
from app.models.disk import ModelLocation, about, do, inspect_models, note_of_error, wheels_of
from app.models.engines import choose_default, engine_is_here, lacks
from app.models.events import (
    DiskInspected,
    Effect,
    HaltJob,
    InstallProgress,
    JobEnded,
    ModelEvent,
    ModelOnDisk,
    Outcome,
    RequireModel,
    RetryAt,
    RetryDue,
    RunJob,
    UseModel,
    Work,
    WorkerModel,
)
from app.models.state_machine import ModelsState
from app.models.view import ModelAction, ModelState, ModelsView, WatchModels
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.tasks import Tasks, within
from speech.models.errors import ModelDamaged, ModelError, ModelMissing, ModelUnavailable, Stopped
from speech.models.progress import Event
from speech.models.recommendation import Recommendation
from speech.models.stop import Stop

log = loggers.APP_MODELS_WORKING

Report = Callable[[int | Note | ModelError], None]
"""Receives the percentage downloaded, the reason for a wait, or the failure after which it is tried again."""

_SHOW_S: Final = 0.1
_CHECK_S: Final = 1.0
_END_S: Final = 3.0
_HERE: Final = frozenset({ModelState.INSTALLED, ModelState.VERIFYING})
_IDLE: Final = frozenset({ModelState.MISSING, ModelState.FAILED, ModelState.DAMAGED})


class Models:
    """Manager of the models; an async context manager.

    ``post`` receives views while they are visible. ``on_installed`` receives the name of each new model.
    ``use`` receives the name of the model to run on this computer. ``languages`` returns those of the user.
    ``environment`` is where engines may be installed beside the app.
    Everything here belongs to the loop that entered it.
    """

    def __init__(
        self,
        post: Callable[[ModelsView], None],
        place: ModelLocation | None = None,
    ) -> None:
        self._post = post
        self.on_installed: Callable[[str], None] = lambda name: None
        self.use: Callable[[str], None] = lambda name: None
        self.languages: Callable[[], Sequence[str]] = lambda: ()
        self.environment = ""
        self._default: Recommendation | None = None
        self._language_changes = 0
        self._place = place or ModelLocation()
        known = self._place.catalogue.models
        self._models = ModelsState(map(about, known), {model.name: wheels_of(model) for model in known})
        self._tasks = Tasks("models")
        self._stops: dict[str, Stop] = {}
        self._errors: dict[str, ModelError] = {}
        self._room: int | None = None
        self._advice = Advice()
        self._ended = 0
        self._used: tuple[str, bool] | None = None
        self._changed, self._seen = asyncio.Event(), asyncio.Event()
        self._inspected = asyncio.Event()
        self._next = asyncio.Event()
        self._open = False

    async def __aenter__(self) -> Self:
        self._open = True
        self._tasks.keep(self._inspect, "inspect")
        self._tasks.keep(self._keep_inspecting, "keep inspecting")
        self._tasks.keep(self._show_forever, "show")
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop downloads; they resume at the next start."""
        self._open = False
        for stop in self._stops.values():
            stop.request()
        async with within(_END_S):
            while self._stops:
                await self._next.wait()
        await self._tasks.close()

    def ask(self, action: ModelAction) -> None:
        """Start an action of the user; returns at once."""
        if isinstance(action, WatchModels):
            if action.on:
                self._seen.set()
            else:
                self._seen.clear()
            self._change()
        elif self._open:
            self._tasks.start(self._after_inspection(action), "ask")

    def set_used_model(self, chosen: str, *, running: bool) -> None:
        """Set which model this computer's worker uses, and whether the worker runs."""
        if (chosen, running) == self._used:
            return
        self._used = chosen, running
        here = partial(engine_is_here, environment=self.environment)
        missing = {model.name: lacks(model.name, here) for model in self._place.catalogue.models}
        self._handle(WorkerModel(chosen, running, missing))

    async def choose(self) -> str:
        """Return the model for the user's languages, in use unless another one is chosen.

        It stays the same until ``choose_again``.
        """
        while self._default is None:
            place, changes = self._place, self._language_changes
            choose = partial(choose_default, self.languages(), place.catalogue, place.folder, place.environment)
            choice = await in_daemon_thread(choose, "choose a model")
            if changes == self._language_changes:  # else it is for the languages of before
                self._default = choice
                log.info(LogEvent.ENGINE_CHOSEN, model=choice.model, why=choice.reason)
                self._change()
        return self._default.model

    def choose_again(self) -> None:
        """Forget the model for the user's languages, because these have changed."""
        self._default, self._language_changes = None, self._language_changes + 1

    async def have(self, name: str, report: Report) -> None:
        """Download this model if necessary, and wait for it even while the user pauses the download.

        Raises ``ModelError`` if another try is useless.
        """
        self._place.catalogue.model(name)
        await self._inspected.wait()
        if self._models.state(name) not in _HERE:
            self._handle(RequireModel(name))
        while (state := self._models.state(name)) not in _HERE:
            if not self._open:
                await asyncio.Event().wait()  # closing: the caller will be cancelled
            if state in _IDLE:
                report(self._passing_error(name, state))
                await asyncio.sleep(_CHECK_S)
                await self._inspect_again(name)  # another program may install it in the meantime
                continue
            report(self._progress(name))
            await self._next.wait()
            await asyncio.sleep(_SHOW_S)  # a fast disk reports each mebibyte

    def _passing_error(self, name: str, state: ModelState) -> ModelError:
        """Return the error of a download that will be retried. Raise it if no retry is planned."""
        known = self._errors.get(name) if state is not ModelState.MISSING else None
        error = known or ModelMissing(name)  # missing without an error: the user has cancelled
        if not self._models.retries(name):
            raise error
        return error

    async def _inspect_again(self, name: str) -> None:
        found = await asyncio.to_thread(inspect_models, self._place, [name])
        if name not in self._stops:
            self._handle(DiskInspected(found))

    def _progress(self, name: str) -> int | Note:
        view = next(view for view in self._models.view(time.monotonic()) if view.name == name)
        if view.state is ModelState.PAUSED:
            return Note("model-paused", {"model": name})
        return view.percent

    # -- jobs ----------------------------------------------------------------------------------------------

    async def _after_inspection(self, action: ModelEvent) -> None:
        await self._inspected.wait()
        self._handle(action)

    def _handle(self, event: ModelEvent) -> None:
        for effect in self._models.handle(event):
            self._perform(effect)
        self._change()

    def _perform(self, effect: Effect) -> None:
        match effect:
            case RunJob(name) if self._open:
                self._stops[name] = Stop()
                self._tasks.start(self._run(effect, self._stops[name]), f"{effect.work} {name}")
            case HaltJob(name) if name in self._stops:
                self._stops[name].request()
            case RetryAt(name, at) if self._open:
                self._tasks.start(self._retry_at(name, at), f"retry {name}")
            case UseModel(name):
                self.use(name)

    async def _retry_at(self, name: str, at: float) -> None:
        await asyncio.sleep(at - time.monotonic())
        self._handle(RetryDue(name, at))

    async def _run(self, run: RunJob, stop: Stop) -> None:
        loop = asyncio.get_running_loop()

        def report(event: Event) -> None:
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(self._handle, InstallProgress(run.name, event, time.monotonic()))

        outcome, note, details, may_pass = Outcome.DONE, None, tuple[str, ...](), False
        self._errors.pop(run.name, None)
        try:
            await in_daemon_thread(partial(do, self._place, run, report, stop), f"{run.work} {run.name}")
        except Stopped:
            outcome = Outcome.STOPPED
        except ModelError as error:
            log.warning(LogEvent.MODEL_ACTION_FAILED, model=run.name, work=run.work, reason=str(error))
            self._errors[run.name] = error
            outcome = Outcome.DAMAGED if isinstance(error, ModelDamaged) else Outcome.FAILED
            note, details = note_of_error(error, run)
            may_pass = isinstance(error, ModelUnavailable) and error.may_pass
        except Exception as error:  # last resort of the thread: log it and show it to the user
            log.exception(LogEvent.MODEL_ACTION_FAILED, model=run.name, work=run.work)
            outcome, note = Outcome.FAILED, Note("models.note.broken", {"error": type(error).__name__})
        finally:
            del self._stops[run.name]
            self._ended += 1
            self._change()
        found = await asyncio.to_thread(inspect_models, self._place, [run.name], frozenset([run.name]))
        self._room = await asyncio.to_thread(self._place.room)
        disk, now = found.get(run.name, ModelOnDisk()), time.monotonic()
        self._handle(JobEnded(run.name, outcome, disk, note, details, may_pass, now))
        if outcome is Outcome.DONE and run.work in {Work.FETCH, Work.IMPORT}:
            self.on_installed(run.name)

    # -- views ---------------------------------------------------------------------------------------------

    async def _inspect(self) -> None:
        names = self._place.catalogue.names
        mine, ended = frozenset(self._stops), self._ended
        found = await asyncio.to_thread(inspect_models, self._place, names, mine)
        self._room = await asyncio.to_thread(self._place.room)
        if ended == self._ended:  # otherwise the result may be older than the end of a job
            changing = mine | self._stops.keys()
            self._handle(DiskInspected({name: disk for name, disk in found.items() if name not in changing}))
            self._inspected.set()
        self._advice = await asyncio.to_thread(advise, self._place.catalogue.models, self.languages())
        self._change()

    async def _keep_inspecting(self) -> None:
        """Inspect the disk repeatedly while the list is visible: other programs change models too."""
        while True:
            await self._seen.wait()
            await self._inspect()
            await asyncio.sleep(_CHECK_S)

    async def _show_forever(self) -> None:
        while True:
            await self._seen.wait()
            await self._inspected.wait()
            await self._changed.wait()
            self._changed.clear()
            views = self._models.view(time.monotonic())
            speeds, best, languages = self._advice
            folder = str(self._place.folder)
            self._post(ModelsView(views, folder, self._room, speeds, best, self._default, languages))
            await asyncio.sleep(_SHOW_S)

    def _change(self) -> None:
        self._changed.set()
        self._next.set()
        self._next = asyncio.Event()
