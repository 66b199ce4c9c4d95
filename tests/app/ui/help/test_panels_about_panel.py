"""Licence list: loaded once, searchable, with texts on demand."""

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QScrollArea
from pytestqt.qtbot import QtBot

from app.diagnostics.report.view import (
    ComponentKind,
    HelpAction,
    Licence,
    LicencesView,
    LicencesWanted,
    LicenceText,
    LicenceTextWanted,
)
from app.ui.help.panels import AboutPanel
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from tests.app.ui.languages import in_each_language
from tests.app.ui.showing import kept

LICENCES = (
    Licence("kikipounamu", "1.2", "MIT", ComponentKind.PROGRAM),
    Licence("aiohttp", "3.14", "Apache-2.0", ComponentKind.PACKAGE),
    Licence("whisper-base", "", "MIT", ComponentKind.MODEL),
)


@pytest.fixture
def panel(theme: Theme, texts: Texts, asked: list[HelpAction], qtbot: QtBot) -> AboutPanel:
    return kept(qtbot, AboutPanel(theme, texts, asked.append), 700, 600)


def test_licences_are_loaded_once_when_panel_is_shown(panel: AboutPanel, asked: list[HelpAction]) -> None:
    assert asked == []
    panel.show()
    panel.hide()
    panel.show()
    assert asked == [LicencesWanted()] * 2, "no answer has arrived yet"
    panel.show_licences(LicencesView("1.2", LICENCES))
    panel.hide()
    panel.show()
    assert len(asked) == 2
    assert "1.2" in panel.heading.text() and panel.model.rowCount() == 3


def test_licences_are_searched_by_name_and_licence(panel: AboutPanel, texts: Texts) -> None:
    panel.show()
    assert panel.nothing.text() == texts("help.about.loading")
    panel.show_licences(LicencesView("1.2", LICENCES))
    QTest.keyClicks(panel.search, "mit")
    assert panel.model.rowCount() == 2
    QTest.keyClicks(panel.search, "x")
    assert panel.nothing.text() == texts("help.about.nothing-found") and not panel.list.isVisible()


@in_each_language
def test_own_files_are_named_and_found_in_the_language_of_the_window(panel: AboutPanel, texts: Texts) -> None:
    panel.show()
    files = Licence("Samples, icons and sounds", "", "MIT", ComponentKind.FILES)
    panel.show_licences(LicencesView("1.2", (*LICENCES, files)))
    panel.search.setText(texts("help.about.own-files"))
    assert panel.model.rowCount() == 1
    assert str(panel.model.index(0).data()).startswith(texts("help.about.own-files") + ",")


def test_text_of_selected_licence_is_shown(panel: AboutPanel, asked: list[HelpAction], texts: Texts) -> None:
    panel.show()
    panel.show_licences(LicencesView("1.2", LICENCES))
    panel.list.setCurrentIndex(panel.model.index(1))
    assert asked[-1] == LicenceTextWanted("aiohttp") and not panel.text.isVisible()
    panel.show_text(LicenceText("kikipounamu", "of another"))
    assert not panel.text.isVisible()
    panel.show_text(LicenceText("aiohttp", "Apache License"))
    assert panel.text.isVisible() and panel.text.toPlainText() == "Apache License"
    panel.refresh()
    assert panel.text.isVisible()
    panel.search.setText("whisper")
    assert not panel.text.isVisible()
    panel.list.setCurrentIndex(panel.model.index(0))
    panel.show_text(LicenceText("whisper-base", ""))
    assert panel.text.toPlainText() == texts("help.about.no-text")


def test_licence_in_the_list_is_the_one_whose_text_is_shown(panel: AboutPanel) -> None:
    names = ("alpha", "alpha-beta", "beta")
    panel.show_licences(
        LicencesView("1.2", tuple(Licence(name, "", "MIT", ComponentKind.PACKAGE) for name in names))
    )
    panel.search.setText("alpha")
    panel.list.setCurrentIndex(panel.model.index(1))
    panel.show_text(LicenceText("alpha-beta", "Permission is granted"))
    for query in ("beta", ""):
        panel.search.setText(query)
        assert not panel.text.isHidden() and str(panel.list.currentIndex().data()).startswith("alpha-beta,")


def test_text_of_selected_licence_is_scrolled_into_sight(panel: AboutPanel, qtbot: QtBot) -> None:
    around = QScrollArea(widgetResizable=True)
    qtbot.addWidget(around)
    around.setWidget(panel)
    around.resize(700, 320)
    around.show()
    panel.show_licences(LicencesView("1.2", LICENCES))
    panel.list.setCurrentIndex(panel.model.index(1))
    panel.show_text(LicenceText("aiohttp", "Apache License"))
    qtbot.waitUntil(lambda: panel.text.visibleRegion().boundingRect() == panel.text.rect())
    around.takeWidget()


@in_each_language
def test_about_panel_has_accessible_names_and_search_words(panel: AboutPanel) -> None:
    panel.show()
    panel.show_licences(LicencesView("1.2", LICENCES))
    for control in (panel.search, panel.list, panel.text):
        assert control.accessibleName()
    assert "aiohttp" in panel.words()
    panel.grab()
