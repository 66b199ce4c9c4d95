"""A separate checkout for each test, with an environment that is current."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.set_up import checkout as files
from scripts.set_up.environments import STAMP, Environment, stamp_of


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Make a separate checkout with the files that set-up reads."""
    for name in ("pyproject.toml", "constraints.txt"):
        (tmp_path / name).write_bytes((files.ROOT / name).read_bytes())
    (tmp_path / "apt-packages.txt").write_bytes(files.PACKAGES.read_bytes())
    monkeypatch.setattr(files, "ROOT", tmp_path)
    monkeypatch.setattr(files, "CACHE", tmp_path / ".cache")
    monkeypatch.setattr(files, "CONSTRAINTS", tmp_path / "constraints.txt")
    monkeypatch.setattr(files, "PACKAGES", tmp_path / "apt-packages.txt")
    yield tmp_path


@pytest.fixture
def environment(checkout: Path) -> Environment:
    """Make an environment that is current by its stamp."""
    environment = Environment(".venv", ("gateway",), ("run",))
    environment.python.parent.mkdir(parents=True)
    environment.python.symlink_to(sys.executable)
    (environment.path / STAMP).write_text(stamp_of(environment))
    return environment
