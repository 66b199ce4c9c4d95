"""Test the man pages."""

import subprocess
from pathlib import Path

import pytest

from scripts.release.man_pages import PROGRAMS, escaped, man_page, paragraphs
from tests.helpers.packages import require
from tests.pins.commands import all_commands
from tests.pins.programs import entry_points


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return {program: man_page(program, "1.2.3", "2026-11-29") for program in PROGRAMS}


def test_every_program_has_a_page() -> None:
    assert set(PROGRAMS) == {name for group, name in entry_points() if group == "console_scripts"}


def test_page_has_every_shown_command_and_option(pages: dict[str, str]) -> None:
    for path, command in all_commands():
        if command.hidden or path[0] not in pages:
            continue
        page = pages[path[0]]
        if len(path) > 1 and not getattr(command, "commands", {}):
            assert f'.SS "{escaped(" ".join(path))}"' in page, path
        for option in command.params:
            if not getattr(option, "hidden", False) and option.opts[0].startswith("--"):
                assert escaped(option.opts[0]) in page, (path, option.opts)


@pytest.mark.parametrize(
    ("text", "roff"),
    [
        ("a-b", "a\\-b"),
        ("`--key` of C:\\x", "\\fB\\-\\-key\\fR of C:\\ex"),
        (".dot at the start", "\\&.dot at the start"),
        ("'quoted'", "\\(aqquoted\\(aq"),
    ],
)
def test_text_is_escaped_for_roff(text: str, roff: str) -> None:
    assert escaped(text) == roff


def test_paragraphs_lose_their_line_breaks() -> None:
    assert list(paragraphs("One\nline.\n\nTwo.")) == [".PP", "One line.", ".PP", "Two."]
    assert list(paragraphs(None)) == []


def test_pages_are_read_without_warnings(pages: dict[str, str], tmp_path: Path) -> None:
    require(("man-db",))
    for program, page in pages.items():
        place = tmp_path / f"{program}.1"
        place.write_text(page, encoding="utf-8")
        options = ["--warnings", "--encoding=UTF-8", "--local-file", "--troff-device=utf8", "--ditroff"]
        ran = subprocess.run(["man", *options, place], capture_output=True, text=True, timeout=60)
        assert (ran.returncode, ran.stderr) == (0, ""), program
