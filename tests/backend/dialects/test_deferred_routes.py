"""Adapters are imported at their first request."""

from pathlib import Path
from unittest.mock import Mock

import pytest

from backend.dialects.deferred_routes import EARLIER_PATHS, PATHS, DeferredRoutes
from backend.dialects.routes import dialect_routes
from backend.rest.file_settings import FileSettings


@pytest.mark.parametrize(("earlier", "paths"), [(False, PATHS), (True, PATHS + EARLIER_PATHS)])
def test_deferred_paths_are_those_of_the_adapters(
    earlier: bool, paths: tuple[tuple[str, str], ...], tmp_path: Path
) -> None:
    needed = Mock(), lambda visit: None, FileSettings(tmp_path / "submitted"), earlier
    assert sorted((route.method, route.path) for route in dialect_routes(*needed)) == sorted(paths)
    assert sorted((route.method, route.path) for route in DeferredRoutes(*needed).routes()) == sorted(paths)
