from pathlib import Path

from app.settings.current import settings_now
from app.settings.sections import Settings


def test_settings_now_are_those_of_the_file(tmp_path: Path) -> None:
    place = tmp_path / "settings.toml"
    assert settings_now(place) == (Settings(), ())
    place.write_text('[recognition]\nlanguages = ["zh"]\nlanguage = "?"\n', encoding="utf-8-sig")
    settings, problems = settings_now(place)
    assert settings.recognition.languages == ("zh",)
    assert [str(problem) for problem in problems] and settings.recognition.language == "auto"


def test_unreadable_file_gives_the_defaults_and_a_problem(tmp_path: Path) -> None:
    place = tmp_path / "settings.toml"
    place.write_text("[history\n")
    settings, problems = settings_now(place)
    assert settings == Settings() and len(problems) == 1
