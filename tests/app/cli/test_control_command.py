import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import asdict
from functools import partial
from importlib.metadata import version
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from app.cli import control_command
from app.cli.control_command import began_s
from app.control import app_end
from app.control.server import ControlServer
from app.core.errors import Note, ProgramEnds
from app.core.sentences import Sentences, text_of_note
from app.core.states import State
from app.dictation.actions import HELD_ACTIONS, KeyCommand, KeyMove, SettleHeld, Verb
from app.dictation.view import View
from runtime.folders import folders
from tests.helpers.waiting import wait_until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs Linux or macOS: unix sockets")

LINE = (
    "● Listening 12 s · 3 s not sent · To: desk · Recognising 2 earlier recordings"
    " · 1 text to paste: kikipounamu paste-held"
)
RECORDING = "0f0e7f1a-2111-4111-8111-111111111111"
CODE = "import sys; from app.cli.entry import main; main()"


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path / "home"))
    return dict(os.environ)


class App:
    def __init__(self) -> None:
        self.asked: list[Verb | SettleHeld | KeyCommand] = []
        self.view = View(State.LISTENING, 12.4, unsent_s=3.2, destination="desk", waiting=2, held=1)
        self.control = ControlServer(self._take, lambda: self.view)

    async def _take(self, verb: Verb | SettleHeld | KeyCommand) -> None:
        self.asked.append(verb)


@pytest.fixture
async def app(environment: dict[str, str]) -> AsyncIterator[App]:
    app = App()
    async with app.control:
        yield app


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines()


async def run(environment: dict[str, str], *words: str, code: str = CODE) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, *words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def test_status_names_invalid_settings_although_the_app_does_not_run(environment: dict[str, str]) -> None:
    folders().config.mkdir(parents=True)
    own, gateway = folders().config / "settings.toml", folders().config / "gateway.toml"
    own.write_text("[history]\ndays = -1\n")
    gateway.write_text("port = 99999999\n")
    status, out, err = await run(environment, "status")
    first, second, third = err.splitlines()
    assert (status, out) == (1, "") and "kikipounamu is not running" in first
    assert second.startswith(f"{own} is invalid: history.days") and second.endswith("remove it for the default")
    assert third.startswith(f"{gateway} is invalid: port = 99999999 is not") and "correct it" in third


async def test_every_verb_reaches_running_app(app: App, environment: dict[str, str]) -> None:
    verbs = [verb for verb in Verb if verb is not Verb.QUIT]
    for verb in verbs:
        assert await asyncio.to_thread(control_command.quick, [verb.value]) == 0
    assert app.asked == verbs


@pytest.mark.parametrize(
    ("ends", "status", "told"), [("y", 0, ""), ("ny", 0, "finished first"), ("nn", 1, "still runs")]
)
def test_quit_waits_until_every_process_has_ended(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], ends: str, status: int, told: str
) -> None:
    asked: list[dict[str, str]] = []

    def ask(request: dict[str, str]) -> None:
        asked.append(request)

    answers = list(ends)
    monkeypatch.setattr(app_end, "wait_for_end", lambda processes, patience_s: answers.pop(0) == "y")
    monkeypatch.setattr(control_command, "ask", ask)
    assert control_command.perform(Verb.QUIT) == status
    assert asked == [{"verb": "quit"}] and not answers
    assert told in capsys.readouterr().err


async def test_quit_has_nothing_to_do_when_no_app_runs(environment: dict[str, str]) -> None:
    assert await run(environment, Verb.QUIT) == (0, "kikipounamu is not running\n", "")


async def test_key_reaches_running_app_with_the_start_of_its_process(
    app: App, environment: dict[str, str]
) -> None:
    assert await run(environment, "key", "dictate", "press") == (0, "", "")
    assert await run(environment, "key", "dictate", "release") == (0, "", "")
    first, second = app.asked
    assert isinstance(first, KeyCommand) and isinstance(second, KeyCommand)
    assert (first.move, second.move) == (KeyMove.PRESS, KeyMove.RELEASE)
    assert began_s() < first.at_s < second.at_s or sys.platform != "linux"
    status, _, err = await run(environment, "key", "sing", "tap")
    assert status == 1 and "dictate" in err


def test_toggle_says_when_it_began_and_other_verbs_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, object]] = []
    monkeypatch.setattr(control_command, "ask", asked.append)
    monkeypatch.setattr(control_command, "began_s", lambda: 2.5)
    assert control_command.perform(Verb.TOGGLE) == control_command.perform(Verb.STOP) == 0
    assert asked == [{"verb": "toggle", "at_s": 2.5}, {"verb": "stop"}]


