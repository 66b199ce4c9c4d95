"""The commands of the four console scripts, and what ``--help`` says of each."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from typer import Typer
from typer.main import get_command
from typer.testing import CliRunner

from app.cli.main import app
from backend.cli.main import app as gateway
from loadtest.cli import app as loadtest
from worker.cli import cli as worker

SCRIPTS: Final[dict[str, Typer]] = {
    "kikipounamu": app,
    "kikipounamu-gateway": gateway,
    "kikipounamu-worker": worker,
    "kikipounamu-loadtest": loadtest,
}
_WIDE: Final = {"COLUMNS": "2000", "NO_COLOR": "1"}
_FRAMES: Final = re.compile(r"\x1b\[[\d;]*m|[\u2500-\u257f]")


def commands() -> str:
    """Return the words of every command: the options, defaults and variables of each, hidden ones too."""
    found = []
    for path, command in _all_commands():
        found += [" ".join(path), *(f"  {_taken(parameter)}" for parameter in command.params)]
    return "".join(f"{line}\n" for line in found)


def help_texts() -> str:
    """Return what ``--help`` says of every command, without frames and line breaks for a width."""
    found = []
    for path, _ in _all_commands():
        shown = CliRunner().invoke(SCRIPTS[path[0]], [*path[1:], "--help"], env=_WIDE, prog_name=path[0])
        lines = (" ".join(line.split()) for line in _FRAMES.sub("", shown.output).splitlines())
        found += [f"# {' '.join(path)}: {shown.exit_code}", *filter(None, lines)]
    return "".join(f"{line}\n" for line in found)


def _all_commands() -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, script in SCRIPTS.items():
        yield from _walk((name,), get_command(script))


def _walk(path: tuple[str, ...], command: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield path, command
    for name, inner in getattr(command, "commands", {}).items():
        yield from _walk((*path, name), inner)


def _taken(parameter: Any) -> str:
    parts = ["/".join((*parameter.opts, *parameter.secondary_opts))]
    parts += ["required"] if parameter.required else [f"= {json.dumps(parameter.default, default=str)}"]
    parts += ["flag"] if getattr(parameter, "is_flag", False) else []
    parts += ["repeatable"] if parameter.multiple or parameter.nargs != 1 else []
    parts += [f"${parameter.envvar}"] if parameter.envvar else []
    parts += ["hidden"] if getattr(parameter, "hidden", False) else []
    return " ".join(parts)
