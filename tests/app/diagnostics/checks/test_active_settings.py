"""Settings are read without the desktop extra, and problems of their file are reported."""

import subprocess
import sys
from pathlib import Path

from app.diagnostics.checks.active_settings import read, settings
from app.settings.sections import Settings
from tests.app.diagnostics.checks.found import keys


def test_settings_are_fine_with_good_file_or_none(tmp_path: Path) -> None:
    place = tmp_path / "settings.toml"
    assert keys(settings(read(place), place)) == ["ok settings-default"]
    place.write_text('[hotkeys]\ndictate = "f9"\n')
    assert read(place).settings.hotkeys.dictate == "f9"
    assert keys(settings(read(place), place)) == ["ok settings-good"]


def test_settings_report_each_invalid_value(tmp_path: Path) -> None:
    place = tmp_path / "settings.toml"
    place.write_text('[history]\ndays = -1\n[hotkeys]\nmode = "sing"\n')
    findings = settings(read(place), place)
    assert keys(findings) == ["problem setting-bad"] * 2
    assert {finding.values["name"] for finding in findings} == {"history.days", "hotkeys.mode"}


def test_settings_fall_back_to_defaults_when_file_is_unreadable(tmp_path: Path) -> None:
    place = tmp_path / "settings.toml"
    place.write_text("[history\n")
    assert keys(settings(read(place), place)) == ["problem settings-broken"]
    assert read(place).settings == Settings()
    place.unlink()
    place.mkdir()
    assert keys(settings(read(place), place)) == ["problem settings-broken"]


def test_doctor_and_report_import_without_tomlkit() -> None:
    code = """
import sys
sys.modules["tomlkit"] = None
import app.cli.doctor_command, app.diagnostics.checks.all_checks
import app.cli.doctor_command, app.diagnostics.checks.active_settings, app.diagnostics.report.report
"""
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
