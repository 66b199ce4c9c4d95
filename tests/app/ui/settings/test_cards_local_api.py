"""Card of the local port: hidden while it is closed, with its address, or with what is wrong."""

import pytest
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from app.core.errors import Note
from app.local_api.view import LocalApiView
from app.ui.settings.cards import LocalApiPanel
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from tests.app.ui.showing import kept

OPEN = LocalApiView("http://127.0.0.1:9876/v1")


@pytest.fixture
def panel(theme: Theme, texts: Texts, qtbot: QtBot) -> LocalApiPanel:
    return kept(qtbot, LocalApiPanel(theme, texts))


def test_closed_port_shows_nothing(panel: LocalApiPanel) -> None:
    panel.show_api(LocalApiView())
    assert panel.isHidden()


def test_open_port_shows_its_address_to_copy(panel: LocalApiPanel, texts: Texts) -> None:
    panel.show_api(OPEN)
    for language in ("zh", "en"):
        texts.choose(language)
        assert panel.isVisible() and OPEN.url in panel.state.text() and OPEN.url in panel.accessibleName()
        assert panel.how.isVisible() and panel.problem.isHidden()
    panel.copy.click()
    assert QGuiApplication.clipboard().text() == OPEN.url


def test_taken_port_shows_what_to_do(panel: LocalApiPanel, texts: Texts) -> None:
    panel.show_api(LocalApiView(note=Note("api-port-taken", {"port": "80"})))
    assert panel.problem.text() == texts("note.api-port-taken", port="80")
    assert panel.isVisible() and not panel.copy.isVisible()
