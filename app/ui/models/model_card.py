"""Card of one model: description, state and the buttons for the possible actions."""

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QFont
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout

from app.models.actions import (
    CancelModel,
    FetchModel,
    ImportModel,
    ModelAction,
    PauseModel,
    RemoveModel,
    VerifyModel,
)
from app.models.view import UNDER_WAY, LocalModelView, ModelFacts, ModelState, ModelUse
from app.ui.files.file_widgets import FileProgressBar
from app.ui.models.model_widgets import ModelShape, Pick
from app.ui.models.wording import (
    about_text,
    how_text,
    note_role,
    note_text,
    origin_text,
    too_large_text,
    whole_size_text,
)
from app.ui.strings.texts import Texts
from app.ui.theme import icons
from app.ui.theme.theme import SCALE, SPACING, Theme, font
from app.ui.widgets.basic import control_height, label
from app.ui.widgets.file_dialogs import Dialogs
from app.ui.widgets.flow_layout import FlowRow
from app.ui.widgets.untrusted_text import tip
from speech.models.recommendation import LocalSpeed

_STEPS: Final = {
    ModelState.MISSING: ("models.fetch", "drop"),
    ModelState.QUEUED: ("models.pause", "pause"),
    ModelState.FETCHING: ("models.pause", "pause"),
    ModelState.PAUSED: ("models.resume", "resume"),
    ModelState.FAILED: ("models.fetch", "drop"),  # also after a failed import, which the button does not repeat
    ModelState.DAMAGED: ("models.repair", "recover"),
}
"""Text and icon of the first button in each state."""
_PAUSES: Final = frozenset({ModelState.QUEUED, ModelState.FETCHING})
_BARS: Final = UNDER_WAY | {ModelState.PAUSED, ModelState.QUEUED}
_IMPORTS: Final = frozenset({ModelState.MISSING, ModelState.PAUSED, ModelState.FAILED, ModelState.DAMAGED})
_ENDS: Final = frozenset({ModelState.QUEUED, ModelState.FETCHING, ModelState.IMPORTING, ModelState.VERIFYING})
_HERE: Final = frozenset({ModelState.INSTALLED, ModelState.DAMAGED})
_LEFT_OVER: Final = frozenset({ModelState.PAUSED, ModelState.FAILED})


