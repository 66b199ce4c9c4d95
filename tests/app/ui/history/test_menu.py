"""The context menu offers the actions of the panel."""

from uuid import UUID

import pytest
from PySide6.QtWidgets import QListView
from pytestqt.qtbot import QtBot

from app.history.index import IndexRow
from app.ui.history.menu import menu_of
from app.ui.history.take_panel import Asked, TakePanel
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from tests.app.ui.files.test_page import Chosen
from tests.app.ui.history.test_take_panel import row


@pytest.mark.parametrize(
    ("rows", "keys"),
    [
        ([], ["history.select-all"]),
        (
            [row(1)],
            [
                "history.play.play",
                "action.copy",
                "history.again.open",
                "history.export",
                "history.delete",
                "history.select-all",
            ],
        ),
        ([row(1), row(2)], ["action.copy", "history.export", "history.delete", "history.select-all"]),
    ],
)
def test_history_menu_offers_actions_of_panel(
    theme: Theme, texts: Texts, qtbot: QtBot, rows: list[IndexRow], keys: list[str]
) -> None:
    asked, view = list[Asked](), QListView()
    panel = TakePanel(theme, texts, asked.append, Chosen(), lambda: None)
    for widget in (view, panel):
        qtbot.addWidget(widget)
    panel.show()
    panel.show_takes(rows)
    menu = menu_of(view, panel, texts)
    assert [action.text() for action in menu.actions()] == [texts(key) for key in keys]
    if len(rows) == 1:
        menu.actions()[4].trigger()
        assert panel.delete.text() == texts("history.delete-sure")  # the menu entry asks for confirmation too
        assert {action.session for action in asked if hasattr(action, "session")} == {UUID(int=2)}
