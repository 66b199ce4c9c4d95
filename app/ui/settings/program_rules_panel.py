"""Panel of rules that insert texts differently in certain programs, or not at all."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QMenu, QPushButton, QSizePolicy, QVBoxLayout

from app.insertion.plan import (
    LONGEST_PROGRAM,
    MOST_PROGRAMS,
    Newline,
    ProgramRule,
    Strategy,
    program_problems,
)
from app.insertion.programs import same_program
from app.messages.actions import Action
from app.messages.notifications import Problem, Programs
from app.settings.actions import ChangeSetting
from app.settings.schema import as_written
from app.ui.strings.texts import Texts
from app.ui.strings.wording import note_text
from app.ui.theme import icons
from app.ui.theme.theme import SCALE, SPACING, Theme, font
from app.ui.widgets.basic import DropDown, control_height, label
from app.ui.widgets.flow_layout import FlowRow
from app.ui.widgets.untrusted_text import menu_name

NAME: Final = "insertion.programs"
_HOLD: Final = "hold"


class ProgramRow(QFrame):
    """Row that edits one rule.

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
        self.program, self.how, self.newline = QLineEdit(), DropDown(theme), DropDown(theme)
        self.remove = QPushButton()
        self.remove.setProperty("role", "quiet")
        self.problem = label(size=SCALE.caption, role="warning")
        self.problem.setWordWrap(True)
        self.program.setMaxLength(LONGEST_PROGRAM)
        self.lines = FlowRow((self.how, self.newline))
        head = QHBoxLayout()
        head.setSpacing(SPACING.small)
        head.addWidget(self.program, 1)
        head.addWidget(self.remove)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, SPACING.small, 0, SPACING.small)
        column.setSpacing(SPACING.small)
        column.addLayout(head)
        column.addWidget(self.lines)
        column.addWidget(self.problem)
        self.program.editingFinished.connect(self._edited)
        self.how.activated.connect(self._chosen)
        self.newline.activated.connect(self._chosen)
        self.remove.clicked.connect(lambda: gone(self))

    def show_rule(self, rule: ProgramRule, problem: str) -> None:
        """Show a rule, and its problem if it has one."""
        self.rule = rule
        if self.program.text().strip() != rule.program:
            self.program.setText(rule.program)
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        self.refresh()

    def refresh(self) -> None:
        """Update all texts to the current language, font and colours."""
        texts, rule = self._texts, self.rule
        named = {"program": rule.program or texts("programs.unnamed")}
        self.program.setFont(font())
        self.program.setMinimumHeight(control_height())
        self.program.setPlaceholderText(texts("programs.program-hint"))
        self.program.setAccessibleName(texts("programs.program"))
        ways = [(way.value, texts(f"settings.option.insertion.strategy.{way.value}")) for way in Strategy]
        held = [(_HOLD, texts("programs.hold"))]
        self.how.show_entries([*ways, *held], _HOLD if rule.hold else rule.strategy.value)
        self.how.setAccessibleName(texts("programs.how-of", **named))
        breaks = [(kind.value, texts("programs.newline", key=texts(_key(kind)))) for kind in Newline]
        self.newline.show_entries(breaks, rule.newline.value)
        self.newline.setAccessibleName(texts("programs.newline-of", **named))
        self.newline.setVisible(not rule.hold and rule.strategy is not Strategy.PASTE)
        self.remove.setText(texts("programs.remove"))
        self.remove.setIcon(icons.icon("cancel", self._theme.colour("accent")))
        self.remove.setAccessibleName(texts("programs.remove-of", **named))
        self.lines.arrange()

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


