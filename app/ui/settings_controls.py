"""What settings are changed with, by their type. Each shows what is in force, and asks for something else."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPlainTextEdit, QSizePolicy, QVBoxLayout, QWidget

from app.settings import checks
from app.settings.schema import Setting
from app.ui.theme import SPACING, Theme, font
from app.ui.widgets import Choice, Switch, control_height, label

Asks = Callable[[str | bool | int], None]
Options = Callable[[], Sequence[tuple[str, str]]]
"""Values with their texts, in the language of now."""

Said = Callable[[], str]
"""A sentence, in the language of now."""

LONGEST: Final = 1_000
_LINES: Final = 4


class Control(QWidget):
    """``target``: what the keyboard reaches, which bears the name. ``high``: better below its name than beside it.

    ``dropped``: somebody has given up what was typed. ``refuse``: of its row, for what is not even asked for.
    """

    dropped = Signal()
    high = False

    def __init__(self, target: QWidget, asks: Asks) -> None:
        super().__init__()
        self.target, self.asks = target, asks
        self.refuse: Callable[[Said | None], None] = lambda said: None
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(SPACING.small)

    def show_value(self, value: Any) -> None:
        """What is in force."""

    def refresh(self) -> None:
        """In the language of now."""

    @property
    def warning(self) -> str:
        """What a person should know of the value in force."""
        return ""

    def keep(self) -> None:
        """Ask for what was typed and not asked for yet."""

    def drop(self) -> None:
        """What was typed is not wanted."""


class SwitchControl(Control):
    """On or off."""

    def __init__(self, theme: Theme, asks: Asks) -> None:
        self.switch = Switch(theme)
        super().__init__(self.switch, asks)
        self.column.addWidget(self.switch, 0, Qt.AlignmentFlag.AlignLeft)
        self.switch.clicked.connect(lambda on: asks(on))

    def show_value(self, value: Any) -> None:
        """Follows the setting, not the click."""
        self.switch.setChecked(bool(value))


class ChoiceControl(Control):
    """One of several."""

    def __init__(self, theme: Theme, options: Options, asks: Asks) -> None:
        self.choice = Choice(theme)
        super().__init__(self.choice, asks)
        self._options, self._value = options, ""
        self.column.addWidget(self.choice)
        self.choice.activated.connect(lambda _: asks(str(self.choice.currentData())))

    def show_value(self, value: Any) -> None:
        """This one is chosen."""
        self._value = str(value)
        self.refresh()

    def refresh(self) -> None:
        """The texts of now."""
        self.choice.show_entries(self._options(), self._value)
        self.choice.setMinimumWidth(max(usual_width(), self.choice.minimumSizeHint().width()))


class TextControl(Control):
    """A line of text, asked for with Enter or when somebody goes elsewhere; Esc brings back what is in force."""

    def __init__(self, asks: Asks, placeholder: Callable[[], str] = str) -> None:
        self.field = QLineEdit()
        super().__init__(self.field, asks)
        self._placeholder, self._value = placeholder, ""
        self._typed, self._asked = False, ""
        self.field.setMaxLength(LONGEST)
        self.field.setMinimumWidth(usual_width())
        self.column.addWidget(self.field)
        self.field.editingFinished.connect(self.keep)
        self.field.textEdited.connect(self._edited)
        self.field.installEventFilter(self)

    def show_value(self, value: Any) -> None:
        """What is being typed stays, and so does what was refused: it can be mended."""
        self._value = str(value)
        if not self._typed or self._asked == self._value:
            self.drop()

    def refresh(self) -> None:
        """The language and the letters of now."""
        self.field.setFont(font())
        self.field.setMinimumHeight(control_height())
        self.field.setPlaceholderText(self._placeholder())

    def keep(self) -> None:
        """Once for each text."""
        meant = self.meant(self.field.text().strip())
        if str(meant) == self._value:
            self.drop()
        elif str(meant) != self._asked:
            self._asked = str(meant)
            self.asks(meant)

    def drop(self) -> None:
        """Back to what is in force."""
        self._typed, self._asked = False, ""
        self.field.setText(self._value)

    def meant(self, text: str) -> str | int:
        """The value that was typed."""
        return text

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Esc leaves a field that was changed; of one that was not, it is the page's."""
        escapes = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape
        if escapes and self._typed:
            if event.type() == QEvent.Type.KeyPress:
                self.drop()
                self.dropped.emit()
            return True
        return super().eventFilter(watched, event)

    def _edited(self) -> None:
        self._typed, self._asked = True, ""


class NumberControl(TextControl):
    """A whole number, with what it counts behind it."""

    def __init__(self, asks: Asks, unit: Callable[[], str]) -> None:
        super().__init__(asks)
        self._unit = unit
        self.unit = label(role="muted")
        self.field.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.field.setMinimumWidth(QFontMetrics(font()).height() * 6)
        self.field.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout()
        row.setSpacing(SPACING.small)
        row.addWidget(self.field)
        row.addWidget(self.unit)
        self.column.addLayout(row)

    def refresh(self) -> None:
        """In the language of now."""
        super().refresh()
        self.unit.setText(self._unit())
        self.unit.setVisible(bool(self._unit()))
        self.unit.setMinimumWidth(QFontMetrics(font()).height() * 3)

    def meant(self, text: str) -> str | int:
        """A number where it is one: whoever checks says why it is none."""
        return int(text) if text.isdecimal() else text


class LinesControl(Control):
    """A list of texts, one a line."""

    high = True

    def __init__(self, asks: Asks) -> None:
        self.field = QPlainTextEdit()
        super().__init__(self.field, asks)
        self._value: tuple[str, ...] = ()
        self.field.setTabChangesFocus(True)
        self.column.addWidget(self.field)
        self.field.installEventFilter(self)

    @property
    def lines(self) -> tuple[str, ...]:
        """What stands there."""
        return tuple(filter(None, map(str.strip, self.field.toPlainText().splitlines())))

    def show_value(self, value: Any) -> None:
        """What is being typed stays."""
        before, self._value = self._value, tuple(value)
        if self.lines == before:
            self.drop()

    def refresh(self) -> None:
        """The letters of now."""
        self.field.setFont(font())
        self.field.setFixedHeight(QFontMetrics(font()).lineSpacing() * _LINES + 2 * SPACING.medium)

    def keep(self) -> None:
        """What was typed."""
        if self.lines != self._value:
            self.asks("\n".join(self.lines))

    def drop(self) -> None:
        """Back to what is in force."""
        if self.lines != self._value:
            self.field.setPlainText("\n".join(self._value))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Who goes elsewhere is done."""
        if event.type() == QEvent.Type.FocusOut:
            self.keep()
        return super().eventFilter(watched, event)


def usual_width() -> int:
    """Of fields, in pixels."""
    return QFontMetrics(font()).height() * 14


def is_key(setting: Setting) -> bool:
    """Whether it is a hotkey."""
    return setting.check is checks.key


def is_lines(setting: Setting) -> bool:
    """Whether it is a list of texts."""
    return bool(setting.type == tuple[str, ...])
