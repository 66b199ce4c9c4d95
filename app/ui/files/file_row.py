"""Row of the file list: progress, text and actions of one file, and the wording of its state."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QPushButton

from app.core.errors import Note
from app.core.format import Format
from app.files.queue import can_retry
from app.files.view import (
    ENDED,
    CancelFiles,
    ChooseTrack,
    CopyFile,
    FileAction,
    FileState,
    FileView,
    MoveFile,
    PauseFiles,
    RemoveFiles,
    ResumeFiles,
    RetryFile,
    SaveFile,
)
from app.ui.strings.texts import Texts, clock, joined, left_text, names_text, note_text
from app.ui.theme.theme import SCALE, SPACING, Theme
from app.ui.widgets.basic import Card, FileProgressBar, ThemedIcon, action_button, show_icon
from app.ui.widgets.dialogs import Dialogs
from app.ui.widgets.menus import Menu
from app.ui.widgets.parts import (
    Elided,
    horizontal,
    remark,
    room,
    set_caption,
    show_text,
    stretched,
    tool_tip,
    vertical,
)
from runtime.installing import extra_command
from runtime.terminal import printable


def file_state_text(texts: Texts, file: FileView) -> str:
    """Return the name of a file's state, in one or two words."""
    return texts("files.incomplete" if _is_incomplete(file) else f"files.state.{file.state.value}")


def _is_incomplete(file: FileView) -> bool:
    return file.state is FileState.DONE and file.truncated


def file_note_text(texts: Texts, note: Note | None) -> str:
    """Return the text of a note; empty without a note or if this version does not know it.

    Stored notes may come from another version.
    """
    if note is None:
        return ""
    values: dict[str, str | int] = {**note.values, "install": extra_command("media")}  # for the current Python
    if note.reason:
        values["reason"] = note_text(texts, note.reason)
    try:
        return texts(f"files.note.{note.key}", **values)
    except KeyError:
        return ""


def file_status_text(texts: Texts, file: FileView) -> str:
    """Return state, progress or duration, remaining time and saved files in one line."""
    names = names_text(texts, (printable(Path(place).name) for place in file.results))
    return joined(
        file_state_text(texts, file),
        _position_text(texts, file),
        left_text(texts, file.left_s) if file.left_s is not None else "",
        texts("files.list-of", names=names) if file.state is FileState.DONE and names else "",
    )


def _position_text(texts: Texts, file: FileView) -> str:
    if file.duration_s and file.position_s and file.state is not FileState.DONE:
        return texts("files.progress", position=clock(file.position_s), duration=clock(file.duration_s))
    length = file.duration_s or file.position_s
    return clock(length) if length else ""


SHAPES: Final = {
    FileState.ADDED: ("idle", "muted"),
    FileState.WAITING: ("arming", "muted"),
    FileState.WORKING: ("wave", "accent"),
    FileState.PAUSED: ("pause", "warning"),
    FileState.DONE: ("done", "accent"),
    FileState.FAILED: ("failed", "warning"),
    FileState.CANCELLED: ("cancelled", "muted"),
}
"""Icon and colour name of each state."""
_INCOMPLETE: Final = ("damaged", "warning")

_BARS: Final = frozenset({FileState.WAITING, FileState.WORKING, FileState.PAUSED})
_LINES: Final = 2


