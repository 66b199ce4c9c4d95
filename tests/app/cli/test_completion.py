"""Tests of completion in the shells: values, scripts, and what each shell asks of the program."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from uuid import UUID

import pytest
from typer.testing import CliRunner

from app.cli import completion
from app.cli.main import app
from app.core.format import Format
from app.gateways.store import GatewayStore, PairedGateway, gateways_file
from app.models.engines import engine_of

PROGRAM = Path(sys.executable).parent / "kikipounamu"
FIRST, SECOND = str(UUID(int=1)), str(UUID(int=2))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    monkeypatch.delenv("KIKIPOUNAMU_MODELS", raising=False)
    for number, name in enumerate((FIRST, SECOND)):
        folder = tmp_path / "data" / "takes" / name
        folder.mkdir(parents=True)
        os.utime(folder, (1_000_000 + number, 1_000_000 + number))
    (tmp_path / "data" / "models" / "whisper-base").mkdir(parents=True)
    return tmp_path


def values(found: list[tuple[str, str]]) -> list[str]:
    return [value for value, _ in found]


def test_takes_are_completed_newest_first_with_their_time() -> None:
    assert values(completion.complete_take()) == [SECOND, FIRST]
    assert all(day.startswith("1970-01-1") for _, day in completion.complete_take())


def test_models_are_completed_from_catalogue_or_from_disk() -> None:
    assert "fsmn-vad" in values(completion.complete_model())
    assert values(completion.complete_installed_model()) == ["whisper-base"]


def test_gateways_are_completed_by_name_or_by_id_if_name_has_spaces() -> None:
    tower = PairedGateway(("https://10.0.0.7:8765",), "ab" * 32, "d", "k", own_name="The tower")
    desk = PairedGateway(("https://10.0.0.8:8765",), "cd" * 32, "d", "k", own_name="desk")
    GatewayStore(gateways_file()).write((tower, desk))
    assert completion.complete_gateway() == [(tower.id, "The tower"), ("desk", "desk")]


def test_languages_and_engines_are_completed() -> None:
    assert {"auto", "en", "zh"} <= set(values(completion.complete_language()))
    assert engine_of("whisper-base") in values(completion.complete_engine())


@pytest.mark.parametrize(
    "complete", [completion.complete_take, completion.complete_installed_model, completion.complete_gateway]
)
def test_completion_of_new_computer_is_empty(
    complete: Callable[[], list[tuple[str, str]]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path / "new"))
    assert complete() == []


def asked(shell: str, words: str) -> list[str]:
    """Return the answer to what the script of a shell asks when Tab is pressed after these words."""
    variables = {
        "_KIKIPOUNAMU_COMPLETE": f"complete_{shell}",
        "_TYPER_COMPLETE_ARGS": words,
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }
    return CliRunner().invoke(app, [], env=variables, prog_name="kikipounamu").stdout.splitlines()


@cache
def script_for(shell: str) -> str:
    """Return what the program prints for a shell to source."""
    variables = {"_KIKIPOUNAMU_COMPLETE": f"source_{shell}"}
    return CliRunner().invoke(app, [], env=variables, prog_name="kikipounamu").stdout


def in_bash(*words: str) -> list[str]:
    """Return the words that bash offers when Tab is pressed after these words."""
    code = (
        f"{script_for('bash')}\n"
        + """
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        _kikipounamu_completion "$0"
        printf '%s\\n' "${COMPREPLY[@]}"
    """
    )
    command = ["bash", "-c", code, str(PROGRAM), *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.split()


@pytest.mark.skipif(sys.platform == "win32", reason="needs Linux or macOS: bash")
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["kikipounamu", "mod"], ["models"]),
        (["kikipounamu", "takes", "show", ""], [SECOND, FIRST]),
        (["kikipounamu", "takes", "export", "--form"], ["--format"]),
        (["kikipounamu", "transcribe", "--format", ""], list(Format)),
        (["kikipounamu", "paste-held", FIRST[:-1]], [SECOND, FIRST]),
    ],
)
def test_bash_completes_commands_options_and_values(words: list[str], offered: list[str]) -> None:
    assert sorted(in_bash(*words)) == sorted(offered)


def test_fish_and_zsh_get_values_with_descriptions() -> None:
    ids = asked("fish", "kikipounamu takes show ")
    assert [line.partition("\t")[0] for line in ids] == [SECOND, FIRST] and "1970" in ids[0]
    assert any(FIRST in line and "1970" in line for line in asked("zsh", "kikipounamu takes show "))
    assert asked("fish", "kikipounamu mode")[0].startswith("models\t")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_has_a_script(shell: str) -> None:
    script = script_for(shell)
    assert "_KIKIPOUNAMU_COMPLETE" in script and json.dumps(shell).strip('"') in script
