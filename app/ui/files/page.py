"""Page of files that are transcribed in the background: drop or open them, follow progress, copy texts."""

from collections import Counter
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QMimeData, QRectF, QSize, Qt
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QFontMetrics,
    QGuiApplication,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QApplication, QFrame, QGridLayout, QLayout, QSizePolicy, QWidget

from app.core.errors import Note
from app.core.format import Format
from app.files.file_search import KINDS
from app.files.view import (
    ENDED,
    AddFiles,
    CancelFiles,
    ChooseSaving,
    FileAction,
    FileNote,
    FileState,
    FilesView,
    FileText,
    PauseFiles,
    RemoveFiles,
    ResumeFiles,
)
from app.local_services.worker_view import LocalWorkerState, WorkerView
from app.ui.files.file_row import FileRow, file_note_text
from app.ui.strings.texts import Texts, worker_text
from app.ui.theme.theme import RADII, SCALE, SPACING, Theme, font
from app.ui.widgets.basic import ThemedIcon, action_button, paint_as_page, refresh_with, smooth_painter, timer
from app.ui.widgets.controls import DropDown, TickButton
from app.ui.widgets.dialogs import SYSTEM_DIALOGS, Dialogs
from app.ui.widgets.panels import bring_into_sight, lay_out_now
from app.ui.widgets.parts import (
    SPACE,
    delete_widget,
    horizontal,
    label,
    lay_beside,
    set_caption,
    show_text,
    stretched,
    tool_tip,
    vertical,
    worded,
)

_OTHER: Final = "\0"
"""Value of the entry that opens the dialog for another folder; no folder can have this name."""