class FileRow(Card):
    """Row of one file, with buttons for frequent actions and a menu for the others."""

    def __init__(self, theme: Theme, texts: Texts, ask: Callable[[FileAction], None], dialogs: Dialogs) -> None:
        super().__init__()
        self._theme, self._texts, self._ask, self._dialogs = theme, texts, ask, dialogs
        self.file, self._names_folder = FileView(0, ""), False
        self.shape, self.bar = ThemedIcon(theme, SHAPES[FileState.ADDED]), FileProgressBar(theme)
        self.name, self.status, self.text = Elided(1, bold=True), Elided(1, size=SCALE.caption), Elided(_LINES)
        self.note = remark("warning")
        self.step = action_button(self._take_step, "quiet")
        self.copy = action_button(lambda: self._ask(CopyFile(self.file.file)), "quiet")
        self.show_folder = action_button(lambda: self._dialogs.show(self.file.results[-1]), "quiet")
        self.cancel = action_button(self._cancel, "quiet")
        self.more = action_button(self._open_menu, "quiet")
        self.menu, self.tracks = Menu(self), Menu(self)
        self.status.setProperty("role", "muted")
        head = horizontal(
            self.shape,
            room(SPACING.small),
            stretched(self.name),
            self.step,
            self.copy,
            self.show_folder,
            self.cancel,
            self.more,
            gap=SPACING.hair,
        )
        words = vertical(
            self.status,
            self.bar,
            self.text,
            self.note,
            margins=(self.shape.width() + SPACING.medium, 0, SPACING.small, 0),
        )
        vertical(
            head, words, within=self, margins=(SPACING.large, SPACING.small, SPACING.small, SPACING.medium), gap=0
        )

    def show_file(self, file: FileView, *, again: bool = False, folder: bool = False) -> None:
        """Show ``file``; update the widgets only if it changed.

        ``again``: update them in any case, in the current language and colours. ``folder``: show its folder's name
        too.
        """
        if (file, folder) == (self.file, self._names_folder) and not again:
            return
        self.file, self._names_folder, texts = file, folder, self._texts
        icon = _INCOMPLETE if _is_incomplete(file) else SHAPES[file.state]
        self.shape.show_icon(icon, file_state_text(texts, file))
        self.name.show_text(joined(file.name, printable(Path(file.path).parent.name) if folder else ""))
        self.setToolTip(tool_tip(file.path))
        self.status.show_text(file_status_text(texts, file))
        self.setAccessibleName(f"{file.name}: {self.status.accessibleName()}")
        self.text.show_text(file.text, end=file.state is not FileState.DONE)
        self.text.setVisible(bool(file.text))
        self.bar.show_percent(file.percent or 0, file.name, moving=file.state is FileState.WORKING)
        begun = file.position_s > 0 or file.state is FileState.WORKING
        self.bar.setVisible(file.percent is not None and begun and file.state in _BARS)
        show_text(self.note, file_note_text(texts, file.note))
        self._show_buttons()

    def _show_buttons(self) -> None:
        file, ended = self.file, self.file.state in ENDED
        partly = file.state is FileState.CANCELLED and bool(file.text)
        step = "pause"
        if partly or file.state is FileState.PAUSED:
            step = "resume"
        elif ended:
            step = "retry"
        self._name(self.step, f"files.{step}", "recover" if step == "retry" else step)
        self.step.setVisible(not ended or can_retry(file))
        self._name(self.copy, "action.copy", "copy")
        self.copy.setVisible(ended and bool(file.text))
        self._name(self.show_folder, "files.show", "folder")
        self.show_folder.setVisible(file.state is FileState.DONE and bool(file.results))
        self._name(self.cancel, "files.remove" if ended else "files.cancel", "cancel")
        # No Remove button here: the second click of a double click on Cancel would remove the text.
        self.cancel.setVisible(file.state is not FileState.DONE and not (ended and file.text))
        self._name(self.more, "files.more", "more")

    def _name(self, button: QPushButton, key: str, icon: str) -> None:
        description = self._texts(key)
        name = self._texts("files.button-name", action=description, name=self.file.name)
        set_caption(button, "" if button is self.more else description, name)
        button.setToolTip(description if button is self.more else "")
        show_icon(button, icon, self._theme.colour("accent"))

    def _take_step(self) -> None:
        file = self.file.file
        if self.file.state in ENDED:
            self._ask(RetryFile(file))
        elif self.file.state is FileState.PAUSED:
            self._ask(ResumeFiles(file))
        else:
            self._ask(PauseFiles(file))

    def _cancel(self) -> None:
        number = self.file.file
        self._ask(RemoveFiles(number) if self.file.state in ENDED else CancelFiles(number))

    # -- the menu ------------------------------------------------------------------------------------------

    def fill_menu(self) -> None:
        """Fill the menu with the actions that the file allows now."""
        texts, file = self._texts, self.file
        self.menu.clear()
        self.menu.setAccessibleName(self.more.accessibleName())
        if file.text:
            self.menu.addAction(texts("files.copy-text"), lambda: self._ask(CopyFile(file.file)))
            for form in Format:
                description = texts("files.save-as", form=texts(f"files.form.{form.value}"))
                self.menu.addAction(description, partial(self._save, form))
        if file.results:
            self.menu.addAction(texts("files.show"), lambda: self._dialogs.show(file.results[-1]))
        if file.tracks > 1:
            self._offer_tracks()
        if file.state not in ENDED:
            self.menu.addSeparator()
            self.menu.addAction(texts("files.earlier"), lambda: self._ask(MoveFile(file.file, -1)))
            self.menu.addAction(texts("files.later"), lambda: self._ask(MoveFile(file.file, 1)))
        self.menu.addSeparator()
        self.menu.addAction(texts("files.remove"), lambda: self._ask(RemoveFiles(file.file)))

    def _offer_tracks(self) -> None:
        self.tracks.clear()
        self.menu.addMenu(self.tracks).setText(self._texts("files.sound-track"))
        for number in range(1, self.file.tracks + 1):
            entry = self.tracks.addAction(str(number), partial(self._ask, ChooseTrack(self.file.file, number)))
            entry.setCheckable(True)
            entry.setChecked(number == self.file.track)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Open the menu at the pointer."""
        self.fill_menu()
        self.menu.popup(event.globalPos())

    def _open_menu(self) -> None:
        self.fill_menu()
        self.menu.popup(self.more.mapToGlobal(self.more.rect().bottomLeft()))

    def _save(self, form: Format) -> None:
        suggested = str(Path(self.file.path).with_suffix(f".{form}"))
        title = self._texts("files.save-title", name=self.file.name)
        if place := self._dialogs.place(self, title, suggested):
            self._ask(SaveFile(self.file.file, place, form))
