"""Panel of the open take: its whole text to read and edit, playback, and actions."""

from collections import OrderedDict
from collections.abc import Callable, Collection
from math import inf
from pathlib import Path
from typing import Final, NamedTuple
from uuid import UUID

from PySide6.QtCore import QEvent, QObject, QRect, QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication, QMouseEvent, QTextCursor
from PySide6.QtWidgets import QPushButton

from app.core.format import Format
from app.dictation.actions import HeldAction, RecoverTake, SettleHeld
from app.dictation.view import RECOVERABLE
from app.history.index import IndexRow
from app.history.view import (
    EditStored,
    EditTake,
    ExportTakes,
    FollowTake,
    ModelsWanted,
    RerunOptions,
    RerunView,
    TakeDetails,
)
from app.messages.kinds import Action
from app.ui.home.head import paste_elsewhere
from app.ui.home.play_bar import Follower, GrowingText, PlayBar
from app.ui.home.rerecognition_panel import PanelPart, RerecognitionPanel
from app.ui.home.selection_bar import AgainButton, ExportButton
from app.ui.home.timeline_model import caption_text, take_text, when_text
from app.ui.strings.texts import Texts
from app.ui.theme.theme import SPACING, Theme, font
from app.ui.widgets.basic import Card, action_button, refresh_with, reveal, show_icon, timer
from app.ui.widgets.dialogs import Dialogs
from app.ui.widgets.menus import Menu, attach_menu
from app.ui.widgets.panels import FlowRow
from app.ui.widgets.parts import horizontal, remark, set_visible, stretched, vertical, worded

MOST_DRAFTS: Final = 100
_SAVES_MS: Final = 1_500


class _Draft(NamedTuple):
    """Typed text that may not be in the history yet.

    ``seen``: the revision of the take that the user edited. ``stored``: the revision that has the text; ``inf``
    until it is known.
    """

    text: str = ""
    seen: int = 0
    stored: float = inf


