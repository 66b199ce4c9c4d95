"""Test that overlay and tray are drawn in every look."""

from PySide6.QtWidgets import QApplication

from app.core.states import State
from scripts import scenes_shell
from scripts.drawing import LOOKS


def test_overlay_differs_between_looks(qapp: QApplication) -> None:
    draw = scenes_shell.pills(*(scenes_shell.in_state(state) for state in (State.LISTENING, State.HELD)))
    images = [draw(look) for look in LOOKS]
    assert all(one != other for number, one in enumerate(images) for other in images[number + 1 :])


def test_tray_menu_offers_what_waits(qapp: QApplication) -> None:
    waits, idle = (scenes_shell.tray(State.IDLE, held=held)(LOOKS[0]) for held in (1, 0))
    assert waits.height() > idle.height()
    assert scenes_shell.tray_icons(LOOKS[0]).width() > 48 * len(State)
