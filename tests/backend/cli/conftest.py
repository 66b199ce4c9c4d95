"""Provide a folder for the programs of each test."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp

import pytest

from tests.helpers.waiting import wait_until_sync


@pytest.fixture
def home() -> Iterator[Path]:
    """Make a folder for ``KIKIPOUNAMU_HOME``, with a path short enough for sockets.

    The broker of a killed gateway may still write there for a moment at the end.
    """
    folder = Path(mkdtemp(prefix="kiki-"))
    yield folder
    wait_until_sync(lambda: _is_removed(folder), "nothing writes there any more")


def _is_removed(folder: Path) -> bool:
    shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()
