"""Define the style of every command line of the project, and how its commands end after an error.

Help is plain text, so that no name is cut in a narrow terminal and screen readers meet no frames.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from math import isfinite
from typing import Annotated, Any, ClassVar, Final

import typer
from typer.core import TyperCommand, TyperGroup

from runtime.folders import is_refused, refusal
from runtime.terminal import say

_PACKAGE: Final = "kikipounamu"
_OTHERS: Final = "Commands"


class CommandGroup(TyperGroup):
    """A group of commands that prints its help, successfully, when it is called without a command.

    ``titles``: the order of the sections of commands. A command is in the section of its ``rich_help_panel``.
    """

    titles: ClassVar[tuple[str, ...]] = ()

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Print the help and exit with 0 if there is no argument."""
        if not args and not ctx.resilient_parsing:
            typer.echo(ctx.get_help())
            ctx.exit()
        return super().parse_args(ctx, args)

    def format_help_text(self, ctx: Any, formatter: Any) -> None:
        """Write the description, then the commands, because readers look for these first."""
        super().format_help_text(ctx, formatter)
        sections: dict[str, list[tuple[str, str]]] = {title: [] for title in self.titles}
        shown = [(name, command) for name, command in self.commands.items() if not command.hidden]
        widest = max(len(name) for name, _ in shown)
        for name, command in shown:
            title = getattr(command, "rich_help_panel", None) or _OTHERS
            sections.setdefault(title, []).append((f"{name:{widest}}", _summary(command)))
        for title, rows in sections.items():
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write nothing: ``format_help_text`` has written the commands."""


class FiniteCommand(TyperCommand):
    """A command that accepts only finite numbers: options with limits admit NaN, and mostly infinity."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command. Refuse a number that is not finite."""
        for name, value in ctx.params.items():
            for number in value if isinstance(value, list | tuple) else (value,):
                if isinstance(number, float) and not isfinite(number):
                    option = f"--{name.replace('_', '-')}"
                    raise typer.BadParameter(f"{number} is not a finite number", ctx=ctx, param_hint=f"'{option}'")
        return super().invoke(ctx)


def group(summary: str, kind: type[CommandGroup] = CommandGroup, **options: Any) -> typer.Typer:
    """Return a group of commands with plain help; ``options``: further ones of ``typer.Typer``."""
    usual = {
        "add_completion": False,
        "context_settings": {"help_option_names": ["--help", "-h"]},
        "pretty_exceptions_enable": False,
        "rich_markup_mode": None,
    }
    return typer.Typer(cls=kind, help=summary, **{**usual, **options})


@contextmanager
def exit_on(*expected: type[Exception]) -> Iterator[None]:
    """Print an expected error or a refused file, and end the command with its status; with 130 after Ctrl-C.

    The status is the ``exit_status`` of the error, or 1 if it has none.
    """
    try:
        yield
    except expected as error:
        say(str(error), err=True)
        raise typer.Exit(getattr(error, "exit_status", 1)) from error
    except OSError as error:
        if not is_refused(error):
            raise
        say(refusal(error), err=True)
        raise typer.Exit(1) from error
    except KeyboardInterrupt as error:
        raise typer.Exit(130) from error


def version_line(program: str) -> str:
    """Return the name of a program and the version of the installed package."""
    from importlib import metadata  # late: most commands do not need it

    return f"{program} {metadata.version(_PACKAGE)}"


def _print_version(ctx: typer.Context, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        typer.echo(version_line(ctx.find_root().info_name or _PACKAGE))
        raise typer.Exit


Version = Annotated[
    bool,
    typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit."),
]
"""The option of a program's callback that prints the version."""

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
"""The option of every command that prints a list or a state."""


def _summary(command: Any) -> str:
    """Return the first paragraph of a command's help."""
    return " ".join((command.short_help or command.help or "").split("\n\n")[0].split())
