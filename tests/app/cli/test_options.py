"""Tests of options that are validated before a command begins."""

import pytest
import typer
from typer.testing import CliRunner

from app.cli.options import Engine, Language
from app.settings import checks

program = typer.Typer()


@program.command()
def say(language: Language = "auto", engine: Engine = "") -> None:
    typer.echo(f"{language}{engine}")


def refused(*words: str) -> str:
    done = CliRunner().invoke(program, words)
    assert done.exit_code == 2
    return " ".join(done.stderr.replace("│", "").split())


@pytest.mark.parametrize("code", ["auto", "de", "yue"])
def test_language_option_accepts_languages_of_settings(code: str) -> None:
    assert CliRunner().invoke(program, ["--language", code]).stdout == f"{code}\n"
    assert CliRunner().invoke(program, []).stdout == "auto\n"


def test_language_option_rejects_others_with_message_of_settings() -> None:
    assert checks.language("German") in refused("--language", "German")


def test_language_that_no_model_knows_is_refused() -> None:
    """A recording in it would get no text: each of its segments would fail."""
    said = refused("--language", "xx")
    assert "no model knows the language 'xx'" in said and ", de," in said


@pytest.mark.parametrize("engine", ["whisper", "checksum", "tests.helpers.ruler_engine:create"])
def test_engine_option_accepts_installed_engines_and_functions(engine: str) -> None:
    assert CliRunner().invoke(program, ["--engine", engine]).stdout == f"auto{engine}\n"


def test_unknown_engine_is_refused_before_anything_starts() -> None:
    said = refused("--engine", "nonsense")
    assert "there is no engine 'nonsense'" in said and "whisper" in said
