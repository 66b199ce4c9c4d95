"""Status of the app: its values, their texts, and the line at the foot of the sidebar."""

from dataclasses import dataclass, field
from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy

from app.core.states import RECORDING, State
from app.dictation.view import View
from app.gateways.view import GatewaysView
from app.local_services.worker_view import LocalWorkerState, WorkerView
from app.ui.settings.choices import DICTATE, PASTE_HELD, Choices, microphone_entries
from app.ui.strings.texts import Texts, joined, key_text, note_text, state_text, worker_text
from app.ui.theme.theme import RADII, SCALE, SCALE_PROPERTY, SPACING, Theme, font
from app.ui.widgets.basic import Shape, paint_focus, paint_round, refresh_with, smooth_painter
from app.ui.widgets.parts import (
    Elided,
    describe,
    horizontal,
    label,
    set_role,
    set_visible,
    stretched,
    tip,
    vertical,
)

_TOLD: Final = frozenset({LocalWorkerState.STARTING, LocalWorkerState.DOWNLOADING, LocalWorkerState.FAILED})
"""States of recognition on this computer that delay the first text."""


@dataclass(frozen=True)
class Status:
    """State of the app, with the means that it uses.

    ``paused``: the user paused the hotkeys. ``problem``: a problem outside of dictation, as a text.
    """

    view: View = field(default_factory=View)
    choices: Choices = field(default_factory=Choices)
    gateways: GatewaysView = field(default_factory=GatewaysView)
    worker: WorkerView = field(default_factory=WorkerView)
    paused: bool = False
    problem: str = ""

    @property
    def shape(self) -> State:
        """State whose shape is shown; a paused key shows as cancelled while nothing is recorded."""
        return State.CANCELLED if self.paused and self.view.state is State.IDLE else self.view.state


def word(texts: Texts, status: Status) -> str:
    """Return the word of the state; a paused key is told while the app is idle."""
    paused = status.paused and status.view.state is State.IDLE
    return texts("shell.paused") if paused else state_text(texts, status.view.state)


def means(texts: Texts, status: Status) -> str:
    """Return the microphone and the place of recognition."""
    return joined(microphone(texts, status), place(texts, status.gateways))


def microphone(texts: Texts, status: Status) -> str:
    """Return the name of the microphone in use, or of the one that will be used."""
    choices = status.choices
    if status.view.state in RECORDING and status.view.device:
        return status.view.device
    if not choices.microphone:
        return choices.default_microphone or texts("microphone.system")
    return dict(microphone_entries(texts, choices))[choices.microphone]


def place(texts: Texts, gateways: GatewaysView) -> str:
    """Return the name of the computer that recognises."""
    chosen = next((one.name for one in gateways.gateways if one.chosen), "")
    return texts("shell.here") if gateways.here or gateways.instead_of or not chosen else chosen


def problem(texts: Texts, status: Status) -> str:
    """Return the note on dictation, or the problem outside of it."""
    paste_key = key_text(texts, status.choices.works(PASTE_HELD))
    return note_text(texts, status.view.note, paste_key) or status.problem


def delay(texts: Texts, status: Status) -> tuple[str, str]:
    """Return what delays or prevents text, and the role of its label; a download is no warning."""
    if said := problem(texts, status):
        return said, "warning"
    worker, recognises_here = status.worker, status.gateways.here or bool(status.gateways.instead_of)
    if not recognises_here or worker.state not in _TOLD:
        return "", "muted"
    return worker_text(texts, worker), "warning" if worker.state is LocalWorkerState.FAILED else "muted"


def hint(texts: Texts, status: Status) -> str:
    """Return the whole status with the dictation key, for tool tips and screen readers."""
    key = key_text(texts, status.choices.works(DICTATE))
    return joined(word(texts, status), means(texts, status), key, delay(texts, status)[0])


_LINES = 3


class StatusLine(QAbstractButton):
    """Button that tells the status; a click opens the controls behind it.

    ``fold`` leaves the shape of the state, with everything else in the tool tip.
    """

    def __init__(self, theme: Theme, texts: Texts) -> None:
        super().__init__()
        self._theme, self._texts = theme, texts
        self._status, self._folded = Status(), False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Minimum)
        self.shape, self.word = Shape(theme, State.IDLE), label(bold=True)
        self.means, self.trouble = Elided(_LINES), Elided(_LINES)
        self.means.setProperty("role", "muted")
        for said in (self.means, self.trouble):
            said.setProperty(SCALE_PROPERTY, SCALE.caption)
            said.setFont(font(SCALE.caption))
        for part in (self.shape, self.word, self.means, self.trouble):
            part.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        head = horizontal(self.shape, stretched(self.word))
        self._column = vertical(
            head,
            self.means,
            self.trouble,
            within=self,
            margins=(SPACING.medium, SPACING.small, SPACING.small, SPACING.small),
            gap=SPACING.hair,
        )
        refresh_with(self.refresh, theme, texts)

    def show_status(self, status: Status) -> None:
        """Show this status; cheap enough to call twenty times a second."""
        if status != self._status:
            self._status = status
            self.refresh()

    def fold(self, folded: bool) -> None:
        """Show only the shape, or everything."""
        self._folded = folded
        self.refresh()
        self.updateGeometry()

    def refresh(self) -> None:
        """Update all texts to the current language and size."""
        texts, status = self._texts, self._status
        self.shape.show_state(status.shape, word(texts, status))
        self.word.setText(word(texts, status))
        late, role = delay(texts, status)
        for said, text in ((self.means, means(texts, status)), (self.trouble, late)):
            if text != said.accessibleName():
                said.show_text(text)
        set_role(self.trouble, role)
        set_visible(not self._folded, self.word, self.means)
        self.trouble.setVisible(bool(self.trouble.accessibleName()) and not self._folded)
        told = hint(texts, status)
        if told != self.accessibleName():
            describe(self, told, texts("shell.status-says"))
            self.setToolTip(tip(told))

    def sizeHint(self) -> QSize:
        """Return the size of the shown parts."""
        return self._column.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the background under the pointer, and the focus ring."""
        painter = smooth_painter(self)
        place = QRectF(self.rect())
        if self.underMouse() or self.isDown():
            paint_round(painter, place, RADII.small, self._theme.colour("surface"))
        paint_focus(painter, self, self._theme, RADII.small)
