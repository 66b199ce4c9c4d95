from pathlib import Path

import pytest

from app.settings.path import read_appearance, settings_place


def test_settings_file_is_in_the_configuration_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    assert settings_place() == tmp_path / "config" / "settings.toml"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_look_is_read_without_checks(tmp_path: Path, encoding: str) -> None:
    place = tmp_path / "settings.toml"
    place.write_text('[general]\ntheme = "purple"\nlanguage = "zh"\nsounds = true\n', encoding)
    assert read_appearance(place) == {"theme": "purple", "language": "zh"}


@pytest.mark.parametrize("damaged", [b"", b"[general", b"general = 3", b"\xff", b"[[general]]\ntheme = 'dark'"])
def test_look_of_a_damaged_file_is_empty(tmp_path: Path, damaged: bytes) -> None:
    place = tmp_path / "settings.toml"
    place.write_bytes(damaged)
    assert read_appearance(place) == read_appearance(tmp_path / "missing") == {}
