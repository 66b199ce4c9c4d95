"""Row of one device: renamed in place, removed only on the second click."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.sharing.actions import RenameDevice, RevokeDevice, SharingAction
from app.sharing.view import SharedDevice
from app.ui.computers.device_row import DeviceRow
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme


@pytest.fixture
def asked() -> list[SharingAction]:
    return []


@pytest.fixture
def row(theme: Theme, texts: Texts, asked: list[SharingAction], qtbot: QtBot) -> DeviceRow:
    made = DeviceRow(texts, asked.append)
    qtbot.addWidget(made)
    made.show_device(SharedDevice("a", "tower", worker=True))
    made.resize(500, 100)
    made.show()
    return made


def test_device_is_renamed_with_keyboard(row: DeviceRow, asked: list[SharingAction]) -> None:
    row.rename.click()
    assert row.field.isVisible() and row.field.text() == "tower" and not row.name.isVisible()
    row.field.setText("  the   tower ")
    QTest.keyClick(row.field, Qt.Key.Key_Return)
    assert asked == [RenameDevice("a", "the tower")] and row.name.isVisible()


def test_cancelled_empty_or_equal_name_changes_nothing(row: DeviceRow, asked: list[SharingAction]) -> None:
    for name, key in (("other", Qt.Key.Key_Escape), ("  ", Qt.Key.Key_Return), ("tower", Qt.Key.Key_Return)):
        row.rename.click()
        row.field.setText(name)
        QTest.keyClick(row.field, key)
        assert row.field.isHidden()
    assert asked == []


def test_device_is_removed_on_second_click(row: DeviceRow, asked: list[SharingAction], texts: Texts) -> None:
    row.revoke.click()
    assert asked == [] and row.warning.text() == texts("sharing.revoke-says", device="tower")
    assert row.revoke.property("role") == "danger" and row.revoke.accessibleDescription() == row.warning.text()
    row.revoke.click()
    assert asked == [RevokeDevice("a")]


def test_removal_is_cancelled_by_focus_change_and_double_click(row: DeviceRow, asked: list[SharingAction]) -> None:
    row.revoke.click()
    row.revoke.setFocus()
    row.rename.setFocus()
    row.revoke.clearFocus()
    QTest.mouseDClick(row.revoke, Qt.MouseButton.LeftButton)
    assert asked == []
