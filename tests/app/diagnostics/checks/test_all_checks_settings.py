"""Problems of the settings file are reported."""

import subprocess
import sys
from pathlib import Path

import pytest

from app.core.sentences import LANGUAGES, Sentences, text_of_note
from app.diagnostics.checks.all_checks import settings_findings
from app.diagnostics.checks.finding import finding_text
from app.settings.current import settings_now
from app.settings.errors import BadSetting
from app.settings.schema import all_settings
from tests.app.diagnostics.checks.found import keys


def checked(place: Path) -> list[str]:
    """Return the findings about this settings file."""
    return keys(settings_findings(settings_now(place)[1], place))


def test_settings_are_fine_with_good_file_or_none(tmp_path: Path) -> None:
    place = tmp_path / "settings.toml"
    assert checked(place) == ["ok settings-default"]
    place.write_text('[hotkeys]\ndictate = "f9"\n')
    assert checked(place) == ["ok settings-good"]


def test_settings_report_each_invalid_value(tmp_path: Path) -> None:
    place = tmp_path / "settings.toml"
    place.write_text('[history]\ndays = -1\n[hotkeys]\nmode = "sing"\n')
    findings = settings_findings(settings_now(place)[1], place)
    assert keys(findings) == ["problem setting-bad"] * 2
    assert {finding.values["name"] for finding in findings} == {"history.days", "hotkeys.mode"}
    place.write_text("gateway = 1\n[[recognition.replacements]]\nwrites = 'x'\n")
    assert checked(place) == ["problem setting-row", "problem setting-section"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", all_settings())
def test_finding_says_in_the_users_language_what_a_setting_may_be(
    name: str, language: str, tmp_path: Path
) -> None:
    fault, texts = BadSetting(name, "English words: of no use"), Sentences(language)
    (finding,) = settings_findings([fault], tmp_path / "settings.toml")
    said = finding_text(texts, finding)
    allowed = text_of_note(texts, all_settings()[name].allowed_note)
    assert allowed and allowed in said.found and "English" not in said.found + said.do


def test_unreadable_settings_file_is_a_problem(tmp_path: Path) -> None:
    place = tmp_path / "settings.toml"
    place.write_text("[history\n")
    assert checked(place) == ["problem settings-broken"]
    place.unlink()
    place.mkdir()
    assert checked(place) == ["problem settings-broken"]


def test_doctor_and_report_import_without_tomlkit() -> None:
    code = """
import sys
sys.modules["tomlkit"] = None
import app.cli.doctor_command, app.diagnostics.checks.all_checks, app.diagnostics.report.service
"""
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
