"""Tests of changed settings: they are written or refused, and the autostart entry follows its setting."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from app.messages.kinds import News, Problem
from app.settings.file import SettingsFile
from app.settings.sections import ChangeSetting
from app.settings_changes import SettingsChanges
from tests.helpers.waiting import wait_until


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return tmp_path


@asynccontextmanager
async def changes(received: list[News]) -> AsyncIterator[SettingsChanges]:
    async with SettingsFile() as file, SettingsChanges(file, received.append) as made:
        file.subscribe(made.handle_settings)
        yield made


def about_settings(received: list[News]) -> list[Problem]:
    return [news for news in received if isinstance(news, Problem) and news.about == "settings"]


async def test_change_is_written_and_solves_the_problem_of_a_refused_one() -> None:
    received: list[News] = []
    async with changes(received) as made:
        await made.apply(ChangeSetting("hotkeys.mode", "sometimes"))
        (refused,) = about_settings(received)
        assert refused.setting == "hotkeys.mode" and "sometimes" in refused.text
        made.change(ChangeSetting("hotkeys.mode", "hold"))
        await wait_until(lambda: about_settings(received)[-1] == Problem("settings"), "the problem is solved")
    async with SettingsFile() as file:
        assert file.current.hotkeys.mode == "hold"


async def test_autostart_entry_exists_while_its_setting_is_on(home: Path) -> None:
    entry = home / "autostart" / "kikipounamu.desktop"
    async with changes([]) as made:
        made.change(ChangeSetting("general.autostart", True))
        await wait_until(entry.exists, "the session starts the app")
        made.change(ChangeSetting("general.autostart", False))
        await wait_until(lambda: not entry.exists(), "the session does not start the app")
