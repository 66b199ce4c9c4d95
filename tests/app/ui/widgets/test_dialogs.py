"""The system's file dialogs return the user's choice, or an empty value if the user cancels."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QFileInfo, QObject, QTimer, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from app.ui.strings.texts import QtWords, Texts
from app.ui.widgets.dialogs import Dialogs
from tests.app.ui.showing import kept

KINDS = ("Audio (*.wav)", "All (*)")


@pytest.fixture
def parent(qtbot: QtBot) -> QWidget:
    return kept(qtbot, QWidget())


def when_open(do: Callable[[QFileDialog], None]) -> None:
    """Call ``do`` with the file dialog once its event loop runs."""

    def look() -> None:
        dialog = QApplication.activeModalWidget()
        if isinstance(dialog, QFileDialog):
            do(dialog)
        else:
            QTimer.singleShot(5, look)

    QTimer.singleShot(0, look)


def test_files_dialog_returns_chosen_files(parent: QWidget, tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.touch()
    titles: list[str] = []

    def choose(dialog: QFileDialog) -> None:
        titles.append(dialog.windowTitle())
        assert dialog.nameFilters() == list(KINDS)
        dialog.setDirectory(str(tmp_path))
        dialog.selectFile(str(path))
        dialog.accept()

    when_open(choose)
    assert Dialogs().files(parent, "Open", KINDS) == [str(path)]
    assert titles == ["Open"]


def test_dialogs_return_empty_values_when_cancelled(parent: QWidget) -> None:
    dialogs = Dialogs()
    when_open(QFileDialog.reject)
    assert dialogs.files(parent, "Open", KINDS) == []
    when_open(QFileDialog.reject)
    assert dialogs.folder(parent, "Open") == ""
    when_open(QFileDialog.reject)
    assert dialogs.place(parent, "Save", "/x/a.srt") == ""


def test_file_dialog_is_in_chinese_where_the_windows_are(
    parent: QWidget, qapp: QApplication, tmp_path: Path
) -> None:
    texts, labels, kinds = Texts("zh"), list[str](), list[str]()
    words = QtWords(qapp, texts)
    (tmp_path / "folder").mkdir()
    for name in ("plain", "sound.wav"):
        (tmp_path / name).touch()

    def look(dialog: QFileDialog) -> None:
        labels.extend(dialog.labelText(label) for label in QFileDialog.DialogLabel)
        places = (tmp_path / "folder", tmp_path / "plain", tmp_path / "sound.wav")
        kinds.extend(dialog.iconProvider().type(QFileInfo(str(place))) for place in places)
        dialog.reject()

    try:
        when_open(look)
        Dialogs().files(parent, "打开", ("音频 (*.wav)",))
        assert [label for label in labels if not re.search("[\u4e00-\u9fff]", label)] == []
        assert len(labels) == len(QFileDialog.DialogLabel)
        assert kinds == ["文件夹", "文件", "wav 文件"]
    finally:
        texts.choose("en")
        words.deleteLater()


def test_folder_dialog_returns_chosen_folder(parent: QWidget, tmp_path: Path) -> None:
    def choose(dialog: QFileDialog) -> None:
        dialog.setDirectory(str(tmp_path.parent))
        dialog.selectFile(str(tmp_path))
        dialog.accept()

    when_open(choose)
    assert Dialogs().folder(parent, "Folder") == str(tmp_path)


def test_place_dialog_suggests_name_and_adds_its_suffix(parent: QWidget, tmp_path: Path) -> None:
    when_open(QFileDialog.accept)
    assert Dialogs().place(parent, "Save", str(tmp_path / "talk.srt")) == str(tmp_path / "talk.srt")

    def another(dialog: QFileDialog) -> None:
        dialog.selectFile("other")
        dialog.accept()

    when_open(another)
    assert Dialogs().place(parent, "Save", str(tmp_path / "talk.srt")) == str(tmp_path / "other.srt")


@pytest.mark.parametrize("exists", [True, False])
def test_dialogs_open_among_documents_and_then_where_the_last_one_ended(
    exists: bool, parent: QWidget, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, used = tmp_path / "home", tmp_path / "used"
    documents = home / "Documents" if exists else home
    for folder in (documents, used):
        folder.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    dialogs, places = Dialogs(), list[str]()

    def choose(dialog: QFileDialog) -> None:
        places.append(dialog.directory().path())
        dialog.setDirectory(str(used))
        dialog.accept()

    when_open(choose)
    assert dialogs.place(parent, "Save", "talk.txt") == str(used / "talk.txt")

    def look(dialog: QFileDialog) -> None:
        places.append(dialog.directory().path())
        dialog.reject()

    for ask in (lambda: dialogs.place(parent, "Save", "b.txt"), lambda: dialogs.files(parent, "Open", KINDS)):
        when_open(look)
        ask()
    assert places == [str(documents), str(used), str(used)]


class Opener(QObject):
    """URL handler for file addresses during a test."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[QUrl] = []

    @Slot(QUrl)
    def open(self, url: QUrl) -> None:
        self.opened.append(url)


def test_show_opens_folder_of_file(qapp: QApplication, tmp_path: Path) -> None:
    opener = Opener()
    QDesktopServices.setUrlHandler("file", opener, "open")  # type: ignore[arg-type]  # it takes no bytes
    try:
        Dialogs().show(str(tmp_path / "a b.srt"))
    finally:
        QDesktopServices.unsetUrlHandler("file")
    assert [url.toLocalFile() for url in opener.opened] == [str(tmp_path)]
