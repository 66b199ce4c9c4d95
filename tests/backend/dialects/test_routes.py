"""Routes of all adapters."""

from pathlib import Path
from unittest.mock import Mock

from backend.dialects.routes import dialect_routes
from backend.rest.file_settings import FileSettings


def test_folder_for_files_is_made_with_the_first_file(tmp_path: Path) -> None:
    routes = dialect_routes(Mock(), lambda visit: None, FileSettings(tmp_path / "submitted"))
    assert "/v1/audio/transcriptions" in {route.path for route in routes}
    assert not list(tmp_path.iterdir())
