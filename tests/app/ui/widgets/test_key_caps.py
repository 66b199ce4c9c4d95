import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.ui.theme.colours import Scheme
from app.ui.theme.theme import SCALE, SPACING, Theme
from app.ui.widgets.key_caps import KeyCaps
from tests.app.ui.showing import kept


@pytest.fixture
def caps(theme: Theme, qtbot: QtBot) -> KeyCaps:
    return kept(qtbot, KeyCaps(theme, SCALE.display))


def test_key_caps_show_each_key(caps: KeyCaps, theme: Theme) -> None:
    nothing = caps.sizeHint()
    caps.show_caps(("Ctrl", "Alt", "D"))
    assert caps.sizeHint().width() > 2 * nothing.width()
    caps.resize(caps.sizeHint())
    before = caps.grab().toImage()
    theme.choose(Scheme.DARK)
    assert caps.grab().toImage() != before


def test_key_caps_light_up_without_a_new_size(caps: KeyCaps) -> None:
    caps.show_caps(("Ctrl", "D"), name="Ctrl+D. Press it")
    size = caps.sizeHint()
    caps.resize(size)
    dark = caps.grab().toImage()
    caps.show_caps(("Ctrl", "D"), lit=True, name="Ctrl+D. It arrives")
    assert (caps.grab().toImage() != dark, caps.sizeHint(), caps.accessibleName()) == (
        True,
        size,
        "Ctrl+D. It arrives",
    )


def test_key_caps_follow_the_text_size(caps: KeyCaps, theme: Theme) -> None:
    caps.show_caps(("F9",))
    before = caps.sizeHint()
    theme.choose_text_size("largest")
    assert caps.sizeHint().height() > before.height()


def test_keys_begin_at_the_edge_unless_they_need_room_for_a_focus_ring(caps: KeyCaps, theme: Theme) -> None:
    caps.show_caps(("F9",))

    def left() -> int:
        caps.resize(caps.sizeHint())
        row = caps.grab().toImage()
        ground, middle = row.pixelColor(0, 0), row.height() // 2
        return next(x for x in range(row.width()) if row.pixelColor(x, middle) != ground)

    assert left() == 0
    caps.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    assert left() == SPACING.hair
