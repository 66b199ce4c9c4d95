"""A screen reader announces important changes once, and only while assistive technology is active."""

from dataclasses import replace

import pytest
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.core.errors import Note
from app.core.states import State
from app.dictation.view import View
from app.ui.dictation.announcer import Announcer, announce
from app.ui.strings.texts import Texts

TAKE = [State.ARMING, State.LISTENING, State.SENDING, State.WAITING, State.INSERTING, State.DONE, State.IDLE]


class Said(Announcer):
    def __init__(self, *, active: bool) -> None:
        self.words: list[str] = []
        super().__init__(Texts("en"), self.words.append, lambda: active)


@pytest.mark.parametrize(("active", "wanted"), [(True, False), (False, True)])
def test_announcer_speaks_each_important_state_once(active: bool, wanted: bool) -> None:
    said = Said(active=active)
    said.wanted = wanted
    for state in TAKE:
        said.show_view(View(state))
        said.show_view(View(state, seconds=1.0))
    assert said.words == ["Listening", "Done"]


def test_announcer_speaks_reason_when_text_is_not_inserted() -> None:
    said = Said(active=True)
    held = View(State.HELD, held=1, note=Note("focus-moved"))
    said.show_view(View(State.INSERTING))
    said.show_view(held)
    said.show_view(replace(held, seconds=2.0))
    said.show_view(View(State.HELD, held=1))
    assert said.words == ["Another window has the focus. The text is ready to paste"]
    said.paste_key = "F8"
    said.show_view(View(State.DONE, held=1))
    said.show_view(View(State.HELD, held=1))
    said.show_view(View(State.HELD, held=2, earlier=1))
    assert said.words[1:] == ["Done", "2 texts to paste: F8 · 1 earlier recording to paste"], "only new texts"


def test_announcer_is_silent_without_assistive_technology() -> None:
    said = Said(active=False)
    for state in TAKE:
        said.show_view(View(state))
    assert said.words == []


def test_widget_announces_text(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[QAccessibleAnnouncementEvent] = []
    monkeypatch.setattr(QAccessible, "updateAccessibility", events.append)
    widget = QWidget()
    qtbot.addWidget(widget)
    announce(widget, "Listening")
    assert [(event.object(), event.message()) for event in events] == [(widget, "Listening")]
