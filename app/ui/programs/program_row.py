"""Row that edits the rule for one program."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QSize
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel

from app.insertion.plan import LONGEST_PROGRAM, Newline, ProgramRule, Strategy
from app.system.desktop_entries import program_icon, program_name
from app.ui.strings.texts import Texts
from app.ui.theme import icons
from app.ui.theme.theme import SPACING, Theme
from app.ui.widgets.basic import action_button, control_height, show_icon
from app.ui.widgets.fields import DropDown, Field
from app.ui.widgets.flow_layout import FlowRow
from app.ui.widgets.labels import label, remark, say, tip, worded
from app.ui.widgets.layouts import horizontal, stretched, vertical
from runtime.terminal import printable

_PLAIN: Final = ("program", "text")
_OUTSIDE_THEMES: Final = (Path("/usr/share/pixmaps"), Path("/usr/local/share/pixmaps"))
_ENDINGS: Final = ("png", "svg", "xpm")


def icon_for(theme: Theme, window_class: str) -> QIcon:
    """Return the icon of a program, or that of any program."""
    found = named_icon(program_icon(window_class))
    return found if usable(found) else icons.icon(_PLAIN[0], theme.colour(_PLAIN[1]))


def named_icon(name: str, places: Sequence[Path] = _OUTSIDE_THEMES) -> QIcon:
    """Return the icon with this name or path; an empty one if it cannot be found."""
    if not name:
        return QIcon()
    if Path(name).is_absolute():
        return QIcon(name) if Path(name).is_file() else QIcon()
    if not (found := QIcon.fromTheme(name)).isNull():
        return found
    files = (place / f"{name}.{ending}" for place in places for ending in _ENDINGS)
    return next((QIcon(str(file)) for file in files if "/" not in name and file.is_file()), QIcon())


def usable(found: QIcon) -> bool:
    """Return whether an icon can be drawn: its file may be damaged."""
    return not found.isNull() and not found.pixmap(QSize(32, 32)).isNull()


def drawn(found: QIcon, side: int, ratio: float) -> QPixmap:
    """Return the icon for a label: ``side`` in pixels of the layout, ``ratio`` of the screen's to those."""
    return found.pixmap(QSize(side, side), ratio)


_HOLD: Final = "hold"


class ProgramRow(QFrame):
    """Row that edits one rule; a field for the name of its program is shown until that is valid.

    ``changed`` is called after every change, ``gone`` when the user removes the rule.
    """

    def __init__(
        self,
        theme: Theme,
        texts: Texts,
        changed: Callable[[], None],
        gone: Callable[["ProgramRow"], None],
    ) -> None:
        super().__init__()
        self._theme, self._texts, self._changed = theme, texts, changed
        self.rule = ProgramRule("")
        self.icon, self.name = QLabel(), label(wraps=True)
        self.program = worded(
            texts,
            Field(theme, LONGEST_PROGRAM),
            placeholderText="programs.program-hint",
            accessibleName="programs.program",
        )
        self.how = DropDown(theme)
        self.newline = DropDown(theme)
        self.remove = action_button(lambda: gone(self), "quiet")
        self.problem = remark("warning")
        self.lines, self._below = FlowRow((self.how, self.newline)), QHBoxLayout()
        head = horizontal(self.icon, stretched(self.name), stretched(self.program), self.remove)
        self._below.addWidget(self.lines)
        vertical(head, self._below, self.problem, within=self, margins=(0, SPACING.small))
        self.program.editingFinished.connect(self._edited)
        self.how.activated.connect(self._chosen)
        self.newline.activated.connect(self._chosen)

    @property
    def called(self) -> str:
        """Name of the program for people."""
        return printable(program_name(self.rule.program, self._texts.language))

    def show_rule(self, rule: ProgramRule, problem: str) -> None:
        """Show a rule, and its problem if it has one."""
        typed = not rule.program or bool(problem)
        had = self.program.hasFocus() and not typed
        self.rule = rule
        if self.program.text().strip() != rule.program:
            self.program.setText(rule.program)
        self.program.setVisible(typed)
        self.name.setVisible(not typed)
        say(self.problem, problem)
        self.refresh()
        if had:
            self.how.setFocus()

    def refresh(self) -> None:
        """Update all texts to the current language, font and colours."""
        texts, rule = self._texts, self.rule
        named = {"program": self.called or texts("programs.unnamed")}
        self._show_program()
        ways = [(way.value, texts(f"settings.option.insertion.strategy.{way.value}")) for way in Strategy]
        held = [(_HOLD, texts("programs.hold"))]
        self.how.show_entries([*ways, *held], _HOLD if rule.hold else rule.strategy.value)
        self.how.setAccessibleName(texts("programs.how-of", **named))
        breaks = [(kind.value, texts("programs.newline", key=texts(_key(kind)))) for kind in Newline]
        self.newline.show_entries(breaks, rule.newline.value)
        self.newline.setAccessibleName(texts("programs.newline-of", **named))
        self.newline.setVisible(not rule.hold and rule.strategy is not Strategy.PASTE)
        self.remove.setMinimumHeight(control_height())
        show_icon(self.remove, "dismiss", self._theme.colour("text"))
        self.remove.setAccessibleName(texts("programs.remove-of", **named))
        self.remove.setToolTip(tip(self.remove.accessibleName()))
        self.lines.arrange()

    def _show_program(self) -> None:
        """Show icon and name; the tool tip has the class of the windows."""
        side = control_height() - SPACING.small
        found = icon_for(self._theme, self.rule.program)
        self.icon.setPixmap(drawn(found, side, self.devicePixelRatioF()))
        self.icon.setFixedSize(side, side)
        self._below.setContentsMargins(side + SPACING.small, 0, 0, 0)  # below the name
        self.name.setText(self.called)
        self.name.setToolTip(tip(self.rule.program) if self.called != self.rule.program else "")

    def _edited(self) -> None:
        name = self.program.text().strip()
        if name != self.rule.program:
            self._change(program=name)

    def _chosen(self) -> None:
        how, newline = self.how.currentData(), Newline(self.newline.currentData())
        strategy = self.rule.strategy if how == _HOLD else Strategy(how)
        self._change(strategy=strategy, newline=newline, hold=how == _HOLD)

    def _change(self, **values: Any) -> None:
        self.rule = replace(self.rule, **values)
        self._changed()


def _key(kind: Newline) -> str:
    return f"settings.option.insertion.newline.{kind.value}"
