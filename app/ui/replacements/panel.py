"""Panel of replacements: an editable table, a dry run on past takes, and import and export as CSV."""

import html
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QWidget

from app.messages.kinds import Action, Problem
from app.replacements.errors import SheetError
from app.replacements.rules import MOST_RULES, Example, Replacement, ReplacementsTried, RuleTried, TryReplacements
from app.replacements.sheet_file import read_sheet
from app.replacements.spreadsheets import to_csv
from app.settings.schema import as_written
from app.settings.sections import ChangeSetting
from app.ui.replacements.rules_model import RulesModel
from app.ui.replacements.rules_table import RulesTable
from app.ui.strings.texts import Texts, note_text
from app.ui.theme.theme import SCALE, SPACING, Theme
from app.ui.widgets.basic import Card, FileProgressBar, action_button, refresh_with, reveal, timer
from app.ui.widgets.controls import SearchField
from app.ui.widgets.dialogs import SYSTEM_DIALOGS, Dialogs
from app.ui.widgets.panels import FlowRow, bring_into_sight, lay_out_now
from app.ui.widgets.parts import at_left, label, remark, show_text, vertical, worded
from runtime.whole_file import write_whole

_FEW: Final = 3


class DryRunResults(QWidget):
    """Progress and counts of a dry run, and examples of the selected rule with marked changes."""

    def __init__(self, theme: Theme, texts: Texts) -> None:
        super().__init__()
        self._theme, self._texts = theme, texts
        self._tried: ReplacementsTried | None = None
        self._rule: tuple[Replacement, RuleTried] | None = None
        self._all = False
        self.summary = label(size=SCALE.body, wraps=True)
        self.bar = FileProgressBar(theme)
        self.about, self.examples = remark(), label(wraps=True)
        self.more = action_button(self._show_all_examples, "quiet")
        self.examples.setTextFormat(Qt.TextFormat.RichText)
        vertical(self.summary, self.bar, self.about, self.examples, at_left(self.more), within=self)
        refresh_with(self.refresh, theme, texts)

    def show_tried(self, tried: ReplacementsTried | None) -> None:
        """Show the progress or the result of the dry run; hide everything for ``None``."""
        self._tried = tried
        self.refresh()

    def show_rule(self, rule: Replacement | None, tried: RuleTried | None) -> None:
        """Show the examples of the selected rule."""
        both = (rule, tried) if rule is not None and tried is not None else None
        if both is None or self._rule is None or both[0] != self._rule[0]:
            self._all = False
        self._rule = both
        self.refresh()

    def refresh(self) -> None:
        """Update everything to the current language and colours."""
        tried, texts = self._tried, self._texts
        self.setVisible(tried is not None)
        if tried is None:
            return
        over = tried.done >= tried.total
        self.summary.setText(
            texts("words.would-change", count=tried.takes, total=tried.total)
            if over
            else texts("words.trying", done=tried.done, total=tried.total)
        )
        self.bar.setVisible(not over)
        self.bar.show_percent(100 * tried.done // (tried.total or 1), self.summary.text(), moving=not over)
        self._show_examples()

    def _show_examples(self) -> None:
        rule, texts = self._rule, self._texts
        examples = rule[1].examples if rule else ()
        shown = examples if self._all else examples[:_FEW]
        self.about.setText(self._description_of(*rule) if rule else texts("words.choose"))
        show_text(self.examples, "".join(map(self._line, shown)))
        self.examples.setAccessibleName(" ".join(f"{one.before} → {one.after}." for one in shown))
        left = len(examples) - len(shown)
        show_text(self.more, texts("words.more", count=left) if left else "")

    def _description_of(self, rule: Replacement, tried: RuleTried) -> str:
        writes = rule.writes.replace("\n", "↵")
        key = "words.rule-takes" if writes else "words.rule-takes-left-out"
        return self._texts(key, count=tried.takes, hears=rule.hears, writes=writes)

    def _line(self, example: Example) -> str:
        muted, when = self._theme.colour("muted").name(), datetime.fromtimestamp(example.started_s)
        return (
            f'<p style="margin: 0 0 {SPACING.hair}px 0"><span style="color: {muted}">{when:%Y-%m-%d %H:%M}</span>'
            f"&nbsp; {self._highlighted(example.before, example.before_mark, 'danger')}"
            f'<span style="color: {muted}"> → </span>'
            f"{self._highlighted(example.after, example.after_mark, 'accent')}</p>"
        )

    def _highlighted(self, text: str, mark: tuple[int, int], colour: str) -> str:
        first, last = mark
        style = f"color: {self._theme.colour(colour).name()}; font-weight: 600; text-decoration: underline"
        before, here, after = map(html.escape, (text[:first], text[first:last], text[last:]))
        return f'{before}<span style="{style}">{here}</span>{after}'

    def _show_all_examples(self) -> None:
        self._all = True
        self.refresh()


NAME: Final = "recognition.replacements"
_MANY: Final = 8
_TRY_MS: Final = 400
_SHEET: Final = "replacements.csv"


class ReplacementsPanel(Card):
    """Panel that shows rules and requests changes.

    A rule takes effect when the user leaves its row. An invalid rule stays in the panel, marked.
    """

    def __init__(
        self, theme: Theme, texts: Texts, ask: Callable[[Action], None], dialogs: Dialogs = SYSTEM_DIALOGS
    ) -> None:
        super().__init__()
        self._texts, self._ask, self._dialogs = texts, ask, dialogs
        self._known: tuple[Replacement, ...] = ()
        self._asked: tuple[Replacement, ...] | None = None
        self._serial = 0
        self._tried_rows: tuple[int, ...] = ()
        self._tried: ReplacementsTried | None = None
        self._result: Callable[[], str] = str
        self.heading = worded(texts, label(bold=True), "words.replacements")
        self.description = worded(texts, remark(), "words.replacements-say")
        self.empty = worded(texts, label(role="muted", wraps=True), "words.no-rules")
        self.search = SearchField(theme, texts, "words.search")
        self.model = RulesModel(texts)
        self.table = RulesTable(theme, self.model)
        for part in (self.table, self.table.horizontalHeader()):
            worded(texts, part, accessibleName="words.replacements")
        self.problem, self.result = remark("warning"), remark("")
        self.add = worded(texts, action_button(self._add), "words.add", accessibleName="words.add")
        self.remove = worded(
            texts,
            action_button(lambda: self._remove(self.table.rows)),
            "words.remove",
            accessibleName="words.remove",
        )
        self.undo = worded(texts, action_button(self.model.undo), "home.undo", accessibleName="home.undo")
        self.import_rules = worded(
            texts, action_button(self._import), "words.import", accessibleName="words.import"
        )
        self.export_rules = worded(
            texts, action_button(self._export), "words.export", accessibleName="words.export"
        )
        self.results = DryRunResults(theme, texts)
        self._soon = timer(self, _TRY_MS, self.try_rules)
        self._left = timer(self, 0, self._finish_new_row)  # not while an editor closes
        self._lay_out()
        self._connect()
        refresh_with(self.refresh, texts)

    # -- values --------------------------------------------------------------------------------------------

    def show_rules(self, rules: Sequence[Replacement]) -> None:
        """Show the rules in effect, unless the answer to a newer change is still pending."""
        self._known = rules = tuple(rules)
        if self._asked in (None, rules):
            self._asked = None
            if rules != self.model.draft.counting:
                self.model.show_rules(rules)
                self._draft_changed()

    def show_problem(self, problem: Problem) -> None:
        """Show why the requested rules were refused."""
        if problem.setting == NAME and problem.note is not None:
            note = problem.note
            self._asked = None
            self._show_result(lambda: note_text(self._texts, note))

    def show_tried(self, tried: ReplacementsTried) -> None:
        """Show the results of a dry run, unless the rules have changed since its request."""
        if tried.serial == self._serial and self._tried_rows:
            self._tried = tried
            rules = zip(self._tried_rows, tried.rules, strict=False)
            self.model.show_takes({row: rule.takes for row, rule in rules})
            self._show_results()

    def refresh(self) -> None:
        """Update all texts to the current language, font and colours."""
        self.table.refresh()
        self._show()

    # -- display -------------------------------------------------------------------------------------------

    def _show(self) -> None:
        rules = self.model.draft.rules
        self.table.setVisible(bool(rules))
        self.empty.setVisible(not rules)
        self.search.setVisible(len(rules) > _MANY or bool(self.search.text()))
        self.add.setEnabled(len(rules) < MOST_RULES)
        self.remove.setEnabled(bool(self.table.rows))
        reveal(self.undo, self.model.before is not None, self.add)
        self.export_rules.setEnabled(bool(self.model.draft.tried))
        row = self.table.row
        wrong = sorted(self.model.draft.wrong)
        why = self.model.problem(row) if row is not None and row in wrong else ""
        if not why and wrong:
            why = self._texts("words.wrong-rows", count=len(wrong))
        show_text(self.problem, why)
        show_text(self.result, self._result())
        self._lines.arrange()
        self._show_results()

    def _show_results(self) -> None:
        """Show the dry run's results for the current row, otherwise for the first rule that changes a take."""
        tried = self._tried if self._tried_rows else None
        self.results.show_tried(tried)
        if tried is None:
            return
        changing = [row for row, rule in zip(self._tried_rows, tried.rules, strict=False) if rule.takes]
        row = self.table.row if self.table.row in self._tried_rows else next(iter(changing), None)
        if row is None or row >= len(self.model.draft.rules):
            self.results.show_rule(None, None)
        else:
            place = self._tried_rows.index(row)
            rule = tried.rules[place] if place < len(tried.rules) else None
            self.results.show_rule(self.model.draft.rules[row], rule)

    def _show_result(self, result: Callable[[], str]) -> None:
        self._result = result
        self._show()
        lay_out_now()
        bring_into_sight(self.result)  # the window may end above it

    # -- user actions --------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        """Start a dry run when the panel appears."""
        self._soon.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """End the dry run, and complete a new row that is not empty."""
        self._soon.stop()
        if self.model.begun:
            self.model.finish()
        self._left.start()
        if self._tried_rows:
            self._serial += 1
            self._ask(TryReplacements((), self._serial))
            self._tried_rows, self._tried = (), None

    def _add(self) -> None:
        self.search.clear()
        row = self.model.add()
        self._show()
        self.table.begin(row)

    def _finish_new_row(self) -> None:
        """Complete the new row, unless it has the keyboard focus again."""
        fresh = self.model.draft.fresh
        if fresh is not None and not self.table.is_at(fresh):
            self.model.finish()
            self._show()

    def _remove(self, rows: list[int]) -> None:
        here = self.table.currentIndex().row()
        self.model.remove(rows)
        last = self.table.found.rowCount() - 1
        if last >= 0:
            self.table.setCurrentIndex(self.table.found.index(min(here, last), 0))
        else:
            self.undo.setFocus()

    def _rules_edited(self) -> None:
        """Request the valid rules; invalid ones stay in the panel."""
        counting = self.model.draft.counting
        self._result = str
        if counting != (self._known if self._asked is None else self._asked):
            self._asked = counting
            self._ask(ChangeSetting(NAME, tuple(as_written(counting))))
        self._draft_changed()

    def _draft_changed(self) -> None:
        self._soon.start()
        self._tried_rows, self._tried = (), None
        self._show()

    def try_rules(self) -> None:
        """Request a dry run of the rules on the history."""
        draft = self.model.draft
        self._tried_rows = draft.tried
        self._serial += 1
        if self.isVisible():
            self._ask(TryReplacements(tuple(draft.rules[row] for row in draft.tried), self._serial))

    def _import(self) -> None:
        sheets = self._texts("words.sheets")
        kinds = [f"{sheets} (*.csv *.tsv *.txt)"]
        if not (chosen := self._dialogs.files(self, self._texts("words.import"), kinds)):
            return
        titles = self._texts("words.hears"), self._texts("words.writes")
        try:
            sheet = read_sheet(Path(chosen[0]), titles, chinese=self._texts.language == "zh")
        except SheetError as error:
            note = error.note
            return self._show_result(lambda: note_text(self._texts, note))
        if sheet.rules:
            self.model.merge(sheet.rules)
        valid = len(set(sheet.rules) & set(self.model.draft.counting))
        values = {"count": valid, "left": sheet.left_out}
        self._show_result(
            lambda: self._texts("words.imported-some" if sheet.left_out else "words.imported", **values)
        )

    def _export(self) -> None:
        place = self._dialogs.place(self, self._texts("words.export"), _SHEET)
        if not place:
            return
        draft = self.model.draft
        try:
            write_whole(Path(place), to_csv([draft.rules[row] for row in draft.tried]))
        except OSError:
            return self._show_result(lambda: self._texts("words.not-written"))
        self._show_result(lambda: self._texts("words.exported", place=place))

    # -- layout --------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        self.model.edited.connect(self._rules_edited)
        self.model.dataChanged.connect(lambda: self._soon.start())
        self.table.row_left.connect(lambda: self._left.start())
        self.table.removed.connect(self._remove)
        self.table.selectionModel().selectionChanged.connect(lambda: self._show())
        self.table.selectionModel().currentChanged.connect(lambda: self._show())
        self.table.found.rowsRemoved.connect(lambda: self._show())
        self.search.textChanged.connect(self._search)
        inside = Qt.ShortcutContext.WidgetWithChildrenShortcut
        QShortcut(QKeySequence.StandardKey.New, self, context=inside).activated.connect(self._add)
        alone = Qt.ShortcutContext.WidgetShortcut  # within a cell, the shortcut undoes typing
        QShortcut(QKeySequence.StandardKey.Undo, self.table, context=alone).activated.connect(self.model.undo)

    def _search(self, query: str) -> None:
        self.table.found.search(query)
        self.table.fit()
        self._show()

    def _lay_out(self) -> None:
        self._lines = FlowRow((self.add, self.remove, self.undo, self.import_rules, self.export_rules))
        widgets: tuple[QWidget, ...] = (self.heading, self.description, self.search, self.empty, self.table)
        vertical(
            *widgets,
            self.problem,
            self._lines,
            self.result,
            self.results,
            within=self,
            margins=SPACING.large,
            gap=SPACING.medium,
        )
