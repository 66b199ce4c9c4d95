"""Cards of figures: a value with its last ten minutes, and each stage with its p50 and p95."""

from math import nan

import pytest
from pytestqt.qtbot import QtBot

from app.monitoring.view import Curve, StageFigures, UtteranceStage
from app.ui.monitor.figure_panels import StagesPanel, Tile
from app.ui.monitor.wording import seconds_text, stage_text
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from tests.app.ui.showing import displayed, kept

QUEUED = StageFigures(UtteranceStage.QUEUED, 9, 0.1, 0.4)
WHOLE = StageFigures(UtteranceStage.WHOLE, 9, 0.2, 0.8)


@pytest.fixture
def tile(theme: Theme, texts: Texts, qtbot: QtBot) -> Tile:
    return kept(qtbot, Tile(theme, texts, "monitor.oldest", seconds_text, 1.0))


@pytest.fixture
def stages(theme: Theme, texts: Texts, qtbot: QtBot) -> StagesPanel:
    return displayed(qtbot, StagesPanel(theme, texts))


def test_tile_shows_current_value_and_peak(tile: Tile, texts: Texts) -> None:
    tile.show_curve(Curve((nan, 4.0, 1.5), 1.5))
    name, value, peak = texts("monitor.oldest"), texts("monitor.seconds", value="1.5"), seconds_text(texts, 4.0)
    assert (tile.name.text(), tile.value.text()) == (name, value)
    assert tile.highest.text() == texts("monitor.peak", value=peak)
    assert tile.accessibleName() == texts("monitor.curve", name=name, value=value, peak=peak)
    assert tile.curve._values[1:] == (4.0, 1.5)


def test_tile_names_curve_empty_without_figures(tile: Tile, texts: Texts) -> None:
    tile.show_curve(Curve())
    assert (tile.value.text(), tile.highest.text()) == ("–", "")
    assert tile.accessibleName() == texts("monitor.curve-empty", name=texts("monitor.oldest"))
    tile.show_curve(Curve((0.0, 0.0), 0.0))
    assert tile.highest.text() == ""  # a peak of 0 is not shown


def test_stages_panel_has_line_for_each_known_stage(stages: StagesPanel, texts: Texts) -> None:
    stages.show_stages((QUEUED, WHOLE))
    visible = [stage for stage, line in stages.lines.items() if line.name.isVisible()]
    assert visible == [UtteranceStage.QUEUED, UtteranceStage.WHOLE]
    line = stages.lines[UtteranceStage.QUEUED]
    assert (line.half.text(), line.most.text()) == (seconds_text(texts, 0.1), seconds_text(texts, 0.4))
    assert (line.bar._half, line.bar._most) == pytest.approx((0.125, 0.5))
    assert stage_text(texts, WHOLE) in stages.accessibleName()
    assert all(head.isVisible() for head in stages.heads)


def test_stages_panel_shows_hint_without_stages(stages: StagesPanel, texts: Texts) -> None:
    stages.show_stages((QUEUED,))
    stages.show_stages(())
    assert stages.hint.text() == texts("monitor.stages-empty")
    assert texts("monitor.stages-empty") in stages.accessibleName()
    shown = [line.name.isVisible() for line in stages.lines.values()] + [head.isVisible() for head in stages.heads]
    assert not any(shown)


def test_stages_panel_accepts_zero_durations(stages: StagesPanel) -> None:
    stages.show_stages((StageFigures(UtteranceStage.SENT, 1, 0.0, 0.0),))
    assert stages.lines[UtteranceStage.SENT].bar._most == 0.0
