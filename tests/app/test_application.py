"""Tests of the app without windows and without a screen: its reports and its reactions to actions."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import pytest

from app.application import Application, ApplicationSettings
from app.cli.control_command import line
from app.control.client import ask
from app.control.server import AlreadyRunning
from app.core.errors import Note
from app.core.sentences import Sentences
from app.dictation.actions import TestHotkeys, Verb
from app.dictation.hotkey_test import KeysSeen
from app.history.view import PlaybackView, PlayTake
from app.local_services import local_gateway
from app.local_services.local_worker import LocalWorkerSettings
from app.local_services.worker_view import LocalWorkerState, SwitchWorker, WorkerView
from app.messages.kinds import Devices, News, Problem, Takes, WindowWanted
from app.models.view import FetchModel, ModelsView, ModelUse, WatchModels
from app.onboarding.steps import MicrophoneTrial, TryMicrophone
from app.settings.sections import ChangeSetting, Settings
from runtime.folders import folders
from speech.models.recommendation import ChoiceReason, Recommendation
from tests.helpers.ports import free_port
from tests.helpers.waiting import wait_until

ELSEWHERE = "https://gpu.example:8765"
CHECKSUM = ApplicationSettings(LocalWorkerSettings((), ("--engine", "checksum")))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "XDG_SESSION_TYPE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@asynccontextmanager
async def running(
    told: list[News], settings: ApplicationSettings = CHECKSUM
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


async def no_gateway_here_while_one_elsewhere_is_chosen(app: Application, told: list[News]) -> None:
    here = await local_gateway.running()
    assert here is not None and app._locate().name == ""
    app.ask(ChangeSetting("gateway.fall_back", False))  # otherwise this computer would replace it
    app.ask(ChangeSetting("gateway.url", ELSEWHERE))
    off = WorkerView(reason=Note("recognised-elsewhere"))
    await wait_until(lambda: newest(told, WorkerView) == off, "the worker is off, and it is told why")
    await wait_until(lambda: not local_gateway.alive(here.endpoint.pid), "the gateway has ended")
    assert (app._locate().url, app._locate().name) == (ELSEWHERE, ELSEWHERE)
    app.ask(ChangeSetting("gateway.fall_back", True))
    instead = Problem("route", note=Note("gateway-instead", {"gateway": ELSEWHERE}))
    await wait_until(lambda: instead in told, "this computer is in the place of one that is away")
    await wait_until(lambda: worker_is(told, LocalWorkerState.IDLE), "its worker works again")
    assert await local_gateway.running() is not None and app._locate().name == ""


async def what_is_tried_is_told(app: Application, told: list[News]) -> None:
    app.ask(TryMicrophone(on=True))
    await wait_until(lambda: newest(told, MicrophoneTrial), "the microphone is tried")
    app.ask(TryMicrophone(on=False))
    assert newest(told, MicrophoneTrial) == MicrophoneTrial()
    app.ask(TestHotkeys(True))
    assert newest(told, KeysSeen) == KeysSeen(testing=True)


async def the_session_starts_it(app: Application, home: Path) -> None:
    entry = home / "autostart" / "kikipounamu.desktop"
    app.ask(ChangeSetting("general.autostart", True))
    await wait_until(entry.exists, "the session starts it")
    app.ask(ChangeSetting("general.autostart", False))
    await wait_until(lambda: not entry.exists(), "the session starts it no more")


async def models_are_told_and_chosen(app: Application, told: list[News]) -> None:
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
    assert app._dictation._take_parts.no_worker() == unfit.reason, "the overlay can say it"
    before = len(told)
    app.ask(SwitchWorker(True))  # the switch is already on
    await wait_until(
        lambda: WorkerView(LocalWorkerState.STARTING) in told[before:], "one that failed begins again"
    )
    app.ask(ChangeSetting("worker.model", ""))
    await wait_until(lambda: worker_is(told, LocalWorkerState.IDLE), "the usual one runs again")


def nothing_is_played_while_somebody_speaks(app: Application, told: list[News]) -> None:
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
        assert "no display" in problem(received, "insertion")
        assert Problem("hotkeys", note=Note("hotkeys-no-display")) in received
        assert problem(received, "gateway") == problem(received, "settings") == ""
        assert newest(received, WindowWanted) is None
        app.ask(Verb.SHOW)
        assert newest(received, WindowWanted)
        nothing_is_played_while_somebody_speaks(app, received)
        await models_are_told_and_chosen(app, received)
        await no_gateway_here_while_one_elsewhere_is_chosen(app, received)
        app.ask(Verb.QUIT)
        await asyncio.wait_for(task, 30)


async def test_changed_settings_are_saved_and_take_effect(home: Path) -> None:
    received: list[News] = []
    async with running(received) as (app, _):
        await wait_until(lambda: worker_is(received, LocalWorkerState.IDLE), "the worker is idle")
        app.ask(SwitchWorker(on=False))
        await wait_until(lambda: worker_is(received, LocalWorkerState.OFF), "the worker is off")
        app.ask(ChangeSetting("audio.microphone", "USB"))
        app.ask(ChangeSetting("hotkeys.mode", "hold"))

        def kept() -> bool:
            seen = newest(received, Settings)
            return isinstance(seen, Settings) and seen.audio.microphone == "USB" and seen.hotkeys.mode == "hold"

        await wait_until(kept, "both are in force")
        await what_is_tried_is_told(app, received)
        await the_session_starts_it(app, home)
        app.ask(ChangeSetting("hotkeys.mode", "sometimes"))
        await wait_until(lambda: "sometimes" in problem(received, "settings"), "it is refused")
        refused = newest(received, Problem)
        assert isinstance(refused, Problem) and refused.setting == "hotkeys.mode"
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


async def test_recordings_are_listed_again_once_their_folder_can_be_read(home: Path) -> None:
    (home / "config").mkdir()
    (home / "config" / "settings.toml").write_text("worker.on = false\n")
    received, takes = list[News](), folders().data / "takes"
    async with running(received) as (app, _):
        await wait_until(lambda: newest(received, Takes) == Takes(), "there are no takes")
        takes.symlink_to(takes)
        app._takes_changed.set()
        await wait_until(lambda: "Too many levels" in problem(received, "takes"), "the folder is refused")
        takes.unlink()
        listed = received.count(Takes())
        app._takes_changed.set()
        await wait_until(lambda: received.count(Takes()) > listed, "the takes are listed")
        assert problem(received, "takes") == ""


async def test_languages_decide_the_model_if_none_is_chosen(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dead = f"http://127.0.0.1:{free_port()}"
    for name in ("MODELSCOPE_ENDPOINT", "HF_ENDPOINT"):
        monkeypatch.setenv(name, dead)
    monkeypatch.setenv("KIKIPOUNAMU_MODELS", str(home / "no-models"))
    (home / "config").mkdir()
    (home / "config" / "settings.toml").write_text('recognition.languages = ["zh"]\nworker.on = false\n')
    received: list[News] = []
    async with running(received, ApplicationSettings(by_languages=True)) as (app, _):
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
