"""Lending to other gateways: switched, shown with state, removed on the second click."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.core.notes import Note
from app.gateways.actions import GatewayAction
from app.local_services.worker_view import LocalWorkerState, WorkerView
from app.sharing.actions import ForgetLent, Lend, LendingAction
from app.sharing.view import LendingView, LentView
from app.ui.computers.lending_panel import LendingPanel
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme

BUSY = LentView("a", "desk", True, WorkerView(LocalWorkerState.BUSY, "cuda · m", jobs=3))
FAILED = LentView(
    "b", "attic", True, WorkerView(LocalWorkerState.FAILED, reason=Note("lent-unknown", {"gateway": "attic"}))
)
VIEW = LendingView((BUSY, FAILED))


@pytest.fixture
def asked() -> list[LendingAction]:
    return []


@pytest.fixture
def panel(theme: Theme, texts: Texts, asked: list[LendingAction], qtbot: QtBot) -> LendingPanel:
    made = LendingPanel(theme, texts, asked.append, list[GatewayAction]().append)
    qtbot.addWidget(made)
    made.resize(600, 500)
    made.show()
    return made


def test_lending_rows_show_state_and_failure_reason(panel: LendingPanel, texts: Texts) -> None:
    assert panel.nobody.isVisible()
    panel.show_lending(VIEW)
    assert not panel.nobody.isVisible()
    busy, failed = panel.rows["a"], panel.rows["b"]
    assert texts("worker.busy") in busy.state.text() and "3" in busy.state.text() and busy.switch.isChecked()
    assert texts("note.lent-unknown", gateway="attic") in failed.state.text()
    assert failed.state.property("role") == "warning"
    panel.show_lending(replace(VIEW, lent=(BUSY,), told=Note("gateways-not-kept")))
    assert list(panel.rows) == ["a"] and panel.told.isVisible()


def test_lending_switch_follows_state_in_effect(panel: LendingPanel, asked: list[LendingAction]) -> None:
    panel.show_lending(VIEW)
    switch = panel.rows["a"].switch
    switch.click()
    assert asked == [Lend("a", False)] and switch.isChecked()
    panel.show_lending(LendingView((replace(BUSY, on=False, worker=WorkerView()),)))
    assert not switch.isChecked()


def test_lent_gateway_is_removed_on_second_click(panel: LendingPanel, asked: list[LendingAction]) -> None:
    panel.show_lending(VIEW)
    forget = panel.rows["a"].forget
    forget.click()
    panel.add.setFocus()
    forget.click()
    QTest.mouseDClick(forget, Qt.MouseButton.LeftButton)
    assert asked == []
    forget.click()
    assert asked == [ForgetLent("a")]


def test_lending_panel_fits_double_font_size_in_other_language(
    panel: LendingPanel, texts: Texts, theme: Theme
) -> None:
    panel.show_lending(VIEW)
    larger = QApplication.font()
    larger.setPointSizeF(larger.pointSizeF() * 2)
    QApplication.setFont(larger)
    texts.choose("zh" if texts.language == "en" else "en")
    theme.changed.emit()
    assert "desk" in list(panel.words()) and panel.heading.text() == texts("lending.name")
    assert panel.minimumSizeHint().width() <= 600
    panel.add.click()
    assert panel.dialog.isVisible()
    panel.dialog.reject()
