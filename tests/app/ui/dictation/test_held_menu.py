"""The tray's menu of recordings with text to paste."""

import pytest
from pytestqt.qtbot import QtBot

from app.core.states import State
from app.dictation.actions import HeldAction, SettleHeld
from app.dictation.view import TakeView
from app.messages.actions import Action
from app.ui.dictation.held_menu import HeldMenu
from app.ui.strings.texts import Texts
from app.ui.strings.wording import today, when_text

OLD = TakeView("old", 1_700_000_000.0, 75.0, State.HELD, "Mugs & jugs\nand " + "more " * 30, held=1)
NEW = TakeView("new", 1_700_000_100.0, 5.0, State.HELD, "kia ora", held=2)
DONE = TakeView("done", 1_700_000_200.0, 5.0, State.DONE, "done")


@pytest.fixture
def asked() -> list[Action]:
    return []


@pytest.fixture
def menu(texts: Texts, asked: list[Action], qtbot: QtBot) -> HeldMenu:
    made = HeldMenu(texts, asked.append)
    qtbot.addWidget(made)
    return made


def test_held_menu_is_visible_while_recording_has_text_to_paste(menu: HeldMenu, texts: Texts) -> None:
    assert not menu.menuAction().isVisible() and menu.title() == texts("tray.to-paste")
    menu.show_takes([DONE, NEW, OLD])
    assert menu.menuAction().isVisible()
    titles = [entry.title() for entry in menu.entries]
    assert titles[0] == f"kia ora · {when_text(texts, NEW, today())}"
    assert titles[1].startswith("Mugs && jugs and more") and "…" in titles[1] and len(titles[1]) < 90
    menu.show_takes([DONE])
    assert not menu.menuAction().isVisible() and menu.entries == []


def test_held_menu_pastes_copies_or_dismisses_each_recording(
    menu: HeldMenu, asked: list[Action], texts: Texts, qtbot: QtBot
) -> None:
    menu.show_takes([NEW, OLD])
    paste, copy, dismiss = menu.entries[1].actions()
    assert [each.text() for each in (paste, copy, dismiss)] == [
        texts(f"action.{name}") for name in ("paste", "copy", "dismiss")
    ]
    paste.trigger()
    assert asked == [], "the menu still has the focus"
    qtbot.waitUntil(lambda: asked == [SettleHeld("old", HeldAction.PASTE)])
    copy.trigger()
    dismiss.trigger()
    assert asked[1:] == [SettleHeld("old", HeldAction.COPY), SettleHeld("old", HeldAction.DISMISS)]


def test_held_menu_is_rebuilt_only_for_other_recordings(menu: HeldMenu) -> None:
    menu.show_takes([NEW])
    entries = menu.entries
    menu.show_takes([DONE, NEW])
    assert menu.entries is entries, "a rebuild would close an open menu"