class ModelCard(QFrame):
    """Card that shows one model and passes actions to ``ask``.

    ``use`` is called with the name of the model that this computer's worker should run.
    """

    def __init__(
        self,
        theme: Theme,
        texts: Texts,
        ask: Callable[[ModelAction], None],
        use: Callable[[str], None],
        dialogs: Dialogs,
    ) -> None:
        super().__init__()
        self._theme, self._texts, self._ask, self._use, self._dialogs = theme, texts, ask, use, dialogs
        self.model = LocalModelView(ModelFacts(""))
        self._free: int | None = None
        self._fast: LocalSpeed | None = None
        self._sure = False
        self.setProperty("role", "card")
        self.shape, self.bar, self.pick = ModelShape(theme), FileProgressBar(theme), Pick(theme)
        self.name, self.whole = label(), label(role="muted")
        self.about, self.origin = label(), label(size=SCALE.caption, role="muted")
        self.how, self.note = label(size=SCALE.caption, role="muted"), label(size=SCALE.caption)
        self.licence = self._button(self._open_licence)
        self.step, self.cancel = self._button(self._take_step), self._button(self._cancel)
        self.verify = self._button(lambda: self._ask(VerifyModel(self.model.name)))
        self.take_in, self.remove = self._button(self._take_in), self._button(self._remove)
        self.licence.setFont(font(SCALE.caption))
        self.remove.installEventFilter(self)
        self.pick.clicked.connect(self._picked)
        self.buttons = FlowRow((self.pick, self.step, self.verify, self.take_in, self.cancel, self.remove))
        self._lay_out()

    def show_model(
        self, model: LocalModelView, free: int | None, fast: LocalSpeed | None = None, *, again: bool = False
    ) -> None:
        """Show a model; redraw only if it changed or ``again`` is set.

        ``free`` is the free disk space in bytes, ``fast`` the model's speed on this computer. ``again`` applies a
        new language or new colours.
        """
        if (model, free, fast) == (self.model, self._free, self._fast) and not again:
            return
        if model.state is not self.model.state:
            self._sure = False
        self.model, self._free, self._fast, texts = model, free, fast, self._texts
        self.shape.show_state(model.state, texts(f"models.state.{model.state.value}"))
        self.name.setText(model.name)
        self.whole.setText(whole_size_text(texts, model.about))
        self.about.setText(about_text(texts, model.about))
        self.how.setText(how_text(texts, model, fast))
        self.origin.setText(origin_text(texts, model.about))
        self.setAccessibleName(f"{model.name}: {self.how.text()}")
        self.bar.show_percent(model.percent, self.accessibleName(), moving=model.state in UNDER_WAY)
        self.bar.setVisible(model.state in _BARS and bool(model.done))
        self._show_note()
        self._show_buttons()

    def _show_note(self) -> None:
        texts, model = self._texts, self.model
        early = too_large_text(texts, model, self._free)
        said, role = (early, "warning") if early else (note_text(texts, model), note_role(model))
        if self.note.property("role") != role:
            self.note.setProperty("role", role)
            self.note.style().polish(self.note)
        self.note.setText(said)
        self.note.setToolTip(tip("\n".join(model.details)))
        self.note.setAccessibleDescription("\n".join(model.details))
        self.note.setVisible(bool(said))

    def _show_buttons(self) -> None:
        texts, model, state = self._texts, self.model, self.model.state
        self.licence.setText(texts("models.licence", licence=model.about.licence))
        said = texts("models.licence-name", model=model.name, licence=model.about.licence)
        self.licence.setAccessibleName(said)
        self.licence.setToolTip(model.about.link)
        key, icon = _STEPS.get(state, _STEPS[ModelState.MISSING])
        self._show(self.step, key, icon, shown=state in _STEPS)
        self.step.setProperty("role", "quiet" if state in _PAUSES else "")
        self.step.style().polish(self.step)
        self._show(self.verify, "models.verify", "done", shown=state is ModelState.INSTALLED)
        self._show(self.take_in, "models.import", "folder", shown=state in _IMPORTS)
        discards = state in _LEFT_OVER and bool(model.done or state is ModelState.PAUSED)
        cancels = state in _ENDS or (state is ModelState.BUSY and model.waiting)
        self._show(
            self.cancel, "models.discard" if discards else "models.cancel", "cancel", shown=discards or cancels
        )
        self._show_remove()
        for button in (self.step, self.cancel):
            button.setEnabled(not model.stopping)
        self.pick.setText(texts("models.use"))
        self.pick.setAccessibleName(texts("models.use-name", model=model.name))
        self.pick.setChecked(model.chosen)
        self.pick.setVisible(model.can_be_chosen or model.chosen)
        self.pick.updateGeometry()
        self.buttons.setVisible(any(not control.isHidden() for control in self.buttons.controls))
        self.buttons.arrange()

    def _show_remove(self) -> None:
        unused = self.model.use is ModelUse.NOBODY
        self.remove.setMinimumHeight(control_height())  # so that nothing moves while it asks for confirmation
        self._show(
            self.remove,
            "models.sure" if self._sure else "models.remove",
            "cancelled",
            shown=self.model.state in _HERE and unused,
        )
        self.remove.setProperty("role", "danger" if self._sure else "quiet")
        self.remove.style().polish(self.remove)

    def _show(self, button: QPushButton, key: str, icon: str, *, shown: bool) -> None:
        says = self._texts(key)
        button.setText(says)
        button.setAccessibleName(self._texts("models.button-name", action=says, model=self.model.name))
        side = button.fontMetrics().ascent()
        button.setIconSize(QSize(side, side))
        button.setIcon(icons.icon(icon, self._theme.colour("accent")))
        button.setVisible(shown)

    # -- user actions ----------------------------------------------------------------------------------------

    def _take_step(self) -> None:
        name = self.model.name
        self._ask(PauseModel(name) if self.model.state in _PAUSES else FetchModel(name))

    def _cancel(self) -> None:
        self._ask(CancelModel(self.model.name))

    def _take_in(self) -> None:
        name = self.model.name
        if folder := self._dialogs.folder(self, self._texts("models.folder-of", model=name)):
            self._ask(ImportModel(name, folder))

    def _remove(self) -> None:
        """Remove the model on the second click; the first asks for confirmation."""
        if self._sure:
            self._ask(RemoveModel(self.model.name))
        self._sure = not self._sure
        self.remove.setFocus()
        self._show_remove()
        self.buttons.arrange()

    def _picked(self) -> None:
        self.pick.setChecked(self.model.chosen)  # the dot follows the setting in effect
        if not self.model.chosen:
            self._use(self.model.name)

    def _open_licence(self) -> None:
        QDesktopServices.openUrl(QUrl(self.model.about.link))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Ignore double clicks on the remove button, and cancel its confirmation when the focus leaves."""
        if event.type() == QEvent.Type.MouseButtonDblClick:
            return True
        if event.type() == QEvent.Type.FocusOut and self._sure:
            self._sure = False
            self._show_remove()
            self.buttons.arrange()
        return super().eventFilter(watched, event)

    # -- layout --------------------------------------------------------------------------------------------

    @staticmethod
    def _button(do: Callable[[], None]) -> QPushButton:
        made = QPushButton()
        made.setProperty("role", "quiet")
        made.setCursor(Qt.CursorShape.PointingHandCursor)
        made.clicked.connect(do)
        return made

    def _lay_out(self) -> None:
        self.name.setFont(font(weight=QFont.Weight.DemiBold))
        for words in (self.name, self.about, self.how, self.note, self.origin):
            words.setWordWrap(True)
        head = QHBoxLayout()
        head.setSpacing(SPACING.small)
        head.addWidget(self.shape)
        head.addWidget(self.name, 1)
        head.addWidget(self.whole)
        card = QVBoxLayout(self)
        card.setContentsMargins(SPACING.large, SPACING.medium, SPACING.large, SPACING.medium)
        card.setSpacing(SPACING.small)
        foot = QHBoxLayout()
        foot.setSpacing(SPACING.small)
        foot.addWidget(self.origin, 1)
        foot.addWidget(self.licence, 0, Qt.AlignmentFlag.AlignBottom)
        card.addLayout(head)
        for widget in (self.about, self.how, self.bar, self.note, self.buttons):
            card.addWidget(widget)
        card.addLayout(foot)
