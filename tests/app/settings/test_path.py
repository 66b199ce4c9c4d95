from pathlib import Path

import pytest

from app.settings.path import settings_place


def test_settings_file_is_in_the_configuration_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    assert settings_place() == tmp_path / "config" / "settings.toml"
