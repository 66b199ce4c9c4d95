"""Sidebar of the main window: entries of the pages, the menu, and the status line at its foot."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from PySide6.QtCore import QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QSizePolicy, QWidget

from app.core.states import RECORDING, State
from app.dictation.view import View
from app.gateways.view import GatewaysView
from app.local_services.worker_view import LocalWorkerState, WorkerView
from app.ui.settings.choices import DICTATE, PASTE_HELD, Choices, microphone_entries
from app.ui.strings.texts import Texts, joined, key_text, note_text, state_text, worker_text
from app.ui.theme.theme import RADII, SCALE, SPACING, Theme, font, letter_width
from app.ui.widgets.basic import (
    Shape,
    paint_focus,
    paint_icon,
    paint_round,
    paint_text,
    refresh_with,
    smooth_painter,
)
from app.ui.widgets.controls import BAR, NavigationButton
from app.ui.widgets.menus import Menu
from app.ui.widgets.parts import (
    SPACE,
    Elided,
    describe,
    horizontal,
    label,
    set_caption,
    set_role,
    set_visible,
    stretched,
    tool_tip,
    vertical,
)

_SHOWN: Final = frozenset({LocalWorkerState.STARTING, LocalWorkerState.DOWNLOADING, LocalWorkerState.FAILED})
"""States of recognition on this computer that delay the first text."""


@dataclass(frozen=True)
class Status:
    """State of the app, its settings, and the computers that recognise.

    ``paused``: the user paused the hotkeys. ``problem``: a problem outside of dictation, as a text.
    ``starting``: the window is open, but the app cannot dictate yet.
    """

    view: View = field(default_factory=View)
    choices: Choices = field(default_factory=Choices)
    gateways: GatewaysView = field(default_factory=GatewaysView)
    worker: WorkerView = field(default_factory=WorkerView)
    paused: bool = False
    problem: str = ""
    starting: bool = False

    @property
    def shape(self) -> State:
        """State whose shape to show; paused hotkeys are shown as cancelled while the app is idle."""
        if self.starting:
            return State.ARMING
        return State.CANCELLED if self.paused and self.view.state is State.IDLE else self.view.state


def status_word(texts: Texts, status: Status) -> str:
    """Return the word of the state; while the app is idle, paused hotkeys have a word of their own."""
    if status.starting:
        return texts("worker.starting")
    paused = status.paused and status.view.state is State.IDLE
    return texts("shell.paused") if paused else state_text(texts, status.view.state)


def equipment_text(texts: Texts, status: Status) -> str:
    """Return the names of the microphone and of the computer that recognises."""
    return joined(microphone_text(texts, status), place_text(texts, status.gateways))


def microphone_text(texts: Texts, status: Status) -> str:
    """Return the name of the microphone in use, otherwise of the one for the next recording."""
    choices = status.choices
    if status.view.state in RECORDING and status.view.device:
        return status.view.device
    if not choices.microphone:
        return choices.default_microphone or texts("microphone.system")
    return dict(microphone_entries(texts, choices))[choices.microphone]


def place_text(texts: Texts, gateways: GatewaysView) -> str:
    """Return the name of the computer that recognises."""
    chosen = next((one.name for one in gateways.gateways if one.chosen), "")
    return texts("shell.here") if gateways.here or gateways.instead_of or not chosen else chosen


def problem_text(texts: Texts, status: Status) -> str:
    """Return the note of the dictation, otherwise the problem outside of it."""
    paste_key = key_text(texts, status.choices.works(PASTE_HELD))
    return note_text(texts, status.view.note, paste_key) or status.problem


def delay_text(texts: Texts, status: Status) -> tuple[str, str]:
    """Return the reason why text is delayed or prevented, and the role of its label."""
    if text := problem_text(texts, status):
        return text, "warning"
    worker, recognises_here = status.worker, status.gateways.here or bool(status.gateways.instead_of)
    if not recognises_here or worker.state not in _SHOWN:
        return "", "muted"
    says = worker_text(texts, worker)
    if worker.state is LocalWorkerState.STARTING:  # the word alone could be taken for the app's state
        says = texts("worker.stated", state=says)
    return says, "warning" if worker.state is LocalWorkerState.FAILED else "muted"


def status_hint(texts: Texts, status: Status) -> str:
    """Return the whole status with the dictation key, for tool tips and screen readers."""
    key = key_text(texts, status.choices.works(DICTATE))
    return joined(status_word(texts, status), equipment_text(texts, status), key, delay_text(texts, status)[0])


_LINES = 3
_LINES_OF_TROUBLE = 6
"""Enough lines for the remedy, which comes last."""


class StatusLine(QAbstractButton):
    """Button that shows the status; a click opens the controls behind it.

    Folded, it shows only the shape of the state; the tool tip has everything else.
    """

    def __init__(self, theme: Theme, texts: Texts) -> None:
        super().__init__()
        self._theme, self._texts = theme, texts
        self._status, self._folded = Status(), False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Minimum)
        self.shape, self.word = Shape(theme, State.IDLE), label(bold=True)
        self.means, self.trouble = (Elided(most, size=SCALE.caption) for most in (_LINES, _LINES_OF_TROUBLE))
        self.means.setProperty("role", "muted")
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
        self.shape.show_state(status.shape, status_word(texts, status))
        self.word.setText(status_word(texts, status))
        late, role = delay_text(texts, status)
        for shown, text in ((self.means, equipment_text(texts, status)), (self.trouble, late)):
            if text != shown.accessibleName():
                shown.show_text(text)
        set_role(self.trouble, role)
        set_visible(not self._folded, self.word, self.means)
        self.trouble.setVisible(bool(self.trouble.accessibleName()) and not self._folded)
        text = status_hint(texts, status)
        if text != self.accessibleName():
            describe(self, text, texts("shell.status-says"))
            self.setToolTip(tool_tip(text))

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


_LETTERS = 28
"""Minimum width of the sidebar, in average letters: about 200 px."""


class SidebarEntry(NavigationButton):
    """Icon and name of a page or of the menu; folded, it shows only the icon, with the name as tool tip."""

    hover = "surface"

    def __init__(self, theme: Theme, picture: str, *, page: bool = True) -> None:
        super().__init__(theme)
        self._picture = picture
        self._folded = False
        self.setCheckable(page)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click must not keep the focus, which goes to the page
        self.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)

    def name(self, text: str) -> None:
        """Show this name, which is also the accessible name."""
        set_caption(self, "" if self._folded else text, text)
        self.setToolTip(text if self._folded else "")

    def fold(self, folded: bool) -> None:
        """Show only the icon, or the icon and the name."""
        self._folded = folded
        self.name(self.accessibleName())

    def across(self) -> int:
        """Return the width of icon and name, even in bold."""
        bold = QFontMetrics(_face(chosen=True))
        return self._words() + bold.horizontalAdvance(self.accessibleName()) + SPACING.medium

    def sizeHint(self) -> QSize:
        """Return a size that fits the name in bold and in normal weight."""
        high = QFontMetrics(font()).height() + 2 * SPACING.small + SPACING.hair
        return QSize(self._words() if self._folded else self.across(), high)

    def bar(self) -> QRectF:
        """Return a place at the left edge."""
        return QRectF(0, self.height() / 4, BAR, self.height() / 2)

    def paint_name(self, painter: QPainter) -> None:
        """Paint the icon, and the name unless it is folded."""
        chosen, place, side = self.isChecked(), QRectF(self.rect()), self._side()
        colour = self._theme.colour("accent" if chosen else "muted")
        paint_icon(painter, self._picture, SPACING.medium, place.center().y(), side, colour)
        if not self._folded:
            words = place.adjusted(self._words(), 0, 0, 0)
            paint_text(painter, words, self.text(), _face(chosen=chosen), self._theme.colour("text"))

    def _side(self) -> int:
        return QFontMetrics(font()).height()

    def _words(self) -> int:
        """Return the x position of the name, after the icon."""
        return 2 * SPACING.medium + self._side()


class Sidebar(QWidget):
    """Column of page entries; ``chosen`` is called with the name of the clicked page.

    ``menu``: entries that the window offers besides its pages.
    """

    def __init__(self, theme: Theme, texts: Texts, chosen: Callable[[str], None]) -> None:
        super().__init__()
        self._theme, self._texts, self._chosen = theme, texts, chosen
        self.setObjectName("sidebar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.entries: dict[str, SidebarEntry] = {}
        self.folded = False
        self._group = QButtonGroup(self)
        self.menu, self.more = Menu(self), SidebarEntry(theme, "more", page=False)
        self.more.clicked.connect(self._open_menu)
        self._foot: StatusLine | None = None
        self._pages = vertical(gap=SPACING.hair)
        self._column = vertical(
            self._pages,
            SPACE,
            self.more,
            within=self,
            margins=(SPACING.small, SPACING.medium, SPACING.small, SPACING.small),
        )
        refresh_with(self.refresh, theme, texts)

    def add(self, name: str) -> SidebarEntry:
        """Add the entry of a page named by the text ``page.NAME``, with the icon of this name."""
        entry = SidebarEntry(self._theme, name)
        self._group.addButton(entry)
        self._pages.addWidget(entry)
        entry.clicked.connect(lambda: self._chosen(name))
        order = (*self.entries.values(), entry, self.more)[-3:]
        for before, after in pairwise(order):  # keep the new entry before the menu in the tab order
            QWidget.setTabOrder(before, after)
        self.entries[name] = entry
        self.refresh()
        return entry

    def put(self, foot: StatusLine) -> None:
        """Add the status line at the foot."""
        self._foot = foot
        self._column.addWidget(foot)
        QWidget.setTabOrder(self.more, foot)
        self.refresh()

    def whole(self) -> int:
        """Return the width of the unfolded sidebar."""
        margins = self.contentsMargins().left() + self.contentsMargins().right() + 2 * SPACING.small
        widest = max((entry.across() for entry in self.entries.values()), default=0)
        return max(widest + margins, letter_width(QFontMetrics(font())) * _LETTERS)

    def fold(self, folded: bool) -> None:
        """Show only icons, or icons and names."""
        self.folded = folded
        for entry in (*self.entries.values(), self.more):
            entry.fold(folded)
        if self._foot is not None:
            self._foot.fold(folded)
        icon = 2 * SPACING.medium + QFontMetrics(font()).height() + 2 * SPACING.small
        self.setFixedWidth(icon if folded else self.whole())

    def refresh(self) -> None:
        """Update all names to the current language, font and colours."""
        for name, entry in self.entries.items():
            entry.name(self._texts(f"page.{name}"))
        self.more.name(self._texts("shell.menu"))
        self.fold(self.folded)

    def _open_menu(self) -> None:
        place = self.more.rect().topLeft() - QPoint(0, self.menu.sizeHint().height())
        self.menu.popup(self.more.mapToGlobal(place))


def _face(*, chosen: bool) -> QFont:
    return font(weight=QFont.Weight.DemiBold if chosen else QFont.Weight.Normal)
