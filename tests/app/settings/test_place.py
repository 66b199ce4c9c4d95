from pathlib import Path

import pytest

from app.settings.place import settings_place


def test_it_is_in_the_folder_for_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    assert settings_place() == tmp_path / "config" / "settings.toml"