@pytest.mark.parametrize("verb", list(HELD_ACTIONS))
async def test_held_text_verb_with_id_names_recording(verb: Verb, app: App, environment: dict[str, str]) -> None:
    assert await asyncio.to_thread(control_command.quick, [verb.value, RECORDING]) == 0
    assert app.asked == [SettleHeld(RECORDING, HELD_ACTIONS[verb])]


async def test_beginning_of_id_names_recording(app: App, environment: dict[str, str]) -> None:
    (folders().data / "takes" / RECORDING).mkdir(parents=True)
    assert await asyncio.to_thread(control_command.quick, [Verb.COPY_HELD, RECORDING[:6].upper()]) == 0
    assert app.asked == [SettleHeld(RECORDING, HELD_ACTIONS[Verb.COPY_HELD])]
    status, out, err = await run(environment, Verb.COPY_HELD, "ffff")
    assert (status, out) == (1, "") and "takes list" in err
    assert len(app.asked) == 1


async def test_status_prints_text_or_json(app: App, environment: dict[str, str]) -> None:
    status, out, _ = await run(environment, "status")
    assert (status, out) == (0, f"{LINE}\n")
    status, out, _ = await run(environment, "status", "--json")
    assert status == 0 and json.loads(out)["state"] == "listening"


def test_status_of_starting_app_says_starting() -> None:
    view = asdict(View()) | {"state": "starting"}
    assert control_command.line(view, Sentences("en")) == "○ Starting"


async def test_status_follow_prints_changes_until_app_ends(environment: dict[str, str], tmp_path: Path) -> None:
    app = App()
    with (tmp_path / "out").open("wb") as output:
        async with app.control:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", CODE, "status", "--follow", "--json"), env=environment, stdout=output
            )
            lines = partial(_lines, tmp_path / "out")
            await wait_until(lambda: len(lines()) == 1, "the first line is there")
            app.view = View(State.DONE)
            app.control.changed()
            await wait_until(lambda: len(lines()) == 2, "the change is there")
        assert await asyncio.wait_for(process.wait(), 30) == 0
    assert [json.loads(line)["state"] for line in lines()] == ["listening", "done"]


