"""Controls behind the status line (microphone, key, place of recognition), and the owner of the status."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from PySide6.QtCore import QEvent, QObject, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QMouseEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QFrame, QWidget

from app.dictation.actions import PauseHotkeys, SuspendHotkeys
from app.dictation.gestures import TalkMode
from app.dictation.hotkey_test import KeysSeen
from app.dictation.view import View
from app.gateways.view import GatewaysView, WatchGateways, changes_to_own, to_gateway
from app.local_services.worker_view import SwitchWorker, WorkerView
from app.messages.kinds import Action
from app.settings.sections import MICROPHONE, ChangeSetting
from app.ui.computers.wording import menu_text
from app.ui.settings.choices import DICTATE, DICTATE_KEY, MODE, Choices, microphone_entries
from app.ui.settings.key_field import KeyField
from app.ui.shell.shell import Shell
from app.ui.shell.sidebar import Status, StatusLine, problem_text
from app.ui.strings.texts import Texts, worker_text
from app.ui.theme.theme import RADII, SPACING, Theme
from app.ui.widgets.basic import LevelBar, application, refresh_with
from app.ui.widgets.controls import DropDown, Switch
from app.ui.widgets.panels import focus_chain, scrolling
from app.ui.widgets.parts import aligned, grid, horizontal, label, remark, show_text, stretched, vertical, worded

_EDGE: Final = RADII.small
"""Distance of the contents from the border with its round corners."""
_HERE: Final = "here"
_ADD: Final = "add"
_WATCHER: Final = "status"
_NAMES: Final = ("microphone", "hotkey", "mode", "shell.pause", "shell.place", "worker")


class Veil(QWidget):
    """Transparent cover of a window that calls ``clicked`` instead of passing on clicks."""

    def __init__(self, window: QWidget, clicked: Callable[[], None]) -> None:
        super().__init__(window)
        self._clicked = clicked
        self.hide()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Report a click anywhere on the window."""
        self._clicked()


