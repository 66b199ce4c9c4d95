"""Panel of rules by which texts are inserted differently in certain programs, or not at all."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QSize
from PySide6.QtGui import QHideEvent, QIcon
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QWidget

from app.core.errors import Note
from app.insertion.plan import (
    LONGEST_PROGRAM,
    MOST_PROGRAMS,
    MOST_SEEN,
    Newline,
    ProgramRule,
    Strategy,
    program_problems,
    same_program,
)
from app.insertion.program_picker import PickProgram, PickState, ProgramPick, can_pick
from app.messages.kinds import Action, Problem, Programs
from app.settings.schema import as_written
from app.settings.sections import ChangeSetting
from app.system.desktop_entries import program_icon, program_name
from app.ui.strings.texts import Texts, note_text
from app.ui.theme import icons
from app.ui.theme.theme import SPACING, Theme
from app.ui.widgets.basic import Card, action_button, control_height, refresh_with, reveal, show_icon
from app.ui.widgets.controls import DropDown, Field
from app.ui.widgets.menus import MenuButton
from app.ui.widgets.panels import FlowRow
from app.ui.widgets.parts import (
    SPACE,
    delete_widget,
    horizontal,
    label,
    menu_name,
    remark,
    show_text,
    stretched,
    tool_tip,
    vertical,
    worded,
)
from runtime.terminal import printable

_PLAIN: Final = ("program", "text")
_OUTSIDE_THEMES: Final = (Path("/usr/share/pixmaps"), Path("/usr/local/share/pixmaps"))
_ENDINGS: Final = ("png", "svg", "xpm")


def icon_for(theme: Theme, window_class: str) -> QIcon:
    """Return the icon of a program, or a generic one."""
    found = named_icon(program_icon(window_class))
    return found if can_be_drawn(found) else icons.icon(_PLAIN[0], theme.colour(_PLAIN[1]))


def named_icon(name: str, places: Sequence[Path] = _OUTSIDE_THEMES) -> QIcon:
    """Return the icon with this name or path; an empty icon if it cannot be found."""
    if not name:
        return QIcon()
    if Path(name).is_absolute():
        return QIcon(name) if Path(name).is_file() else QIcon()
    if not (found := QIcon.fromTheme(name)).isNull():
        return found
    files = (place / f"{name}.{ending}" for place in places for ending in _ENDINGS)
    return next((QIcon(str(file)) for file in files if "/" not in name and file.is_file()), QIcon())


def can_be_drawn(found: QIcon) -> bool:
    """Return whether an icon can be drawn, because its file may be damaged."""
    return not found.isNull() and not found.pixmap(QSize(32, 32)).isNull()


_HOLD: Final = "hold"
_KEEP: Final = "keep"
_LEAVE_OUT: Final = "leave-out"
_NEWLINE: Final = "settings.option.insertion.newline"


class ProgramRow(QFrame):
    """Row that edits one rule; it has a field for the program's name until that is valid.

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
        self.newline, self.full_stop = DropDown(theme), DropDown(theme)
        self.remove = action_button(lambda: gone(self), "quiet")
        self.problem = remark("warning")
        self.lines, self._below = FlowRow((self.how, self.newline, self.full_stop)), QHBoxLayout()
        head = horizontal(self.icon, stretched(self.name), stretched(self.program), self.remove)
        self._below.addWidget(self.lines)
        vertical(head, self._below, self.problem, within=self, margins=(0, SPACING.small))
        self.program.editingFinished.connect(self._program_edited)
        for choice in (self.how, self.newline, self.full_stop):
            choice.activated.connect(self._chosen)

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
        show_text(self.problem, problem)
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
        breaks = [
            (kind.value, texts("programs.newline", key=texts(f"{_NEWLINE}.{kind.value}"))) for kind in Newline
        ]
        self.newline.show_entries(breaks, rule.newline.value)
        self.newline.setAccessibleName(texts("programs.newline-of", **named))
        self.newline.setVisible(not rule.hold and rule.strategy is not Strategy.PASTE)
        stops = [(_KEEP, texts("programs.full-stop")), (_LEAVE_OUT, texts("programs.no-full-stop"))]
        self.full_stop.show_entries(stops, _KEEP if rule.full_stop else _LEAVE_OUT)
        self.full_stop.setAccessibleName(texts("programs.full-stop-of", **named))
        self.full_stop.setVisible(not rule.hold)
        self.remove.setMinimumHeight(control_height())
        show_icon(self.remove, "dismiss", self._theme.colour("text"))
        self.remove.setAccessibleName(texts("programs.remove-of", **named))
        self.remove.setToolTip(tool_tip(self.remove.accessibleName()))
        self.lines.arrange()

    def _show_program(self) -> None:
        """Show icon and name; the tool tip has the class of the program's windows."""
        side = control_height() - SPACING.small
        found = icon_for(self._theme, self.rule.program)
        self.icon.setPixmap(found.pixmap(QSize(side, side), self.devicePixelRatioF()))
        self.icon.setFixedSize(side, side)
        self._below.setContentsMargins(side + SPACING.small, 0, 0, 0)  # below the name
        self.name.setText(self.called)
        self.name.setToolTip(tool_tip(self.rule.program) if self.called != self.rule.program else "")

    def _program_edited(self) -> None:
        name = self.program.text().strip()
        if name != self.rule.program:
            self._change(program=name)

    def _chosen(self) -> None:
        how, newline = self.how.currentData(), Newline(self.newline.currentData())
        strategy = self.rule.strategy if how == _HOLD else Strategy(how)
        full_stop = self.full_stop.currentData() == _KEEP
        self._change(strategy=strategy, newline=newline, hold=how == _HOLD, full_stop=full_stop)

    def _change(self, **values: Any) -> None:
        self.rule = replace(self.rule, **values)
        self._changed()


