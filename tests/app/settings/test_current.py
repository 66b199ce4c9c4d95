import subprocess
import sys
from math import inf
from pathlib import Path

from app.journal.retention import RetentionLimits
from app.settings.current import limits_now, limits_of, settings_now
from app.settings.errors import BadSetting, SettingsUnreadable
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


def test_unreadable_file_is_reported_without_words_of_libraries(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_bytes(b"\xff")
    assert list(map(str, settings_now(tmp_path / "settings.toml")[1])) == [
        "it is not written in UTF-8: save it as that"
    ]
    assert list(map(str, settings_now(tmp_path)[1])) == ["Is a directory"]
    (tmp_path / "settings.toml").write_text("#" * 1_100_000)
    (problem,) = settings_now(tmp_path / "settings.toml")[1]
    assert str(problem) == "it is larger than 1 MiB"


def test_limits_are_infinite_when_history_settings_are_unreadable() -> None:
    forever, usual = RetentionLimits(inf, inf), Settings().history.limits
    assert limits_of(Settings(), []) == limits_of(Settings(), [BadSetting("general.language", "?")]) == usual
    assert limits_of(Settings(), [BadSetting("history.days", "?")]) == forever
    assert limits_of(Settings(), [SettingsUnreadable("?")]) == forever


def test_limits_now_reads_the_settings_file(tmp_path: Path) -> None:
    place = tmp_path / "settings.toml"
    assert limits_now(place) == RetentionLimits()
    place.write_text("[history]\ndays = 0\nkeep = 5\n", encoding="utf-8-sig")
    assert limits_now(place) == RetentionLimits(inf, RetentionLimits().size, 5)
    place.write_text("[history\n")
    assert limits_now(place) == RetentionLimits(inf, inf)


def test_terminal_dictation_does_not_need_the_toml_writer() -> None:
    code = "import sys; sys.modules['tomlkit'] = None; import app.cli.listen"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
