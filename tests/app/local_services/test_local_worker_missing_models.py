"""LocalWorker without its models, and with a gateway that is away."""

import os
import shutil
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from app.core.errors import Note
from app.local_services.local_gateway import WorkerSeen
from app.local_services.local_worker import RESTARTS, Fetch, LocalWorker, LocalWorkerSettings, Percent
from app.local_services.worker_view import LocalWorkerState, WorkerView
from speech.models.errors import ModelMissing
from tests.helpers.waiting import wait_until

MODEL = "fsmn-vad"
MISSING = WorkerView(LocalWorkerState.FAILED, reason=Note("models-missing", {"names": MODEL}))
Install = Callable[[], object]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of models, which is empty."""
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    monkeypatch.setenv("KIKIPOUNAMU_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


@pytest.fixture
def install(folder: Path, models: Path) -> Install:
    return lambda: shutil.copytree(models / MODEL, folder / MODEL)


async def nobody() -> tuple[WorkerSeen, ...]:
    return ()


@asynccontextmanager
async def worker_of(folder: Path, fetch: Fetch, script: str = "exec sleep 600") -> AsyncIterator[LocalWorker]:
    """A worker whose program is a shell script."""
    program = folder.parent / "program"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)
    settings = LocalWorkerSettings((MODEL,), (), program=str(program))
    worker = LocalWorker(lambda view: None, settings, fetch, nobody)
    try:
        yield worker
    finally:
        await worker.close()


def runs(worker: LocalWorker) -> bool:
    return worker._child is not None and worker._child.pid is not None


async def test_worker_runs_once_the_model_is_installed_by_other_means(folder: Path, install: Install) -> None:
    tries: list[str] = []

    async def fetch(model: str, percent: Percent) -> None:
        tries.append(model)
        raise ModelMissing(model)

    async with worker_of(folder, fetch) as worker:
        await worker.switch(on=True)
        await wait_until(lambda: worker.view == MISSING, "it failed")
        await worker.switch(on=True)
        await wait_until(lambda: len(tries) == 2, "a request fetches it again, without a pause")
        await wait_until(lambda: worker.view == MISSING, "it failed again")
        install()
        await wait_until(lambda: runs(worker), "its program runs")
        assert worker.view.state is LocalWorkerState.STARTING and len(tries) == 2


async def test_worker_without_a_fetcher_waits_for_its_model(folder: Path, install: Install) -> None:
    async def fetch(model: str, percent: Percent) -> None:
        """Install nothing, like a worker whose models others install."""

    async with worker_of(folder, fetch) as worker:
        await worker.switch(on=True)
        await wait_until(lambda: worker.view == MISSING, "it failed")
        install()
        await wait_until(lambda: runs(worker), "its program runs")


async def test_worker_fetches_a_model_again_that_was_removed(folder: Path, install: Install) -> None:
    fetched: list[str] = []

    async def fetch(model: str, percent: Percent) -> None:
        fetched.append(model)
        install()

    async with worker_of(folder, fetch, "exit 3") as worker:
        await worker.switch(on=True)
        await wait_until(lambda: worker.view.reason and worker.view.reason.key == "program-ends", "it cannot run")
        shutil.rmtree(folder / MODEL)
        await wait_until(lambda: len(fetched) == 2, "the model is fetched again")


async def test_worker_that_was_seen_has_not_ended_when_its_gateway_is_away(folder: Path, install: Install) -> None:
    views: list[WorkerView] = []
    answers = True

    async def fetch(model: str, percent: Percent) -> None:
        """Find the model installed."""

    async def seen() -> tuple[WorkerSeen, ...]:
        pid = worker._child.pid if worker._child else None
        return (WorkerSeen(f"{os.uname().nodename}-{pid}-ab", "idle"),) if answers else ()

    install()
    async with worker_of(folder, fetch) as worker:
        worker._post, worker._list_workers = views.append, seen
        await worker.switch(on=True)
        await wait_until(lambda: worker.view.state is LocalWorkerState.IDLE, "it is idle")
        assert worker._child is not None and worker._child.pid is not None
        answers = False
        os.kill(worker._child.pid, signal.SIGKILL)
        await wait_until(lambda: WorkerView(LocalWorkerState.STARTING, reason=RESTARTS) in views, "it ended")
        answers = True
        await wait_until(lambda: worker.view.state is LocalWorkerState.IDLE, "another one is idle")
        answers = False
        await wait_until(lambda: worker.view.state is LocalWorkerState.STARTING, "its gateway is away")
        assert worker.view.reason is None
