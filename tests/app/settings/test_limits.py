"""How long recordings are wanted is read by commands that have no desktop extra, too."""

import subprocess
import sys
from math import inf
from pathlib import Path

from app.capture.retention import RetentionLimits
from app.settings.errors import BadSetting, SettingsUnreadable
from app.settings.limits import limits_now, limits_of
from app.settings.sections import Settings


def test_what_is_in_doubt_is_kept() -> None:
    forever, usual = RetentionLimits(inf, inf), Settings().history.limits
    assert limits_of(Settings(), []) == limits_of(Settings(), [BadSetting("general.language", "?")]) == usual
    assert limits_of(Settings(), [BadSetting("history.days", "?")]) == forever
    assert limits_of(Settings(), [SettingsUnreadable("?")]) == forever


def test_a_file_is_read_as_the_app_reads_it(tmp_path: Path) -> None:
    place = tmp_path / "settings.toml"
    assert limits_now(place) == RetentionLimits()
    place.write_text("[history]\ndays = 0\nkeep = 5\n", encoding="utf-8-sig")
    assert limits_now(place) == RetentionLimits(inf, RetentionLimits().size, 5)
    place.write_text("[history\n")
    assert limits_now(place) == RetentionLimits(inf, inf)


def test_dictating_into_a_terminal_needs_nothing_that_writes_settings() -> None:
    code = "import sys; sys.modules['tomlkit'] = None; import app.listen"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
