"""Test the settings of the history."""

from pathlib import Path

import pytest

from backend.core.errors import InvalidSettings
from backend.history.records import HistoryLimits
from backend.history.settings import HistorySettings, history_settings

DATA = Path("/data")
LIMITS = HistoryLimits(1, 2)


@pytest.mark.parametrize("value", [None, "", "off", " off "])
def test_history_is_off_by_default(value: str | None) -> None:
    assert history_settings(value, LIMITS, False, DATA) == HistorySettings()


def test_on_selects_a_file_in_the_data_folder() -> None:
    expected = HistorySettings("sqlite:////data/history.sqlite", LIMITS)
    assert history_settings("on", LIMITS, False, DATA) == expected


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u@h/db",
        "postgresql+psycopg://u:p/q@[::1]:5432/db",
        "postgresql:///db?host=/run",
        "sqlite:////x.sqlite",
    ],
)
def test_url_selects_a_database_with_journal_in_the_data_folder(url: str) -> None:
    assert history_settings(url, LIMITS, True, DATA) == HistorySettings(url, LIMITS, DATA / "asr_history.jsonl")


@pytest.mark.parametrize(
    ("value", "lines"),
    [
        ("yes", False),
        ("mysql://h/db", False),
        ("postgresql://u:p@h:x/db", False),
        ("postgresql://h:/db", False),
        ("sqlite:///", False),
        ("sqlite:////usr", False),
        ("x" * 300, False),
        ("off", True),
    ],
)
def test_invalid_history_settings_are_refused(value: str, lines: bool) -> None:
    with pytest.raises(InvalidSettings, match="history"):
        history_settings(value, LIMITS, lines, DATA)
