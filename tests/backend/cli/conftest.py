"""Provide a folder for the programs of each test."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest


@pytest.fixture
def home() -> Iterator[Path]:
    """Make a folder for ``KIKIPOUNAMU_HOME``, with a path short enough for sockets."""
    with TemporaryDirectory(prefix="kiki-") as folder:
        yield Path(folder)
