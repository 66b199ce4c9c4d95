"""Test that everything others rely on is as in the golden files; ``python -m tests.pins`` rewrites them."""

from importlib import import_module
from typing import Final

import pytest
from typer.testing import CliRunner

from tests.pins.commands import SCRIPTS
from tests.pins.golden import FOLDER, PINS, TOGGLE, stored
from tests.pins.programs import entry_points, shipped_files, toggle, wheel_files

_MEANT: Final = "if this change is meant: python -m tests.pins, and look at the difference"
_LATER_PYTHONS: Final = {"annotationlib", "compression", "glob", "grp", "pwd"}  # which their own modules import


@pytest.mark.parametrize("name", sorted(PINS.keys() - {TOGGLE}))
def test_pinned_text_is_unchanged(name: str) -> None:
    assert PINS[name]().splitlines() == stored(name).splitlines(), _MEANT


def test_golden_files_are_those_that_are_compared() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(PINS)


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
@pytest.mark.parametrize("words", [["--nonsense"], ["nonsense"], []])
def test_wrong_usage_ends_with_2(script: str, words: list[str]) -> None:
    assert CliRunner().invoke(SCRIPTS[script], words).exit_code == 2
