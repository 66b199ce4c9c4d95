"""What is asked of the system's own windows: which files, where to, and to show a folder."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QWidget


class Dialogs(Protocol):
    """What a page needs of them. Nothing chosen is empty."""

    def files(self, parent: QWidget, title: str, kinds: Sequence[str]) -> list[str]:
        """Some files of these kinds, as ``name (*.ending)``."""
        ...

    def folder(self, parent: QWidget, title: str) -> str:
        """A folder."""
        ...

    def place(self, parent: QWidget, title: str, suggested: str) -> str:
        """Where to write; whoever chooses a file that is there agrees to replace it."""
        ...

    def show(self, path: str) -> None:
        """The folder of this file."""
        ...


class SystemDialogs:
    """The ``Dialogs`` of the system."""

    def files(self, parent: QWidget, title: str, kinds: Sequence[str]) -> list[str]:
        """Some files of these kinds."""
        dialog = QFileDialog(parent, title)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setNameFilters(kinds)
        return _chosen(dialog)

    def folder(self, parent: QWidget, title: str) -> str:
        """A folder."""
        dialog = QFileDialog(parent, title)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        return next(iter(_chosen(dialog)), "")

    def place(self, parent: QWidget, title: str, suggested: str) -> str:
        """Where to write."""
        dialog = QFileDialog(parent, title)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(Path(suggested).suffix)
        dialog.setDirectory(str(Path(suggested).parent))
        dialog.selectFile(Path(suggested).name)
        return next(iter(_chosen(dialog)), "")

    def show(self, path: str) -> None:
        """The folder of this file."""
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(Path(path).parent)))


def _chosen(dialog: QFileDialog) -> list[str]:
    try:
        return dialog.selectedFiles() if dialog.exec() else []
    finally:
        dialog.deleteLater()
