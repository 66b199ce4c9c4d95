"""Fixtures for the tests of models."""

from collections.abc import Iterator

import pytest

from tests.speech.models.server import FileServer, file_server


@pytest.fixture
def server() -> Iterator[FileServer]:
    """Run an HTTP server without files."""
    with file_server() as server:
        yield server
