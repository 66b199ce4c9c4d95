"""Decide which of the three first steps are open, and how ready recognition is. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from app.core.errors import Note
from app.core.states import LOWEST_DBFS
from app.local_services.worker_view import LocalWorkerState, WorkerView
from app.models.view import UNDER_WAY, LocalModelView, ModelState, ModelUse


class Step(StrEnum):
    """The first steps; values are their names in the settings file."""

    WELCOME = "language"
    KEY = "hotkey"
    TRY = "sentence"


STEPS: Final = tuple(Step)
WELCOMED: Final = "general.welcomed"
FIRST_STEP: Final = "general.first_step"
OPEN_STEPS: Final = "general.open_steps"
"""Names of the settings."""


@dataclass(frozen=True)
class StepProgress:
    """Progress of the first steps: those to go through, the current one (``at``), and those that are done."""

    steps: tuple[Step, ...] = STEPS
    at: Step = STEPS[0]
    done: frozenset[Step] = frozenset()

    @property
    def number(self) -> int:
        """Number of the current step, from 1."""
        return self.steps.index(self.at) + 1

    @property
    def following(self) -> Step | None:
        """Next step; ``None`` after the last."""
        return self.steps[self.number] if self.number < len(self.steps) else None

    @property
    def previous(self) -> Step | None:
        """Previous step; ``None`` before the first."""
        return self.steps[self.number - 2] if self.number > 1 else None

    def open(self, before: Iterable[str] = ()) -> tuple[Step, ...]:
        """Return the steps that are not done, and those open ``before`` that are not gone through now."""
        others = frozenset(before) - frozenset(self.steps)
        mine = frozenset(self.steps) - self.done
        return tuple(step for step in STEPS if step in mine or step.value in others)

    def with_step_done(self) -> "StepProgress":
        """Return the progress with the current step done."""
        return replace(self, done=self.done | {self.at})

    def at_step(self, step: Step) -> "StepProgress":
        """Return the progress at another step."""
        return replace(self, at=step)


def initial_progress(open_steps: Iterable[str], first_step: str) -> StepProgress:
    """Return the progress that the settings describe.

    Without open steps, go through all steps; those before ``first_step`` are done.
    """
    first, named = Step(first_step), frozenset(open_steps)
    steps = tuple(step for step in STEPS if step.value in named)
    if steps:
        return StepProgress(steps, first if first in steps else steps[0])
    return StepProgress(STEPS, first, frozenset(STEPS[: STEPS.index(first)]))


MOVING: Final = UNDER_WAY | {ModelState.QUEUED}
_PAUSABLE: Final = frozenset({ModelState.QUEUED, ModelState.FETCHING})
_READY: Final = frozenset({LocalWorkerState.IDLE, LocalWorkerState.BUSY})


@dataclass(frozen=True)
class LocalReadiness:
    """Readiness of recognition.

    ``stage``: ``ready``, ``paused``, ``elsewhere`` (another computer recognises), or the state of the worker.
    ``percent``: downloaded share of the models. ``pausable``, ``paused``: models whose download can be paused or
    resumed.
    """

    stage: str = LocalWorkerState.STARTING
    percent: int = 0
    pausable: tuple[str, ...] = ()
    paused: tuple[str, ...] = ()


def readiness(worker: WorkerView | None, models: Sequence[LocalModelView], *, elsewhere: bool) -> LocalReadiness:
    """Return the readiness of recognition; ``worker`` is ``None`` until the app has reported it."""
    if elsewhere:
        return LocalReadiness("elsewhere")
    if worker is None:
        return LocalReadiness()
    if worker.state in _READY:
        return LocalReadiness("ready")
    missing = [model for model in models if _is_missing(model)]
    percent = _percent(missing) if missing else worker.percent or 0
    pausable, paused = _model_names(missing, _PAUSABLE), _model_names(missing, {ModelState.PAUSED})
    if any(model.state in MOVING for model in missing):
        return LocalReadiness(LocalWorkerState.DOWNLOADING, percent, pausable)
    if paused:
        return LocalReadiness("paused", percent, paused=paused)
    return LocalReadiness(worker.state, percent)


def _is_missing(model: LocalModelView) -> bool:
    return model.state is not ModelState.INSTALLED and (model.chosen or model.use is not ModelUse.NOBODY)


def _percent(models: Sequence[LocalModelView]) -> int:
    return min(99, 100 * sum(model.done for model in models) // max(1, sum(model.about.size for model in models)))


def _model_names(
    models: Sequence[LocalModelView], states: set[ModelState] | frozenset[ModelState]
) -> tuple[str, ...]:
    return tuple(model.name for model in models if model.state in states)


@dataclass(frozen=True)
class TryMicrophone:
    """Start or stop a microphone trial, which reports the level without a take."""

    on: bool


class MicrophoneActivity(StrEnum):
    """The activity of the microphone on trial."""

    CLOSED = "closed"
    OPENING = "opening"
    HEARING = "hearing"


@dataclass(frozen=True)
class MicrophoneTrial:
    """State of a microphone trial. ``heard``: a voice was heard from this device.

    ``quiet``: complete silence for some seconds. ``note``: the problem, if any.
    """

    hearing: MicrophoneActivity = MicrophoneActivity.CLOSED
    device: str = ""
    level_dbfs: float = LOWEST_DBFS
    heard: bool = False
    quiet: bool = False
    note: Note | None = None
