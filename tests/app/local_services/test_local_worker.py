"""Tests of this computer's worker with fake collaborators, and one with a real process."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from app.core.errors import ModelUnfit, Note
from app.local_services.local_gateway import WorkerSeen
from app.local_services.local_worker import RESTARTS, LocalWorker, LocalWorkerSettings, Percent, seen_as
from app.local_services.stack import Stack, StackSettings
from app.local_services.worker_view import LocalWorkerState, WorkerView
from client.connection import Address
from runtime.installing import extra_command
from speech.models.errors import ModelUnavailable
from tests.helpers.waiting import wait_until

CHECKSUM = LocalWorkerSettings((), ("--engine", "checksum"))


@asynccontextmanager
async def closing(worker: LocalWorker) -> AsyncIterator[LocalWorker]:
    try:
        yield worker
    finally:
        await worker.close()


async def nobody() -> tuple[WorkerSeen, ...]:
    return ()


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        ((), WorkerView(LocalWorkerState.STARTING)),
        ((WorkerSeen("host-8-ab", "idle"),), WorkerView(LocalWorkerState.STARTING)),
        ((WorkerSeen("other-7-ab", "idle"),), WorkerView(LocalWorkerState.STARTING)),
        (
            (WorkerSeen("host-7-ab", "busy", "funasr", "m", "cuda:0", 3),),
            WorkerView(LocalWorkerState.BUSY, "cuda:0", jobs=3, model="m"),
        ),
        (
            (WorkerSeen("host-7-ab", "idle", "whisper", "base", "cpu"),),
            WorkerView(LocalWorkerState.IDLE, "cpu", model="base"),
        ),
        (
            (WorkerSeen("host-7-ab", "busy", "checksum", "", "cpu"),),
            WorkerView(LocalWorkerState.BUSY, "cpu", model="checksum"),
        ),
        (
            (WorkerSeen("host-7-ab", "starting", device="cpu", model="m", problem="it was killed"),),
            WorkerView(
                LocalWorkerState.STARTING,
                "cpu",
                reason=Note("engine-not-loaded", {"problem": "it was killed"}),
                model="m",
            ),
        ),
        (
            (WorkerSeen("host-7-ab", "starting", device="auto", model="m"),),
            WorkerView(LocalWorkerState.STARTING, model="m"),
        ),
        (
            (WorkerSeen("host-7-ab", "draining", device="cpu", model="m"),),
            WorkerView(LocalWorkerState.STARTING, "cpu", model="m"),
        ),
    ],
)
def test_worker_view_follows_heartbeat(seen: tuple[WorkerSeen, ...], expected: WorkerView) -> None:
    assert seen_as(7, seen, "host") == expected


async def test_worker_fetches_model_first_and_reports_progress() -> None:
    received: list[WorkerView] = []
    goes_on = asyncio.Event()

    async def fetch(model: str, percent: Percent) -> None:
        percent(0)
        percent(40)
        await goes_on.wait()

    async with closing(LocalWorker(received.append, LocalWorkerSettings(("m",)), fetch, nobody)) as worker:
        await worker.switch(on=True)
        await wait_until(lambda: len(received) == 3, "the download is told")
        assert received[1:] == [WorkerView(LocalWorkerState.DOWNLOADING, percent=done) for done in (0, 40)]
        await worker.switch(on=False, why=Note("recognised-elsewhere"))
        assert worker.view == WorkerView(reason=Note("recognised-elsewhere"))
    await worker.switch(on=True)
    assert worker.view.state is LocalWorkerState.OFF, "it has been ended for good"


async def test_worker_fails_on_unexpected_error() -> None:
    async def fetch(model: str, percent: Percent) -> None:
        raise OSError("no room")

    worker = LocalWorker(lambda view: None, LocalWorkerSettings(("m",)), fetch, nobody)
    async with closing(worker):
        await worker.switch(on=True)
        await wait_until(lambda: worker.view.state is LocalWorkerState.FAILED, "it failed")
        assert worker.view.reason is not None


async def test_real_worker_is_switched_on_and_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    views, idle = list[WorkerView](), WorkerView(LocalWorkerState.IDLE, "cpu", model="checksum")
    worker = LocalWorker(views.append, CHECKSUM)
    async with Stack(StackSettings(worker=False)) as stack, closing(worker):
        assert set(stack.children) == {"kikipounamu-gateway"}
        await worker.switch(on=True)
        await worker.switch(on=True)
        await wait_until(lambda: worker.view == idle, "it is idle")
        assert worker._child is not None and worker._child.pid is not None
        os.kill(worker._child.pid, signal.SIGKILL)
        await wait_until(lambda: worker.view != idle, "its end is noticed")
        await wait_until(lambda: worker.view == idle, "another one is idle")
        assert WorkerView(LocalWorkerState.STARTING, reason=RESTARTS) in views
        await worker.switch(on=False)
        assert worker.view == WorkerView()
        await worker.switch(on=True)
        assert worker.view == WorkerView(LocalWorkerState.STARTING)


async def test_worker_that_cannot_run_reports_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    program = tmp_path / "cannot-run"
    program.write_text("#!/bin/sh\nexit 3\n")
    program.chmod(0o700)
    settings = LocalWorkerSettings((), (), program=str(program))
    worker = LocalWorker(lambda view: None, settings, list_workers=nobody)
    async with closing(worker):
        await worker.switch(on=True)
        await wait_until(lambda: worker.view.state is LocalWorkerState.FAILED, "it failed")
        assert worker.view.reason and worker.view.reason.key == "program-ends"
        first = worker.view
        await worker.switch(on=True)
        assert worker.view.state is LocalWorkerState.STARTING, "switching it on does not wait for the next try"
        await wait_until(lambda: worker.view == first, "it failed again")
        await worker.use(CHECKSUM)
        assert worker.view.state is LocalWorkerState.STARTING


async def test_worker_whose_model_was_deleted_reports_that_in_the_language_of_the_windows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    monkeypatch.setenv("KIKIPOUNAMU_MODELS", str(tmp_path / "models"))
    worker = LocalWorker(lambda view: None, LocalWorkerSettings(("whisper-base",)), list_workers=nobody)
    async with closing(worker):
        await worker.switch(on=True)
        await wait_until(lambda: worker.view.state is LocalWorkerState.FAILED, "it failed")
        assert worker.view.reason == Note("models-missing", {"names": "whisper-base"})


async def test_worker_with_wrong_arguments_is_not_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    settings = LocalWorkerSettings((), ("--nonsense",))
    worker = LocalWorker(lambda view: None, settings, list_workers=nobody)
    async with closing(worker):
        await worker.switch(on=True)
        await wait_until(lambda: worker.view.state is LocalWorkerState.FAILED, "it failed")
        child = "local worker/child"
        await wait_until(lambda: child not in {task.get_name() for task in asyncio.all_tasks()}, "it is over")
    assert "No such option" in (tmp_path / "logs" / "kikipounamu-worker.out").read_text()


async def test_worker_reports_paused_download() -> None:
    paused = Note("model-paused", {"model": "m"})
    waits = asyncio.Event()

    async def fetch(model: str, percent: Percent) -> None:
        percent(paused)
        await waits.wait()

    async with closing(LocalWorker(lambda view: None, LocalWorkerSettings(("m",)), fetch, nobody)) as worker:
        await worker.switch(on=True)
        await wait_until(lambda: worker.view.reason == paused, "it waits")
        assert worker.view.state is LocalWorkerState.DOWNLOADING


async def test_worker_reports_failed_download_that_is_repeated() -> None:
    waits = asyncio.Event()
    error = ModelUnavailable("m", ["a.bin"], [], may_pass=True)

    async def fetch(model: str, percent: Percent) -> None:
        percent(error)
        await waits.wait()
        percent(40)
        await asyncio.Event().wait()

    async with closing(LocalWorker(lambda view: None, LocalWorkerSettings(("m",)), fetch, nobody)) as worker:
        await worker.switch(on=True)
        failed = WorkerView(LocalWorkerState.FAILED, reason=Note("model-away", {"model": "m"}))
        await wait_until(lambda: worker.view == failed, "the failure is shown")
        waits.set()
        loads = WorkerView(LocalWorkerState.DOWNLOADING, percent=40)
        await wait_until(lambda: worker.view == loads, "the repetition is shown")


async def test_worker_switches_models_and_reports_unfit_one() -> None:
    fetched: list[str] = []

    async def fetch(model: str, percent: Percent) -> None:
        fetched.append(model)
        await asyncio.Event().wait()

    unfit = ModelUnfit("SenseVoiceSmall", "funasr")
    async with closing(LocalWorker(lambda view: None, LocalWorkerSettings(("a",)), fetch, nobody)) as worker:
        await worker.use(LocalWorkerSettings(("b",)))
        await worker.switch(on=True)
        await wait_until(lambda: fetched == ["b"], "the one that was chosen before is fetched")
        await worker.use(LocalWorkerSettings(("c",)))
        await wait_until(lambda: fetched == ["b", "c"], "the other one is")
        await worker.use(LocalWorkerSettings((), (), unfit))
        await wait_until(lambda: worker.view.state is LocalWorkerState.FAILED, "it cannot run")
        assert worker.view.reason == Note(
            "model-needs-extra", {"model": "SenseVoiceSmall", "install": extra_command("funasr")}
        )
        await worker.use(LocalWorkerSettings(("b",)))
        await wait_until(lambda: fetched == ["b", "c", "b"], "a better choice makes it try again")
        await worker.use(LocalWorkerSettings(("b",)))
        await worker.switch(on=False)
        await worker.use(LocalWorkerSettings(("c",)))
        assert worker.view.state is LocalWorkerState.OFF
    assert fetched == ["b", "c", "b"]


def test_worker_settings_follow_chosen_model() -> None:
    usual = LocalWorkerSettings()
    assert (usual.model, usual.running("")) == ("whisper-base", usual)
    other = usual.running("whisper-base")
    assert other.models == ("fsmn-vad", "whisper-base")
    assert other.arguments == ("--engine", "whisper", "--model", "whisper-base")
    unfit = CHECKSUM.running("Fun-ASR-Nano")
    assert isinstance(unfit.unfit, ModelUnfit) and unfit.model == ""
    assert CHECKSUM.model == ""


def test_limits_are_passed_to_worker() -> None:
    limited = ("--engine", "checksum", "--threads", "3", "--gpu-memory", "4096")
    assert CHECKSUM.with_limits(3, 4096).arguments == limited
    assert CHECKSUM.with_limits(0, 4096).arguments == ("--engine", "checksum", "--gpu-memory", "4096")
    assert CHECKSUM.with_limits(0, 0) == CHECKSUM
    unfit = LocalWorkerSettings((), (), ModelUnfit("m"))
    assert unfit.with_limits(2, 2) == unfit


def test_worker_for_remote_gateway_hides_key() -> None:
    there = Address("https://10.0.0.7:8765", "secret", "desk", "ab" * 32)
    lent = CHECKSUM.for_gateway(there, "lent")
    assert lent.arguments[2:] == ("--gateway", there.url, "--certificate-sha256", there.certificate_sha256)
    assert lent.key == "secret" and "secret" not in repr(lent) + " ".join(lent.arguments)
    unfit = LocalWorkerSettings((), (), ModelUnfit("m"))
    assert unfit.for_gateway(there, "lent") == unfit
