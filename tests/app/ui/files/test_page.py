"""The files page: drop, open, list and save; usable by keyboard, with accessible names, and never cut off."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QWidget
from pytestqt.qtbot import QtBot

from app.core.errors import Note
from app.core.format import Format
from app.files.file_search import KINDS
from app.files.view import (
    AddFiles,
    CancelFiles,
    ChooseSaving,
    FileAction,
    FileNote,
    FileState,
    FilesView,
    FileText,
    FileView,
    PauseFiles,
    RemoveFiles,
    ResumeFiles,
)
from app.local_services.worker_view import LocalWorkerState, WorkerView
from app.ui.files.page import FilesPage, paths_of
from app.ui.strings.texts import Texts
from app.ui.theme.colours import Scheme
from app.ui.theme.theme import Theme
from tests.app.ui.dialogs import FakeDialogs
from tests.app.ui.languages import in_each_language
from tests.app.ui.showing import displayed, enlarge
from tests.helpers.legibility import cut

FORMS = (Format.TXT, Format.SRT)
DONE = FileView(1, "/a/done.mp3", FileState.DONE, 60.0, 60.0, text="kia ora", results=("/a/done.srt",))
WORKING = FileView(2, "/a/working.mp4", FileState.WORKING, 30.0, 120.0, text="koutou")
WAITING = FileView(3, "/a/waiting.wav", FileState.WAITING, duration_s=90.0)
VIEW = FilesView((DONE, WORKING, WAITING), FORMS)


Make = Callable[[Texts], FilesPage]


@pytest.fixture
def make(theme: Theme, asked: list[FileAction], dialogs: FakeDialogs, qtbot: QtBot) -> Make:
    def made(texts: Texts) -> FilesPage:
        page = FilesPage(theme, texts, asked.append, dialogs)
        qtbot.addWidget(page)
        page.show_files(VIEW)
        page.resize(900, 700)
        page.show()
        return page

    return made


@pytest.fixture
def page(make: Make, texts: Texts) -> FilesPage:
    return make(texts)


def mime(*urls: str) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl(url) for url in urls])
    return data


def enters(data: QMimeData) -> QDragEnterEvent:
    return QDragEnterEvent(
        QPoint(9, 9), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )


def test_formats_are_ticked_and_cannot_be_changed_until_list_is_read(
    theme: Theme, texts: Texts, asked: list[FileAction], qtbot: QtBot
) -> None:
    page = displayed(qtbot, FilesPage(theme, texts, asked.append))
    assert {form for form, tick in page.forms.items() if tick.isChecked()} == set(FORMS)
    page.forms[Format.JSON].click()
    assert not asked, "it would replace a choice that is not known yet"
    page.show_files(FilesView((), (Format.JSON,)))
    assert [form for form, tick in page.forms.items() if tick.isChecked()] == [Format.JSON]
    page.forms[Format.SRT].click()
    assert asked == [ChooseSaving((Format.SRT, Format.JSON), "")]


def test_files_page_is_drop_zone_when_list_is_empty(page: FilesPage, texts: Texts) -> None:
    page.show_files(FilesView((), FORMS))
    assert not page.listing.isVisible()
    assert not page.zone.strip
    assert page.zone.description.text() == texts("files.drop")
    assert not page.pause.isVisible() and not page.clear.isVisible()
    page.show_files(VIEW)
    assert page.listing.isVisible() and page.zone.strip


def test_dropped_local_files_are_added_once(page: FilesPage, asked: list[FileAction]) -> None:
    data = mime("file:///a/talk.mp3", "file:///a/b%20c", "https://example.org/x.mp3", "file:///a/talk.mp3")
    assert paths_of(data) == ("/a/talk.mp3", "/a/b c")
    entering = enters(data)
    QApplication.sendEvent(page, entering)
    assert entering.isAccepted()
    over = [page.zone.over]
    QApplication.sendEvent(page, QDragLeaveEvent())
    over.append(page.zone.over)
    QApplication.sendEvent(page, enters(data))
    drop = QDropEvent(
        QPointF(9, 9), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(page, drop)
    assert asked == [AddFiles(("/a/talk.mp3", "/a/b c"))]
    assert [*over, page.zone.over] == [True, False, False]


@pytest.mark.parametrize("urls", [(), ("https://example.org/x.mp3",)])
def test_drag_without_local_files_is_rejected(page: FilesPage, urls: tuple[str, ...]) -> None:
    data = mime(*urls)
    entering = enters(data)
    entering.ignore()
    QApplication.sendEvent(page, entering)
    assert not entering.isAccepted()


def test_full_list_rejects_files(page: FilesPage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.files.view.MOST_FILES", 5)
    full = tuple(FileView(number, f"/{number}") for number in range(5))
    page.show_files(FilesView(full[:-1], FORMS))
    assert page.zone.open.isEnabled()
    page.show_files(FilesView(full, FORMS))
    assert not page.zone.open.isEnabled()
    data = mime("file:///a/talk.mp3")
    entering = enters(data)
    entering.ignore()
    QApplication.sendEvent(page, entering)
    assert not entering.isAccepted()


def test_files_page_adds_opened_files_and_folders(
    page: FilesPage, dialogs: FakeDialogs, asked: list[FileAction]
) -> None:
    page.zone.open.click()
    page.zone.folder.click()
    assert asked == []
    dialogs.chosen = ["/a", "/b"]
    page.zone.open.click()
    dialogs.chosen = ["/folder"]
    page.zone.folder.click()
    assert asked == [AddFiles(("/a", "/b")), AddFiles(("/folder",))]
    assert all(f"*.{kind}" in dialogs.kinds[0] for kind in KINDS)


def test_files_keep_their_rows_when_list_changes(page: FilesPage) -> None:
    assert [row.name.accessibleName() for row in page.rows.values()] == ["done.mp3", "working.mp4", "waiting.wav"]
    working = page.rows[2]
    working.step.setFocus()
    page.show_files(replace(VIEW, files=(WAITING, replace(WORKING, position_s=60.0))))
    assert set(page.rows) == {2, 3}
    assert page.rows[2] is working
    assert working.bar.value() == 50
    places = {number: page._list.indexOf(row) for number, row in page.rows.items()}
    assert places == {3: 0, 2: 1}


def test_pause_button_pauses_and_resumes_all_files(page: FilesPage, asked: list[FileAction], texts: Texts) -> None:
    assert page.pause.text() == texts("files.pause-all")
    page.pause.click()
    paused = tuple(replace(file, state=FileState.PAUSED) for file in (WORKING, WAITING))
    page.show_files(replace(VIEW, files=(DONE, *paused)))
    assert page.pause.text() == texts("files.resume-all")
    page.pause.click()
    page.clear.click()
    assert asked == [PauseFiles(), ResumeFiles(), RemoveFiles()]
    page.show_files(replace(VIEW, files=(DONE,)))
    assert not page.pause.isVisible() and page.clear.isVisible()


def test_files_of_one_name_are_told_apart_by_their_folders(page: FilesPage) -> None:
    page.show_files(
        FilesView((DONE, replace(WAITING, path="/monday/talk.wav"), replace(WORKING, path="/b/talk.wav")))
    )
    assert page.rows[3].name.accessibleName() == "talk.wav · monday"
    assert page.rows[1].name.accessibleName() == "done.mp3"
    page.show_files(FilesView((DONE, replace(WAITING, path="/monday/talk.wav"))))
    assert page.rows[3].name.accessibleName() == "talk.wav"


def test_queued_files_are_cancelled_together(page: FilesPage, asked: list[FileAction], texts: Texts) -> None:
    assert not page.cancel.isVisible(), "a single one has its own button"
    page.show_files(replace(VIEW, files=(DONE, WORKING, WAITING, replace(WAITING, file=4))))
    assert page.cancel.text() == texts("files.cancel-queued")
    page.cancel.click()
    assert asked == [CancelFiles()]


def test_format_tick_asks_to_change_saving(page: FilesPage, asked: list[FileAction]) -> None:
    assert [form for form, tick in page.forms.items() if tick.isChecked()] == list(FORMS)
    QTest.keyClick(page.forms[Format.VTT], Qt.Key.Key_Space)
    assert asked == [ChooseSaving((*FORMS, Format.VTT), "")]


def test_place_choice_asks_to_change_saving(
    page: FilesPage, dialogs: FakeDialogs, asked: list[FileAction]
) -> None:
    def choose(number: int) -> None:
        page.place.setCurrentIndex(number)
        page.place.activated.emit(number)

    assert page.place.count() == 2
    choose(1)
    assert asked == [] and page.place.currentIndex() == 0
    dialogs.chosen = ["/texts"]
    choose(1)
    page.show_files(replace(VIEW, folder="/texts"))
    assert (page.place.currentText(), page.place.count()) == ("/texts", 3)
    choose(1)
    choose(0)
    assert asked == [ChooseSaving(FORMS, "/texts"), ChooseSaving(FORMS, "/texts"), ChooseSaving(FORMS, "")]


def test_arriving_text_is_copied_to_clipboard(page: FilesPage, texts: Texts) -> None:
    page.show_text(FileText(1, "kia ora koutou"))
    assert QGuiApplication.clipboard().text() == "kia ora koutou"
    assert page.rows[1].copy.text() == texts("action.copied")
    page.show_text(FileText(99, "of a file that is gone"))
    assert QGuiApplication.clipboard().text() == "of a file that is gone"


def test_files_page_shows_note_of_list(page: FilesPage, texts: Texts) -> None:
    assert not page.note.isVisible()
    page.show_files(replace(VIEW, note=Note(FileNote.NOTHING_FOUND)))
    assert page.note.text() == texts("files.note.nothing-found")


def test_files_page_follows_language_and_theme(make: Make, theme: Theme) -> None:
    texts = Texts("en")
    page = make(texts)
    texts.choose("zh")
    assert (page.name.text(), page.rows[1].copy.text()) == ("文件", "复制")
    before = page.grab().toImage()
    theme.choose(Scheme.DARK)
    assert page.grab().toImage() != before


def test_files_page_is_reachable_by_keyboard_and_named(page: FilesPage) -> None:
    wanted = {
        widget
        for widget in page.findChildren(QWidget)
        if isinstance(widget, QAbstractButton | QComboBox) and widget.isVisible() and widget.isEnabled()
    }
    assert len(wanted) > 12
    for widget in wanted:
        name = widget.accessibleName() or (widget.text() if isinstance(widget, QAbstractButton) else "")
        assert name, widget
    reached: set[QWidget] = set()
    after = page.nextInFocusChain()
    while after is not None and after is not page and after not in reached:
        reached.add(after)
        after = after.nextInFocusChain()
    assert all(widget in reached and widget.focusPolicy() & Qt.FocusPolicy.TabFocus for widget in wanted)


@in_each_language
def test_files_page_fits_at_double_font_size(
    theme: Theme, texts: Texts, dialogs: FakeDialogs, qtbot: QtBot
) -> None:
    enlarge(2)
    theme.choose(Scheme.HIGH_CONTRAST)
    page = FilesPage(theme, texts, lambda action: None, FakeDialogs())
    page.show_files(VIEW)
    displayed(qtbot, page, page.minimumSizeHint().width() + 200, 1000)
    qtbot.waitUntil(lambda: page.forms[Format.JSON].y() > page.forms[Format.TXT].y())
    assert cut(page) == []


def test_focus_stays_in_the_list_when_its_row_is_removed(page: FilesPage, qtbot: QtBot) -> None:
    """The focus went to the first entry of the sidebar."""
    page.activateWindow()
    page.rows[2].cancel.setFocus()
    qtbot.waitUntil(page.rows[2].cancel.hasFocus)
    page.show_files(FilesView((DONE, WAITING), FORMS))
    assert page.rows[3].more.hasFocus(), "the row below"
    page.show_files(FilesView((DONE,), FORMS))
    assert page.rows[1].more.hasFocus(), "the row above, as none is below"


def test_failed_worker_is_named_while_a_file_waits_for_it(page: FilesPage, texts: Texts) -> None:
    failed = WorkerView(LocalWorkerState.FAILED, reason=Note("model-unfit", {"model": "whisper-huge"}))
    page.show_worker(failed)
    page.show_files(VIEW)
    assert page.note.isHidden()
    page.show_files(FilesView((replace(WORKING, note=Note(FileNote.NO_WORKER)),), FORMS))
    assert "whisper-huge" in page.note.text() and not page.note.isHidden()
    page.show_worker(WorkerView(LocalWorkerState.STARTING))
    assert page.note.isHidden()
