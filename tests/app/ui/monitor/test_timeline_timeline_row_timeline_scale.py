"""Geometry of timeline rows, and forms that differ without colour."""

import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter

from app.core.states import State
from app.monitoring.view import StageSpan, UtteranceRow, UtteranceStage
from app.ui.monitor.timeline import RowMeasures, TimeScale, paint_part, scale_of
from app.ui.strings.texts import Texts
from app.ui.theme.colours import Scheme
from app.ui.theme.theme import Theme
from tests.app.ui.showing import enlarge


def row(total_s: float, spoken_s: float = 1.0) -> UtteranceRow:
    spans = (StageSpan(UtteranceStage.DECODED, 0.0, total_s),)
    return UtteranceRow("s", 0, True, State.DONE, 0.0, spoken_s, spans)


@pytest.mark.parametrize(
    ("rows", "scale"),
    [
        ([], TimeScale(5.0, 0.5)),
        ([row(0.2)], TimeScale(5.0, 0.5)),
        ([row(0.8), row(1.7, 12.0)], TimeScale(12.0, 2.0)),
        ([row(0.4)] * 19 + [row(400.0, 90.0)], TimeScale(30.0, 0.5)),
        ([row(90_000.0)], TimeScale(5.0, 3_600.0)),
    ],
)
def test_scale_fits_nearly_all_rows(rows: list[UtteranceRow], scale: TimeScale) -> None:
    assert scale_of(rows) == scale


def test_positions_are_ordered_and_limited_to_bar(theme: Theme, texts: Texts) -> None:
    measures, scale, width = RowMeasures(texts), TimeScale(10.0, 2.0), 800.0
    zero = measures.zero(width)
    assert measures.left < zero < measures.after(width, scale, 1.0) < width - measures.right
    assert measures.after(width, scale, 0.0) == zero
    assert measures.after(width, scale, 2.0) == measures.after(width, scale, 50.0) == width - measures.right
    assert measures.spoken(width, scale, 10.0) == measures.spoken(width, scale, 99.0) == zero - measures.left
    assert measures.room(10.0) == 1.0


def test_row_measures_grow_with_font(theme: Theme, texts: Texts) -> None:
    before = RowMeasures(texts)
    enlarge(2)
    after = RowMeasures(texts)
    assert after.height > before.height * 1.5 and after.left > before.left * 1.5


@pytest.mark.parametrize("scheme", list(Scheme))
def test_each_kind_of_time_has_its_own_form(theme: Theme, scheme: Scheme) -> None:
    """Compare the forms in greyscale, without colour."""
    theme.choose(scheme)
    drawn: list[QImage] = []
    for stage in (
        None,
        UtteranceStage.SENT,
        UtteranceStage.QUEUED,
        UtteranceStage.DECODED,
        UtteranceStage.INSERTED,
    ):
        image = QImage(60, 16, QImage.Format.Format_ARGB32)
        image.fill(theme.colour("surface"))
        painter = QPainter(image)
        paint_part(painter, theme, stage, QRectF(2, 2, 56, 12))
        painter.end()
        drawn.append(image.convertToFormat(QImage.Format.Format_Grayscale8))
    middle = [[drawn_one.pixelColor(x, 8).value() for x in range(10, 50)] for drawn_one in drawn]
    top = [[drawn_one.pixelColor(x, 4).value() for x in range(10, 50)] for drawn_one in drawn]
    soft, thin, hatched, solid, hollow = range(5)
    assert len(set(middle[hatched])) > 1  # lines
    assert len(set(middle[solid])) == len(set(middle[thin])) == len(set(middle[hollow])) == 1
    assert top[thin] != middle[thin] and top[solid] == middle[solid]  # a thin line, and a full-height bar
    assert abs(middle[solid][0] - middle[hollow][0]) > 60
    assert middle[soft][0] != middle[hollow][0]


def test_sending_and_delivery_have_the_same_form(theme: Theme) -> None:
    images = []
    for stage in (UtteranceStage.SENT, UtteranceStage.DELIVERED):
        image = QImage(40, 12, QImage.Format.Format_ARGB32)
        image.fill(Qt.GlobalColor.white)
        painter = QPainter(image)
        paint_part(painter, theme, stage, QRectF(0, 0, 40, 12))
        painter.end()
        images.append(image)
    assert images[0] == images[1]
