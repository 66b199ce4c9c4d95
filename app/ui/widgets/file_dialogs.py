"""The system's own dialogs: choose files, choose a folder, choose where to save, show a folder."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QWidget


class Dialogs(Protocol):
    """Dialogs that pages use.

    All return an empty value if the user chooses nothing.
    """

    def files(self, parent: QWidget, title: str, kinds: Sequence[str]) -> list[str]:
        """Let the user choose files of these kinds, each written as ``name (*.ending)``."""
        ...

    def folder(self, parent: QWidget, title: str) -> str:
        """Let the user choose a folder."""
        ...

    def place(self, parent: QWidget, title: str, suggested: str) -> str:
        """Let the user choose where to save.

        Choosing an existing file confirms its replacement.
        """
        ...

    def show(self, path: str) -> None:
        """Show the folder of the file at ``path``."""
        ...


class SystemDialogs:
    """Dialogs of the operating system."""

    def files(self, parent: QWidget, title: str, kinds: Sequence[str]) -> list[str]:
        """Let the user choose files of these kinds."""
        dialog = QFileDialog(parent, title)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setNameFilters(kinds)
        return _chosen(dialog)

    def folder(self, parent: QWidget, title: str) -> str:
        """Let the user choose a folder."""
        dialog = QFileDialog(parent, title)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        return next(iter(_chosen(dialog)), "")

    def place(self, parent: QWidget, title: str, suggested: str) -> str:
        """Let the user choose where to save."""
        dialog = QFileDialog(parent, title)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(Path(suggested).suffix)
        dialog.setDirectory(str(Path(suggested).parent))
        dialog.selectFile(Path(suggested).name)
        return next(iter(_chosen(dialog)), "")

    def show(self, path: str) -> None:
        """Show the folder of the file at ``path``."""
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(Path(path).parent)))


SYSTEM_DIALOGS: Final = SystemDialogs()


def _chosen(dialog: QFileDialog) -> list[str]:
    try:
        return dialog.selectedFiles() if dialog.exec() else []
    finally:
        dialog.deleteLater()
