from importlib import metadata

import pytest
import typer
from typer.testing import CliRunner

from runtime.command_line import CommandGroup, Version, group, version_line


class _Ordered(CommandGroup):
    titles = ("First", "Second")


@pytest.fixture
def program() -> typer.Typer:
    program = group("A program.", _Ordered)

    @program.callback()
    def options(version: Version = False) -> None:
        pass

    @program.command(rich_help_panel="Second")
    def late() -> None:
        """Print the last word.

        And more of it.
        """

    @program.command("certainly-first", rich_help_panel="First")
    def first(certificate_sha256: str = typer.Option("", help="A long [default: one]. " * 6)) -> None:
        """Print the first word."""

    @program.command()
    def other() -> None:
        """Say anything at all."""

    @program.command(hidden=True)
    def unseen() -> None:
        """Say nothing at all."""

    return program


def shown(program: typer.Typer, *words: str) -> str:
    result = CliRunner().invoke(program, words, prog_name="program")
    assert result.exit_code == 0, result.output
    return result.stdout


def test_group_prints_help_and_succeeds_without_arguments(program: typer.Typer) -> None:
    assert shown(program) == shown(program, "--help") == shown(program, "-h")


def test_help_has_commands_in_order_of_titles_before_options(program: typer.Typer) -> None:
    lines = [line for line in shown(program).splitlines() if line]
    assert lines[1:9] == [
        "  A program.",
        "First:",
        "  certainly-first  Print the first word.",
        "Second:",
        "  late             Print the last word.",
        "Commands:",
        "  other            Say anything at all.",
        "Options:",
    ]


def test_help_keeps_brackets_and_whole_names_in_80_columns(program: typer.Typer) -> None:
    text = shown(program, "certainly-first", "--help")
    assert "--certificate-sha256" in text and "[default: one]" in text
    assert max(map(len, text.splitlines())) <= 80


def test_version_option_prints_version_of_installed_package(program: typer.Typer) -> None:
    assert shown(program, "--version") == f"{version_line('program')}\n"
    assert version_line("program") == f"program {metadata.version('kikipounamu')}"


def test_unknown_command_ends_with_2_and_names_similar_one(program: typer.Typer) -> None:
    result = CliRunner().invoke(program, ["latte"], prog_name="program")
    assert result.exit_code == 2 and "Did you mean 'late'?" in result.stderr
