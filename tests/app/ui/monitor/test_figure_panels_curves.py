"""Charts draw known values at the right places and leave holes for unknown values."""

from math import nan

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPolygonF
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.monitoring.view import Curve
from app.ui.monitor.figure_panels import CurveView, RangeBar, peak, points, stretches
from app.ui.theme.colours import COLOURS, Scheme
from app.ui.theme.theme import Theme
from tests.app.ui.showing import displayed, kept

LIGHT = COLOURS[Scheme.LIGHT]
PLACE = QRectF(0, 0, 100, 50)


def pixels(widget: QWidget) -> QImage:
    return widget.grab().toImage()


def corners(line: QPolygonF) -> list[tuple[float, float]]:
    return [(line.at(place).x(), line.at(place).y()) for place in range(line.size())]


def columns_with(image: QImage, colour: str) -> list[int]:
    rows = range(image.height())
    return [x for x in range(image.width()) if any(image.pixelColor(x, y).name() == colour for y in rows)]


def test_peak_ignores_unknown_values() -> None:
    assert peak(()) == peak((nan, nan)) == 0.0
    assert peak((1.0, nan, 3.0, 2.0)) == 3.0


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ((), []),
        ((nan, nan), []),
        ((1.0, 2.0), [range(0, 2)]),
        ((nan, 1.0, nan, 2.0, 3.0), [range(1, 2), range(3, 5)]),
    ],
)
def test_stretches_split_at_unknown_values(values: tuple[float, ...], found: list[range]) -> None:
    assert list(stretches(values)) == found


@given(st.lists(st.sampled_from([0.0, 1.0, 5.0, nan]), max_size=60))
def test_stretches_cover_exactly_known_values(values: list[float]) -> None:
    inside = [place for stretch in stretches(values) for place in stretch]
    assert inside == [place for place, value in enumerate(values) if value == value]


def test_line_fills_its_rectangle() -> None:
    values = (0.0, 10.0, 5.0)
    line = points(range(3), values, PLACE, 10.0)
    assert corners(line) == [(0, 50), (50, 0), (100, 25)]


def test_level_line_has_two_points() -> None:
    flat = points(range(300), (4.0,) * 300, PLACE, 10.0)
    assert corners(flat) == [(0, 30), (100, 30)]


def test_single_value_becomes_short_line() -> None:
    alone = points(range(2, 3), (nan, nan, 5.0), PLACE, 10.0)
    assert corners(alone) == [(100, 25), (50, 25)]


def test_curve_is_drawn_only_over_known_values(theme: Theme, qtbot: QtBot) -> None:
    view = kept(qtbot, CurveView(theme, 1.0), 200, 40)
    assert columns_with(pixels(view), LIGHT.accent_soft) == []
    view.show_curve(Curve((nan,) * 50 + (3.0,) * 50, 3.0))
    drawn = columns_with(pixels(view), LIGHT.accent_soft)
    assert min(drawn) == pytest.approx(101, abs=3) and max(drawn) > 190
    view.show_curve(Curve((3.0,) * 40 + (nan,) * 20 + (3.0,) * 40, 3.0))
    drawn = columns_with(pixels(view), LIGHT.accent_soft)
    assert not any(85 < x < 115 for x in drawn) and min(drawn) < 5 and max(drawn) > 190


def test_curve_below_floor_does_not_fill_height(theme: Theme, qtbot: QtBot) -> None:
    view = kept(qtbot, CurveView(theme, 100.0), 100, 100)

    def top() -> int:
        image = pixels(view)
        rows = (y for y in range(100) if image.pixelColor(50, y).name() == LIGHT.accent_soft)
        return min(rows, default=100)

    view.show_curve(Curve((10.0,) * 10, 10.0))
    assert 85 < top() < 96
    view.show_curve(Curve((1_000.0,) * 10, 1_000.0))
    assert top() < 20


def test_unchanged_curve_is_not_repainted(theme: Theme, qtbot: QtBot) -> None:
    painted = 0

    class Counting(CurveView):
        def paintEvent(self, event: object) -> None:
            nonlocal painted
            painted += 1

    view = displayed(qtbot, Counting(theme, 1.0))
    view.show_curve(Curve((1.0, 2.0), 2.0))
    qtbot.waitUntil(lambda: painted > 0)
    before = painted
    view.show_curve(Curve((1.0, 2.0), 2.0))
    qtbot.wait(50)  # long enough for a repaint
    assert painted == before
    view.show_curve(Curve((2.0, 1.0), 1.0))
    qtbot.waitUntil(lambda: painted > before)


def test_range_bar_draws_bar_and_whisker(theme: Theme, qtbot: QtBot) -> None:
    bar = RangeBar(theme)
    qtbot.addWidget(bar)
    bar.resize(202, bar.height())
    bar.show_parts(0.25, 0.75)
    image = pixels(bar)
    middle = [image.pixelColor(x, bar.height() // 2).name() for x in range(202)]
    assert sum(colour == LIGHT.accent for colour in middle) == pytest.approx(50, abs=4)
    assert middle[190] not in (LIGHT.accent, LIGHT.edge)
    assert middle[100] not in (middle[190], LIGHT.accent)
