"""Write the man pages of the programs from their commands: man(7) as groff and mandoc read it."""

import re
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any, Final

from typer.main import get_command

PROGRAMS: Final = {
    "kikipounamu": "app.cli.main:app",
    "kikipounamu-gateway": "backend.cli.main:app",
    "kikipounamu-worker": "worker.cli:cli",
    "kikipounamu-loadtest": "loadtest.cli:app",
}
"""Each program with the place of its commands."""

_PLAIN_COMMANDS: Final = "Commands"
_CODE: Final = re.compile(r"`([^`]+)`")


def man_page(program: str, version: str, date: str) -> str:
    """Return the man page of a program in section 1; ``date``: as YYYY-MM-DD."""
    module, _, name = PROGRAMS[program].partition(":")
    command = get_command(getattr(import_module(module), name))
    context = command.make_context(program, [], resilient_parsing=True)
    lines = [
        f'.TH {program.upper()} 1 "{date}" "kikipounamu {version}" "User Commands"',
        ".SH NAME",
        f"{escaped(program)} \\- {escaped(_name_line(command.help))}",
        ".SH SYNOPSIS",
        f".B {escaped(program)}",
        "[\\fIOPTION\\fR]... \\fICOMMAND\\fR [\\fIARGUMENT\\fR]...",
        ".SH DESCRIPTION",
        *paragraphs(command.help),
        *paragraphs(command.epilog),
        ".SH OPTIONS",
        *_parameters(command, context),
        *_sections(command, context),
        ".SH SEE ALSO",
        ",\n".join(f".BR {escaped(other)} (1)" for other in PROGRAMS if other != program),
    ]
    return "\n".join([*lines, ""])


def escaped(text: str) -> str:
    """Return a text that roff prints as it is; a word in back quotes becomes bold."""
    safe = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("^", "\\(ha")
    safe = safe.replace("~", "\\(ti")
    return _CODE.sub(r"\\fB\1\\fR", f"\\&{safe}" if safe.startswith(".") else safe)


def paragraphs(text: str | None) -> Iterator[str]:
    """Yield the lines of the paragraphs of a help text."""
    for paragraph in filter(None, (text or "").split("\n\n")):
        yield from (".PP", escaped(" ".join(paragraph.split())))


def _name_line(text: str | None) -> str:
    """Return the first paragraph of a help text in the form of a line of ``whatis``."""
    first = (text or "").split("\n\n")[0].strip().rstrip(".")
    return first[:1].lower() + first[1:]


def _sections(command: Any, context: Any) -> Iterator[str]:
    """Yield the commands in the sections of ``--help``, in its order."""
    found: dict[str, list[Any]] = {str(title): [] for title in getattr(command, "titles", ())}
    for inner in command.commands.values():
        title = getattr(inner, "rich_help_panel", None) or _PLAIN_COMMANDS
        found.setdefault(str(title) if isinstance(title, str) else _PLAIN_COMMANDS, []).append(inner)
    for title, commands in found.items():
        shown = [line for inner in commands for line in _command(inner, context)]
        yield from (f'.SH "{escaped(title).upper()}"', *shown) if shown else ()


def _command(command: Any, parent: Any) -> Iterator[str]:
    """Yield a command with its usage, description and parameters, then the commands below it."""
    if command.hidden:
        return
    context = type(parent)(command, info_name=command.name, parent=parent)
    path = context.command_path
    inner = getattr(command, "commands", {})
    if inner and not command.params:
        for one in inner.values():
            yield from _command(one, context)
        return
    yield f'.SS "{escaped(path)}"'
    yield from (".B " + escaped(path), _usage(command, context))
    yield from paragraphs(command.help)
    yield from _parameters(command, context)
    yield from paragraphs(command.epilog)
    for one in inner.values():
        yield from _command(one, context)


def _usage(command: Any, context: Any) -> str:
    return " ".join(f"\\fI{escaped(piece)}\\fR" for piece in command.collect_usage_pieces(context))


def _parameters(command: Any, context: Any) -> Iterator[str]:
    """Yield arguments and options with their help; ``--help`` is the same everywhere and left out."""
    for parameter in command.get_params(context):
        record: Sequence[str] | None = parameter.get_help_record(context)
        if record is None or "--help" in parameter.opts:
            continue
        name, description = record
        yield from (".TP", f"\\fB{escaped(' '.join(name.split()))}\\fR", escaped(" ".join(description.split())))
