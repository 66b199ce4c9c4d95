"""Panel of the selected takes: the whole text to read and edit, and the actions for it."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final
from uuid import UUID

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QGuiApplication, QMouseEvent, QTextCursor
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QPushButton, QVBoxLayout

from app.core.formats import Format
from app.dictation.actions import RecoverTake
from app.dictation.view import RECOVERABLE
from app.history.actions import DeleteTakes, EditTake, ExportTakes, HistoryAction, LookAtTake
from app.history.index import IndexRow
from app.history.view import HistoryModels, Playing, Rerunning, TakeDetails
from app.ui.history.difference_view import height_of
from app.ui.history.play_bar import PlayBar
from app.ui.history.rerecognition_panel import PanelPart, RerecognitionPanel
from app.ui.history.text_follower import Follower
from app.ui.history.wording import caption, take_text, when
from app.ui.strings.texts import Texts
from app.ui.theme import icons
from app.ui.theme.theme import SCALE, SPACING, Theme, font
from app.ui.widgets.basic import DropDown, action_button, label, reveal
from app.ui.widgets.file_dialogs import Dialogs
from app.ui.widgets.flow_layout import FlowRow

MOST_DRAFTS: Final = 100

Asked = HistoryAction | RecoverTake


class _Text(QPlainTextEdit):
    """Editor that is a few lines high and grows where there is room."""

    def sizeHint(self) -> QSize:
        """Return a height that keeps the rest of the panel visible in a low window."""
        return QSize(super().sizeHint().width(), height_of(self))


class TakePanel(QFrame):
    """Panel of one selected take, or of several.

    ``dropped``: called after the panel has asked to delete the selected takes. Typed text that is not in the
    history yet stays a draft. The draft appears when its take is selected again.
    """

    def __init__(
        self,
        theme: Theme,
        texts: Texts,
        ask: Callable[[Asked], None],
        dialogs: Dialogs,
        dropped: Callable[[], None],
    ) -> None:
        super().__init__()
        self._theme, self._texts, self._ask, self._dialogs, self._dropped = theme, texts, ask, dialogs, dropped
        self._rows: tuple[IndexRow, ...] = ()
        self._drafts: OrderedDict[UUID, str] = OrderedDict()
        self._sure = False
        self.setProperty("role", "card")
        self.hint, self.caption = label(role="muted"), label(size=SCALE.caption, role="muted")
        self.text = _Text()
        self.save, self.undo = action_button(self._save, "primary"), action_button(self._undo)
        self.copy, self.recover = action_button(self.copy_text), action_button(self._recover)
        self.form, self.export = DropDown(theme), action_button(self._export)
        self.delete = action_button(self.ask_delete)
        self.again = action_button(self._open_again)
        self.play = PlayBar(theme, texts, ask, self._moved)
        self.follower = Follower(theme, self.text)
        self.recognise = RerecognitionPanel(theme, texts, ask, self._use, self._use_mine)
        self._mine = ""
        self.lines = FlowRow(self._controls)
        self._lay_out()
        self.text.textChanged.connect(self._typed)
        self.recognise.closed.connect(self._show)
        self.delete.installEventFilter(self)
        self.text.viewport().installEventFilter(self)
        self.refresh()

    # -- display -------------------------------------------------------------------------------------------

    @property
    def rows(self) -> tuple[IndexRow, ...]:
        """Takes that are selected."""
        return self._rows

    def show_takes(self, rows: Sequence[IndexRow]) -> None:
        """Show the current state of the selected takes.

        Text that the user is typing stays.
        """
        before, self._rows = self._rows, tuple(rows)
        if [row.session for row in before] != [row.session for row in rows]:
            self._leave(before)
            self._sure = False
            self.copy.setText(self._texts("action.copy"))
            self._fill()
            self._look()
        elif before != self._rows and self._one and self.text.toPlainText() in (self._draft(), before[0].text):
            self._fill()
        self.recognise.show_take(self._one)
        self._show()

    def show_details(self, details: TakeDetails) -> None:
        """Show the details of the selected take; ignore details of another take."""
        if self._one and self._one.session == details.session:
            self.play.show_take(details.session, details.of_ms)
            self.follower.show(details.text, details.spoken)
            self.recognise.show_details(details)
            self._show()

    def show_playing(self, playing: Playing) -> None:
        """Show the state of playback."""
        self.play.show_playing(playing)

    def show_models(self, models: HistoryModels) -> None:
        """Show the models that can recognise the take again."""
        self.recognise.show_models(models)

    def show_rerun(self, stand: Rerunning) -> None:
        """Show the state of a repeated recognition."""
        self.recognise.show_rerun(stand)
        self._show()

    def keep(self) -> None:
        """Ask to save typed text, as on selection of another take."""
        self._leave(self._rows)

    def leave(self) -> None:
        """Ask to save typed text and stop playback: the page is hidden."""
        self.keep()
        self.play.stop()

    def _look(self) -> None:
        """Request the details of the selected take; request none for several takes."""
        one = self._one
        self.play.show_take(one.session if one else None, round(one.seconds * 1000) if one else 0)
        self.follower.show("", ())
        self._ask(LookAtTake(one.session if one else None))

    def refresh(self) -> None:
        """Update everything to the current language and colours."""
        texts = self._texts
        self.hint.setText(texts("history.none-chosen"))
        chosen = max(0, self.form.currentIndex())
        self.form.clear()
        self.form.addItems([texts(f"files.form.{form.value}") for form in Format])
        self.form.setCurrentIndex(chosen)
        self.form.setAccessibleName(texts("history.export-form"))
        for button, key in (
            (self.save, "history.save"),
            (self.copy, "action.copy"),
            (self.again, "history.again.open"),
            (self.recover, "action.recover"),
            (self.export, "history.export"),
        ):
            button.setText(texts(key))
        for button, name in ((self.copy, "copy"), (self.recover, "recover")):
            side = button.fontMetrics().ascent()
            button.setIconSize(QSize(side, side))
            button.setIcon(icons.icon(name, self._theme.colour("text")))
        self.text.setFont(font())
        self.play.refresh()
        self.recognise.refresh()
        self._show()

    @property
    def _one(self) -> IndexRow | None:
        return self._rows[0] if len(self._rows) == 1 else None

    @property
    def changed(self) -> bool:
        """True if the user typed text that is not in the history."""
        one = self._one
        return one is not None and self.text.toPlainText() != one.text

    def _draft(self) -> str | None:
        return self._drafts.get(self._rows[0].session) if self._rows else None

    def _fill(self) -> None:
        """Show the draft of the take, or else its text."""
        if (one := self._one) is None:
            return
        if self._drafts.get(one.session, "").strip() == one.text.strip():
            self._drafts.pop(one.session, None)
        wanted = self._drafts.get(one.session, one.text)
        if wanted != self.text.toPlainText():
            self.text.setPlainText(wanted)

    def _show(self) -> None:
        texts, one, any_text = self._texts, self._one, any(row.text for row in self._rows)
        self.hint.setVisible(not self._rows)
        self.caption.setVisible(bool(self._rows))
        self.caption.setText(caption(texts, one) if one else texts("history.chosen", count=len(self._rows)))
        self.text.setVisible(one is not None)
        if one:
            self.text.setPlaceholderText(take_text(texts, one) if not one.text else "")
            self.text.setAccessibleName(texts("history.text-of", when=when(texts, one)))
        self.save.setVisible(self.changed)
        self.undo.setVisible(self.changed or bool(one and one.edited))
        self.undo.setText(texts("history.undo" if self.changed or not (one and one.edited) else "history.restore"))
        self.play.setVisible(one is not None and one.seconds > 0)
        self.again.setVisible(self.play.isVisibleTo(self) and self.recognise.stage is PanelPart.CLOSED)
        for widget in (self.copy, self.form, self.export):
            widget.setVisible(any_text)
        broken = bool(one) and self._rows[0].state in RECOVERABLE
        reveal(self.recover, broken, self.copy if any_text else self.text)
        self.delete.setVisible(bool(self._rows))
        self.delete.setText(texts("history.delete-sure" if self._sure else "history.delete"))
        self.delete.setAccessibleName(self.delete.text())
        self.delete.setProperty("role", "danger" if self._sure else "")
        self.delete.style().polish(self.delete)
        self.lines.arrange()

    # -- user actions --------------------------------------------------------------------------------------

    def copy_text(self) -> None:
        """Copy the visible text; of several takes, oldest first with an empty line between them."""
        texts = [self.text.toPlainText()] if self._one else [row.text.strip() for row in reversed(self._rows)]
        QGuiApplication.clipboard().setText("\n\n".join(text for text in texts if text))
        self.copy.setText(self._texts("action.copied"))

    def ask_delete(self) -> None:
        """Delete the selected takes on the second call; the first asks for confirmation."""
        if not self._rows:
            return
        if not self._sure:
            self._sure = True
            self.delete.setFocus()
            return self._show()
        sessions = tuple(row.session for row in self._rows)
        for session in sessions:
            self._drafts.pop(session, None)
        self._rows, self._sure = (), False
        self.recognise.show_take(None)
        self._look()
        self._ask(DeleteTakes(sessions))
        self._show()
        self._dropped()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Swallow double clicks on "delete", and cancel its confirmation on focus loss.

        A click on a word moves playback to that word.
        """
        if watched is self.text.viewport():
            if event.type() == QEvent.Type.MouseButtonRelease and isinstance(event, QMouseEvent):
                self._clicked(event)
            return False
        if event.type() == QEvent.Type.MouseButtonDblClick:
            return True
        if event.type() == QEvent.Type.FocusOut and self._sure:
            self._sure = False
            self._show()
        return super().eventFilter(watched, event)

    def _clicked(self, event: QMouseEvent) -> None:
        left = event.button() is Qt.MouseButton.LeftButton and not self.text.textCursor().hasSelection()
        if left and (ms := self.follower.when(event.position().toPoint())) is not None:
            self.play.go(ms)

    def _moved(self, ms: int, on_its_way: bool) -> None:
        self.follower.mark(ms if on_its_way else None)

    def _open_again(self) -> None:
        self.keep()
        self.recognise.open_it()
        self._show()

    def _use(self, text: str) -> None:
        self._mine = self.text.toPlainText()
        self._become(text)

    def _use_mine(self) -> None:
        self._become(self._mine)

    def _become(self, text: str) -> None:
        """Replace the text and save at once.

        The editor's undo reverts the replacement.
        """
        cursor = QTextCursor(self.text.document())
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.insertText(text)
        self._save()

    def _typed(self) -> None:
        self.copy.setText(self._texts("action.copy"))
        self._show()

    def _save(self) -> None:
        """Ask to save the text, also a draft that could not be saved before."""
        self.text.document().setModified(True)
        self.keep()
        self.text.setFocus()

    def _leave(self, rows: Sequence[IndexRow]) -> None:
        """Ask to save the typed text.

        It stays a draft until it is in the history.
        """
        if len(rows) != 1 or not self.text.document().isModified():
            return
        text = self.text.toPlainText()
        self.text.document().setModified(False)
        if text == rows[0].text:
            self._drafts.pop(rows[0].session, None)
            return
        if text.strip():
            self._drafts[rows[0].session] = text
            while len(self._drafts) > MOST_DRAFTS:
                self._drafts.popitem(last=False)
        self._ask(EditTake(rows[0].session, text))

    def _undo(self) -> None:
        """Discard the text that the user typed.

        If nothing was typed, ask to revert all edits of the take.
        """
        if (one := self._one) is None:
            return
        self._drafts.pop(one.session, None)
        if self.changed:
            self.text.setPlainText(one.text)
        else:
            self._ask(EditTake(one.session, ""))
        self._show()

    def _recover(self) -> None:
        if one := self._one:
            self._ask(RecoverTake(str(one.session)))

    def _export(self) -> None:
        self.keep()
        if folder := self._dialogs.folder(self, self._texts("history.export-title")):
            sessions = tuple(row.session for row in self._rows)
            self._ask(ExportTakes(sessions, list(Format)[self.form.currentIndex()], Path(folder)))

    # -- layout --------------------------------------------------------------------------------------------

    def minimumSizeHint(self) -> QSize:
        """Return the width of the widest control; the others wrap."""
        beside = 2 * (SPACING.large + 1)
        return QSize(max(self.lines.widest, self._recognise_width) + beside, super().minimumSizeHint().height())

    @property
    def _recognise_width(self) -> int:
        shown = self.recognise.stage is not PanelPart.CLOSED
        return self.recognise.minimumSizeHint().width() if shown else 0

    @property
    def _controls(self) -> tuple[QPushButton | DropDown, ...]:
        copied = self.save, self.undo, self.copy, self.again, self.recover
        return *copied, self.form, self.export, self.delete

    def _lay_out(self) -> None:
        self.hint.setWordWrap(True)
        self.hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.caption.setWordWrap(True)
        self.text.setTabChangesFocus(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACING.large, SPACING.medium, SPACING.large, SPACING.medium)
        column.setSpacing(SPACING.small)
        column.addWidget(self.caption)
        column.addWidget(self.text, 1)
        column.addWidget(self.play)
        column.addWidget(self.recognise, 1)
        column.addWidget(self.hint, 1)
        column.addStretch()
        column.addWidget(self.lines)
