"""Test that everything others rely on is as in the golden files; ``python -m tests.pins`` rewrites them."""

import re
from importlib import import_module
from importlib.metadata import version
from typing import Final, get_args

import pytest
from typer.testing import CliRunner

from app.journal.events import Event
from tests.pins.commands import SCRIPTS, all_commands, help_of
from tests.pins.golden import FOLDER, PINS, TOGGLE, stored
from tests.pins.programs import entry_points, shipped_files, toggle, wheel_files

_MEANT: Final = "if this change is meant: python -m tests.pins, and look at the difference"
_LATER_PYTHONS: Final = {"annotationlib", "compression", "glob", "grp", "pwd"}  # which their own modules import


@pytest.mark.parametrize("name", sorted(PINS.keys() - {TOGGLE}))
def test_pinned_text_is_unchanged(name: str) -> None:
    assert PINS[name]().splitlines() == stored(name).splitlines(), _MEANT


def test_golden_files_are_those_that_are_compared() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(PINS)


def test_pinned_journal_has_each_kind_of_line() -> None:
    written = set(re.findall(r'^{"type":"([a-z]+)"', stored("journal.txt"), re.MULTILINE))
    assert written == {kind.__struct_config__.tag for kind in get_args(Event)}


def test_toggle_imports_no_more_modules_than_before() -> None:
    *here, modules = toggle().splitlines()
    *before, known = stored(TOGGLE).splitlines()
    assert here == before, _MEANT
    assert set(modules.split()) - set(known.split()) <= _LATER_PYTHONS


def test_wheel_holds_every_file_of_the_packages() -> None:
    assert set(shipped_files()) - wheel_files() == set()


@pytest.mark.parametrize(("point", "target"), entry_points().items())
def test_entry_point_leads_to_a_function(point: tuple[str, str], target: str) -> None:
    module, _, name = target.partition(":")
    assert callable(getattr(import_module(module), name)), point


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("words", [["--nonsense"], ["nonsense"]])
def test_wrong_usage_ends_with_2(script: str, words: list[str]) -> None:
    assert CliRunner().invoke(SCRIPTS[script], words).exit_code == 2


@pytest.mark.parametrize("script", SCRIPTS)
def test_program_alone_prints_help_and_ends_with_0(script: str) -> None:
    alone = CliRunner().invoke(SCRIPTS[script], [], prog_name=script)
    assert alone.exit_code == 0 and alone.output == help_of((script,), 82).output


@pytest.mark.parametrize("script", SCRIPTS)
def test_program_prints_its_version(script: str) -> None:
    shown = CliRunner().invoke(SCRIPTS[script], ["--version"], prog_name=script)
    assert (shown.exit_code, shown.output) == (0, f"{script} {version('kikipounamu')}\n")


def test_help_has_whole_names_of_options_in_80_columns() -> None:
    for path, command in all_commands():
        text = help_of(path, 80).output
        names = {
            name
            for parameter in command.params
            if not parameter.hidden and parameter.param_type_name == "option"
            for name in (*parameter.opts, *parameter.secondary_opts)
        }
        assert names <= set(re.findall(r"(?<!\S)--?[\w-]+", text)), path
        assert max(map(len, text.splitlines())) <= 80, path
        cut = re.sub(r"(?m)^  [A-Z]+\.\.\.  ", "", text.partition("\n")[2])  # an argument that may be repeated
        assert "…" not in text and "..." not in cut, path
