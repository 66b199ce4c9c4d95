"""Tests that the console of the commands never lets the terminal obey untrusted text."""

import io

import pytest
from rich.live import Live
from rich.table import Table
from rich.text import Text

from app.core.console import Console

HOSTILE = "a\x1b[2J\x9b31m\x1b]0;title\x07\u202eb"


def shown(terminal: bool) -> tuple[Console, io.StringIO]:
    out = io.StringIO()
    return Console(file=out, force_terminal=terminal, width=100, color_system=None), out


def check(written: str) -> None:
    assert "\x1b[2J" not in written and "\x1b]" not in written and "\x9b" not in written
    assert "\u202e" not in written and r"a\x1b[2J" in written and r"\u202eb" in written


@pytest.mark.parametrize("terminal", [True, False])
def test_console_escapes_what_it_prints(terminal: bool) -> None:
    console, out = shown(terminal)
    console.print(HOSTILE, markup=False)
    check(out.getvalue())


@pytest.mark.parametrize("terminal", [True, False])
def test_console_escapes_texts_and_tables(terminal: bool) -> None:
    console, out = shown(terminal)
    table = Table("name")
    table.add_row(Text(HOSTILE))
    console.print(table)  # cells keep their measured width, so callers escape their contents first
    assert "\x1b[2J" not in out.getvalue() and r"a\x1b[2J" in out.getvalue()


def test_console_escapes_live_display() -> None:
    console, out = shown(True)
    with Live(Text(HOSTILE), console=console, auto_refresh=False) as live:
        live.refresh()
    check(out.getvalue())


def test_console_escapes_its_status() -> None:
    console, out = shown(True)
    with console.status(Text(HOSTILE)):
        pass
    check(out.getvalue())


def test_console_keeps_lines_and_its_own_colours() -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, color_system="standard")
    console.print(Text("one\n二", "red"))
    assert "\x1b[31mone" in out.getvalue() and "\n" in out.getvalue() and "二" in out.getvalue()


def test_console_prints_markup_literally() -> None:
    console, out = shown(False)
    console.print("[red]a[/] :smile: [/b]")
    table = Table("name")
    table.add_row("[/b]")
    console.print(table)
    assert "[red]a[/] :smile: [/b]" in out.getvalue() and out.getvalue().count("[/b]") == 2
