"""Layout and painting of the overlay: state, level, text and destination, on any paint device."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter

from app.core.live_text import TextSpan
from app.core.states import LOWEST_DBFS, State
from app.dictation.view import View
from app.ui.dictation.live_lines import LiveLines
from app.ui.strings.texts import Texts
from app.ui.strings.wording import beside, clock, note_text, state_text
from app.ui.theme import icons
from app.ui.theme.theme import RADII, SCALE, SPACING, Theme, font

BARS: Final = 60
"""Number of visible levels: 3 s at 20 Hz."""
SHADOW: Final = 18
_EMS: Final = 25.0  # width of the pill in line heights
_BAR, _PITCH = 2.0, 3.0
_LEVEL_STATES: Final = frozenset({State.ARMING, State.LISTENING})
_LOUD_DBFS: Final = -6.0


class Levels(deque[float]):
    """Most recent levels, newest last."""

    def __init__(self) -> None:
        super().__init__(maxlen=BARS)


@dataclass(frozen=True)
class PlacedText:
    """Text at its position."""

    text: str
    font: QFont
    colour: QColor
    place: QRectF


@dataclass(frozen=True)
class Drawing:
    """Layout of all parts; ``meter`` is the area of the level meter."""

    size: QSizeF
    icon: QRectF
    meter: QRectF | None
    pieces: tuple[PlacedText, ...]
    texts: tuple[tuple[LiveLines, QPointF], ...]


class Pill:
    """Layout and painting of a view; ``paste_key`` names the key that pastes held text, or is empty."""

    def __init__(self, theme: Theme, texts: Texts, most_width: float = 10_000.0) -> None:
        self._theme, self._texts = theme, texts
        self.most_width = most_width
        self.paste_key = ""

    def drawing(self, view: View) -> Drawing:
        """Return the layout of a view, from (0, 0)."""
        body, width = font(SCALE.body), self._width()
        inner, left = width - 2 * SPACING.large, float(SPACING.large)
        head, icon, meter, y = self._head(view, width)
        texts: list[tuple[LiveLines, QPointF]] = []
        for spans in self._paragraphs(view):
            lines = LiveLines(spans, body, inner)
            texts.append((lines, QPointF(left, y)))
            y += lines.height + SPACING.small
        foot, y = self._foot(view, width, y)
        return Drawing(QSizeF(width, y + SPACING.medium), icon, meter, (*head, *foot), tuple(texts))

    def paint(self, painter: QPainter, view: View, levels: Sequence[float], drawing: Drawing) -> None:
        """Paint a view at the painter's (0, 0)."""
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
        body = QRectF(QPointF(0, 0), drawing.size).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(self._theme.colour("line"))
        painter.setBrush(self._theme.colour("surface"))
        painter.drawRoundedRect(body, RADII.large, RADII.large)
        icons.draw(painter, view.state.value, drawing.icon, self._theme.state_colour(view.state))
        for piece in drawing.pieces:
            painter.setFont(piece.font)
            painter.setPen(piece.colour)
            painter.drawText(piece.place, Qt.AlignmentFlag.AlignVCenter, piece.text)
        for lines, place in drawing.texts:
            lines.draw(painter, place, self._theme.colour("text"), self._theme.colour("muted"))
        if drawing.meter is not None:
            self.paint_meter(painter, levels, drawing.meter, active=view.state is State.LISTENING)

    def paint_meter(self, painter: QPainter, levels: Sequence[float], place: QRectF, *, active: bool) -> None:
        """Paint the waveform, or a bar if motion is reduced."""
        painter.setPen(Qt.PenStyle.NoPen)
        colour = self._theme.colour("accent" if active else "edge")
        if self._theme.motion.reduced:
            self._paint_bar(painter, levels[-1] if levels else LOWEST_DBFS, place, colour)
            return
        bars = [LOWEST_DBFS] * (BARS - len(levels)) + list(levels)
        bars = bars[-int(place.width() // _PITCH) :]  # the newest levels, if wide letters leave less room
        for number, level in enumerate(bars):
            height = max(_BAR, loudness(level) * place.height())
            colour.setAlphaF(0.35 + 0.65 * number / len(bars))
            painter.setBrush(colour)
            x = place.left() + number * _PITCH
            bar = QRectF(x, place.center().y() - height / 2, _BAR, height)
            painter.drawRoundedRect(bar, _BAR / 2, _BAR / 2)

    def _paint_bar(self, painter: QPainter, level: float, place: QRectF, colour: QColor) -> None:
        track = QRectF(place.left(), place.center().y() - 3, place.width(), 6)
        painter.setBrush(self._theme.colour("accent_soft"))
        painter.drawRoundedRect(track, 3, 3)
        painter.setBrush(colour)
        track.setWidth(max(6.0, track.width() * loudness(level)))
        painter.drawRoundedRect(track, 3, 3)

    def _width(self) -> float:
        return min(self.most_width, QFontMetricsF(font(SCALE.body)).height() * _EMS)

    def _head(self, view: View, width: float) -> tuple[tuple[PlacedText, ...], QRectF, QRectF | None, float]:
        """Lay out the first row and return its lower edge: state on the left, level and time on the right."""
        heading = font(SCALE.heading, QFont.Weight.DemiBold)
        metrics = QFontMetricsF(heading)
        top, height = float(SPACING.medium), metrics.height()
        side = round(metrics.ascent())
        icon = QRectF(SPACING.large, top + (height - side) / 2, side, side)
        word = self._piece(state_text(self._texts, view.state), heading, "text", icon.right() + SPACING.small, top)
        pieces = [word]
        right = width - SPACING.large
        if view.state is not State.IDLE:
            time = clock(view.seconds)
            across = metrics.horizontalAdvance(time)
            pieces.append(self._piece(time, heading, "muted", right - across, top))
            right -= max(across, metrics.horizontalAdvance("00:00")) + SPACING.medium
        meter = None
        if view.state in _LEVEL_STATES:
            across = min(BARS * _PITCH, right - word.place.right() - SPACING.medium)
            meter = QRectF(right - across, top, across, height)
        return tuple(pieces), icon, meter, top + height + SPACING.small

    def _paragraphs(self, view: View) -> list[tuple[TextSpan, ...]]:
        found = [view.spans] if any(span.text.strip() for span in view.spans) else []
        if view.note and (said := note_text(self._texts, view.note, self.paste_key)):
            found.append((TextSpan(said, True),))
        return found

    def _foot(self, view: View, width: float, top: float) -> tuple[list[PlacedText], float]:
        """Lay out the remarks on the take in as many rows as needed, and return their lower edge."""
        caption = font(SCALE.caption)
        metrics = QFontMetricsF(caption)
        x, y, pieces = float(SPACING.large), top, list[PlacedText]()
        for said, colour in beside(self._texts, view, self.paste_key):
            across = metrics.horizontalAdvance(said)
            if pieces and x + across > width - SPACING.large:
                x, y = float(SPACING.large), y + metrics.height() + SPACING.hair
            pieces.append(self._piece(said, caption, colour, x, y))
            x += across + SPACING.large
        return pieces, y + metrics.height()

    def _piece(self, text: str, look: QFont, colour: str, x: float, y: float) -> PlacedText:
        metrics = QFontMetricsF(look)
        place = QRectF(x, y, metrics.horizontalAdvance(text) + 1, metrics.height())
        return PlacedText(text, look, self._theme.colour(colour), place)


def loudness(level_dbfs: float) -> float:
    """Return a level as a length from 0 (silent) to 1 (loud)."""
    return min(1.0, max(0.0, (level_dbfs - LOWEST_DBFS) / (_LOUD_DBFS - LOWEST_DBFS)))


def paint_shadow(painter: QPainter, body: QRectF) -> None:
    """Paint a soft shadow around the pill, within ``SHADOW`` pixels."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    for grown in range(SHADOW - 4, 0, -2):
        painter.setBrush(QColor(0, 0, 0, 4))
        around = body.adjusted(-grown, -grown + 4, grown, grown + 4)
        painter.drawRoundedRect(around, RADII.large + grown, RADII.large + grown)
