"""State machine for the models of this computer: actions and events in, effects out. Pure.

One model is downloaded at a time. At most one other is verified, imported or removed at once. The others wait.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from app.core.errors import Note
from app.models.engines import KINDS
from app.models.events import (
    DiskInspected,
    DownloadMeter,
    Effect,
    HaltJob,
    InstallProgress,
    JobEnded,
    ModelEvent,
    ModelOnDisk,
    ModelRequest,
    Outcome,
    RequireModel,
    RetryAt,
    RetryDue,
    RunJob,
    UseModel,
    Work,
    WorkerModel,
)
from app.models.view import (
    CancelModel,
    FetchModel,
    ImportModel,
    LocalModelView,
    ModelFacts,
    ModelState,
    ModelUse,
    PauseModel,
    Purpose,
    RemoveModel,
    VerifyModel,
)
from speech.models.progress import WaitingForLock

# -- the machine -------------------------------------------------------------------------------------------


class _AfterStop(StrEnum):
    """Steps after a requested stop of a job."""

    PAUSE = "pause"
    CANCEL = "cancel"
    AGAIN = "again"


@dataclass(frozen=True)
class _Retry:
    """Next attempt of a download, after this many ``failures`` without progress."""

    at: float
    failures: int


@dataclass
class _Job:
    work: Work
    meter: DownloadMeter
    failures: int = 0  # of this download, without progress
    folder: str = ""
    running: bool = False
    waits: bool = False  # another program is working on this model
    after_stop: _AfterStop | None = None


@dataclass
class _Entry:
    about: ModelFacts
    wheels: frozenset[str] = frozenset()
    disk: ModelOnDisk = ModelOnDisk()
    job: _Job | None = None
    paused: bool = False
    damaged: bool = False
    failed: bool = False
    next: bool = False
    retry: _Retry | None = None
    note: Note | None = None
    details: tuple[str, ...] = ()

    def reset(self) -> None:
        """Clear the messages and states of earlier jobs."""
        self.paused = self.failed = False
        self.retry, self.note, self.details = None, None, ()


_WORKING: Final = {
    Work.FETCH: ModelState.FETCHING,
    Work.IMPORT: ModelState.IMPORTING,
    Work.VERIFY: ModelState.VERIFYING,
    Work.REMOVE: ModelState.REMOVING,
    Work.ABANDON: ModelState.REMOVING,
}
_FILLS: Final = frozenset({Work.FETCH, Work.IMPORT})
_UNFIT: Final = frozenset({ModelState.FAILED, ModelState.DAMAGED})
_FIRST_PAUSE_S: Final = 10.0
_LONGEST_PAUSE_S: Final = 300.0


def pause_s(failures: int) -> float:
    """Return the pause before a download is repeated, after this many failures in a row."""
    return min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2.0 ** min(failures - 1, 16))


class ModelsState:
    """State of all models.

    ``wheels``: names of the wheels of models that have some.
    """

    def __init__(self, models: Iterable[ModelFacts], wheels: Mapping[str, frozenset[str]] | None = None) -> None:
        known = wheels or {}
        self._entries = {one.name: _Entry(one, known.get(one.name, frozenset())) for one in models}
        self._queue: list[str] = []
        self._used = WorkerModel("", running=False)

    def handle(self, event: ModelEvent) -> list[Effect]:
        """Apply an event and return its effects."""
        match event:
            case DiskInspected(disks):
                for name, disk in disks.items():
                    self._entries[name].disk = disk
                return []
            case WorkerModel():
                if event.chosen != self._used.chosen:
                    self._choose_next(None)  # a newer choice counts
                self._used = event
                return []
        entry = self._entries.get(event.name)
        if entry is None:
            return []
        effects = (
            self._report(entry, event)
            if isinstance(event, InstallProgress | JobEnded)
            else self._request(entry, event)
        )
        return effects + self._start_queued()

    def state(self, name: str) -> ModelState:
        """Return the state of a model."""
        return _state(self._entries[name])

    def retries(self, name: str) -> bool:
        """Return whether a failed download of this model will be repeated."""
        return self._entries[name].retry is not None

    def view(self, at: float) -> tuple[LocalModelView, ...]:
        """Return the views of all models at the given time."""
        return tuple(self._view(entry, at) for entry in self._entries.values())

    # -- actions -------------------------------------------------------------------------------------------

    def _request(self, entry: _Entry, event: ModelRequest | RequireModel | RetryDue) -> list[Effect]:
        match event:
            case FetchModel(use=use):
                if use is not None:
                    self._choose_next(entry if use else None)
                return self._fetch(entry)
            case RequireModel():
                return [] if entry.paused or entry.job else self._fetch(entry, first=True)
            case RetryDue(at=at) if entry.retry and entry.retry.at == at:  # else it is that of an earlier failure
                return self._fetch(entry, failures=entry.retry.failures)
            case PauseModel():
                return self._pause(entry)
            case CancelModel():
                return self._cancel(entry)
            case VerifyModel() if _state(entry) in {ModelState.INSTALLED, ModelState.DAMAGED}:
                self._enqueue(entry, Work.VERIFY)
            case ImportModel(_, folder) if not entry.job and _state(entry) is not ModelState.INSTALLED:
                self._enqueue(entry, Work.IMPORT, folder)
            case RemoveModel() if not entry.job:
                self._remove(entry)
        return []

    def _choose_next(self, chosen: _Entry | None) -> None:
        """Remember which model is used as soon as it is installed; only one can be."""
        for entry in self._entries.values():
            entry.next = entry is chosen

    def _fetch(self, entry: _Entry, *, first: bool = False, failures: int = 0) -> list[Effect]:
        if entry.job is None:
            if _state(entry) is ModelState.INSTALLED:
                return self._use_next(entry)
            self._enqueue(entry, Work.FETCH, first=first).failures = failures
        elif entry.job.after_stop is _AfterStop.PAUSE:
            entry.job.after_stop = _AfterStop.AGAIN
        return []

    def _pause(self, entry: _Entry) -> list[Effect]:
        job = entry.job
        if job is None or job.work is not Work.FETCH:
            return []
        if job.running:
            return self._request_stop(entry, _AfterStop.PAUSE)
        self._remove_entry(entry)
        entry.paused = True
        return []

    def _cancel(self, entry: _Entry) -> list[Effect]:
        job = entry.job
        entry.next = False
        if job is None:
            entry.reset()
            if entry.disk.unfinished and not entry.disk.busy:
                self._enqueue(entry, Work.ABANDON)
        elif job.work in {Work.REMOVE, Work.ABANDON}:
            return []
        elif job.running:
            return self._request_stop(entry, _AfterStop.CANCEL)
        else:
            self._remove_entry(entry)
            if job.work in _FILLS and entry.disk.unfinished:
                self._enqueue(entry, Work.ABANDON)
        return []

    def _remove(self, entry: _Entry) -> None:
        use = self._model_use(entry)
        if use is not ModelUse.NOBODY:
            entry.note = Note("models.note.used-by-app" if use is ModelUse.APP else "models.note.used-by-worker")
        else:
            self._enqueue(entry, Work.REMOVE)

    def _enqueue(self, entry: _Entry, work: Work, folder: str = "", *, first: bool = False) -> _Job:
        """Queue a job and return it; its effects follow when it starts."""
        entry.reset()
        here = entry.disk.here if work in _FILLS else {}
        entry.job = _Job(work, DownloadMeter(entry.about.size, here, entry.wheels), folder=folder)
        self._queue.insert(0 if first else len(self._queue), entry.about.name)
        return entry.job

    @staticmethod
    def _request_stop(entry: _Entry, after_stop: _AfterStop) -> list[Effect]:
        assert entry.job is not None
        before, entry.job.after_stop = entry.job.after_stop, after_stop
        return [] if before else [HaltJob(entry.about.name)]

    def _remove_entry(self, entry: _Entry) -> None:
        entry.job = None
        self._queue.remove(entry.about.name)

    def _start_queued(self) -> list[Effect]:
        """Start queued jobs and return their effects."""
        effects: list[Effect] = []
        for name in list(self._queue):
            entry = self._entries[name]
            job = entry.job
            assert job is not None
            if not self._is_running(fetching=job.work is Work.FETCH):
                job.running = True
                self._queue.remove(name)
                effects.append(RunJob(name, job.work, job.folder))
        return effects

    def _is_running(self, *, fetching: bool) -> bool:
        jobs = (entry.job for entry in self._entries.values() if entry.job and entry.job.running)
        return any((job.work is Work.FETCH) == fetching for job in jobs)

    # -- events --------------------------------------------------------------------------------------------

    def _report(self, entry: _Entry, event: InstallProgress | JobEnded) -> list[Effect]:
        job = entry.job
        if job is None or not job.running:
            return []
        if isinstance(event, InstallProgress):
            job.waits = isinstance(event.event, WaitingForLock)
            job.meter.take(event.event, event.at)
            return []
        progress = event.disk.unfinished > entry.disk.unfinished
        entry.job, entry.disk = None, event.disk
        match event.outcome:
            case Outcome.STOPPED:
                self._handle_stop(entry, job)
            case Outcome.FAILED if job.after_stop:  # it failed before it noticed the stop
                self._handle_stop(entry, job)
            case Outcome.DONE:
                entry.damaged = False
                entry.note = Note("models.note.whole") if job.work is Work.VERIFY else None
                return self._use_next(entry) if job.work in _FILLS else []
            case Outcome.DAMAGED:
                entry.damaged, entry.note, entry.details = True, event.note, event.details
            case Outcome.FAILED:
                entry.failed = job.work in _FILLS
                entry.note, entry.details = event.note, event.details
                if event.may_pass and job.work is Work.FETCH:
                    return self._retry_later(entry, event.at, 1 if progress else job.failures + 1)
        return []

    @staticmethod
    def _retry_later(entry: _Entry, at: float, failures: int) -> list[Effect]:
        entry.retry = _Retry(at + pause_s(failures), failures)
        return [RetryAt(entry.about.name, entry.retry.at)]

    @staticmethod
    def _use_next(entry: _Entry) -> list[Effect]:
        """Use an installed model if the user asked for that."""
        wanted, entry.next = entry.next, False
        return [UseModel(entry.about.name)] if wanted else []

    def _handle_stop(self, entry: _Entry, job: _Job) -> None:
        if job.after_stop is _AfterStop.AGAIN:
            self._enqueue(entry, job.work, job.folder)
            return
        entry.paused = job.after_stop is _AfterStop.PAUSE
        if job.after_stop is _AfterStop.CANCEL and job.work in _FILLS and entry.disk.unfinished:
            self._enqueue(entry, Work.ABANDON)

    # -- views ---------------------------------------------------------------------------------------------

    def _view(self, entry: _Entry, at: float) -> LocalModelView:
        state, job, about = _state(entry), entry.job, self._about(entry)
        moving = job.meter if job and job.running and not job.waits else None
        return LocalModelView(
            about,
            state,
            done=_bytes_done(entry, state, moving),
            speed=moving.speed(at) if moving else None,
            left_s=moving.left_s(at) if moving else None,
            source=moving.source if moving else "",
            installed_s=entry.disk.installed_s if entry.disk.installed else None,
            use=self._model_use(entry),
            chosen=self._used.chosen == about.name,
            next=entry.next,
            lacks=self._used.lacks.get(about.name, ""),
            waiting=bool(job and job.waits),
            stopping=bool(job and job.after_stop),
            retry_s=max(0, round(entry.retry.at - at)) if entry.retry and state in _UNFIT else None,
            note=entry.note,
            details=entry.details,
        )

    @staticmethod
    def _about(entry: _Entry) -> ModelFacts:
        """Return the facts with the size that the hub stated or that is installed."""
        if not entry.about.at_most:
            return entry.about
        expected = entry.job.meter.size if entry.job else entry.about.size
        size = entry.disk.size if entry.disk.installed else expected
        return replace(entry.about, size=size, at_most=size == entry.about.size)

    def _model_use(self, entry: _Entry) -> ModelUse:
        name = entry.about.name
        if entry.about.purpose is Purpose.VAD:
            return ModelUse.APP
        beside = KINDS[name].beside if name in KINDS else ""
        runs = self._used.running and self._used.chosen in {name, beside or name}
        return ModelUse.WORKER if runs else ModelUse.NOBODY


def _state(entry: _Entry) -> ModelState:
    if entry.job is not None:
        return _state_of_job(entry.job)
    if entry.disk.busy:
        return ModelState.BUSY
    if entry.disk.damaged or (entry.damaged and entry.disk.installed):
        return ModelState.DAMAGED
    if entry.disk.installed:
        return ModelState.INSTALLED
    if entry.failed:
        return ModelState.FAILED
    return ModelState.PAUSED if entry.paused or entry.disk.unfinished else ModelState.MISSING


def _state_of_job(job: _Job) -> ModelState:
    if not job.running:
        return ModelState.QUEUED
    return ModelState.BUSY if job.waits else _WORKING[job.work]


def _bytes_done(entry: _Entry, state: ModelState, moving: DownloadMeter | None) -> int:
    if moving is not None and state is not ModelState.REMOVING:
        return moving.done
    if state in {ModelState.INSTALLED, ModelState.DAMAGED}:
        return entry.disk.size
    return min(entry.about.size, entry.disk.unfinished)
