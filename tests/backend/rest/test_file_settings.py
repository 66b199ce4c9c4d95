"""Test the folders of a gateway's files."""

from pathlib import Path

from backend.rest.file_settings import FileSettings


def test_files_of_requests_are_beside_submitted_ones(tmp_path: Path) -> None:
    settings = FileSettings(tmp_path / "submitted")
    assert settings.requests_folder == tmp_path / "requests", "docs/operations/folders.md names it"
