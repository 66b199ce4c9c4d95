"""Scrolling content for the app's own dialogs, and file dialogs."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import QCoreApplication, QFileInfo, QSize, QStandardPaths, QUrl
from PySide6.QtGui import QDesktopServices, QShowEvent
from PySide6.QtWidgets import QDialog, QFileDialog, QFileIconProvider, QFrame, QScrollArea, QWidget

from app.ui.theme.theme import SPACING
from app.ui.widgets.basic import timer
from app.ui.widgets.panels import scrolling
from app.ui.widgets.parts import stretched, vertical


class DialogBody(QScrollArea):
    """Content of a dialog, which scrolls if the screen is too low; ``finish`` adds the buttons below."""

    def __init__(self, dialog: QDialog) -> None:
        super().__init__()
        self._dialog, self._inside = dialog, QWidget()
        self._inside.setObjectName("list")
        self.column = vertical(within=self._inside, gap=None)
        scrolling(self._inside, self).setFrameShape(QFrame.Shape.NoFrame)
        self._shown = timer(self, 0, self.fit)

    def finish(self, buttons: QWidget) -> None:
        """Lay out the dialog with these buttons below the content."""
        vertical(stretched(self), buttons, within=self._dialog, margins=SPACING.wide, gap=SPACING.medium)

    def minimumSizeHint(self) -> QSize:
        """Return the width of the content and the height of a few lines."""
        bar = self.verticalScrollBar().sizeHint().width()
        return QSize(self._inside.minimumSizeHint().width() + bar, SPACING.huge * 2)

    def sizeHint(self) -> QSize:
        """Return the size of the whole content."""
        wanted = max(self._inside.sizeHint().width(), self.minimumSizeHint().width())
        across = max(wanted, self._dialog.width() - 2 * SPACING.wide)
        return QSize(across, self.column.totalHeightForWidth(across))

    def showEvent(self, event: QShowEvent) -> None:
        """Fit the dialog, because the font is known now, and again after the buttons were arranged."""
        self.fit()
        self._shown.start()

    def fit(self) -> None:
        """Make the dialog as high as its content, but no higher than the screen."""
        if (layout := self._dialog.layout()) is None:
            return
        self.updateGeometry()
        layout.invalidate()
        room = self._dialog.screen().availableSize() - QSize(SPACING.huge, SPACING.huge)
        self._dialog.resize(layout.sizeHint().boundedTo(room))


_LABELS: Final = {
    QFileDialog.DialogLabel.LookIn: "Look in:",
    QFileDialog.DialogLabel.FileType: "Files of type:",
}
"""Labels that Qt's translations contain under another key than its dialog uses."""


class FileKinds(QFileIconProvider):
    """Provider of translated kinds of files; Qt's dialog looks them up in a context without translations."""

    def type(self, info: QFileInfo) -> str:
        """Return the kind of a file, such as "wav File" or "Folder"."""
        translated = partial(QCoreApplication.translate, "QFileDialog")
        if not info.isFile():
            return translated(super().type(info))
        ending = info.suffix()
        return translated("%1 File").replace("%1", ending) if ending else translated("File")


class Dialogs:
    """File dialogs, which return an empty value if the user chooses nothing.

    They open in the folder that was used last, at first in the user's folder for documents.
    """

    _used = ""

    def files(self, parent: QWidget, title: str, kinds: Sequence[str]) -> list[str]:
        """Let the user choose files of these kinds, each written as ``name (*.ending)``."""
        dialog = self._file_dialog(parent, title)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setNameFilters(kinds)
        return self._chosen(dialog)

    def folder(self, parent: QWidget, title: str) -> str:
        """Let the user choose a folder."""
        dialog = self._file_dialog(parent, title)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        return next(iter(self._chosen(dialog)), "")

    def place(self, parent: QWidget, title: str, suggested: str) -> str:
        """Let the user choose where to save; the dialog asks before it returns an existing file.

        ``suggested``: a name, or an absolute path, in whose folder the dialog opens.
        """
        dialog = self._file_dialog(parent, title)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(Path(suggested).suffix)
        if Path(suggested).is_absolute():
            dialog.setDirectory(str(Path(suggested).parent))
        dialog.selectFile(Path(suggested).name)
        return next(iter(self._chosen(dialog)), "")

    def show(self, path: str) -> None:
        """Open the folder of the file at ``path``."""
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(Path(path).parent)))

    def _file_dialog(self, parent: QWidget, title: str) -> QFileDialog:
        documents = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
        folders = (self._used, documents, str(Path.home()))
        dialog = QFileDialog(parent, title, next((one for one in folders if one and Path(one).is_dir()), ""))
        self._kinds = FileKinds()  # the dialog holds no reference to it
        dialog.setIconProvider(self._kinds)
        for label, source in _LABELS.items():
            if (word := QCoreApplication.translate("QFileDialog", source)) != source:
                dialog.setLabelText(label, word)
        return dialog

    def _chosen(self, dialog: QFileDialog) -> list[str]:
        try:
            found = dialog.selectedFiles() if dialog.exec() else []
        finally:
            dialog.deleteLater()
        if found:
            self._used = found[0] if Path(found[0]).is_dir() else str(Path(found[0]).parent)
        return found


SYSTEM_DIALOGS: Final = Dialogs()
