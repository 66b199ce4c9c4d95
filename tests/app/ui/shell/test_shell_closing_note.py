"""Text and buttons of the note at the first closing of the window."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.core.hints import ShownOnce
from app.ui.shell.shell import ClosingNote
from app.ui.strings.texts import Texts


@pytest.fixture
def once(tmp_path: Path) -> ShownOnce:
    return ShownOnce(tmp_path / "told")


@pytest.fixture
def done() -> list[str]:
    return []


@pytest.fixture
def note(texts: Texts, once: ShownOnce, done: list[str], qtbot: QtBot) -> Iterator[ClosingNote]:
    parent = QWidget()
    qtbot.addWidget(parent)
    made = ClosingNote(texts, once, lambda: done.append("closed"), lambda: done.append("ended"), parent)
    made.open()
    yield made
    parent.close()


def test_closing_note_reports_where_app_runs_and_how_to_quit(
    note: ClosingNote, texts: Texts, qtbot: QtBot
) -> None:
    assert note.description.text() == texts("closing.says") and note.go_on.isDefault()
    qtbot.waitUntil(lambda: note._body.verticalScrollBar().maximum() == 0)  # no part is scrolled out of view


def test_closing_note_reports_another_way_back_without_tray(note: ClosingNote, texts: Texts) -> None:
    note.show_tray(False)
    assert note.description.text() == texts("closing.says-without-tray")
    assert "kikipounamu show" in note.description.text()
    note.show_tray(True)
    assert note.heading.text() == texts("closing.heading")


@pytest.mark.parametrize(("button", "did"), [("go_on", "closed"), ("quit", "ended")])
def test_closing_note_is_not_shown_again_after_a_button(
    note: ClosingNote, once: ShownOnce, done: list[str], button: str, did: str
) -> None:
    getattr(note, button).click()
    assert (done, once.done, note.isVisible()) == ([did], True, False)


def test_escape_keeps_window_open_and_closing_note_pending(
    note: ClosingNote, once: ShownOnce, done: list[str]
) -> None:
    note.reject()
    assert (done, once.done) == ([], False)
