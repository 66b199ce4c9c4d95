"""Head of the settings page: its name and search stand beside each other."""

from PySide6.QtGui import QFont
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.settings.sections import Settings
from app.ui.settings.page import SettingsPage
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from app.ui.widgets.panels import lay_out_now
from tests.app.ui.showing import displayed


def test_search_field_has_room_beside_the_name_with_the_largest_letters(
    theme: Theme, texts: Texts, qapp: QApplication, qtbot: QtBot
) -> None:
    page = displayed(qtbot, SettingsPage(theme, texts, lambda action: None))
    page.show_settings(Settings())
    larger = QFont(qapp.font())
    larger.setPointSizeF(12.5)
    qapp.setFont(larger)
    theme.dress(qapp)
    theme.choose_text_size("largest")
    page.search.setText("text")
    lay_out_now()
    page.resize(1_000, 700)
    lay_out_now()
    around = page.search.parentWidget()
    assert around is not None and around.contentsRect().contains(page.search.geometry())
