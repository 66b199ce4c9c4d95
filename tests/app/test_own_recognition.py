"""Tests of this computer's gateway and worker in the app: when they run, and with which model."""

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from app.core.errors import Note
from app.local_services import local_gateway
from app.local_services.worker_view import LocalWorkerState, WorkerView
from app.messages.kinds import News, Problem
from app.models.view import ModelsView, WatchModels
from app.own_recognition import WorkerOptions
from app.settings.sections import ChangeSetting, Settings
from speech.models.recommendation import ChoiceReason, Recommendation
from tests.app.test_application import home, newest, running, worker_is
from tests.helpers.ports import free_port
from tests.helpers.waiting import wait_until

__all__ = ["home"]  # a fixture

ELSEWHERE = "https://gpu.example:8765"


async def test_gateway_ends_here_while_another_one_is_chosen_and_available(home: Path) -> None:
    told: list[News] = []
    async with running(told) as (app, _):
        await wait_until(lambda: worker_is(told, LocalWorkerState.IDLE), "the worker is idle")
        here = await local_gateway.running()
        assert here is not None and app._gateways.locate().name == ""
        app.ask(ChangeSetting("gateway.fall_back", False))  # otherwise this computer would replace it
        app.ask(ChangeSetting("gateway.url", ELSEWHERE))
        off = WorkerView(reason=Note("recognised-elsewhere"))
        await wait_until(lambda: newest(told, WorkerView) == off, "the worker is off, and it is told why")
        await wait_until(lambda: not local_gateway.alive(here.endpoint.pid), "the gateway has ended")
        assert (app._gateways.locate().url, app._gateways.locate().name) == (ELSEWHERE, ELSEWHERE)
        app.ask(ChangeSetting("gateway.fall_back", True))
        instead = Problem("route", note=Note("gateway-instead", {"gateway": ELSEWHERE}))
        await wait_until(lambda: instead in told, "this computer is in the place of one that is away")
        await wait_until(lambda: worker_is(told, LocalWorkerState.IDLE), "its worker works again")
        assert await local_gateway.running() is not None and app._gateways.locate().name == ""


async def test_languages_decide_the_model_if_none_is_chosen(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dead = f"http://127.0.0.1:{free_port()}"
    for name in ("MODELSCOPE_ENDPOINT", "HF_ENDPOINT"):
        monkeypatch.setenv(name, dead)
    monkeypatch.setenv("KIKIPOUNAMU_MODELS", str(home / "no-models"))
    (home / "config").mkdir()
    (home / "config" / "settings.toml").write_text('recognition.languages = ["zh"]\nworker.on = false\n')
    received: list[News] = []
    async with running(received, WorkerOptions(by_languages=True)) as (app, _):
        app.ask(WatchModels(True))

        def default() -> Recommendation | None:
            view = newest(received, ModelsView)
            return view.default if isinstance(view, ModelsView) else None

        await wait_until(default, "the default is shown")
        assert default() == Recommendation("whisper-base", ChoiceReason.NO_HUB)
        app.ask(ChangeSetting("recognition.languages", "en"))
        english = Recommendation("whisper-base", ChoiceReason.NO_CHINESE)
        await wait_until(lambda: default() == english, "languages chosen in the first steps count at once")
        app.ask(ChangeSetting("general.welcomed", True))
        app.ask(ChangeSetting("recognition.languages", "zh"))

        def listed() -> bool:
            seen = newest(received, Settings)
            return isinstance(seen, Settings) and seen.recognition.languages == ("zh",)

        await wait_until(listed, "the languages are in effect")
        assert default() == english, "later the model changes only by choice, or at the next start"


async def test_model_that_is_chosen_while_the_default_is_sought_stays(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sought, found = threading.Event(), threading.Event()

    def seek(languages: Sequence[str], *_: object) -> Recommendation:
        if "zh" in languages:
            sought.set()
            found.wait(60)
        return Recommendation("whisper-base", ChoiceReason.NO_HUB)

    monkeypatch.setattr("app.models.service.choose_default", seek)
    (home / "config").mkdir()
    (home / "config" / "settings.toml").write_text('recognition.languages = ["en"]\nworker.on = false\n')
    received: list[News] = []
    async with running(received, WorkerOptions(by_languages=True)) as (app, _):
        worker = app._recognition.worker
        await wait_until(lambda: worker.settings.model == "whisper-base", "the default is in use")
        app.ask(ChangeSetting("recognition.languages", "zh"))
        await wait_until(sought.is_set, "another default is sought")
        app.ask(ChangeSetting("worker.model", "whisper-small"))
        await wait_until(lambda: worker.settings.model == "whisper-small", "the chosen model is in use")
        found.set()
        await wait_until(
            lambda: all(task.get_name() != "own recognition/model" for task in asyncio.all_tasks()), "it is found"
        )
        assert worker.settings.model == "whisper-small"
