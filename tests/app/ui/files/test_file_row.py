"""A row of the file list shows the state of its file and offers the right actions."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QPushButton
from pytestqt.qtbot import QtBot

from app.core.errors import Note
from app.core.format import Format
from app.files.view import (
    CancelFiles,
    ChooseTrack,
    CopyFile,
    FileAction,
    FileNote,
    FileState,
    FileView,
    MoveFile,
    PauseFiles,
    RemoveFiles,
    ResumeFiles,
    RetryFile,
    SaveFile,
)
from app.ui.files.file_row import FileRow
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from app.ui.widgets.menus import Menu
from tests.app.ui.dialogs import FakeDialogs
from tests.app.ui.showing import kept

WORKING = FileView(7, "/home/ana/talk.mp3", FileState.WORKING, 30.0, 120.0, 90.0, "kia ora")
DONE = FileView(
    7, "/home/ana/talk.mp3", FileState.DONE, 120.0, 120.0, text="kia ora koutou", results=("/t/talk.srt",)
)


@pytest.fixture
def row(theme: Theme, texts: Texts, asked: list[FileAction], dialogs: FakeDialogs, qtbot: QtBot) -> FileRow:
    made = kept(qtbot, FileRow(theme, texts, asked.append, dialogs), 700, 120)
    made.show_file(WORKING)
    made.show()
    return made


def buttons(row: FileRow) -> list[str]:
    shown = {"step": row.step, "copy": row.copy, "show": row.show_folder, "cancel": row.cancel, "more": row.more}
    return [name for name, button in shown.items() if button.isVisible()]


def entries(row: FileRow) -> list[str]:
    row.fill_menu()
    return [entry.text() for entry in row.menu.actions() if not entry.isSeparator()]


def trigger(row: FileRow, says: str) -> None:
    row.fill_menu()
    next(entry for entry in row.menu.actions() if entry.text() == says).trigger()


def test_row_shows_progress_of_file(row: FileRow, texts: Texts) -> None:
    assert row.name.accessibleName() == "talk.mp3"
    assert row.toolTip() == "/home/ana/talk.mp3"
    assert row.text.accessibleName() == "kia ora"
    assert row.status.accessibleName().startswith(texts("files.state.working"))
    assert row.shape.accessibleName() == texts("files.state.working")
    assert (row.bar.value(), row.bar.isVisible(), row.bar.moving) == (25, True, True)
    assert row.accessibleName() == f"talk.mp3: {row.status.accessibleName()}"
    assert not row.note.isVisible()


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        (FileState.ADDED, ["step", "cancel", "more"]),
        (FileState.WAITING, ["step", "cancel", "more"]),
        (FileState.WORKING, ["step", "cancel", "more"]),
        (FileState.PAUSED, ["step", "cancel", "more"]),
        (FileState.DONE, ["copy", "show", "more"]),
        (FileState.FAILED, ["step", "copy", "more"]),
        (FileState.CANCELLED, ["step", "copy", "more"]),
    ],
)
def test_row_shows_likely_buttons_for_each_state(row: FileRow, state: FileState, shown: list[str]) -> None:
    row.show_file(replace(DONE, state=state))
    assert buttons(row) == shown
    assert row.bar.isVisible() == (state in (FileState.WAITING, FileState.WORKING, FileState.PAUSED))


def test_row_shows_the_newest_words_until_the_file_is_done(row: FileRow) -> None:
    words = " ".join(map(str, range(300)))
    row.show_file(replace(WORKING, text=words))
    assert row.text.text().endswith(" 299")
    row.show_file(replace(DONE, text=words))
    assert row.text.text().startswith("0 1 ")


def test_row_of_truncated_file_warns_and_does_not_say_done(row: FileRow, texts: Texts) -> None:
    row.show_file(replace(DONE, truncated=True, note=Note(FileNote.TRUNCATED)))
    assert row.note.isVisible() and row.note.text() == texts("files.note.truncated")
    assert row.shape.accessibleName() == texts("files.incomplete"), "and no tick stands before its name"
    assert (
        texts("files.incomplete") in row.accessibleName() and texts("files.state.done") not in row.accessibleName()
    )


def test_progress_bar_appears_when_work_starts_on_file_of_known_length(row: FileRow) -> None:
    row.show_file(FileView(7, "/a", FileState.WAITING, duration_s=100.0))
    assert not row.bar.isVisible()
    row.show_file(FileView(7, "/a", FileState.WORKING, duration_s=100.0))
    assert row.bar.isVisible()
    row.show_file(FileView(7, "/a", FileState.WORKING, 5.0))
    assert not row.bar.isVisible(), "the length is not known"


@pytest.mark.parametrize(
    ("file", "action"),
    [
        (WORKING, PauseFiles(7)),
        (replace(WORKING, state=FileState.PAUSED), ResumeFiles(7)),
        (replace(WORKING, state=FileState.FAILED), RetryFile(7)),
        (replace(DONE, gaps=True), RetryFile(7)),
        (replace(DONE, truncated=True), RetryFile(7)),
    ],
)
def test_step_button_asks_for_next_step(
    row: FileRow, asked: list[FileAction], file: FileView, action: FileAction
) -> None:
    row.show_file(file)
    QTest.keyClick(row.step, Qt.Key.Key_Space)
    assert asked == [action]


def test_cancel_button_cancels_then_removes_file(row: FileRow, asked: list[FileAction], texts: Texts) -> None:
    QTest.mouseClick(row.cancel, Qt.MouseButton.LeftButton)
    row.show_file(replace(WORKING, state=FileState.CANCELLED, position_s=0.0, text=""))
    assert (row.step.text(), row.cancel.text()) == (texts("files.retry"), texts("files.remove"))
    QTest.mouseClick(row.cancel, Qt.MouseButton.LeftButton)
    assert asked == [CancelFiles(7), RemoveFiles(7)]


def test_text_of_failed_file_is_offered_and_not_removed_by_one_click(row: FileRow) -> None:
    row.show_file(replace(WORKING, state=FileState.FAILED))
    assert row.copy.isVisible() and row.step.isVisible() and not row.cancel.isVisible()
    row.show_file(replace(WORKING, state=FileState.FAILED, text=""))
    assert row.cancel.isVisible() and not row.copy.isVisible()


def test_cancelled_file_with_text_offers_its_text_and_its_rest(
    row: FileRow, asked: list[FileAction], texts: Texts
) -> None:
    row.show_file(replace(WORKING, state=FileState.CANCELLED))
    assert row.step.text() == texts("files.resume")
    row.step.click()
    row.copy.click()
    assert asked == [RetryFile(7), CopyFile(7)]
    assert not row.cancel.isVisible(), "a double click on Cancel removes no text"


def test_row_copies_text_and_shows_result_folder(
    row: FileRow, asked: list[FileAction], dialogs: FakeDialogs
) -> None:
    row.show_file(DONE)
    QTest.keyClick(row.copy, Qt.Key.Key_Space)
    assert asked == [CopyFile(7)]
    QTest.keyClick(row.show_folder, Qt.Key.Key_Space)
    assert dialogs.shown == ["/t/talk.srt"]


def test_row_note_says_why_a_file_waits_or_has_failed(row: FileRow, texts: Texts) -> None:
    row.show_file(replace(WORKING, note=Note(FileNote.GATEWAY_AWAY)))
    assert (row.note.text(), row.note.property("role")) == (texts("files.note.gateway-away"), "warning")
    row.show_file(replace(WORKING, state=FileState.FAILED, note=Note(FileNote.EMPTY)))
    assert (row.note.text(), row.note.property("role")) == (texts("files.note.empty"), "warning")
    row.show_file(WORKING)
    assert not row.note.isVisible()


@pytest.mark.parametrize("form", list(Format))
def test_row_menu_saves_text_in_each_format(
    row: FileRow, asked: list[FileAction], dialogs: FakeDialogs, texts: Texts, form: Format
) -> None:
    row.show_file(DONE)
    says = texts("files.save-as", form=texts(f"files.form.{form.value}"))
    dialogs.chosen = ["/x/chosen.vtt"]
    trigger(row, says)
    assert dialogs.suggested == [f"/home/ana/talk.{form}"]
    assert asked == [SaveFile(7, "/x/chosen.vtt", form)]
    dialogs.chosen = []
    trigger(row, says)
    assert len(asked) == 1


def test_row_menu_offers_remaining_actions(
    row: FileRow, asked: list[FileAction], dialogs: FakeDialogs, texts: Texts
) -> None:
    for says in ("files.earlier", "files.later", "files.copy-text", "files.remove"):
        trigger(row, texts(says))
    assert asked == [MoveFile(7, -1), MoveFile(7, 1), CopyFile(7), RemoveFiles(7)]
    row.show_file(DONE)
    assert texts("files.earlier") not in entries(row)
    trigger(row, texts("files.show"))
    assert dialogs.shown == ["/t/talk.srt"]
    row.show_file(FileView(7, "/a", FileState.FAILED))
    assert entries(row) == [texts("files.remove")]


def test_row_menu_opens_by_keyboard_and_right_click(row: FileRow, qtbot: QtBot) -> None:
    QTest.keyClick(row.more, Qt.Key.Key_Space)
    assert row.menu.isVisible()
    row.menu.close()
    QApplication.sendEvent(row, QContextMenuEvent(QContextMenuEvent.Reason.Mouse, QPoint(5, 5), QPoint(50, 50)))
    assert row.menu.isVisible()
    row.menu.close()


@pytest.mark.parametrize("state", list(FileState))
def test_row_buttons_name_their_file(row: FileRow, state: FileState) -> None:
    row.show_file(replace(DONE, state=state))
    shown = [button for button in row.findChildren(QPushButton) if button.isVisible()]
    names = [button.accessibleName() for button in shown]
    assert all("talk.mp3" in name for name in names)
    assert len(set(names)) == len(names)


def test_row_redraws_only_changed_file(row: FileRow) -> None:
    row.status.show_text("as it was")
    row.show_file(replace(WORKING))
    assert row.status.accessibleName() == "as it was"
    row.show_file(WORKING, again=True)
    assert row.status.accessibleName() != "as it was"


def test_row_menu_offers_sound_tracks_of_a_film(row: FileRow, asked: list[FileAction], texts: Texts) -> None:
    assert texts("files.sound-track") not in entries(row)
    row.show_file(replace(DONE, track=1, tracks=2))
    for _ in range(2):
        assert texts("files.sound-track") in entries(row)
    tracks = next(entry.menu() for entry in row.menu.actions() if entry.text() == texts("files.sound-track"))
    assert isinstance(tracks, Menu), "it ticks the track in use"
    assert row.findChildren(QMenu) == [row.menu, tracks], "no earlier menu is left"
    assert [(entry.text(), entry.isChecked()) for entry in tracks.actions()] == [("1", True), ("2", False)]
    tracks.actions()[1].trigger()
    assert asked == [ChooseTrack(7, 2)]
