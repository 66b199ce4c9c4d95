"""Dry run results show progress, counts and examples."""

from uuid import UUID

import pytest
from pytestqt.qtbot import QtBot

from app.replacements.rules import Example, Replacement, ReplacementsTried, RuleTried
from app.ui.replacements.panel import DryRunResults
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from tests.app.ui.showing import kept

RULE = Replacement("<b>", "x & y")
WHEN = 1_770_000_000.0
EXAMPLES = tuple(
    Example(UUID(int=number), WHEN, f"{number} <b>", f"{number} x & y", (2, 5), (2, 7)) for number in range(5)
)


@pytest.fixture
def results(theme: Theme, texts: Texts, qtbot: QtBot) -> DryRunResults:
    return kept(qtbot, DryRunResults(theme, texts))


def test_dry_run_shows_progress_then_count(results: DryRunResults, texts: Texts) -> None:
    assert results.isHidden()
    results.show_tried(ReplacementsTried(1, 50, 200, 3))
    assert results.summary.text() == texts("words.trying", done=50, total=200)
    assert not results.bar.isHidden() and results.bar.value() == 25
    results.show_tried(ReplacementsTried(1, 200, 200, 7))
    assert results.summary.text() == texts("words.would-change", count=7, total=200)
    assert results.bar.isHidden() and results.about.text() == texts("words.choose")
    results.show_tried(None)
    assert results.isHidden()


def test_dry_run_shows_few_examples_and_all_on_request(results: DryRunResults, texts: Texts) -> None:
    results.show_tried(ReplacementsTried(1, 9, 9, 5))
    results.show_rule(RULE, RuleTried(5, EXAMPLES))
    assert results.about.text() == texts("words.rule-takes", count=5, hears="<b>", writes="x & y")
    html = results.examples.text()
    assert html.count("<p ") == 3 and ">&lt;b&gt;</span>" in html and ">x &amp; y</span>" in html
    assert "0 <b> → 0 x & y." in results.examples.accessibleName()
    results.more.click()
    assert results.examples.text().count("<p ") == 5 and results.more.isHidden()
    results.show_rule(RULE, RuleTried(6, EXAMPLES))
    assert results.examples.text().count("<p ") == 5, "all examples stay open while the dry run goes on"
    results.show_rule(Replacement("um"), RuleTried(1, EXAMPLES[:1]))
    assert results.about.text() == texts("words.rule-takes-left-out", count=1, hears="um")
