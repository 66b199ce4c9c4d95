"""Tests that invalid settings of the gateway are found by its own program, which the app does not import."""

import os
import sys
from pathlib import Path

import pytest

from app.local_services.gateway_settings import FILE, gateway_complaint
from runtime.folders import folders


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    folders().config.mkdir(parents=True)
    return folders().config / FILE


def test_invalid_value_is_named_with_its_file_and_what_to_do(place: Path) -> None:
    place.write_text("port = 99999999\n")
    said = gateway_complaint(place, os.environ)
    assert said.startswith(f"{place} is invalid: port = 99999999 is not a whole number") and "correct it" in said


def test_line_of_broken_file_is_named(place: Path) -> None:
    place.write_text('mode = "local"\nport = \n')
    assert f"{place} is invalid" in gateway_complaint(place, os.environ)
    assert "line 2" in gateway_complaint(place, os.environ)


@pytest.mark.parametrize("written", ['mode = "local"', 'mode = "server"\nhost = "0.0.0.0"'])
def test_settings_with_which_the_app_starts_its_gateway_are_valid(place: Path, written: str) -> None:
    place.write_text(f"{written}\n")
    assert gateway_complaint(place, os.environ) == ""


def test_settings_that_no_gateway_of_an_app_accepts_are_named(place: Path) -> None:
    place.write_text('mode = "server"\ntrusted_proxies = ["10.0.0.1"]\n')
    assert gateway_complaint(place, os.environ) == "a proxy is only trusted by a gateway in --mode server"


def test_invalid_variable_is_named(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_GATEWAY_MODE", "nowhere")
    assert "KIKIPOUNAMU_GATEWAY_MODE is invalid" in gateway_complaint(place, os.environ)


@pytest.mark.parametrize("code", ["raise SystemExit(1)", "raise SystemExit(2)"])
def test_failed_check_is_no_fault_of_the_settings(code: str, place: Path) -> None:
    assert gateway_complaint(place, {}, ("/nonexistent",)) == "", "nothing is set, so nothing is run"
    place.touch()
    assert gateway_complaint(place, {}, ("/nonexistent",)) == ""
    assert gateway_complaint(place, {}, (sys.executable, "-c", code)) == ""
