"""Timeline of the last utterances: rows, keyboard navigation and legend."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.core.states import State
from app.monitoring.view import StageSpan, UtteranceRow, UtteranceStage
from app.ui.monitor.timeline import MOST, TimelineView
from app.ui.monitor.wording import row_text
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from tests.app.ui.languages import in_each_language
from tests.app.ui.showing import displayed

SPANS = (StageSpan(UtteranceStage.SENT, 0.0, 0.1), StageSpan(UtteranceStage.DECODED, 0.1, 0.4))


def utterance(number: int) -> UtteranceRow:
    return UtteranceRow("s", number, True, State.DONE, 1_700_000_000.0 + number, 2.0, SPANS)


def newest(first: int, count: int) -> tuple[UtteranceRow, ...]:
    """Return utterances numbered down from ``first``, newest first."""
    return tuple(utterance(number) for number in range(first, first - count, -1))


@pytest.fixture
def timeline(theme: Theme, texts: Texts, qtbot: QtBot) -> TimelineView:
    return displayed(qtbot, TimelineView(theme, texts), 900, 600)


@in_each_language
def test_each_utterance_has_a_row_with_accessible_name(timeline: TimelineView, texts: Texts) -> None:
    shown = newest(5, 3)
    timeline.show_utterances(shown)
    assert [row.accessibleName() for row in timeline.rows] == [row_text(texts, one) for one in shown]


def test_timeline_rows_are_reused(timeline: TimelineView) -> None:
    timeline.show_utterances(newest(90, 60))
    rows = list(timeline.rows)
    assert len(rows) == MOST and all(row.isVisible() for row in rows)
    timeline.show_utterances(newest(90, 2))
    assert [row.isVisible() for row in rows] == [True, True, *(False,) * (MOST - 2)]
    timeline.show_utterances(newest(91, 5))
    assert timeline.rows == rows[:5] and all(row.isVisible() for row in timeline.rows)


def test_tab_reaches_one_row_and_arrows_the_others(timeline: TimelineView, qtbot: QtBot) -> None:
    timeline.show_utterances(newest(9, 4))
    rows = timeline.rows
    by_tab = [row for row in rows if row.focusPolicy() == Qt.FocusPolicy.StrongFocus]
    assert by_tab == [rows[0]]
    rows[0].setFocus()
    qtbot.waitUntil(rows[0].hasFocus)
    for key, place in (
        (Qt.Key.Key_Down, 1),
        (Qt.Key.Key_Down, 2),
        (Qt.Key.Key_Up, 1),
        (Qt.Key.Key_End, 3),
        (Qt.Key.Key_Down, 3),
        (Qt.Key.Key_Home, 0),
        (Qt.Key.Key_Up, 0),
    ):
        QTest.keyClick(next(row for row in rows if row.hasFocus()), key)
        assert rows[place].hasFocus()
        assert [row.focusPolicy() == Qt.FocusPolicy.StrongFocus for row in rows].index(True) == place


def test_focus_moves_with_its_utterance(timeline: TimelineView, qtbot: QtBot) -> None:
    timeline.show_utterances(newest(9, 4))
    timeline.rows[1].setFocus()
    qtbot.waitUntil(timeline.rows[1].hasFocus)
    timeline.show_utterances(newest(10, 4))
    assert timeline.rows[2].hasFocus() and timeline.rows[2].row == utterance(8)
    timeline.show_utterances(newest(50, 4))  # the utterance is gone: the focus stays on its row
    assert timeline.rows[2].hasFocus()
    timeline.show_utterances(newest(51, 2))
    assert timeline.rows[0].focusPolicy() == Qt.FocusPolicy.StrongFocus, "Tab reaches the rows that are left"


def test_all_rows_share_one_scale(timeline: TimelineView) -> None:
    slow = replace(utterance(1), spans=(StageSpan(UtteranceStage.DECODED, 0.0, 1.8),))
    timeline.show_utterances((slow, *newest(0, 1)))
    assert {row._scale for row in timeline.rows} == {timeline.axis._scale}
    assert timeline.axis._scale.after_s == 2.0


@in_each_language
def test_legend_names_each_form_and_wraps(timeline: TimelineView, texts: Texts) -> None:
    legend = timeline.legend
    for key in ("spoken", "on-the-way", "waited", "decoded", "inserted"):
        assert texts(f"monitor.{key}") in legend.accessibleName()
    one, two = legend.heightForWidth(2_000), legend.heightForWidth(200)
    assert legend.hasHeightForWidth() and two > one * 1.8
    assert not legend.grab().isNull() and not timeline.axis.grab().isNull()


def test_timeline_changes_language(theme: Theme, qtbot: QtBot) -> None:
    texts = Texts("en")
    timeline = TimelineView(theme, texts)
    qtbot.addWidget(timeline)
    timeline.show_utterances(newest(3, 1))
    texts.choose("zh")
    timeline.refresh()
    assert timeline.rows[0].accessibleName() == row_text(texts, utterance(3))
    assert "识别" in timeline.legend.accessibleName()
