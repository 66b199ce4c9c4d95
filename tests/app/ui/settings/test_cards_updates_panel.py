"""Card of newer versions: state, command, and a check on request."""

from dataclasses import replace

import pytest
from PySide6.QtGui import QDesktopServices, QGuiApplication
from pytestqt.qtbot import QtBot

from app.core.errors import Note
from app.ui.settings.cards import UpdatesPanel
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from app.updates.installation import InstallKind
from app.updates.view import CheckForUpdates, UpdatesView
from tests.app.ui.showing import displayed
from tests.helpers.signed_index import MADE_S, index_of

CURRENT = UpdatesView(False, "0.1.0", True, MADE_S, kind=InstallKind.PIPX, command="pipx upgrade kikipounamu")
NEWER = replace(CURRENT, release=index_of("0.2.0").releases[0])


@pytest.fixture
def panel(theme: Theme, texts: Texts, asked: list[CheckForUpdates], qtbot: QtBot) -> UpdatesPanel:
    return displayed(qtbot, UpdatesPanel(theme, texts, asked.append))


def test_newer_version_has_news_and_a_command_to_copy(panel: UpdatesPanel, texts: Texts) -> None:
    panel.show_updates(NEWER)
    assert "0.2.0" in panel.state.text()
    assert panel.command.isVisible() and panel.command.toPlainText() == CURRENT.command
    panel.copy.click()
    assert QGuiApplication.clipboard().text() == CURRENT.command
    for language, news in (("zh", "0.2.0 的新功能"), ("en", "New in 0.2.0")):
        texts.choose(language)
        assert panel.news.text() == news


def test_newer_version_without_a_command_leads_to_its_page(
    panel: UpdatesPanel, texts: Texts, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = list[str]()
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toString()))
    panel.show_updates(replace(NEWER, command="", kind=InstallKind.FOLDER))
    assert not panel.command.isVisible() and not panel.copy.isVisible()
    assert panel.how.text() == texts("settings.updates.get")
    panel.page.click()
    assert opened == ["https://get.example/"]


def test_newest_version_shows_the_day_of_the_question(panel: UpdatesPanel, asked: list[CheckForUpdates]) -> None:
    panel.show_updates(CURRENT)
    assert "0.1.0" in panel.state.text() and panel.checked.isVisible()
    assert not panel.command.isVisible() and not panel.page.isVisible()
    panel.check.click()
    assert asked == [CheckForUpdates()]
    panel.show_updates(replace(CURRENT, asking=True))
    assert not panel.check.isEnabled()


def test_unknown_place_offers_no_question(panel: UpdatesPanel, texts: Texts) -> None:
    panel.show_updates(UpdatesView(installed="0.1.0"))
    assert panel.place.text() == texts("settings.updates.no-place") and not panel.check.isVisible()


def test_failed_question_shows_what_to_do(panel: UpdatesPanel, texts: Texts) -> None:
    panel.show_updates(replace(CURRENT, note=Note("updates-stale")))
    assert panel.problem.text() == texts("note.updates-stale") and panel.check.isEnabled()
    assert texts("note.updates-stale") in panel.accessibleName()


def test_command_that_needs_the_new_file_says_so(panel: UpdatesPanel, texts: Texts) -> None:
    panel.show_updates(replace(NEWER, needs_file=True))
    assert panel.how.text() == texts("settings.updates.run-file") and panel.command.isVisible()
