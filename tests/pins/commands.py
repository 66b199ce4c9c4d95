"""The commands of the four console scripts, and the help of each."""

import json
from collections.abc import Iterator
from typing import Any, Final

from typer import Typer
from typer.main import get_command
from typer.testing import CliRunner, Result

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
_WIDE: Final = 2000
_MARGIN: Final = 2  # which a real terminal keeps


def commands() -> str:
    """Return the words of every command: the options, defaults and variables of each, hidden ones too."""
    found = []
    for path, command in all_commands():
        found += [" ".join(path), *(f"  {_taken(parameter)}" for parameter in command.params)]
    return "".join(f"{line}\n" for line in found)


def help_texts() -> str:
    """Return the help of every command, without line breaks for a width."""
    found = []
    for path, _ in all_commands():
        shown = help_of(path, _WIDE)
        lines = (" ".join(line.split()) for line in shown.output.splitlines())
        found += [f"# {' '.join(path)}: {shown.exit_code}", *filter(None, lines)]
    return "".join(f"{line}\n" for line in found)


def help_of(path: tuple[str, ...], columns: int) -> Result:
    """Run the command with ``--help`` in a terminal of this width."""
    program, words = SCRIPTS[path[0]], [*path[1:], "--help"]
    return CliRunner().invoke(program, words, prog_name=path[0], terminal_width=columns - _MARGIN)


def all_commands() -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield the words of every command, and the command."""
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
