"""Main window: keyboard access, accessible names and uncut texts, in both languages and font sizes."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAccessible, QFont
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QLabel,
    QPushButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app.core.live_text import TextSpan
from app.core.notes import Note
from app.core.sentences import LANGUAGES
from app.core.states import State
from app.dictation.actions import Verb
from app.dictation.view import TakeView, View
from app.local_services.worker_view import LocalWorkerState, WorkerView
from app.messages.actions import Action
from app.ui.dictation.page import LiveTextView, MainWindow, usual_size
from app.ui.settings.choices import Choices
from app.ui.strings.texts import Texts
from app.ui.theme.colours import Scheme
from app.ui.theme.theme import STILL, Theme
from app.ui.widgets.basic import Elided

KEYS = {"dictate": "ctrl+alt+d", "paste-held": "ctrl+alt+v"}
CHOICES = Choices((("USB Audio", "USB Audio"),), "", "USB Audio", keys=KEYS)
SPEAKING = View(
    State.LISTENING,
    12.0,
    -20.0,
    (TextSpan("kia ora ", True), TextSpan("koutou", False)),
    3.0,
    "desktop-gpu",
    waiting=1,
)
TAKES = [
    TakeView("a", 1_700_000_000.0, 75.0, State.DONE, "kia ora 你好 " * 30),
    TakeView("b", 1_700_000_100.0, 8.0, State.FAILED),
]

Make = Callable[[Texts], MainWindow]


@pytest.fixture
def asked() -> list[Action]:
    return []


@pytest.fixture
def make(theme: Theme, asked: list[Action], qtbot: QtBot) -> Make:
    def made(texts: Texts) -> MainWindow:
        window = MainWindow(theme, texts, asked.append)
        qtbot.addWidget(window)
        window.show_choices(CHOICES)
        window.show_takes(TAKES)
        window.show_worker(WorkerView(LocalWorkerState.BUSY, "RTX 5060 Ti · SenseVoice"))
        window.show_view(SPEAKING)
        window.show()
        return window

    return made


def controls(window: QWidget) -> list[QWidget]:
    """Return the buttons and combo boxes inside a widget."""
    return [widget for widget in window.findChildren(QWidget) if isinstance(widget, QAbstractButton | QComboBox)]


def test_main_window_shows_take_and_buttons_for_held_text(make: Make, texts: Texts, asked: list[Action]) -> None:
    window = make(texts)
    assert window.state.text() == texts("state.listening")
    assert window.elapsed.text() == "0:12"
    assert "desktop-gpu" in window.beside.text() and texts("overlay.unsent", seconds=3) in window.beside.text()
    assert window.live.accessibleDescription() == "kia ora koutou"
    assert "Ctrl+Alt+D" in window.hint.text()
    assert not window.note.isVisible()
    window.show_view(View(State.HELD, held=1, note=Note("focus-moved")))
    assert window.note.text() == texts("note.focus-moved-key", key="Ctrl+Alt+V")
    assert "Ctrl+Alt+V" in window.beside.text()
    asked.clear()
    window.copy_held.click()
    assert asked == [Verb.COPY_HELD] and window.copy_held.text() == texts("action.copy-held")
    window.dismiss.click()
    assert asked[-1] == Verb.DISMISS_HELD and window.dismiss.text() == texts("action.dismiss")
    window.show_view(View())
    assert not window.copy_held.isVisible() and not window.dismiss.isVisible()


@pytest.mark.parametrize("state", list(State))
def test_every_state_has_word_and_icon(make: Make, texts: Texts, state: State) -> None:
    window = make(texts)
    window.show_view(View(state))
    assert window.state.text() == window.shape.accessibleName() == texts(f"state.{state.value}")
    assert window.shape.state is state


def test_start_button_starts_and_stops_take(make: Make, asked: list[Action], qtbot: QtBot) -> None:
    window = make(Texts("en"))
    QTest.keyClick(window.start, Qt.Key.Key_Space)
    window.show_view(View())
    QTest.keyClick(window.start, Qt.Key.Key_Space)
    assert asked == [Verb.STOP, Verb.START]


def test_every_main_window_control_has_accessible_name(make: Make, texts: Texts) -> None:
    found = controls(make(texts))
    assert len(found) > 8
    for control in found:
        interface = QAccessible.queryAccessibleInterface(control)
        assert interface.text(QAccessible.Text.Name).strip(), control


def test_keyboard_reaches_every_control(make: Make, qtbot: QtBot) -> None:
    window = make(Texts("en"))
    window.activateWindow()
    window.start.setFocus()
    reached = set()
    for _ in range(40):
        focused = window.focusWidget()
        assert focused is not None
        reached.add(focused)
        QTest.keyClick(focused, Qt.Key.Key_Tab)
    missing = [control for control in controls(window) if control.isVisible() and control not in reached]
    assert missing == []


def needs(widget: QWidget) -> QSize:
    """Return the smallest size in which the text of a widget is not cut."""
    metrics = widget.fontMetrics()
    if isinstance(widget, QLabel) and widget.wordWrap():
        return QSize(0, widget.heightForWidth(widget.width()))
    if isinstance(widget, QComboBox):
        return QSize(metrics.horizontalAdvance(widget.currentText()) + metrics.height() + 24, metrics.height())
    if isinstance(widget, QPushButton):
        icon = 0 if widget.icon().isNull() else widget.iconSize().width() + 4
        return QSize(metrics.horizontalAdvance(widget.text()) + icon, metrics.height())
    if isinstance(widget, QLabel):
        return QSize(metrics.horizontalAdvance(widget.text()), metrics.height())
    return QSize(0, 0)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("scale", [1.0, 2.0])
@pytest.mark.parametrize("state", [State.LISTENING, State.HELD])
def test_main_window_cuts_no_text(
    make: Make, qapp: QApplication, qtbot: QtBot, language: str, scale: float, state: State
) -> None:
    larger = QFont(qapp.font())
    larger.setPointSizeF(larger.pointSizeF() * scale)
    qapp.setFont(larger)
    window = make(Texts(language))
    window.show_view(
        View(state, 3723.0, unsent_s=61.0, destination="desktop-gpu.local", note=Note("target-unknown"))
    )
    size = usual_size().expandedTo(window.minimumSizeHint())
    window.resize(size)
    qtbot.waitUntil(lambda: window.size() == size)
    qapp.processEvents()
    for widget in window.findChildren(QWidget):
        if not widget.isVisibleTo(window) or isinstance(widget, Elided):
            continue
        room, needed = widget.size(), needs(widget)
        assert room.width() >= needed.width() and room.height() >= needed.height(), (widget, room, needed)


def test_main_window_changes_language_and_colours_while_open(make: Make, theme: Theme) -> None:
    texts = Texts("en")
    window = make(texts)
    texts.choose("zh")
    assert window.state.text() == "正在聆听"
    assert window.settings.quit.text() == "退出"
    assert window.takes.rows[0].copy.text() == "复制"
    before = window.grab().toImage()
    theme.choose(Scheme.DARK)
    assert window.grab().toImage() != before


def test_problem_is_shown_and_refused_choices_are_reset(make: Make) -> None:
    window = make(Texts("en"))
    window.settings.key.show_binding("f12")
    window.settings.mode.setCurrentIndex(0)
    window.show_problem("'f12' is already used by another program: choose another key")
    assert window.note.isVisible() and "f12" in window.note.text()
    assert window.settings.key.binding == "ctrl+alt+d"
    assert window.settings.mode.currentData() == "hybrid"
    window.show_problem("")
    assert not window.note.isVisible()


def test_meter_follows_microphone_level(make: Make) -> None:
    window = make(Texts("en"))
    assert window.settings.meter.level_dbfs == SPEAKING.level_dbfs


def test_live_text_paints_new_spans(theme: Theme, qtbot: QtBot) -> None:
    live = LiveTextView(theme, Texts("en"))
    qtbot.addWidget(live)
    live.resize(300, live.height())
    empty = live.grab().toImage()
    live.show_spans((TextSpan("many words " * 100, True),))
    assert live.grab().toImage() != empty


def test_hint_names_no_key_when_no_key_works(make: Make) -> None:
    window = make(Texts("en"))
    window.show_choices(Choices())
    assert window.hint.text() == Texts("en")("window.hint-without-key")
    window.show_choices(replace(CHOICES, heard=False))
    assert window.hint.text() == Texts("en")("window.hint-without-key")
    window.show_view(View(State.HELD, held=1))
    assert "Ctrl" not in window.beside.text()


def test_main_window_shows_state_with_reduced_motion(qtbot: QtBot, theme: Theme) -> None:
    window = MainWindow(Theme(theme.scheme, STILL), Texts("en"), lambda action: None)
    qtbot.addWidget(window)
    window.show_view(SPEAKING)
    assert window.state.text() == "Listening"
