"""Field that records the hotkey that the user presses, and the control of a hotkey setting."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QFontMetricsF, QHideEvent, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy

from app.core.errors import Note
from app.hotkeys.binding import parse
from app.hotkeys.conflicts import other_action, used_for
from app.hotkeys.errors import HotkeyUnknown
from app.ui.settings import key_names
from app.ui.settings.controls import SettingControl, SetValue, usual_width
from app.ui.settings.wording import title
from app.ui.strings.texts import Texts, key_caps, key_text, note_text
from app.ui.theme.theme import RADII, SCALE, SPACING, Theme, font
from app.ui.widgets.basic import (
    ENTER,
    action_button,
    control_height,
    keep_room,
    paint_frame,
    paint_round,
    paint_text,
    timer,
)
from app.ui.widgets.parts import describe, horizontal, stretched, worded

LONGEST_MS: Final = 30_000
_STAYS_UP_MS: Final = 100
"""Key repeats include releases, and some systems do not mark them as repeats."""


class KeyField(QAbstractButton):
    """Button that shows a hotkey as key caps and records a new one.

    After a click, it records the next key combination or single modifier. Esc or a timeout ends recording.
    ``recording_changed``: emitted with True when the field begins to consume all keys, and with False afterwards.
    False comes only after the chosen key stays up, because its repeats would otherwise trigger the new hotkey.
    ``name``: returns the accessible name of the field.
    """

    recording_changed = Signal(bool)

    def __init__(
        self,
        theme: Theme,
        texts: Texts,
        chosen: Callable[[str], None],
        refused: Callable[[], None],
        name: Callable[[], str] | None = None,
    ) -> None:
        super().__init__()
        self._called = name or (lambda: texts("hotkey.name"))
        self._theme, self._texts, self._chosen, self._refused = theme, texts, chosen, refused
        self.binding, self.recording = "", False
        self._held: list[str] = []
        self._lone = ""
        self._listening = False
        self._limit = timer(self, LONGEST_MS, self._give_up)
        self._up = timer(self, _STAYS_UP_MS, lambda: self._listen(False))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.clicked.connect(self._toggle_recording)
        texts.changed.connect(self._name)
        self._name()

    def show_binding(self, binding: str) -> None:
        """Show the current binding."""
        self.binding = binding
        self._name()
        self.update()

    def sizeHint(self) -> QSize:
        """Return the height of a button."""
        return QSize(SPACING.huge * 6, control_height())

    def event(self, event: QEvent) -> bool:
        """Handle every key while listening, including Tab and shortcuts."""
        if self._listening and isinstance(event, QKeyEvent):
            if event.type() == QEvent.Type.KeyPress:
                self.keyPressEvent(event)
            elif event.type() == QEvent.Type.KeyRelease:
                self.keyReleaseEvent(event)
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Record the key that was pressed; outside of recording, click the field on Enter."""
        if self._listening and not self.recording:
            self._up.stop()
            return
        if not self.recording:
            if event.key() in ENTER:
                self.click()
            else:
                super().keyPressEvent(event)
            return
        if event.isAutoRepeat():
            return
        if event.key() == Qt.Key.Key_Escape and not key_names.held_modifiers(event):
            self._record(False)
        elif key_names.is_modifier(event):
            self._lone = "" if self._held else key_names.side(event)
            self._held = key_names.held_modifiers(event) or [self._lone.rpartition("_")[2]]
            self.update()
        else:
            self._choose_key(key_names.binding(event))

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Choose a modifier as the hotkey if no other key was pressed before its release."""
        if not self._listening:
            super().keyReleaseEvent(event)
        elif not self.recording:
            self._up.start()
        elif self._lone and key_names.side(event) == self._lone:
            self._choose_key(self._lone)
            self._up.start()
        elif not event.isAutoRepeat():
            self._held, self._lone = [], ""
            self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """End recording when the focus leaves the field."""
        self._give_up()
        super().focusOutEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        """End recording when the field is hidden."""
        self._give_up()
        super().hideEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the key caps, or an instruction."""
        painter = QPainter(self)
        paint_frame(painter, self, self._theme)
        if caps := key_caps(self._texts, "+".join(self._held) if self.recording else self.binding):
            self._paint_caps(painter, caps)
            return
        ink = self._theme.colour("accent" if self.recording else "muted")
        text = self._texts("hotkey.record" if self.recording else "hotkey.none")
        place = QRectF(self.rect()).adjusted(SPACING.medium, 0, -SPACING.small, 0)
        paint_text(painter, place, text, self.font(), ink)

    def _paint_caps(self, painter: QPainter, caps: tuple[str, ...]) -> None:
        text_font = font(SCALE.caption)
        metrics, x = QFontMetricsF(text_font), float(SPACING.small)
        for cap in caps:
            across = metrics.horizontalAdvance(cap) + 2 * SPACING.small
            height = metrics.height() + SPACING.hair
            place = QRectF(x, (self.height() - height) / 2, across, height)
            paint_round(painter, place, RADII.small - 2, self._theme.colour("sunken"), self._theme.colour("edge"))
            paint_text(painter, place, cap, text_font, self._theme.colour("text"), Qt.AlignmentFlag.AlignCenter)
            x += across + SPACING.hair

    def _toggle_recording(self) -> None:
        if self.recording:
            self._give_up()
        else:
            self._up.stop()
            self._record(True)
            self._listen(True)
            self._limit.start()

    def _give_up(self) -> None:
        self._record(False)
        self._listen(False)

    def _listen(self, on: bool) -> None:
        if on != self._listening:
            self._listening = on
            self._limit.stop()
            self._up.stop()
            self.recording_changed.emit(on)

    def _record(self, recording: bool) -> None:
        self.recording = recording
        self._held, self._lone = [], ""
        self.update()

    def _choose_key(self, binding: str) -> None:
        self._record(False)
        try:
            chosen = str(parse(binding))
        except HotkeyUnknown:
            self._refused()
            return
        self.show_binding(chosen)
        self._chosen(chosen)

    def _name(self) -> None:
        keys = key_text(self._texts, self.binding) or self._texts("hotkey.none")
        describe(self, self._called(), self._texts("hotkey.change", keys=keys))