class Popover(QFrame):
    """Frame over the window with the controls behind the status line.

    It shows a change when that comes back as ``Status``. Esc, a click elsewhere and a lost focus close it.
    ``add_wanted``: emitted when the user wants to pair another computer. ``opened``: emitted with True or False
    when it opens or closes.
    """

    add_wanted = Signal()
    opened = Signal(bool)

    def __init__(self, theme: Theme, texts: Texts, ask: Callable[[Action], None], window: QWidget) -> None:
        super().__init__(window)
        self._texts, self._ask = texts, ask
        self._status, self._window, self._veil = Status(), window, Veil(window, self.shut)
        self._opener: QWidget | None = None
        self.setObjectName("popover")
        self.problem, self.refusal = label(role="warning", wraps=True), remark("warning")
        self.microphone = DropDown(theme)
        self.meter = worded(texts, LevelBar(theme), accessibleName="microphone.level")
        self.key = KeyField(theme, texts, self._key_chosen, self._refuse)
        self.key.recording_changed.connect(lambda on: ask(PauseHotkeys(on)))
        self.mode, self.place = DropDown(theme), DropDown(theme)
        self.pause, self.worker = Switch(theme), Switch(theme)
        self.worker_state = remark()
        self._names = {name: worded(texts, label(), name if "." in name else f"{name}.name") for name in _NAMES}
        self._inside = QWidget()
        self._inside.setObjectName("list")
        self._area = scrolling(self._inside)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._lay_out()
        self.microphone.activated.connect(lambda _: ask(ChangeSetting(MICROPHONE, self.microphone.currentData())))
        self.mode.activated.connect(lambda _: ask(ChangeSetting(MODE, self.mode.currentData())))
        self.place.activated.connect(lambda _: self._place_chosen(self.place.currentData()))
        self.pause.clicked.connect(self._pause)
        self.worker.clicked.connect(self._switch_worker)
        application().focusChanged.connect(self._focus_moved)
        refresh_with(self.refresh, texts, theme)
        self.hide()

    # -- values --------------------------------------------------------------------------------------------

    def show_status(self, status: Status) -> None:
        """Show the values in effect; while hidden, only store them."""
        before, self._status = self._status, status
        if status.choices != before.choices:
            self.refusal.hide()
        if self.isVisible():
            self._show()

    def refresh(self) -> None:
        """Update all texts to the current language."""
        self.setAccessibleName(self._texts("shell.status"))
        controls = (self.microphone, self.key, self.mode, self.pause, self.place, self.worker)
        for shown, control in zip(self._names.values(), controls, strict=True):
            if control is not self.key:  # its accessible name has the key too
                control.setAccessibleName(shown.text())
        self._show()

    def _show(self) -> None:
        texts, status, choices = self._texts, self._status, self._status.choices
        text = problem_text(texts, status)
        show_text(self.problem, text)
        self.microphone.show_entries(microphone_entries(texts, choices), choices.microphone)
        self.meter.show_level(status.view.level_dbfs)
        self.key.show_binding(choices.keys.get(DICTATE, ""))
        self.mode.show_entries([(mode.value, texts(f"mode.{mode.value}")) for mode in TalkMode], choices.mode)
        self.pause.setChecked(status.paused)
        self.pause.setEnabled(status.paused or bool(choices.works(DICTATE)))
        self._show_places()
        worker = status.worker
        self.worker.setChecked(worker.works)
        self.worker_state.setText(worker_text(texts, worker))
        self.worker.setAccessibleDescription(self.worker_state.text())
        self._fit()

    def _show_places(self) -> None:
        texts, gateways = self._texts, self._status.gateways.gateways
        places = [(str(number), menu_text(texts, gateway)) for number, gateway in enumerate(gateways)]
        chosen = next((str(number) for number, gateway in enumerate(gateways) if gateway.chosen), _HERE)
        add = (_ADD, texts("computers.tray-add"))
        self.place.show_entries([(_HERE, texts("place.here")), *places, add], chosen)

    # -- opening and closing -------------------------------------------------------------------------------

    def open(self, opener: QWidget) -> None:
        """Open above ``opener``, which later gets the focus back; close if it is open."""
        if self.isVisible():
            return self.shut()
        self._opener = opener
        opener.installEventFilter(self)
        self.show()
        self._show()
        self.raise_()
        self.microphone.setFocus(Qt.FocusReason.PopupFocusReason)

    def shut(self) -> None:
        """Close, and return the focus to the opener."""
        if self.isVisible():
            self.hide()
            if self._opener is not None:
                self._opener.setFocus(Qt.FocusReason.PopupFocusReason)

    def showEvent(self, event: QShowEvent) -> None:
        """Cover the window with the veil, so that a click elsewhere closes this frame."""
        self._veil.show()
        self._veil.raise_()
        self._window.installEventFilter(self)
        self._inside.installEventFilter(self)
        self._ask(WatchGateways(True, _WATCHER))
        self.opened.emit(True)

    def hideEvent(self, event: QHideEvent) -> None:
        """Remove the veil from the window."""
        if self._veil.isHidden():  # it was not open
            return
        self._veil.hide()
        self._window.removeEventFilter(self)
        self._inside.removeEventFilter(self)
        if self._opener is not None:
            self._opener.removeEventFilter(self)
        self._ask(WatchGateways(False, _WATCHER))
        self.opened.emit(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Close the controls on Esc."""
        if event.key() == Qt.Key.Key_Escape:
            self.shut()
        else:
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Fit the frame when the window, the controls or the opener change."""
        kinds: dict[QObject, QEvent.Type] = {
            self._window: QEvent.Type.Resize,
            self._inside: QEvent.Type.LayoutRequest,
        }
        if event.type() == kinds.get(watched, QEvent.Type.Move):
            self._fit()
        return super().eventFilter(watched, event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Keep the focus among the controls on Tab."""
        inside = filter(self.isAncestorOf, focus_chain(self))
        stops = [stop for stop in inside if stop.isVisible() and stop.isEnabled()]
        if not stops:  # Qt also calls this while the frame is being hidden
            return False
        focused = QApplication.focusWidget()
        place = stops.index(focused) if focused in stops else 0
        step, reason = (1, Qt.FocusReason.TabFocusReason) if forward else (-1, Qt.FocusReason.BacktabFocusReason)
        stops[(place + step) % len(stops)].setFocus(reason)
        return True

    def _focus_moved(self, old: QWidget | None, new: QWidget | None) -> None:
        if self.isVisible() and new is not None and not self._has(new) and new.window() is self._window:
            self.hide()

    def _has(self, widget: QWidget | None) -> bool:
        """Return whether a widget is part of this frame, even in a window of its own, such as an open list."""
        while widget is not None and widget is not self:
            widget = widget.parentWidget()
        return widget is self

    def _fit(self) -> None:
        """Resize and move the frame above the opener, within the window."""
        window, opener = self._window, self._opener
        if opener is None:
            return
        self._veil.setGeometry(window.rect())
        edge = SPACING.small
        foot = opener.mapTo(window, QPoint(0, 0)).y() - SPACING.hair
        self.ensurePolished()
        border = self.contentsMargins().left() + self.contentsMargins().right()  # of the style sheet
        border += 2 * _EDGE
        inside = self._inside.sizeHint().expandedTo(self._inside.minimumSizeHint())
        across = min(inside.width() + border, window.width() - 2 * edge)
        needed = (
            self._grid.totalHeightForWidth(across - border) if self._grid.hasHeightForWidth() else inside.height()
        )
        room = window.height() - 2 * edge
        high = min(needed + border, room)
        # A scroll bar that was needed for a moment would stay, because its width makes texts wrap into more lines.
        policy = Qt.ScrollBarPolicy
        bar = policy.ScrollBarAlwaysOff if high < room else policy.ScrollBarAsNeeded
        self._area.setVerticalScrollBarPolicy(bar)
        self.resize(QSize(across, high))
        self.move(edge, max(edge, foot - high))

    # -- user actions --------------------------------------------------------------------------------------

    def _place_chosen(self, chosen: str) -> None:
        if chosen == _ADD:
            self.hide()
            self.add_wanted.emit()
            return
        gateways = self._status.gateways
        for change in changes_to_own(gateways) if chosen == _HERE else to_gateway(gateways.gateways[int(chosen)]):
            self._ask(change)
        self._show_places()

    def _key_chosen(self, binding: str) -> None:
        self.refusal.hide()
        self._ask(ChangeSetting(DICTATE_KEY, binding))

    def _refuse(self) -> None:
        show_text(self.refusal, self._texts("hotkey.unusable"))
        self._fit()

    def _pause(self, on: bool) -> None:
        self.pause.setChecked(self._status.paused)  # shows the state in effect, not the click
        self._ask(SuspendHotkeys(on))

    def _switch_worker(self, on: bool) -> None:
        self._show()
        self._ask(SwitchWorker(on))

    # -- layout --------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        gaps = SPACING.large, SPACING.medium
        self._grid = grid(stretched=1, gaps=gaps, within=self._inside, margins=SPACING.medium)
        self.refusal.hide()
        self._grid.addWidget(self.problem, 0, 0, 1, 2)
        microphone = _stacked(self.microphone, self.meter)
        key = _stacked(self.key, self.refusal)
        worker = QWidget()
        horizontal(aligned(self.worker, Qt.AlignmentFlag.AlignTop), stretched(self.worker_state), within=worker)
        rows = (microphone, key, self.mode, self.pause, self.place, worker)
        for number, (name, row) in enumerate(zip(self._names.values(), rows, strict=True), 1):
            self._grid.addWidget(name, number, 0)
            self._grid.addWidget(
                row, number, 1, Qt.AlignmentFlag.AlignLeft if row is self.pause else Qt.AlignmentFlag(0)
            )
        vertical(self._area, within=self, margins=_EDGE)


def _stacked(*controls: QWidget) -> QWidget:
    """Return a widget that contains these controls, stacked vertically."""
    made = QWidget()
    vertical(*controls, within=made, gap=SPACING.hair)
    return made


class StatusBoard(QObject):
    """Owner of the status line at the foot of the sidebar.

    The controls behind it are created when they are first opened. ``changed``: emitted with each new status.
    ``opened``: emitted with True when the controls open, and with False when they close.
    ``add_wanted``: emitted when the user wants to pair another computer.
    """

    changed = Signal(object)
    opened = Signal(bool)
    add_wanted = Signal()

    def __init__(self, theme: Theme, texts: Texts, ask: Callable[[Action], None], shell: Shell) -> None:
        super().__init__(shell)
        self._theme, self._texts, self._ask, self._shell = theme, texts, ask, shell
        self.status = Status(starting=True)
        self.line = StatusLine(theme, texts)
        self.line.show_status(self.status)
        self.popover: Popover | None = None
        self.line.clicked.connect(self.open)
        shell.sidebar.put(self.line)
        shell.page_shown.connect(self._close)

    def open(self) -> None:
        """Open or close the controls."""
        if self.popover is None:
            self.popover = Popover(self._theme, self._texts, self._ask, self._shell)
            self.popover.opened.connect(self.opened)
            self.popover.add_wanted.connect(self.add_wanted)
        self.popover.show_status(self.status)
        self.popover.open(self.line)

    def change_key(self) -> None:
        """Open the controls and record a new dictation key."""
        if self.popover is None or not self.popover.isVisible():
            self.open()
        assert self.popover is not None
        self.popover.key.setFocus()
        self.popover.key.click()

    def show_view(self, view: View) -> None:
        """Show the state of dictation; cheap enough to call twenty times a second."""
        self._show(replace(self.status, view=view, starting=False))

    def show_worker(self, worker: WorkerView) -> None:
        """Show the state of recognition on this computer."""
        self._show(replace(self.status, worker=worker))

    def show_gateways(self, gateways: GatewaysView) -> None:
        """Show where speech is recognised."""
        self._show(replace(self.status, gateways=gateways))

    def show_keys(self, keys: KeysSeen) -> None:
        """Show whether the hotkeys are paused."""
        self._show(replace(self.status, paused=keys.paused))

    def show_choices(self, choices: Choices) -> None:
        """Show the settings in effect."""
        self._show(replace(self.status, choices=choices))

    def show_problem(self, text: str) -> None:
        """Show a problem; an empty text removes it."""
        self._show(replace(self.status, problem=text))

    def _close(self, page: str) -> None:
        """Close the controls when another page, or a cover such as the first steps, comes to the front."""
        if self.popover is not None:
            self.popover.hide()

    def _show(self, status: Status) -> None:
        self.status = status
        self.line.show_status(status)
        self.changed.emit(status)
        if self.popover is not None:
            self.popover.show_status(status)
