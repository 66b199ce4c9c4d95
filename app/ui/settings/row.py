"""Row of one setting: name, explanation, control, warning, refusal, and reset to the default."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QLayout

from app.settings.schema import Setting
from app.settings.sections import Settings
from app.ui.settings.controls import Said, SettingControl, SwitchControl
from app.ui.settings.wording import found, found_by, marked, says, title
from app.ui.strings.texts import Texts
from app.ui.theme.colours import Scheme
from app.ui.theme.theme import SPACING, Theme, font, letter_width
from app.ui.widgets.basic import action_button, keep_place, refresh_with
from app.ui.widgets.panels import LinedRow, tell_around
from app.ui.widgets.parts import SPACE, horizontal, label, remark, room, say, stretched, vertical, worded

_WORDS_LETTERS = 34
"""Minimum width of the explanation, in letters, for the control to stand to its right."""


class SettingRow(LinedRow):
    """Row that shows one setting; a change is shown when it comes back as ``Settings`` or is refused."""

    def __init__(self, setting: Setting, control: SettingControl, theme: Theme, texts: Texts) -> None:
        super().__init__(theme)
        self.setting, self.control = setting, control
        self._texts = texts
        self._value = setting.default
        self._wanted: tuple[str, ...] = ()
        self._refused: Said | None = None
        self._found_by = ""  # search words of all languages, loaded at the first search
        self.setObjectName(f"row.{setting.name}")
        control.target.setObjectName(f"setting.{setting.name}")
        control.refuse = self.refuse
        self.name, self.says = label(), remark()
        self.warning = remark("warning")
        self.refusal = remark("warning")
        self.reset = worded(texts, action_button(self.back, "quiet"), "settings.reset")
        self.reset.setObjectName(f"reset.{setting.name}")
        head = horizontal(self.name, self.reset, SPACE)
        keep_place(self.reset)
        for said in (self.warning, self.refusal):
            said.setContentsMargins(0, SPACING.hair, 0, 0)
        words = vertical(SPACE, head, self.says, self.warning, self.refusal, SPACE, gap=0)
        parts = stretched(words), room(SPACING.medium), self.control
        self._sides = horizontal(*parts, within=self, margins=(0, SPACING.medium))
        self._sides.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        control.dropped.connect(lambda: self.refuse(None))
        refresh_with(self.refresh, theme)

    @property
    def changed(self) -> bool:
        """True if the value differs from the default."""
        return bool(self._value != self.setting.default)

    def show_settings(self, settings: Settings) -> None:
        """Show the value in effect."""
        self._value = self.setting.of_settings(settings)
        self.control.show_value(self._value)
        self._show()

    def refuse(self, said: Said | None) -> None:
        """Show why a requested value was refused; ``None`` removes the message."""
        self._refused = said
        self._show()

    def back(self) -> None:
        """Request the default value."""
        self.control.drop()
        self.refuse(None)
        default = self.setting.default
        self.control.asks("\n".join(default) if isinstance(default, tuple) else default)

    def search(self, wanted: tuple[str, ...]) -> bool:
        """Mark the search terms in the texts, and return True if all of them match."""
        if wanted != self._wanted:
            self._wanted = wanted
            self._mark()
        if wanted and not self._found_by:
            self._found_by = found_by(self.setting)
        return found(wanted, self._found_by)

    def refresh(self) -> None:
        """Update all texts to the current language and colours."""
        texts, name = self._texts, title(self._texts, self.setting.name)
        self.control.refresh()
        self.control.show_value(self._value)
        self.reset.setAccessibleName(texts("settings.reset-of", name=name))
        self._mark()
        self._show()
        self._arrange()

    def _mark(self) -> None:
        style = mark_style(self._theme)
        for said, text in ((self.name, title), (self.says, says)):
            plain = text(self._texts, self.setting.name)
            said.setTextFormat(Qt.TextFormat.RichText if self._wanted else Qt.TextFormat.PlainText)
            said.setText(marked(plain, self._wanted, style) if self._wanted else plain)

    def _show(self) -> None:
        warning, refused = self.control.warning, self._refused() if self._refused else ""
        before = (self.warning.text(), self.refusal.text())
        for said, text in ((self.warning, warning), (self.refusal, refused)):
            say(said, text)
        self.reset.setVisible(self.changed)
        about = " ".join(filter(None, (says(self._texts, self.setting.name), warning, refused)))
        self.control.describe(title(self._texts, self.setting.name), about)
        if (warning, refused) != before:
            tell_around(self)

    # -- layout --------------------------------------------------------------------------------------------

    def minimumSizeHint(self) -> QSize:
        """Return the size with the control below the texts."""
        across = max(self.control.minimumSizeHint().width(), self._head_width())
        return QSize(across, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Place the control to the right of the texts if both fit, else below."""
        self._arrange()

    def _head_width(self) -> int:
        return self.name.sizeHint().width() + SPACING.small + self.reset.sizeHint().width()

    def _arrange(self) -> None:
        words = letter_width(QFontMetrics(font())) * _WORDS_LETTERS
        least = self._head_width() if isinstance(self.control, SwitchControl) else max(words, self._head_width())
        room = self.width() - self.control.across - SPACING.wide
        direction = QBoxLayout.Direction
        beside = room >= least and not self.control.high
        wanted = direction.LeftToRight if beside else direction.TopToBottom
        if wanted is not self._sides.direction():
            self._sides.setDirection(wanted)
            tell_around(self)


def mark_style(theme: Theme) -> str:
    """Return the CSS style of marked search terms: underlined, so that colour alone does not carry the meaning."""
    contrast = theme.scheme is Scheme.HIGH_CONTRAST
    ground, ink = ("accent", "on_accent") if contrast else ("accent_soft", "accent_strong")
    colours = theme.colours
    return (
        f"background-color: {getattr(colours, ground)}; color: {getattr(colours, ink)}; text-decoration: underline"
    )
