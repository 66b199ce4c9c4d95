"""The settings are read without what writes them; what is wrong with their file is said."""

import subprocess
import sys
from pathlib import Path

from app.doctor.chosen import read, settings
from app.settings.sections import Settings
from tests.app.doctor.found import keys


def test_no_file_and_a_good_one(tmp_path: Path) -> None:
    place = tmp_path / "settings.toml"
    assert keys(settings(read(place), place)) == ["ok settings-default"]
    place.write_text('[hotkeys]\ndictate = "f9"\n')
    assert read(place).settings.hotkeys.dictate == "f9"
    assert keys(settings(read(place), place)) == ["ok settings-good"]


def test_values_that_cannot_be(tmp_path: Path) -> None:
    place = tmp_path / "settings.toml"
    place.write_text('[history]\ndays = -1\n[hotkeys]\nmode = "sing"\n')
    findings = settings(read(place), place)
    assert keys(findings) == ["problem setting-bad"] * 2
    assert {finding.values["name"] for finding in findings} == {"history.days", "hotkeys.mode"}


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    place = tmp_path / "settings.toml"
    place.write_text("[history\n")
    assert keys(settings(read(place), place)) == ["problem settings-broken"]
    assert read(place).settings == Settings()
    place.unlink()
    place.mkdir()
    assert keys(settings(read(place), place)) == ["problem settings-broken"]


def test_what_writes_them_is_not_needed() -> None:
    code = "import sys; sys.modules['tomlkit'] = None; import app.doctor_command, app.doctor.everything"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
