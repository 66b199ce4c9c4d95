"""Fixtures: a folder of takes, and the path of their index."""

from pathlib import Path

import pytest

from app.journal.library import Library


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "takes")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "history" / "index.sqlite"
