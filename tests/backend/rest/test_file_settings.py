"""Test the folders of a gateway's files."""

from pathlib import Path

import pytest

from backend.rest.file_settings import FileSettings
from protocol.errors import MalformedMessage


def test_files_of_requests_are_beside_submitted_ones(tmp_path: Path) -> None:
    settings = FileSettings(tmp_path / "submitted")
    assert settings.requests_folder == tmp_path / "requests", "docs/operations/folders.md names it"


def test_upload_may_be_slow_only_at_its_beginning() -> None:
    settings = FileSettings(slack_s=10.0, least_bytes_s=100)
    settings.check_pace(10.0, 0)
    settings.check_pace(20.0, 1_000)
    with pytest.raises(MalformedMessage, match="at least 100 bytes a second"):
        settings.check_pace(20.1, 1_000)
