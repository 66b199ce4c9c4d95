"""Tests that every number on a command line has limits, and that the limit is named when it is exceeded."""

from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.main import get_command
from typer.testing import CliRunner

from app.cli.main import app as dictation
from backend.cli.main import app as gateway
from loadtest.cli import app as loadtest
from worker.cli import cli as worker

PROGRAMS = {"kikipounamu": dictation, "gateway": gateway, "worker": worker, "loadtest": loadtest}


def numbers(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Yield the type of each option of a command and of its commands whose value is a number."""
    for inner, other in getattr(command, "commands", {}).items():
        yield from numbers(other, f"{name} {inner}")
    for option in command.params:
        if option.type.name.startswith(("int", "float")):
            yield f"{name} {option.opts[0]}", option.type


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_number_has_limits(name: str) -> None:
    found = dict(numbers(get_command(PROGRAMS[name]), name))
    unlimited = [
        which for which, kind in found.items() if None in (getattr(kind, "min", None), getattr(kind, "max", None))
    ]
    assert found and not unlimited


@pytest.mark.parametrize(
    ("program", "words", "said"),
    [
        (loadtest, ["sessions", "--count", "99999999999"], "99999999999 is not in the range 1<=x<=100000"),
        (loadtest, ["idle", "--most-percent", "-1"], "-1.0 is not in the range 0.0<=x<=100000.0"),
        (loadtest, ["plan", "--speakers", "1", "--lag", "nan"], "'--lag': nan is not a finite number"),
        (dictation, ["microphones", "--seconds", "nan"], "'--seconds': nan is not a finite number"),
        (dictation, ["logs", "--segment", "99999999999"], "99999999999 is not in the range 0<=x<=10000000"),
    ],
)
def test_number_beyond_its_limit_is_refused_with_the_limit(
    program: typer.Typer, words: list[str], said: str
) -> None:
    done = CliRunner().invoke(program, words)
    assert done.exit_code == 2 and said in " ".join(done.output.split())