NAME: Final = "insertion.programs"
_QUIET: Final = frozenset({PickState.PICKED, PickState.CANCELLED})


class ProgramsPanel(Card):
    """Panel that shows rules and requests changes; an invalid rule stays in the panel with its problem.

    ``picks``: offer to add programs by a click on their windows; by default, if this desktop allows it.
    """

    def __init__(
        self, theme: Theme, texts: Texts, ask: Callable[[Action], None], *, picks: bool | None = None
    ) -> None:
        super().__init__()
        self._picks = can_pick() if picks is None else picks
        self._pick = ProgramPick(PickState.CANCELLED)
        self._theme, self._texts, self._ask = theme, texts, ask
        self._known: tuple[ProgramRule, ...] = ()
        self._asked: tuple[ProgramRule, ...] | None = None
        self._seen = Programs()
        self._refused: Note | None = None
        self._before: tuple[ProgramRule, ...] | None = None  # the rules that Undo restores
        self.rows: list[ProgramRow] = []
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.heading = worded(texts, label(bold=True, wraps=True), "programs.name")
        self.description = worded(texts, remark(), "programs.say")
        self.empty = worded(texts, label(role="muted", wraps=True), "programs.none")
        self.problem = remark("warning")
        self.add = worded(texts, MenuButton(), "programs.add", accessibleName="programs.add")
        self.stop = worded(
            texts,
            action_button(lambda: ask(PickProgram(False))),
            "programs.stop",
            accessibleName="programs.stop",
        )
        self.undo = worded(texts, action_button(self._undo), "home.undo", accessibleName="home.undo")
        self.hint = remark("")
        self.menu = self.add.entries
        self.menu.aboutToShow.connect(self._fill)
        self._list = vertical()
        above: tuple[QWidget, ...] = (self.heading, self.description, self.empty, self.problem)
        row = horizontal(self.add, self.stop, self.undo, SPACE)
        vertical(*above, self._list, self.hint, row, within=self, margins=SPACING.large, gap=SPACING.medium)
        refresh_with(self._show, texts, theme)

    def words(self) -> Iterable[str]:
        """Yield the texts by which the search of the settings finds this panel."""
        yield from (self._texts("programs.find"), self._texts("programs.name"), self._texts("programs.say"))
        for row in self.rows:
            yield from (row.rule.program, row.called)

    def show_rules(self, rules: Sequence[ProgramRule]) -> None:
        """Show the rules in effect, unless the answer to a newer change is still pending."""
        self._known = rules = tuple(rules)
        if self._asked in (None, rules):
            self._asked = None
            if rules != self._counting:
                self._show_rules(rules)

    def show_programs(self, programs: Programs) -> None:
        """Offer the programs that had the focus during dictation, most recent first."""
        self._seen = Programs(tuple(dict.fromkeys((*programs.names, *self._seen.names)))[:MOST_SEEN])

    def show_pick(self, pick: ProgramPick) -> None:
        """Show that a click on a window is expected, or add the program that was clicked."""
        began, self._pick = pick.state is PickState.WAITING, pick
        self._show()
        window = self.window()
        if began:
            window.lower()  # it may cover the window to click on
            return
        window.raise_()
        window.activateWindow()
        if pick.state is PickState.PICKED:
            self._add(pick.program)

    def show_problem(self, problem: Problem) -> None:
        """Show why the requested rules were refused."""
        if problem.setting == NAME and problem.note is not None:
            self._asked, self._refused = None, problem.note
            self._show()

    def hideEvent(self, event: QHideEvent) -> None:
        """Drop empty rows when the panel is hidden."""
        empty = [row for row in self.rows if row.rule == ProgramRule("")]
        for row in empty:
            self._remove_row(row)
        if empty:
            self._show()

    # -- rows and changes ----------------------------------------------------------------------------------

    @property
    def _rules(self) -> list[ProgramRule]:
        return [row.rule for row in self.rows]

    @property
    def _counting(self) -> tuple[ProgramRule, ...]:
        problems = program_problems(self._rules)
        return tuple(rule for place, rule in enumerate(self._rules) if place not in problems)

    def _show_rules(self, rules: Sequence[ProgramRule]) -> None:
        self._before = None
        for row in list(self.rows):
            self._remove_row(row)
        for rule in rules:
            self._new_row(rule)
        self._show()

    def _new_row(self, rule: ProgramRule) -> ProgramRow:
        row = ProgramRow(self._theme, self._texts, self._rules_edited, self._remove)
        row.rule = rule
        self.rows.append(row)
        self._list.addWidget(row)
        return row

    def _remove_row(self, row: ProgramRow) -> None:
        self.rows.remove(row)
        delete_widget(row, self._list)

    def _remove(self, row: ProgramRow) -> None:
        before = tuple(rule for rule in self._rules if rule.program)
        others = [other for other in self.rows if other is not row]
        place = min(self.rows.index(row), len(others) - 1)
        (others[place].remove if others else self.add).setFocus()
        self._remove_row(row)
        self._rules_edited(before if row.rule.program else None)

    def _undo(self) -> None:
        """Restore the rules from before the last removal, if no other change came after it."""
        if (rules := self._before) is not None:
            self._show_rules(rules)
            self._rules_edited()

    def _add(self, program: str) -> None:
        known = (row for row in self.rows if same_program(row.rule.program, program))
        if (row := next(known, None)) is not None:
            row.how.setFocus()
            return
        row, self._before = self._new_row(ProgramRule(program)), None
        self._show()
        (row.how if program else row.program).setFocus()
        if program:
            self._rules_edited()

    def _rules_edited(self, before: tuple[ProgramRule, ...] | None = None) -> None:
        counting = self._counting
        self._refused, self._before = None, before
        if counting != (self._known if self._asked is None else self._asked):
            self._asked = counting
            self._ask(ChangeSetting(NAME, tuple(as_written(counting))))
        self._show()

    def _show(self) -> None:
        problems = program_problems(self._rules)
        for place, row in enumerate(self.rows):
            why = problems.get(place, "")
            fresh = why == "empty" and row.rule == ProgramRule("")
            row.show_rule(row.rule, self._texts(f"programs.wrong.{why}") if why and not fresh else "")
        waiting = self._pick.state is PickState.WAITING
        reveal(self.stop, waiting, self.add)
        reveal(self.undo, self._before is not None, self.add)
        quiet = self._pick.state in _QUIET
        show_text(self.hint, "" if quiet else self._texts(f"programs.pick.{self._pick.state.value}"))
        self.empty.setVisible(not self.rows)
        self.add.setEnabled(len(self.rows) < MOST_PROGRAMS and not waiting)
        show_text(self.problem, note_text(self._texts, self._refused))

    def _fill(self) -> None:
        """Fill the menu with ways to add a program: a click, recent programs without a rule, and a typed name."""
        self.menu.clear()
        if self._picks:
            self.menu.addAction(self._texts("programs.click"), lambda: self._ask(PickProgram(True)))
            self.menu.addSeparator()
        known = [rule.program for rule in self._rules]
        for name in self._seen.names:
            if not any(same_program(name, other) for other in known):
                shown = menu_name(program_name(name, self._texts.language))
                self.menu.addAction(icon_for(self._theme, name), shown, partial(self._add, name))
        if self.menu.actions() and not self.menu.actions()[-1].isSeparator():
            self.menu.addSeparator()
        self.menu.addAction(self._texts("programs.another"), lambda: self._add(""))
