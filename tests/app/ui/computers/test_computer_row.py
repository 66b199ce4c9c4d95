"""Row of a computer: button, menu, renaming and removal in place."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.gateways.view import ForgetGateway, FoundView, RenameGateway
from app.messages.kinds import Action
from app.settings.sections import ChangeSetting
from app.ui.computers.computer_row import ComputerRow
from app.ui.computers.wording import Button, ComputerView, Removal
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from app.ui.widgets.basic import ThemedIcon

USE = ChangeSetting("gateway.chosen", "desk")
ATTIC = FoundView("attic", ("https://10.0.0.3:8765",), "c" * 64)
DESK = ComputerView(
    "gateway desk",
    "desk",
    "Ready",
    ("done", "accent"),
    Button("Use", "Use desk", (USE,)),
    "Address: 10.0.0.1",
    RenameGateway("desk", ""),
    Removal("No longer.", ForgetGateway("desk")),
)


class World:
    def __init__(self, theme: Theme, texts: Texts, qtbot: QtBot) -> None:
        self.asked, self.pairs = list[Action](), list[FoundView]()
        self.row = ComputerRow(theme, texts, self.asked.append, self.pairs.append)
        qtbot.addWidget(self.row)
        self.row.show_view(DESK)
        self.row.resize(600, 200)
        self.row.show()
        qtbot.waitExposed(self.row)


@pytest.fixture
def world(theme: Theme, texts: Texts, qtbot: QtBot) -> World:
    return World(theme, texts, qtbot)


def test_row_says_name_and_state(world: World) -> None:
    row = world.row
    assert (row.name.text(), row.description.text(), row.icon.icon) == ("desk", "Ready", DESK.icon)
    assert row.accessibleName() == "desk: Ready" and row.button.accessibleName() == "Use desk"
    row.show_view(replace(DESK, description="Away", icon=("failed", "warning"), button=None))
    assert row.description.property("role") == "warning" and not row.button.isVisible()


def test_button_asks_or_pairs(world: World) -> None:
    world.row.button.click()
    world.row.show_view(replace(DESK, button=Button("Pair", "Pair", pairs=ATTIC)))
    world.row.button.click()
    assert world.asked == [USE] and world.pairs == [ATTIC]


def test_menu_offers_what_is_possible(world: World, texts: Texts) -> None:
    row = world.row
    QTest.mouseClick(row.more, Qt.MouseButton.LeftButton)
    assert row.menu.isVisible() and "desk" in row.more.accessibleName()
    row.menu.close()
    assert [action.text() for action in row.menu.actions()] == [
        texts("computers.rename"),
        texts("computers.details"),
        texts("computers.remove"),
    ]
    row.show_view(replace(DESK, rename=None, removal=None))
    assert [action.isVisible() for action in row.menu.actions()] == [False, True, False]
    row.show_view(ComputerView("here", "here", "In use"))
    assert not row.more.isVisible()


def test_details_are_shown_and_hidden(world: World) -> None:
    row = world.row
    row.about.trigger()
    assert row.details.isVisible() and row.details.text() == DESK.details
    row.show_view(replace(DESK, details="Address: 10.0.0.2"))
    assert row.details.text() == "Address: 10.0.0.2"
    row.about.trigger()
    assert not row.details.isVisible()


def test_computer_is_renamed_by_return_or_button(world: World) -> None:
    row = world.row
    row.rename.trigger()
    assert row.field.isVisible() and row.field.text() == "desk" and not row.name.isVisible()
    row.field.setText("attic")
    QTest.keyClick(row.field, Qt.Key.Key_Return)
    row.rename.trigger()
    row.field.setText("cellar")
    row.save.click()
    assert world.asked == [RenameGateway("desk", "attic"), RenameGateway("desk", "cellar")]
    row.rename.trigger()
    QTest.keyClick(row.field, Qt.Key.Key_Escape)
    assert not row.field.isVisible() and row.name.isVisible() and len(world.asked) == 2
    row.rename.trigger()
    row.save.click()
    assert len(world.asked) == 2, "the name did not change"


def test_removal_is_confirmed(world: World, texts: Texts) -> None:
    row = world.row
    row.remove.trigger()
    assert row.confirm.text() == texts("computers.remove-sure"), "the list calls each of them a computer"
    assert (
        row.warning.text() == "No longer." and row.confirm.isVisible() and row.confirm.property("role") == "danger"
    )
    row.keep.click()
    assert not row.confirm.isVisible() and not row.warning.isVisible()
    row.remove.trigger()
    QTest.keyClick(row.confirm, Qt.Key.Key_Escape)
    assert not row.confirm.isVisible() and world.asked == []
    row.remove.trigger()
    row.confirm.click()
    assert world.asked == [ForgetGateway("desk")] and not row.confirm.isVisible()


def test_safe_button_has_focus_when_removal_is_asked(world: World, qtbot: QtBot) -> None:
    world.row.activateWindow()
    qtbot.waitUntil(world.row.isActiveWindow)
    world.row.remove.trigger()
    assert world.row.keep.hasFocus()
    world.row.keep.click()
    assert world.row.more.hasFocus()


def test_confirmation_survives_new_state(world: World) -> None:
    world.row.remove.trigger()
    world.row.show_view(replace(DESK, description="Away"))
    assert world.row.confirm.isVisible()


def test_icon_is_as_high_as_a_line(theme: Theme, qtbot: QtBot) -> None:
    small, large = (ThemedIcon(theme, ("globe", "muted"), size, in_line=True) for size in (1.0, 2.0))
    for icon in (small, large):
        qtbot.addWidget(icon)
    assert small.height() < large.height() and not small.grab().isNull()