Bindings = Callable[[], Mapping[str, str]]
"""Returns the current key bindings by the names of their settings."""


class KeyControl(SettingControl):
    """Control for the hotkey setting ``name``.

    It refuses a key that another action of this app has, and warns of a key that another program has.
    """

    def __init__(self, theme: Theme, texts: Texts, name: str, bindings: Bindings, set_value: SetValue) -> None:
        self._texts, self._name, self._bindings = texts, name, bindings
        self._assigned = ""
        self._problem: Note | None = None
        unusable = partial(texts, "hotkey.unusable")
        self.field = KeyField(
            theme, texts, self._chosen, lambda: self.refuse(unusable), lambda: title(texts, name)
        )
        super().__init__(self.field, set_value)
        none = action_button(lambda: set_value(""), "quiet", f"{name}.none")
        self.none = worded(texts, none, "settings.key.none")
        self.column.addLayout(horizontal(stretched(self.field), self.none, gap=SPACING.hair))
        keep_room(self.none)
        self.refresh()

    def show_value(self, value: Any) -> None:
        """Show the key in effect."""
        self._value = str(value)
        self.field.show_binding(self._value)
        self.none.setVisible(bool(self._value))

    def show_problem(self, problem: Note | None) -> None:
        """Set why a key could not be bound; the note may concern another key."""
        self._problem = problem

    def show_assigned(self, key: str) -> None:
        """Set the key that the desktop has assigned; empty if the app chooses it."""
        self._assigned = key

    def refresh(self) -> None:
        """Update all texts to the current language."""
        self.field.setMinimumWidth(usual_width())
        self.none.setAccessibleName(self._texts("settings.key.none-of", name=title(self._texts, self._name)))

    @property
    def warning(self) -> str:
        """Warning that another program has or may need the key, or that the desktop assigned another one."""
        if self._problem and self._value and self._problem.values.get("binding") == self._value:
            return note_text(self._texts, self._problem)
        if self._assigned and self._value and self._assigned != self._value:
            return self._other_key()
        if use := used_for(self._value):
            key, used = key_text(self._texts, self._value), self._texts(f"settings.key-use.{use}")
            return self._texts("settings.key.used", key=key, use=used)
        return ""

    def _other_key(self) -> str:
        """Return the warning that names the key that the desktop assigned instead of the chosen one."""
        key, chosen = key_text(self._texts, self._assigned), parse(self._value)
        if chosen.lone or not chosen.modifiers and chosen.name == "esc":
            return self._texts("settings.key.assigned-alone", key=key, wanted=key_text(self._texts, self._value))
        return self._texts("settings.key.assigned", key=key)

    def _chosen(self, binding: str) -> None:
        if other := other_action(binding, self._name, self._bindings()):
            self.field.show_binding(self._value)
            texts = self._texts
            self.refuse(
                lambda: texts("settings.key.twice", key=key_text(texts, binding), name=title(texts, other))
            )
        else:
            self.set_value(binding)
