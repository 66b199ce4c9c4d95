"""Whether a history is kept, where, and how much."""

from pathlib import Path

import pytest

from backend.errors import SettingsError
from backend.history.records import Limits
from backend.history.settings import HistorySettings, history_settings

DATA = Path("/data")
LIMITS = Limits(1, 2)


@pytest.mark.parametrize("said", [None, "", "off", " off "])
def test_it_is_off_unless_it_is_asked_for(said: str | None) -> None:
    assert history_settings(said, LIMITS, False, DATA) == HistorySettings()


def test_on_is_a_file_among_the_data() -> None:
    wanted = HistorySettings("sqlite:////data/history.sqlite", LIMITS)
    assert history_settings("on", LIMITS, False, DATA) == wanted


@pytest.mark.parametrize("url", ["postgresql://u@h/db", "postgresql+psycopg://u@h/db", "sqlite:////x.sqlite"])
def test_or_a_database_elsewhere_with_a_journal_among_the_data(url: str) -> None:
    assert history_settings(url, LIMITS, True, DATA) == HistorySettings(url, LIMITS, DATA / "asr_history.jsonl")


@pytest.mark.parametrize(("said", "lines"), [("yes", False), ("mysql://h/db", False), ("off", True)])
def test_what_cannot_be_followed_is_said(said: str, lines: bool) -> None:
    with pytest.raises(SettingsError, match="history"):
        history_settings(said, LIMITS, lines, DATA)
