"""Results of a dry run: what replacement rules would have changed in the history."""

import html
from datetime import datetime
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from app.replacements.rules import Replacement
from app.replacements.view import Example, ReplacementsTried, RuleTried
from app.ui.files.file_widgets import FileProgressBar
from app.ui.strings.texts import Texts
from app.ui.theme.theme import SCALE, SPACING, Theme
from app.ui.widgets.basic import action_button, refresh_with
from app.ui.widgets.labels import label, remark, say
from app.ui.widgets.layouts import at_left, vertical

_FEW: Final = 3


class DryRunResults(QWidget):
    """Progress and counts of a dry run, and examples of the selected rule with the changed words marked."""

    def __init__(self, theme: Theme, texts: Texts) -> None:
        super().__init__()
        self._theme, self._texts = theme, texts
        self._tried: ReplacementsTried | None = None
        self._rule: tuple[Replacement, RuleTried] | None = None
        self._all = False
        self.summary = label(size=SCALE.body, wraps=True)
        self.bar = FileProgressBar(theme)
        self.about, self.examples = remark(), label(wraps=True)
        self.more = action_button(self._show_all, "quiet")
        self.examples.setTextFormat(Qt.TextFormat.RichText)
        vertical(self.summary, self.bar, self.about, self.examples, at_left(self.more), within=self)
        refresh_with(self.refresh, theme, texts)

    def show_tried(self, tried: ReplacementsTried | None) -> None:
        """Show the dry run as far as it is; hide the results for ``None``."""
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
        self.about.setText(self._said_of(*rule) if rule else texts("words.choose"))
        say(self.examples, "".join(map(self._line, shown)))
        self.examples.setAccessibleName(" ".join(f"{one.before} → {one.after}." for one in shown))
        left = len(examples) - len(shown)
        say(self.more, texts("words.more", count=left) if left else "")

    def _said_of(self, rule: Replacement, tried: RuleTried) -> str:
        writes = rule.writes.replace("\n", "↵")
        key = "words.rule-takes" if writes else "words.rule-takes-left-out"
        return self._texts(key, count=tried.takes, hears=rule.hears, writes=writes)

    def _line(self, example: Example) -> str:
        muted, when = self._theme.colour("muted").name(), datetime.fromtimestamp(example.started_s)
        return (
            f'<p style="margin: 0 0 {SPACING.hair}px 0"><span style="color: {muted}">{when:%Y-%m-%d %H:%M}</span>'
            f"&nbsp; {self._marked(example.before, example.before_mark, 'danger')}"
            f'<span style="color: {muted}"> → </span>'
            f"{self._marked(example.after, example.after_mark, 'accent')}</p>"
        )

    def _marked(self, text: str, mark: tuple[int, int], colour: str) -> str:
        first, last = mark
        style = f"color: {self._theme.colour(colour).name()}; font-weight: 600; text-decoration: underline"
        before, here, after = map(html.escape, (text[:first], text[first:last], text[last:]))
        return f'{before}<span style="{style}">{here}</span>{after}'

    def _show_all(self) -> None:
        self._all = True
        self.refresh()
