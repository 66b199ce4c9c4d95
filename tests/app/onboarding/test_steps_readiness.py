"""Stages on the way to recognition, from the worker and from the models that it needs."""

from dataclasses import replace

import pytest

from app.core.errors import Note
from app.local_services.worker_view import LocalWorkerState, WorkerView
from app.models.view import LocalModelView, ModelFacts, ModelState, ModelUse
from app.onboarding.steps import LocalReadiness, readiness

LOADING = WorkerView(LocalWorkerState.DOWNLOADING, percent=7)
MODEL = LocalModelView(ModelFacts("base", size=300), ModelState.FETCHING, 120, chosen=True)
SECOND = LocalModelView(ModelFacts("words", size=100), ModelState.QUEUED, use=ModelUse.WORKER)
OTHER = LocalModelView(ModelFacts("large", size=9_000), ModelState.FETCHING, 10)


@pytest.mark.parametrize(
    ("worker", "stage"),
    [
        (None, "starting"),
        (WorkerView(LocalWorkerState.STARTING), "starting"),
        (WorkerView(LocalWorkerState.IDLE), "ready"),
        (WorkerView(LocalWorkerState.BUSY), "ready"),
        (WorkerView(LocalWorkerState.FAILED, reason=Note("models-disk-full")), "failed"),
        (WorkerView(), "off"),
    ],
)
def test_stage_follows_the_worker(worker: WorkerView | None, stage: str) -> None:
    assert readiness(worker, (), elsewhere=False).stage == stage
    assert readiness(worker, (MODEL,), elsewhere=True).stage == "elsewhere"


def test_download_counts_all_models_that_are_needed() -> None:
    assert readiness(LOADING, (), elsewhere=False) == LocalReadiness("downloading", 7)
    found = readiness(LOADING, (MODEL, SECOND, OTHER), elsewhere=False)
    assert found == LocalReadiness("downloading", 30, ("base", "words"))


def test_download_continues_while_one_of_two_models_is_paused() -> None:
    paused = replace(MODEL, state=ModelState.PAUSED)
    assert readiness(LOADING, (paused,), elsewhere=False) == LocalReadiness("paused", 40, (), ("base",))
    assert readiness(LOADING, (paused, SECOND), elsewhere=False).stage == "downloading"


def test_verification_cannot_be_paused() -> None:
    found = readiness(LOADING, (replace(MODEL, state=ModelState.VERIFYING, done=300),), elsewhere=False)
    assert found == LocalReadiness("downloading", 99)


def test_models_do_not_matter_once_the_worker_runs() -> None:
    assert readiness(WorkerView(LocalWorkerState.IDLE), (MODEL,), elsewhere=False) == LocalReadiness("ready")
