"""Tray entries for lending to other gateways."""

from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from app.local_services.worker_view import LocalWorkerState, WorkerView
from app.sharing.actions import Lend, LendingAction
from app.sharing.view import LendingView, LentView
from app.ui.computers.tray_entries import LentEntries
from app.ui.computers.wording import lent_text
from app.ui.strings.texts import Texts


def test_each_lent_gateway_has_tray_entry_with_state(texts: Texts, qtbot: QtBot) -> None:
    menu, asked = QMenu(), list[LendingAction]()
    qtbot.addWidget(menu)
    first, before = menu.addAction("first"), menu.addSeparator()
    made = LentEntries(menu, before, texts)
    made.ask = asked.append
    here = LentView("a", "A & B", True, WorkerView(LocalWorkerState.IDLE, "cpu · m"))
    made.show_lending(LendingView((here, LentView("b", "attic"))))
    entry = made.entries["a"]
    assert [one for one in menu.actions() if one.isVisible()] == [first, entry, made.entries["b"], before]
    assert entry.text() == lent_text(texts, here).replace("&", "&&") and entry.isChecked()
    entry.trigger()
    assert asked == [Lend("a", False)] and entry.isChecked()
    made.entries["b"].trigger()
    assert asked[1:] == [Lend("b", True)]
    made.show_lending(LendingView((LentView("b", "attic"),)))
    assert list(made.entries) == ["b"] and entry not in menu.actions()


def test_tray_entry_starts_lending_when_no_gateway_is_known(texts: Texts, qtbot: QtBot) -> None:
    menu, begun = QMenu(), list[bool]()
    qtbot.addWidget(menu)
    made = LentEntries(menu, menu.addSeparator(), texts)
    made.begin = lambda: begun.append(True)
    assert made.first.isVisible() and made.first.text() == texts("lending.tray-first")
    made.first.trigger()
    assert begun == [True]
    made.show_lending(LendingView((LentView("b", "attic"),)))
    assert not made.first.isVisible()
    made.show_lending(LendingView())
    texts.choose("zh" if texts.language == "en" else "en")
    assert made.first.isVisible() and made.first.text() == texts("lending.tray-first")
