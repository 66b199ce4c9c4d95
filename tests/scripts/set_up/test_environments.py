"""Test when an environment is current, and what environments consist of."""

import tomllib
from pathlib import Path

import pytest

from scripts.set_up import checkout as files
from scripts.set_up.environments import ENVIRONMENTS, STAMP, Environment, is_current


def test_changed_lint_rule_keeps_environment_current(environment: Environment, checkout: Path) -> None:
    project = checkout / "pyproject.toml"
    project.write_text(project.read_text().replace("max-args = 6", "max-args = 5"))
    assert is_current(environment)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("pyproject.toml", '"redis[hiredis]', '"valkey[hiredis]'),
        ("constraints.txt", "==", "==9"),
        ("apt-packages.txt", "[test]", "[test]\nnew  command:new  a reason"),
    ],
)
def test_new_requirement_makes_environment_stale(
    environment: Environment, checkout: Path, name: str, old: str, new: str
) -> None:
    path = checkout / name
    path.write_text(path.read_text().replace(old, new, 1))
    assert not is_current(environment)


def test_moved_checkout_makes_environment_stale(environment: Environment, checkout: Path) -> None:
    stamp = environment.path / STAMP
    stamp.write_text(stamp.read_text().replace(str(checkout), "/elsewhere"))
    assert not is_current(environment)


def test_missing_python_makes_environment_stale(environment: Environment) -> None:
    environment.python.unlink()
    assert not is_current(environment)


def test_every_environment_names_extras_that_exist() -> None:
    extras = tomllib.loads((files.ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for environment in ENVIRONMENTS.values():
        assert set(environment.extras) <= extras.keys()
    assert "funasr" not in ENVIRONMENTS["run"].extras
