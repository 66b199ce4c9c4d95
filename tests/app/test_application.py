"""Tests of the app without windows and without a screen: its reports and its reactions to actions."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import pytest

from app.application import Application
from app.cli.control_command import line
from app.control.client import ControlRefused, ask
from app.control.server import AlreadyRunning
from app.core.errors import ModelUnfit, Note
from app.core.sentences import Sentences
from app.dictation.actions import SuspendHotkeys, TestHotkeys, Verb
from app.dictation.hotkey_test import KeysSeen
from app.dictation.view import View
from app.history.view import PlaybackView, PlayTake
from app.local_services.local_worker import LocalWorkerSettings
from app.local_services.worker_view import LocalWorkerState, SwitchWorker, WorkerView
from app.messages.kinds import Devices, News, Problem, Takes, WindowWanted
from app.models.view import FetchModel, ModelsView, ModelUse, WatchModels
from app.onboarding.steps import MicrophoneTrial, TryMicrophone
from app.own_recognition import WorkerOptions
from app.settings.sections import ChangeSetting, Settings
from runtime.folders import folders
from tests.helpers.waiting import wait_until

ELSEWHERE = "https://gpu.example:8765"
CHECKSUM = WorkerOptions(LocalWorkerSettings((), ("--engine", "checksum")))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "XDG_SESSION_TYPE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@asynccontextmanager
async def running(
    told: list[News], settings: WorkerOptions = CHECKSUM
) -> AsyncIterator[tuple[Application, "asyncio.Task[None]"]]:
    app = Application(told.append, settings)
    task = asyncio.create_task(app.run())
    try:
        yield app, task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def newest(told: list[News], kind: type[News]) -> News | None:
    return next((news for news in reversed(told) if isinstance(news, kind)), None)


def problem(told: list[News], about: str) -> str:
    """Return the text of the current problem about a topic, or an empty string."""
    of = [news.text for news in told if isinstance(news, Problem) and news.about == about]
    return of[-1] if of else ""


def worker_is(told: list[News], state: LocalWorkerState) -> bool:
    seen = newest(told, WorkerView)
    return isinstance(seen, WorkerView) and seen.state is state


async def trials_of_microphone_and_keys_are_reported(app: Application, told: list[News]) -> None:
    app.ask(TryMicrophone(on=True))
    await wait_until(lambda: newest(told, MicrophoneTrial), "the microphone is tried")
    app.ask(TryMicrophone(on=False))
    assert newest(told, MicrophoneTrial) == MicrophoneTrial()
    app.ask(TestHotkeys(True))
    assert newest(told, KeysSeen) == KeysSeen(testing=True)


async def models_are_reported_and_chosen(app: Application, told: list[News]) -> None:
    app.ask(WatchModels(True))
    await wait_until(lambda: newest(told, ModelsView), "the models")
    view = newest(told, ModelsView)
    assert isinstance(view, ModelsView) and view.models[0].use is ModelUse.APP
    app.ask(FetchModel("fsmn-vad", use=True))
    unfit = WorkerView(LocalWorkerState.FAILED, reason=Note("model-unfit", {"model": "fsmn-vad"}))
    await wait_until(
        lambda: newest(told, WorkerView) == unfit, "it is here and therefore used, but no engine runs it"
    )
    assert app._dictation is not None
    assert app._dictation._parts.no_worker() == unfit.reason, "the overlay can say it"
    before = len(told)
    app.ask(SwitchWorker(True))  # the switch is already on
    await wait_until(
        lambda: WorkerView(LocalWorkerState.STARTING) in told[before:], "the failed worker starts again"
    )
    app.ask(ChangeSetting("worker.model", ""))
    await wait_until(lambda: worker_is(told, LocalWorkerState.IDLE), "the usual one runs again")


def nothing_is_played_during_a_recording(app: Application, told: list[News]) -> None:
    app.ask(Verb.START)
    app.ask(PlayTake(UUID(int=1)))
    playing = newest(told, PlaybackView)
    assert isinstance(playing, PlaybackView) and playing.note == Note("dictation-records")
    app.ask(Verb.CANCEL)


async def test_app_reports_its_state_and_reacts_to_changes(home: Path) -> None:
    received: list[News] = []
    async with running(received) as (app, task):
        await wait_until(lambda: worker_is(received, LocalWorkerState.IDLE), "the worker is idle")
        await wait_until(lambda: newest(received, Devices), "the microphones")
        await wait_until(lambda: newest(received, Takes) == Takes(), "there are no takes")
        assert newest(received, Settings) == Settings()
        await wait_until(lambda: newest(received, View), "the first view is reported")
        assert "no display" in problem(received, "insertion")
        assert Problem("hotkeys", note=Note("hotkeys-no-display")) in received
        assert problem(received, "gateway") == problem(received, "settings") == ""
        assert newest(received, WindowWanted) is None
        app.ask(Verb.SHOW)
        assert newest(received, WindowWanted)
        nothing_is_played_during_a_recording(app, received)
        await models_are_reported_and_chosen(app, received)
        with pytest.raises(ControlRefused, match="no text to paste"):
            await asyncio.to_thread(ask, {"verb": "paste-held"})
        app.ask(Verb.QUIT)
        await asyncio.wait_for(task, 30)


async def test_changed_settings_are_saved_and_take_effect(home: Path) -> None:
    received: list[News] = []
    async with running(received) as (app, _):
        await wait_until(lambda: worker_is(received, LocalWorkerState.IDLE), "the worker is idle")
        app.ask(SwitchWorker(on=False))
        await wait_until(lambda: worker_is(received, LocalWorkerState.OFF), "the worker is off")
        assert app._dictation is not None and app._dictation._parts.no_worker() == Note("worker-off")
        app.ask(ChangeSetting("audio.microphone", "USB"))
        app.ask(ChangeSetting("hotkeys.mode", "hold"))

        def kept() -> bool:
            seen = newest(received, Settings)
            return isinstance(seen, Settings) and seen.audio.microphone == "USB" and seen.hotkeys.mode == "hold"

        await wait_until(kept, "both are in force")
        await trials_of_microphone_and_keys_are_reported(app, received)
    assert 'microphone = "USB"' in (folders().config / "settings.toml").read_text()


async def test_actions_during_start_are_performed_once_services_run(home: Path) -> None:
    received: list[News] = []
    async with running(received) as (app, _):
        app.ask(WatchModels(True))
        app.ask(ChangeSetting("hotkeys.mode", "hold"))
        assert received == [], "nothing runs yet"
        await wait_until(lambda: newest(received, ModelsView), "it is answered")

        def changed() -> bool:
            seen = newest(received, Settings)
            return isinstance(seen, Settings) and seen.hotkeys.mode == "hold"

        await wait_until(changed, "the setting is in effect")


async def test_status_names_invalid_settings_and_why_the_gateway_ends(home: Path) -> None:
    (home / "config").mkdir()
    (home / "config" / "settings.toml").write_text('worker.on = false\nhotkeys.mode = "sometimes"\n')
    (home / "config" / "gateway.toml").write_text('port = "x"\n')
    received: list[News] = []
    async with running(received):
        await wait_until(lambda: problem(received, "gateway"), "the gateway cannot run")
        view = (await asyncio.to_thread(ask, {"verb": "status"}))["view"]
    said = line(view, Sentences())
    assert "hotkeys.mode (settings.toml:2)" in said and "hold" in said
    assert "gateway.toml is invalid: port = 'x' is not a whole number" in said and "correct it" in said


async def test_status_says_why_recognition_on_this_computer_fails(home: Path) -> None:
    received: list[News] = []
    unfit = WorkerOptions(LocalWorkerSettings((), (), ModelUnfit("SenseVoiceSmall", "funasr")))
    async with running(received, unfit):
        await wait_until(lambda: worker_is(received, LocalWorkerState.FAILED), "the worker cannot run")
        view = (await asyncio.to_thread(ask, {"verb": "status"}))["view"]
    assert [one["key"] for one in view["problems"]] == ["model-needs-extra"]


async def test_status_says_that_the_user_paused_the_key(home: Path) -> None:
    received: list[News] = []

    async def problems() -> list[str]:
        view = (await asyncio.to_thread(ask, {"verb": "status"}))["view"]
        return [one["key"] for one in view["problems"]]

    async with running(received) as (app, _):
        await wait_until(lambda: newest(received, View), "it is ready")
        assert await problems() == []
        app.ask(SuspendHotkeys(True))
        assert await problems() == ["hotkeys-paused"]
        app.ask(SuspendHotkeys(False))
        assert await problems() == []


async def test_second_app_of_user_is_refused(home: Path) -> None:
    received: list[News] = []
    async with running(received):
        await wait_until(lambda: newest(received, Settings), "the first one runs")
        with pytest.raises(AlreadyRunning, match="already running"):
            await Application(received.append, CHECKSUM).run()


async def test_quit_during_start_ends_app(home: Path) -> None:
    async with running([]) as (app, task):
        await asyncio.sleep(0)  # let it begin
        app.ask(Verb.QUIT)
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, 30)