class ProgramRulesPanel(QFrame):
    """Panel that shows rules and requests changes; an invalid rule stays in the panel with its reason."""

    def __init__(self, theme: Theme, texts: Texts, ask: Callable[[Action], None]) -> None:
        super().__init__()
        self._theme, self._texts, self._ask = theme, texts, ask
        self._known: tuple[ProgramRule, ...] = ()
        self._asked: tuple[ProgramRule, ...] | None = None
        self._seen = Programs()
        self._refused: Callable[[], str] = str
        self.rows: list[ProgramRow] = []
        self.setProperty("role", "card")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.heading = label(bold=True)
        self.says, self.empty = label(size=SCALE.caption, role="muted"), label(role="muted")
        self.problem = label(size=SCALE.caption, role="warning")
        self.add = QPushButton()
        self.menu = QMenu(self)
        self.menu.aboutToShow.connect(self._fill)
        self.add.setMenu(self.menu)
        self._list = QVBoxLayout()
        self._lay_out()
        texts.changed.connect(self.refresh)
        theme.changed.connect(self.refresh)
        self.refresh()

    def words(self) -> Iterable[str]:
        """Yield the words by which the settings search finds this panel."""
        yield from (self._texts("programs.find"), self._texts("programs.name"), self._texts("programs.say"))
        yield from (row.rule.program for row in self.rows)

    def show_rules(self, rules: Sequence[ProgramRule]) -> None:
        """Show the rules in effect, unless the answer to a newer change is still pending."""
        self._known = rules = tuple(rules)
        if self._asked in (None, rules):
            self._asked = None
            if rules != self._counting:
                self._set(rules)

    def show_programs(self, programs: Programs) -> None:
        """Set the programs that received dictated text, most recent first."""
        self._seen = programs

    def show_problem(self, problem: Problem) -> None:
        """Show why the requested rules were refused."""
        if problem.setting == NAME and problem.note is not None:
            note = problem.note
            self._asked = None
            self._refused = lambda: note_text(self._texts, note)
            self._show()

    def refresh(self) -> None:
        """Update all texts to the current language and colours."""
        texts = self._texts
        self.heading.setText(texts("programs.name"))
        self.says.setText(texts("programs.say"))
        self.empty.setText(texts("programs.none"))
        self.add.setText(texts("programs.add"))
        self.add.setAccessibleName(texts("programs.add"))
        self._show()

    def hideEvent(self, event: QHideEvent) -> None:
        """Drop empty rows when the panel is hidden."""
        empty = [row for row in self.rows if row.rule == ProgramRule("")]
        for row in empty:
            self._drop(row)
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

    def _set(self, rules: Sequence[ProgramRule]) -> None:
        for row in list(self.rows):
            self._drop(row)
        for rule in rules:
            self._new_row(rule)
        self._show()

    def _new_row(self, rule: ProgramRule) -> ProgramRow:
        row = ProgramRow(self._theme, self._texts, self._edited, self._remove)
        row.rule = rule
        self.rows.append(row)
        self._list.addWidget(row)
        return row

    def _drop(self, row: ProgramRow) -> None:
        self.rows.remove(row)
        self._list.removeWidget(row)
        row.hide()
        row.deleteLater()

    def _remove(self, row: ProgramRow) -> None:
        self._drop(row)
        (self.rows[-1].remove if self.rows else self.add).setFocus()
        self._edited()

    def _add(self, program: str) -> None:
        row = self._new_row(ProgramRule(program))
        self._show()
        (row.how if program else row.program).setFocus()
        if program:
            self._edited()

    def _edited(self) -> None:
        counting = self._counting
        self._refused = str
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
        self.empty.setVisible(not self.rows)
        self.add.setEnabled(len(self.rows) < MOST_PROGRAMS)
        self.problem.setText(self._refused())
        self.problem.setVisible(bool(self.problem.text()))

    def _fill(self) -> None:
        """Fill the menu with programs that have no rule yet, and an entry for any other program."""
        self.menu.clear()
        known = [rule.program for rule in self._rules]
        for name in self._seen.names:
            if not any(same_program(name, other) for other in known):
                self.menu.addAction(menu_name(name), partial(self._add, name))
        if self.menu.actions():
            self.menu.addSeparator()
        self.menu.addAction(self._texts("programs.another"), lambda: self._add(""))

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACING.large, SPACING.large, SPACING.large, SPACING.large)
        column.setSpacing(SPACING.medium)
        self._list.setSpacing(SPACING.small)
        for said in (self.heading, self.says, self.empty, self.problem):
            said.setWordWrap(True)
            column.addWidget(said)
        column.addLayout(self._list)
        row = QHBoxLayout()
        row.addWidget(self.add)
        row.addStretch(1)
        column.addLayout(row)


def _key(kind: Newline) -> str:
    return f"settings.option.insertion.newline.{kind.value}"
