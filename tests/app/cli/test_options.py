"""Tests of options that are validated before a command begins."""

import pytest
import typer
from typer.testing import CliRunner

from app.cli.options import Language
from app.settings import checks

program = typer.Typer()


@program.command()
def say(language: Language = "auto") -> None:
    typer.echo(language)


@pytest.mark.parametrize("code", ["auto", "de", "yue"])
def test_language_option_accepts_languages_of_settings(code: str) -> None:
    assert CliRunner().invoke(program, ["--language", code]).stdout == f"{code}\n"
    assert CliRunner().invoke(program, []).stdout == "auto\n"


def test_language_option_rejects_others_with_message_of_settings() -> None:
    refused = CliRunner().invoke(program, ["--language", "German"])
    assert refused.exit_code == 2
    assert checks.language("German") in " ".join(refused.stderr.replace("│", "").split())
