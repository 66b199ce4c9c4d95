"""Row of one utterance: painting, accessible name and tool tip."""

from dataclasses import replace

import pytest
from PySide6.QtGui import QFontMetricsF, QImage
from pytestqt.qtbot import QtBot

from app.core.states import State
from app.monitoring.view import StageSpan, UtteranceRow, UtteranceStage
from app.ui.monitor.timeline import RowFocus, RowMeasures, TimelineRow, TimeScale
from app.ui.monitor.wording import row_text, stages_text
from app.ui.strings.texts import Texts
from app.ui.theme.colours import COLOURS, Scheme
from app.ui.theme.theme import Theme
from tests.app.ui.languages import in_each_language
from tests.app.ui.showing import kept

LIGHT = COLOURS[Scheme.LIGHT]
SPANS = (StageSpan(UtteranceStage.SENT, 0.0, 0.5), StageSpan(UtteranceStage.DECODED, 0.5, 1.0))
ROW = UtteranceRow("s", 0, True, State.DONE, 1_700_000_000.0, 4.0, SPANS, "desktop-gpu")
SCALE = TimeScale(8.0, 2.0)


@pytest.fixture
def made(theme: Theme, texts: Texts, qtbot: QtBot) -> TimelineRow:
    return kept(qtbot, TimelineRow(theme, texts, RowFocus()), 900, 50)


def bar(row: TimelineRow, measures: RowMeasures) -> QImage:
    return row.grab().toImage().copy(0, round(8 + measures.line / 2), row.width(), 1)


def columns_with(image: QImage, colour: str) -> list[int]:
    return [x for x in range(image.width()) if image.pixelColor(x, 0).name() == colour]


def test_bar_parts_match_stage_times(made: TimelineRow, texts: Texts) -> None:
    measures = RowMeasures(texts)
    assert not made.grab().isNull()  # no utterance yet
    made.show_row(ROW, measures, SCALE)
    assert made.height() == measures.height
    image = bar(made, measures)
    zero, after = measures.zero(900), measures.after
    solid = [x for x in columns_with(image, LIGHT.accent) if x > zero]
    assert min(solid) == pytest.approx(after(900, SCALE, 0.5), abs=2)
    assert max(solid) == pytest.approx(after(900, SCALE, 1.0), abs=2)
    soft = columns_with(image, LIGHT.accent_soft)
    assert min(soft) == pytest.approx(zero - measures.spoken(900, SCALE, 4.0), abs=3)
    assert max(soft) == pytest.approx(zero, abs=3)


def test_bar_beyond_scale_is_cut_with_a_mark(made: TimelineRow, texts: Texts) -> None:
    measures = RowMeasures(texts)
    long = replace(ROW, spans=(StageSpan(UtteranceStage.DECODED, 0.0, 50.0),))
    made.show_row(long, measures, SCALE)
    solid = columns_with(bar(made, measures), LIGHT.accent)
    end = measures.after(900, SCALE, 2.0)
    assert max(solid) == pytest.approx(end, abs=2)
    assert not all(x in solid for x in range(round(end) - 14, round(end) - 4))


@in_each_language
def test_row_has_accessible_name_and_tool_tip(made: TimelineRow, texts: Texts) -> None:
    made.show_row(ROW, RowMeasures(texts), SCALE)
    assert made.accessibleName() == row_text(texts, ROW)
    assert made.toolTip() == stages_text(texts, ROW)


def test_row_is_repainted_only_for_visible_changes(theme: Theme, texts: Texts, qtbot: QtBot) -> None:
    painted = 0

    class Counting(TimelineRow):
        def paintEvent(self, event: object) -> None:
            nonlocal painted
            painted += 1

    row, measures = Counting(theme, texts, RowFocus()), RowMeasures(texts)
    qtbot.addWidget(row)
    row.show_row(ROW, measures, SCALE)
    row.show()
    qtbot.waitUntil(lambda: painted > 0)
    before = painted
    row.show_row(replace(ROW), measures, SCALE)
    qtbot.wait(50)  # long enough for a repaint
    assert painted == before
    row.show_row(replace(ROW, state=State.HELD), measures, SCALE)
    qtbot.waitUntil(lambda: painted > before)


@pytest.mark.parametrize("state", list(State))
def test_each_state_has_its_own_icon_in_row(made: TimelineRow, texts: Texts, state: State) -> None:
    measures = RowMeasures(texts)
    made.show_row(ROW, measures, SCALE)
    done = made.grab().toImage()
    made.show_row(replace(ROW, state=state), measures, SCALE)
    corner = made.grab().toImage().copy(0, 0, 8 + measures.side, made.height())
    assert (corner == done.copy(0, 0, 8 + measures.side, made.height())) is (state is State.DONE)


@in_each_language
def test_narrow_row_shows_shorter_description(made: TimelineRow, texts: Texts, theme: Theme) -> None:
    metrics = QFontMetricsF(RowMeasures(texts).caption)
    whole, short = stages_text(texts, ROW), stages_text(texts, ROW, short=True)
    assert made._stages_that_fit(ROW, metrics, 10_000) == whole
    assert made._stages_that_fit(ROW, metrics, metrics.horizontalAdvance(whole) - 1) == short
    assert made._stages_that_fit(ROW, metrics, metrics.horizontalAdvance(short) - 1).endswith("…")
