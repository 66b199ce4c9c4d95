"""Readiness of recognition on this computer, and what is missing. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.local_services.worker_view import LocalWorkerState, WorkerView
from app.models.view import UNDER_WAY, LocalModelView, ModelState, ModelUse


class ReadinessStage(StrEnum):
    """Stages on the way to recognition. ``ELSEWHERE``: another computer recognises."""

    STARTING = "starting"
    DOWNLOADING = "downloading"
    PAUSED = "paused"
    FAILED = "failed"
    OFF = "off"
    READY = "ready"
    ELSEWHERE = "elsewhere"


MOVING: Final = UNDER_WAY | {ModelState.QUEUED}
_PAUSABLE: Final = frozenset({ModelState.QUEUED, ModelState.FETCHING})
_READY: Final = frozenset({LocalWorkerState.IDLE, LocalWorkerState.BUSY})
_PLAIN: Final = {
    LocalWorkerState.FAILED: ReadinessStage.FAILED,
    LocalWorkerState.OFF: ReadinessStage.OFF,
    LocalWorkerState.STARTING: ReadinessStage.STARTING,
    LocalWorkerState.DOWNLOADING: ReadinessStage.DOWNLOADING,
}


@dataclass(frozen=True)
class Readiness:
    """The stage, the share of the models that is here, and the models whose download can be paused or resumed."""

    stage: ReadinessStage = ReadinessStage.STARTING
    percent: int = 0
    pausable: tuple[str, ...] = ()
    paused: tuple[str, ...] = ()


def readiness(worker: WorkerView | None, models: Sequence[LocalModelView], *, elsewhere: bool) -> Readiness:
    """Return how far recognition is; ``worker`` is ``None`` until the app has reported it."""
    if elsewhere:
        return Readiness(ReadinessStage.ELSEWHERE)
    if worker is None:
        return Readiness()
    if worker.state in _READY:
        return Readiness(ReadinessStage.READY)
    missing = [model for model in models if _is_missing(model)]
    percent = _percent(missing) if missing else worker.percent or 0
    pausable, paused = _named(missing, _PAUSABLE), _named(missing, {ModelState.PAUSED})
    if any(model.state in MOVING for model in missing):
        return Readiness(ReadinessStage.DOWNLOADING, percent, pausable)
    if paused:
        return Readiness(ReadinessStage.PAUSED, percent, paused=paused)
    return Readiness(_PLAIN[worker.state], percent)


def _is_missing(model: LocalModelView) -> bool:
    return model.state is not ModelState.INSTALLED and (model.chosen or model.use is not ModelUse.NOBODY)


def _percent(models: Sequence[LocalModelView]) -> int:
    return min(99, 100 * sum(model.done for model in models) // max(1, sum(model.about.size for model in models)))


def _named(models: Sequence[LocalModelView], states: set[ModelState] | frozenset[ModelState]) -> tuple[str, ...]:
    return tuple(model.name for model in models if model.state in states)
