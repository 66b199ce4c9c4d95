"""Geometry of the timeline rows, and the form that shows each kind of time.

Speech lies before the last word, all other time after it, each on its own scale. Forms differ without colour:
speech is soft, network time a thin line, waiting hatched, recognition solid, insertion hollow.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QBrush, QFont, QFontMetricsF, QPainter, QPen

from app.core.states import State
from app.monitoring.stage_percentiles import percentile
from app.monitoring.view import UtteranceRow, UtteranceStage
from app.ui.monitor.wording import seconds_text
from app.ui.strings.texts import Texts
from app.ui.strings.wording import state_text
from app.ui.theme.theme import SCALE, SPACING, Theme, font
from app.ui.widgets.basic import paint_round

_SPOKEN_PART: Final = 0.26  # share of the bar's width
_LONGEST_SPOKEN_S: Final = 30.0
_SHORTEST_SPOKEN_S: Final = 5.0
_NICE_S: Final = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 600.0, 3600.0)
_NEARLY_ALL: Final = 90.0


@dataclass(frozen=True)
class TimeScale:
    """Seconds that fill the room before the last word (``before_s``) and after it (``after_s``)."""

    before_s: float = _SHORTEST_SPOKEN_S
    after_s: float = 1.0


def scale_of(rows: Sequence[UtteranceRow]) -> TimeScale:
    """Return a scale that fits 90 % of the rows, so that a few slow ones do not squeeze the others. Pure."""
    spoken = max((row.spoken_s for row in rows), default=0.0)
    totals = sorted(row.total_s for row in rows)
    most = percentile(totals, _NEARLY_ALL) if totals else 0.0
    after = next((nice for nice in _NICE_S if nice >= most), _NICE_S[-1])
    return TimeScale(min(_LONGEST_SPOKEN_S, max(_SHORTEST_SPOKEN_S, spoken)), after)


class Measures:
    """Positions and sizes of the parts of a row at the current font."""

    def __init__(self, texts: Texts) -> None:
        self.body, self.caption = font(SCALE.body), font(SCALE.caption)
        self.strong = font(SCALE.body, QFont.Weight.DemiBold)
        body, caption = QFontMetricsF(self.body), QFontMetricsF(self.caption)
        self.line, self.small = body.height(), caption.height()
        self.side = round(body.ascent())
        states = max(caption.horizontalAdvance(state_text(texts, state)) for state in State)
        whos = max(caption.horizontalAdvance(said) for said in (texts("monitor.own"), other(texts)))
        said = max(body.horizontalAdvance("00:00:00"), states + whos + caption.horizontalAdvance(" · "))
        self.left = self.side + SPACING.medium + said + SPACING.large
        totals = (seconds_text(texts, seconds) for seconds in (0.888, 58.0, 88.0))
        self.right = max(QFontMetricsF(self.strong).horizontalAdvance(total) for total in totals) + SPACING.large
        self.height = round(self.line + self.small + SPACING.hair + 2 * SPACING.small)

    def zero(self, width: float) -> float:
        """Return the x position of the last word."""
        return self.left + self.room(width) * _SPOKEN_PART

    def room(self, width: float) -> float:
        """Return the width available to the bar."""
        return max(1.0, width - self.left - self.right)

    def spoken(self, width: float, scale: TimeScale, seconds: float) -> float:
        """Return the width of this duration of speech."""
        return self.room(width) * _SPOKEN_PART * min(1.0, seconds / scale.before_s)

    def after(self, width: float, scale: TimeScale, seconds: float) -> float:
        """Return the x position of a time after the last word, limited to the end of the bar."""
        room = self.room(width) * (1 - _SPOKEN_PART)
        return self.zero(width) + room * min(1.0, seconds / scale.after_s)


def other(texts: Texts) -> str:
    """Return a session label as wide as those of other sessions."""
    return texts("monitor.somebody", session="0000")


def paint_part(painter: QPainter, theme: Theme, stage: UtteranceStage | None, place: QRectF) -> None:
    """Paint part of a bar in the form of its stage; ``None`` is speech."""
    painter.setPen(Qt.PenStyle.NoPen)
    thin = place.adjusted(0, place.height() * 0.38, 0, -place.height() * 0.38)
    match stage:
        case None:
            outline = place.adjusted(0.5, 0.5, -0.5, -0.5)
            paint_round(painter, outline, 3, theme.colour("accent_soft"), theme.colour("edge"))
        case UtteranceStage.SENT | UtteranceStage.DELIVERED:
            painter.setBrush(theme.colour("edge"))
            painter.drawRect(thin)
        case UtteranceStage.QUEUED:
            painter.setBrush(QBrush(theme.colour("warning"), Qt.BrushStyle.BDiagPattern))
            painter.setPen(QPen(theme.colour("warning"), 1))
            painter.drawRect(place.adjusted(0.5, 0.5, -0.5, -0.5))
        case UtteranceStage.INSERTED:
            outline = place.adjusted(0.75, 0.75, -0.75, -0.75)
            paint_round(painter, outline, 3, theme.colour("surface"), theme.colour("accent"), 1.5)
        case _:
            paint_round(painter, place, 3, theme.colour("accent"))