class FilesPage(QWidget):
    """Page that shows the file list and requests actions.

    ``show_files`` is cheap enough for ten calls per second. The options for saving are disabled until its first
    call, because the list is still being read.
    """

    def __init__(
        self, theme: Theme, texts: Texts, ask: Callable[[FileAction], None], dialogs: Dialogs = SYSTEM_DIALOGS
    ) -> None:
        super().__init__(acceptDrops=True)
        self._theme, self._texts, self._ask = theme, texts, ask
        self._dialogs = dialogs
        self._view, self._worker = FilesView(), WorkerView()
        self.rows: dict[int, FileRow] = {}
        self._adding, self._first_added = False, 0
        self._revealing = timer(self, 0, self._reveal)  # once Qt has shown the new row
        paint_as_page(self)
        self.name = worded(texts, label(size=SCALE.display, bold=True), "files.name")
        self.pause = action_button(lambda: ask(ResumeFiles() if self._all_paused else PauseFiles()), "quiet")
        self.cancel = worded(texts, action_button(lambda: ask(CancelFiles()), "quiet"), "files.cancel-queued")
        self.clear = worded(texts, action_button(lambda: self._ask(RemoveFiles()), "quiet"), "files.clear")
        self.zone = DropZone(theme, texts, self._open, self._open_folder)
        self.saved = worded(texts, label(role="muted"), "files.saved")
        self.where = worded(texts, label(role="muted"), "files.where")
        self.forms = {form: TickButton(theme) for form in Format}
        self.place = worded(texts, DropDown(theme), accessibleName="files.where")
        self.note = label(role="warning", wraps=True)
        self._list, self._ticks = vertical(), QGridLayout()
        self.listing = worded(texts, QWidget(), accessibleName="files.name")
        self._lay_out()
        for tick in self.forms.values():
            tick.clicked.connect(lambda: self._choose(self._view.folder))
        self.place.activated.connect(self._choose_place)
        self._allow_changes(False)
        refresh_with(self.refresh, theme, texts)

    def show_files(self, view: FilesView) -> None:
        """Show the current file list."""
        self._view = view
        self._allow_changes(True)
        self._show()

    def show_worker(self, worker: WorkerView) -> None:
        """Show why recognition on this computer failed if a file waits for it."""
        self._worker = worker
        self._show_note()

    def _allow_changes(self, on: bool) -> None:
        for control in (*self.forms.values(), self.place):
            control.setEnabled(on)

    def show_text(self, text: FileText) -> None:
        """Copy the requested text of a file to the clipboard."""
        QGuiApplication.clipboard().setText(text.text)
        if row := self.rows.get(text.file):
            row.copy.setText(self._texts("action.copied"))

    def refresh(self) -> None:
        """Update everything to the current language and colours."""
        texts = self._texts
        for form, tick in self.forms.items():
            name = texts(f"files.form.{form.value}")
            set_caption(tick, name, texts("files.form-name", form=name))
        self._show(again=True)
        self._arrange()

    def _show(self, *, again: bool = False) -> None:
        view, texts = self._view, self._texts
        states = {file.state for file in view.files}
        self.zone.show_zone(strip=bool(view.files), full=view.full)
        self.listing.setVisible(bool(view.files))
        self.cancel.setVisible(sum(file.untouched for file in view.files) > 1)
        self.clear.setVisible(bool(states & ENDED))
        self.pause.setVisible(bool(states - ENDED))
        self.pause.setText(texts("files.resume-all" if self._all_paused else "files.pause-all"))
        for form, tick in self.forms.items():
            tick.setChecked(form in view.forms)
        self._show_place()
        self._show_note()
        self._show_rows(again=again)

    def _show_note(self) -> None:
        texts, worker = self._texts, self._worker
        waits = any(file.note == Note(FileNote.NO_WORKER) for file in self._view.files)
        failed = waits and worker.state is LocalWorkerState.FAILED
        failure = texts("worker.stated", state=worker_text(texts, worker)) if failed else ""
        show_text(self.note, file_note_text(texts, self._view.note) or failure)

    @property
    def _all_paused(self) -> bool:
        going = [file.state for file in self._view.files if file.state not in ENDED]
        return bool(going) and all(state is FileState.PAUSED for state in going)

    def _show_place(self) -> None:
        folder, texts = self._view.folder, self._texts
        chosen = [(folder, folder)] if folder else []
        beside, other = ("", texts("files.beside")), (_OTHER, texts("files.choose-folder"))
        self.place.show_entries([beside, *chosen, other], folder)
        self.place.setToolTip(tool_tip(folder))

    def _show_rows(self, *, again: bool) -> None:
        """Update the rows of the list, and scroll to the first file that the user has just added.

        Each file keeps its row widget, so that the focus stays in place.
        """
        wanted = {file.file for file in self._view.files}
        named = Counter(file.name for file in self._view.files)
        for number in [number for number in self.rows if number not in wanted]:
            self._remove_row(number)
        new = next((file.file for file in self._view.files if file.file not in self.rows), None)
        for place, file in enumerate(self._view.files):
            row = self.rows.get(file.file) or self._new_row(file.file)
            if self._list.indexOf(row) != place:
                self._list.insertWidget(place, row)
            row.show_file(file, again=again, folder=named[file.name] > 1)
        if self._adding and new is not None:
            self._adding, self._first_added = False, new
            self._revealing.start()

    def _remove_row(self, number: int) -> None:
        """Remove a row; if it has the focus, move that to the menu button of a neighbouring row."""
        row, focus = self.rows.pop(number), QApplication.focusWidget()
        place, focused = self._list.indexOf(row), focus is not None and row.isAncestorOf(focus)
        left = [self.rows[file.file] for file in self._view.files if file.file in self.rows]
        if focused and left:
            left[min(place, len(left) - 1)].more.setFocus()
        delete_widget(row, self._list)

    def _reveal(self) -> None:
        if row := self.rows.get(self._first_added):
            lay_out_now()
            bring_into_sight(row)

    def _new_row(self, number: int) -> FileRow:
        row = self.rows[number] = FileRow(self._theme, self._texts, self._ask, self._dialogs)
        return row

    # -- user actions --------------------------------------------------------------------------------------

    def _open(self) -> None:
        texts = self._texts
        kinds, every = texts("files.kinds"), texts("files.every-kind")
        endings = " ".join(f"*.{kind}" for kind in KINDS)
        if paths := self._dialogs.files(self, texts("files.open"), (f"{kinds} ({endings})", f"{every} (*)")):
            self._add(tuple(paths))

    def _open_folder(self) -> None:
        if folder := self._dialogs.folder(self, self._texts("files.open-folder")):
            self._add((folder,))

    def _add(self, paths: tuple[str, ...]) -> None:
        self._adding = True
        self._ask(AddFiles(paths))

    def _choose_place(self) -> None:
        if self.place.currentData() != _OTHER:
            self._choose(self.place.currentData())
        elif folder := self._dialogs.folder(self, self._texts("files.choose-folder")):
            self._choose(folder)
        else:
            self._show_place()

    def _choose(self, folder: str) -> None:
        forms = tuple(form for form, tick in self.forms.items() if tick.isChecked())
        self._ask(ChooseSaving(forms, folder))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept a drag that carries local files or folders, unless the list is full."""
        if paths_of(event.mimeData()) and not self._view.full:
            event.acceptProposedAction()
            self.zone.show_over(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Remove the highlight when the drag leaves the page."""
        self.zone.show_over(False)

    def dropEvent(self, event: QDropEvent) -> None:
        """Add the dropped files and folders."""
        self.zone.show_over(False)
        event.acceptProposedAction()
        self._add(paths_of(event.mimeData()))

    # -- layout --------------------------------------------------------------------------------------------

    def minimumSizeHint(self) -> QSize:
        """Return a size with room for the buttons of each file; the options for saving wrap."""
        across = max(part.minimumSizeHint().width() for part in (self.zone, self.listing))
        return QSize(across, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Arrange the options for saving in as many lines as the width requires."""
        self._arrange()

    def _arrange(self) -> None:
        room = self.width()
        ticks = [tick.sizeHint().width() + SPACING.small for tick in self.forms.values()]
        one = self.saved.sizeHint().width() + SPACING.small + sum(ticks)
        rest = SPACING.large + self.where.sizeHint().width() + SPACING.small + self.place.minimumSizeHint().width()
        lay_beside(self._saving, one + rest <= room)
        across = len(ticks) if one <= room else 2
        for number, tick in enumerate(self.forms.values()):
            self._ticks.addWidget(tick, number // across, 1 + number % across)

    def _lay_out(self) -> None:
        head = horizontal(stretched(self.name), self.pause, self.cancel, self.clear, gap=None)
        self._ticks.setSpacing(SPACING.small)
        self._ticks.addWidget(self.saved, 0, 0)
        self._ticks.setColumnStretch(len(self.forms) + 1, 1)
        places = horizontal(self.where, stretched(self.place))
        self._saving = horizontal(self._ticks, stretched(places))
        vertical(self._list, SPACE, within=self.listing, gap=None)
        page = vertical(
            head,
            self.zone,
            self._saving,
            self.note,
            stretched(self.listing),
            within=self,
            margins=(0, SPACING.wide),
            gap=SPACING.large,
        )
        page.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)


def paths_of(dropped: QMimeData) -> tuple[str, ...]:
    """Return the distinct paths of local files and folders in ``dropped``."""
    paths = (url.toLocalFile() for url in dropped.urls() if url.isLocalFile())
    return tuple(dict.fromkeys(path for path in paths if path))


_DASH: Final = 4.0


class DropZone(QFrame):
    """Area where files are dropped or opened: the whole page while the list is empty, otherwise a strip."""

    def __init__(self, theme: Theme, texts: Texts, opens: Callable[[], None], folder: Callable[[], None]) -> None:
        super().__init__()
        self._theme, self._texts = theme, texts
        self.over = self.full = self.strip = False
        self.description = label(size=SCALE.heading, bold=True, wraps=True)
        self.hint = label(role="muted", wraps=True)
        self.open = worded(texts, action_button(opens, "primary"), "files.open")
        self.folder = worded(texts, action_button(folder), "files.open-folder")
        self._mark = _Mark(theme, ("drop", "accent"))
        words = vertical(self.description, self.hint, gap=SPACING.hair)
        self._buttons = horizontal(self.open, self.folder)
        self._row = vertical(SPACE, self._mark, words, self._buttons, SPACE, within=self)
        self._arrange()

    def show_zone(self, *, strip: bool, full: bool) -> None:
        """Show the zone as a strip or large; ``full``: disable it, because the list cannot have more files."""
        self.full = full
        if strip != self.strip:
            self.strip = strip
            self._arrange()
        self.refresh()

    def show_over(self, over: bool) -> None:
        """Highlight the zone while the user drags files over the page."""
        if over != self.over:
            self.over = over
            self.refresh()

    def refresh(self) -> None:
        """Update everything to the current language and colours."""
        texts = self._texts
        self.description.setText(texts("files.drop-now" if self.over else "files.drop"))
        self.hint.setText(texts("files.full-hint" if self.full else "files.drop-hint"))
        self.open.setEnabled(not self.full)
        self.folder.setEnabled(not self.full)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw a dashed outline, filled while files are dragged over the page."""
        painter = smooth_painter(self)
        pen = QPen(self._theme.colour("accent" if self.over else "edge"), 2.0 if self.over else 1.5)
        pen.setDashPattern([_DASH, _DASH])
        painter.setPen(pen)
        painter.setBrush(self._theme.colour("accent_soft" if self.over else "surface"))
        outline = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        painter.drawRoundedRect(outline, RADII.small * 2, RADII.small * 2)

    def minimumSizeHint(self) -> QSize:
        """Return a minimum size in which the buttons stand below the words."""
        least = self._buttons.minimumSize().width() + 2 * SPACING.large
        return QSize(least, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Move the buttons below the words in a narrow strip."""
        self._arrange()

    @property
    def _across(self) -> bool:
        parts = (
            self._mark.width(),
            self.description.fontMetrics().horizontalAdvance(self.description.text()),
            self._buttons.sizeHint().width(),
        )
        return self.strip and sum(parts) + 4 * SPACING.large <= self.width()

    def _arrange(self) -> None:
        across, middle, left = self._across, Qt.AlignmentFlag.AlignCenter, Qt.AlignmentFlag.AlignLeft
        lay_beside(self._row, across)
        pad = SPACING.large if self.strip else SPACING.huge
        self._row.setContentsMargins(pad, pad, pad, pad)
        self._row.setSpacing(SPACING.medium if self.strip else SPACING.large)
        for place, stretch in ((0, 0 if self.strip else 1), (2, 1 if across else 0), (4, 0 if self.strip else 1)):
            self._row.setStretch(place, stretch)
        for words in (self.description, self.hint):
            words.setAlignment(left if self.strip else middle)
        self._row.setAlignment(self._buttons, left if self.strip and not across else middle)
        self._row.setAlignment(self._mark, middle)
        self._mark.show_size(SCALE.display if self.strip else 2 * SCALE.display)
        self._mark.setVisible(across or not self.strip)
        # Not Maximum, which would cut off the second line of a hint that wraps.
        vertical = QSizePolicy.Policy.Preferred if self.strip else QSizePolicy.Policy.Expanding
        self.setSizePolicy(QSizePolicy.Policy.Expanding, vertical)


class _Mark(ThemedIcon):
    """Icon as high as a line of text of the given size."""

    def show_size(self, size: float) -> None:
        self._size = size
        self.measure()

    def measure(self) -> None:
        side = QFontMetrics(font(self._size)).height()
        self.setFixedSize(side, side)