class TakePanel(Card):
    """Panel of one take.

    ``reveal_wanted``: emitted with a rectangle of the panel to scroll to. Typed text stays a draft until it is in
    the history; the draft is shown when its take is opened again.
    """

    close_wanted, delete_wanted, reveal_wanted = Signal(), Signal(), Signal(QRect)

    def __init__(self, theme: Theme, texts: Texts, ask: Callable[[Action], None], dialogs: Dialogs) -> None:
        super().__init__()
        self._theme, self._texts, self._ask, self._dialogs = theme, texts, ask, dialogs
        self.row: IndexRow | None = None
        self._held: Collection[str] = ()
        self._drafts: OrderedDict[UUID, _Draft] = OrderedDict()
        self._emptied = set[UUID]()  # takes whose last requested edit is empty
        self._seen = 0  # the revision of the take on which the editor's text is based
        self._mine = _Draft()
        self._soon = timer(self, _SAVES_MS, self.keep)
        self.caption, self.text = remark(), GrowingText()
        self.menu = Menu(self)
        self.more = worded(texts, QPushButton(), accessibleName="home.more", toolTip="home.more")
        self.close_button = action_button(self.close_wanted.emit, "icon")
        worded(texts, self.close_button, accessibleName="home.close", toolTip="home.close")
        self.restore = worded(texts, self.menu.addAction(""), "history.restore")
        self.delete = worded(texts, self.menu.addAction(""), "history.delete")
        self.save = worded(texts, action_button(self._save, "primary"), "history.save")
        self.undo = worded(texts, action_button(self._undo), "history.undo")
        paste = action_button(lambda: paste_elsewhere(self, lambda: self._settle_held(HeldAction.PASTE)))
        self.paste = worded(texts, paste, "action.paste")
        dismiss = action_button(lambda: self._settle_held(HeldAction.DISMISS))
        self.dismiss = worded(texts, dismiss, "action.dismiss")
        self.copy = worded(texts, action_button(self.copy_text), "action.copy")
        self.recover = worded(texts, action_button(self._recover), "action.recover")
        self.again, self.export = AgainButton(texts), ExportButton(texts, self._export)
        self.play = PlayBar(theme, texts, ask, lambda ms, plays: self.follower.mark(ms if plays else None))
        self.follower = Follower(theme, self.text, self._reveal)
        self.recognise = RerecognitionPanel(theme, texts, ask, self._use, self._restore_own_text)
        self.lines = FlowRow(
            (self.save, self.undo, self.paste, self.dismiss, self.copy, self.again, self.recover, self.export)
        )
        head = horizontal(stretched(self.caption), self.more, self.close_button, gap=SPACING.hair)
        margins = SPACING.large, SPACING.small, SPACING.large, SPACING.medium
        vertical(head, self.text, self.play, self.recognise, self.lines, within=self, margins=margins)
        self._connect()
        refresh_with(self.refresh, texts, theme)

    # -- display -------------------------------------------------------------------------------------------

    def show_take(self, row: IndexRow | None) -> None:
        """Show the current state of the open take, or nothing; keep text that the user is typing."""
        before, self.row = self.row, row
        if (before and before.session) != (row and row.session):
            self._save_typed_text(before)
            self.copy.setText(self._texts("action.copy"))
            self._fill()
            self._request_details()
        elif before and before != row and self.text.toPlainText() in (self._draft_of(before).text, before.text):
            self._fill()
        self.recognise.show_take(row)
        self._show()

    def focus_text(self) -> None:
        """Focus the editor, with the cursor at the end of the text."""
        self.text.moveCursor(QTextCursor.MoveOperation.End)
        self.text.setFocus()

    def show_held(self, sessions: Collection[str]) -> None:
        """Show which takes have text to paste."""
        self._held = sessions
        self._show()

    def show_details(self, details: TakeDetails) -> None:
        """Show the details of the open take; ignore details of another take."""
        if self.row and self.row.session == details.session:
            self.play.show_take(details.session, details.of_ms)
            self.follower.show(details.text, details.spoken)
            self.recognise.show_details(details)
            self._show()

    def show_stored(self, stored: EditStored) -> None:
        """Record that a draft is stored; once the take's row has its revision, show the row's text again."""
        draft = self._drafts.get(stored.session)
        if draft and draft.text == stored.text:
            self._drafts[stored.session] = draft._replace(stored=stored.revision)
            if self.row and self.row.session == stored.session and self.text.toPlainText() == draft.text:
                self._fill()
                self._show()

    def show_rerun(self, rerun: RerunView) -> None:
        """Show the state of a repeated recognition."""
        self.recognise.show_rerun(rerun)
        self._show()

    def keep(self) -> None:
        """Request that typed text is saved."""
        self._soon.stop()
        self._save_typed_text(self.row)

    def leave(self) -> None:
        """Save typed text and stop playback when the page is hidden."""
        self.keep()
        self.play.stop()

    def _request_details(self) -> None:
        """Request the details of the open take."""
        row = self.row
        self.play.show_take(row.session if row else None, round(row.seconds * 1000) if row else 0)
        self.follower.show("", ())
        self._ask(FollowTake(row.session if row else None))

    def refresh(self) -> None:
        """Update everything to the current language and colours."""
        for button, name in (
            (self.copy, "copy"),
            (self.recover, "recover"),
            (self.paste, "paste"),
            (self.more, "more"),
            (self.close_button, "dismiss"),
        ):
            show_icon(button, name, self._theme.colour("text"))
        self.text.setFont(font())
        self._show()

    @property
    def changed(self) -> bool:
        """True if the user typed text that is not in the history."""
        return self.row is not None and self.text.toPlainText() != self.row.text

    def _fill(self) -> None:
        """Show the draft of the take, otherwise its text."""
        if (row := self.row) is None:
            return
        draft = self._draft_of(row)
        if draft.text.strip() == row.text.strip() or draft.stored <= row.revision:
            self._drafts.pop(row.session, None)  # the history has it, perhaps with texts that came later
        wanted, self._seen, _ = self._draft_of(row)
        if wanted != self.text.toPlainText():
            self.text.setPlainText(wanted)

    def _draft_of(self, row: IndexRow) -> _Draft:
        """Return the draft of a take, otherwise its text in the history."""
        return self._drafts.get(row.session) or _Draft(row.text, row.revision)

    def _show(self) -> None:
        texts, row = self._texts, self.row
        if row is None:
            return
        if not self.changed:
            self._seen = row.revision
        self.caption.setText(caption_text(texts, row))
        self.text.setPlaceholderText("" if row.text else take_text(texts, row))
        self.text.setAccessibleName(texts("history.text-of", when=when_text(texts, row)))
        set_visible(self.changed, self.save, self.undo)
        self.restore.setVisible(row.edited and not self.changed)
        self.play.setVisible(row.seconds > 0)
        self.again.show_take(row.model, ran=self.recognise.compared is not None)
        working = self.recognise.stage is PanelPart.WORKING
        reveal(self.again, row.seconds > 0 and not working, self.recognise.stop if working else self.text)
        set_visible(bool(row.text), self.copy, self.export)
        set_visible(str(row.session) in self._held, self.paste, self.dismiss)
        reveal(self.recover, row.state in RECOVERABLE, self.copy if row.text else self.text)
        self.lines.arrange()

    # -- user actions --------------------------------------------------------------------------------------

    def copy_text(self) -> None:
        """Copy the visible text; if it is a held text, let the app copy it, which settles it."""
        if self.row and str(self.row.session) in self._held and not self.changed:
            self._settle_held(HeldAction.COPY)
        else:
            QGuiApplication.clipboard().setText(self.text.toPlainText())
        self.copy.setText(self._texts("action.copied"))

    def _settle_held(self, how: HeldAction) -> None:
        if self.row:
            self.keep()  # the app pastes the edited text
            self._ask(SettleHeld(str(self.row.session), how))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Move playback to the word that was clicked."""
        if event.type() == QEvent.Type.MouseButtonRelease and isinstance(event, QMouseEvent):
            left = event.button() is Qt.MouseButton.LeftButton and not self.text.textCursor().hasSelection()
            if left and (ms := self.follower.when(event.position().toPoint())) is not None:
                self.play.bar.setValue(ms)
        return False

    def _reveal(self, cursor: QTextCursor) -> None:
        place = self.text.cursorRect(cursor)
        corner = self.text.viewport().mapTo(self, place.topLeft())
        self.reveal_wanted.emit(QRect(corner, place.size()))

    def _open_results(self) -> None:
        self.keep()
        self.recognise.unfold()
        self._show()

    def _recognise(self, options: RerunOptions) -> None:
        self.keep()
        self.recognise.begin(options)

    def _use(self, text: str) -> None:
        self._mine = _Draft(self.text.toPlainText(), self._seen)
        self._replace_text(text)

    def _restore_own_text(self) -> None:
        self._seen = self._mine.seen
        self._replace_text(self._mine.text)

    def _replace_text(self, text: str) -> None:
        """Replace the text, in one step for the editor's undo, and save it."""
        cursor = QTextCursor(self.text.document())
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.insertText(text)
        self._save()

    def _text_edited(self) -> None:
        self.copy.setText(self._texts("action.copy"))
        self._show()
        if self.text.hasFocus():
            self._soon.start()  # typed text is saved soon after the last key
            self._reveal(self.text.textCursor())

    def _save(self) -> None:
        """Request that the text is saved, even if it was not changed since the last request."""
        self.text.document().setModified(True)
        self.keep()
        self.text.setFocus()

    def _save_typed_text(self, row: IndexRow | None) -> None:
        """Request that typed text is saved; it stays a draft until it is in the history."""
        if row is None or not self.text.document().isModified():
            return
        text = self.text.toPlainText()
        self.text.document().setModified(False)
        asked = self._drafts.pop(row.session, None) is not None or row.session in self._emptied
        self._emptied.discard(row.session)
        if text == row.text:
            if not asked:
                return
            text = text if row.edited else ""  # overrides an earlier request that may still be stored
        elif not text.strip():
            self._emptied.add(row.session)
        if text.strip():
            self._drafts[row.session] = _Draft(text, self._seen)
            while len(self._drafts) > MOST_DRAFTS:
                self._drafts.popitem(last=False)
        self._ask(EditTake(row.session, text, self._seen))

    def _undo(self) -> None:
        """Discard the text that the user typed."""
        if self.row:
            self.text.setPlainText(self.row.text)
            self._save()

    def _restore(self) -> None:
        """Request that all edits of the take are reverted."""
        if row := self.row:
            self._ask(EditTake(row.session, ""))

    def _recover(self) -> None:
        if row := self.row:
            self._ask(RecoverTake(str(row.session)))

    def _export(self, form: Format) -> None:
        self.keep()
        folder = self._dialogs.folder(self, self._texts("history.export-title"))
        if folder and self.row:
            self._ask(ExportTakes((self.row.session,), form, Path(folder)))

    # -- layout --------------------------------------------------------------------------------------------

    def minimumSizeHint(self) -> QSize:
        """Return the width of the widest control; the others wrap."""
        beside = 2 * (SPACING.large + 1)
        shown = self.recognise.stage is not PanelPart.CLOSED
        again = self.recognise.minimumSizeHint().width() if shown else 0
        return QSize(max(self.lines.widest, again) + beside, super().minimumSizeHint().height())

    def _connect(self) -> None:
        attach_menu(self.more, self.menu)
        self.more.setProperty("role", "icon")
        self.restore.triggered.connect(self._restore)
        self.delete.triggered.connect(self.delete_wanted.emit)
        self.text.textChanged.connect(self._text_edited)
        self.recognise.closed.connect(self._show)
        self.again.menu_opened.connect(lambda: self._ask(ModelsWanted()))
        self.again.chosen.connect(self._recognise)
        self.again.results_wanted.connect(self._open_results)
        self.text.viewport().installEventFilter(self)