def test_status_follow_prints_no_line_twice_in_a_row(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    views = [View(State.LISTENING, seconds) for seconds in (1.0, 1.1, 1.2, 2.0)]
    monkeypatch.setattr(control_command, "follow", lambda: (asdict(view) for view in views))
    assert control_command.status(following=True, as_json=False) == 0
    assert capsys.readouterr().out.splitlines() == ["● Listening 1 s", "● Listening 2 s"]


async def test_status_follow_ends_quietly_when_reader_closes_pipe(app: App, environment: dict[str, str]) -> None:
    command = f"{sys.executable} -c '{CODE}' status --follow | head -n 1"
    process = await asyncio.create_subprocess_shell(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    reading = asyncio.ensure_future(process.communicate())

    async def ended() -> bool:
        app.view = View(State.LISTENING, app.view.seconds + 1)
        app.control.changed()
        return reading.done()

    await wait_until(ended, "it has ended")
    out, err = await reading
    assert out.startswith("●".encode()) and err == b""


async def test_commands_explain_how_to_start_app_when_none_runs(environment: dict[str, str]) -> None:
    for words in (["toggle"], ["status"], ["status", "--follow", "--json"]):
        status, out, err = await run(environment, *words)
        assert (status, out) == (1, "") and "kikipounamu is not running: start it" in err
    assert not folders().runtime.exists()


async def test_verb_runs_without_heavy_imports(app: App, environment: dict[str, str]) -> None:
    heavy = {"PySide6", "aiohttp", "asyncio", "logging", "msgspec", "numpy", "platformdirs", "rich", "typer"}
    code = (
        "import sys\nfrom app.cli import control_command\n"
        "assert control_command.quick(sys.argv[1:]) == 0\n"
        f"print(sorted({heavy!r} & set(sys.modules)))"
    )
    for words in (["toggle"], ["status"], ["key", "dictate", "tap"]):
        status, out, err = await run(environment, *words, code=code)
        assert status == 0, err
        assert out.splitlines()[-1] == "[]"
    assert app.asked[0] == Verb.TOGGLE


@pytest.mark.parametrize(
    "words",
    [
        *([], ["listen"], ["toggle", "--help"], ["status", "--jason"], ["takes", "list"]),
        *(["toggle", "x"], ["key", "dictate"]),
    ],
)
def test_quick_leaves_other_words_to_full_command_line(words: list[str]) -> None:
    assert control_command.quick(words) is None


@pytest.mark.parametrize("state", list(State))
def test_line_names_every_state(state: State) -> None:
    for words in (Sentences("en"), Sentences("zh")):
        line = control_command.line(json.loads(json.dumps(asdict(View(state)))), words)
        assert line.endswith(f" {words(state.key)}")


@pytest.mark.parametrize(("unsent_s", "said"), [(0.4, ""), (1.2, " · 1 s not sent")])
def test_line_names_unsent_audio_of_a_second_and_more(unsent_s: float, said: str) -> None:
    view = json.loads(json.dumps(asdict(View(State.SENDING, unsent_s=unsent_s))))
    assert control_command.line(view, Sentences()) == f"▲ Sending{said}"


def test_line_is_written_as_its_language_is() -> None:
    view = json.loads(json.dumps(asdict(View(State.LISTENING, 12.4, earlier=2))))
    assert control_command.line(view, Sentences("en")) == (
        "● Listening 12 s · 2 earlier recordings to paste: kikipounamu takes list"
    )
    assert control_command.line(view, Sentences("zh")) == (
        "● 正在聆听 12 秒 · 之前有 2 条录音待粘贴：kikipounamu takes list"
    )


def test_line_explains_what_is_wrong() -> None:
    note = Note("microphone-failed", reason=Note("take-busy"))
    view = json.loads(json.dumps(asdict(View(State.FAILED, note=note))))
    assert control_command.line(view, Sentences()).endswith(f" · {text_of_note(Sentences(), note)}")
    for unknown in ({"key": "of-a-later-version", "values": {}}, {"key": "microphone-failed", "values": {}}):
        assert control_command.line(view | {"note": {"reason": None, **unknown}}, Sentences()) == "✗ Failed"


def test_line_names_each_problem_of_the_settings_and_the_gateway() -> None:
    bad = Note("setting-not-allowed", {"place": "dictation.mode (settings.toml:3)", "allowed": "hold, toggle"})
    ends = ProgramEnds("kikipounamu-gateway", 2, ": [e] cannot_run reason='gateway.toml is invalid: x'").note
    assert ends is not None
    view = json.loads(json.dumps(asdict(View(problems=(bad, ends)))))
    line = control_command.line(view, Sentences())
    assert "dictation.mode (settings.toml:3). Allowed: hold, toggle" in line
    assert line.endswith("gateway.toml is invalid: x")
    del view["problems"]  # as of an app of an earlier version
    assert control_command.line(view, Sentences()).endswith(Sentences()(State.IDLE.key))


def test_line_says_once_why_a_recording_waits_and_recognition_fails() -> None:
    failed = Note("model-unavailable", {"model": "whisper-base"})
    view = json.loads(json.dumps(asdict(View(State.WAITING, 5.0, note=failed, problems=(failed,)))))
    assert control_command.line(view, Sentences()).count("could not be downloaded") == 1


async def test_version_is_reported_without_heavy_imports(environment: dict[str, str]) -> None:
    code = (
        "import sys\nfrom app.cli import control_command\n"
        "assert control_command.quick(sys.argv[1:]) == 0\n"
        "print(sorted({'PySide6', 'numpy', 'typer', 'msgspec'} & set(sys.modules)))"
    )
    status, out, err = await run(environment, "--version", code=code)
    assert (status, err) == (0, "") and out.splitlines() == [f"kikipounamu {version('kikipounamu')}", "[]"]


def test_full_command_line_has_verbs_with_help(environment: dict[str, str]) -> None:
    full = typer.Typer()
    control_command.register(full)
    shown = CliRunner().invoke(full, ["--help"])
    assert shown.exit_code == 0 and all(verb.value in shown.output for verb in Verb) and "status" in shown.output
    assert CliRunner().invoke(full, ["status", "--json"]).exit_code == 1
    assert CliRunner().invoke(full, ["toggle"]).exit_code == 1
    assert CliRunner().invoke(full, ["key", "dictate", "tap"]).exit_code == 1
    assert CliRunner().invoke(full, ["key", "dictate", "stroke"]).exit_code == 2
