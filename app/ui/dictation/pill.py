"""Lay out and paint the overlay on any paint device.

It is one row with the state, the level or a word, and the time. Live text, notes and problems make it larger.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter

from app.core.live_text import TextSpan
from app.core.states import LOWEST_DBFS, RECORDING, State
from app.dictation.view import View
from app.ui.dictation.live_lines import LiveLines, spacing
from app.ui.strings.texts import Texts, clock, has_length, no_text_reason, note_text, state_text
from app.ui.theme import icons
from app.ui.theme.theme import RADII, SCALE, SPACING, Theme, font
from app.ui.widgets.basic import UNCLIPPED, loudness, paint_bar, paint_round, paint_text

BARS: Final = 40
"""Number of visible levels: 2 s at 20 Hz."""
SHADOW: Final = 18
HEIGHT: Final = 40.0
"""Minimum height of one row in pixels."""
LINES: Final = 3
"""Number of lines of live text."""
_NOTE_LINES: Final = 5
_EMS: Final = 25.0  # width for words, in line heights
_BAR, _PITCH = 2.0, 3.0
_SILENT: Final = 0.001
"""Smallest displayed share of the bar, which still shows a dot."""
_LEAST_METER: Final = 40.0
_WITH_WORDS: Final = RECORDING | {State.SENDING, State.WAITING, State.INSERTING}
_PROBLEMS: Final = frozenset({State.FAILED, State.DAMAGED})


class Levels(deque[float]):
    """Most recent levels, newest last."""

    def __init__(self, most: int = BARS) -> None:
        super().__init__(maxlen=most)


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
    """Layout and painting of a view.

    ``paste_key``, ``cancel_key``: names of the keys that paste held text and cancel; empty hides them. ``edge``:
    width of the outline.
    """

    def __init__(self, theme: Theme, texts: Texts) -> None:
        self._theme, self._texts = theme, texts
        self.most_width = 10_000.0
        self.paste_key = self.cancel_key = ""
        self.edge = 1.0

    @property
    def most(self) -> QSizeF:
        """Largest usual size: all lines of live text and a row of remarks."""
        lines = LINES * spacing(font())
        remarks = QFontMetricsF(font(SCALE.caption)).height()
        return QSizeF(self._text_width(), self._row_height() + lines + remarks + SPACING.small)

    def drawing(self, view: View) -> Drawing:
        """Return the layout of a view, from (0, 0)."""
        if view.state is State.IDLE and view.note:
            return self._note_drawing(note_text(self._texts, view.note, self.paste_key))
        return self._with_texts_below(self._head(view), view)

    def paint_body(self, painter: QPainter, body: QRectF) -> None:
        """Paint surface and outline."""
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
        inset, colour = self.edge / 2, self._theme.colour
        place = body.adjusted(inset, inset, -inset, -inset)
        paint_round(painter, place, RADII.large - inset, colour("surface"), colour("edge"), self.edge)

    def paint_parts(self, painter: QPainter, view: View, levels: Sequence[float], drawing: Drawing) -> None:
        """Paint everything inside the outline."""
        icons.draw(painter, view.state.value, drawing.icon, self._theme.state_colour(view.state))
        for piece in drawing.pieces:
            paint_text(painter, piece.place, piece.text, piece.font, piece.colour, UNCLIPPED)
        for lines, place in drawing.texts:
            lines.draw(painter, place, self._theme.colour("text"), self._theme.colour("muted"))
        if drawing.meter is not None:
            self.paint_meter(painter, levels, drawing.meter, active=view.state is State.LISTENING)

    def paint_meter(self, painter: QPainter, levels: Sequence[float], place: QRectF, *, active: bool) -> None:
        """Paint the waveform, or a bar if motion is reduced."""
        ink = "accent" if active else "edge"
        if self._theme.motion.reduced:
            track = QRectF(place.left(), place.center().y() - 3, place.width(), 6)
            share = max(_SILENT, loudness(levels[-1]) if levels else 0.0)
            return paint_bar(painter, self._theme, track, share, ink)
        colour = self._theme.colour(ink)
        most = max(BARS, int(place.width() // (2 * _PITCH)))  # more levels if the meter is wide
        bars = [LOWEST_DBFS] * (most - len(levels)) + list(levels)
        bars = bars[-min(most, int(place.width() // _PITCH)) :]  # fewer if wide letters leave less room
        pitch = place.width() / len(bars)
        for number, level in enumerate(bars):
            height = max(_BAR, loudness(level) * place.height())
            colour.setAlphaF(0.35 + 0.65 * number / len(bars))
            bar = QRectF(place.left() + number * pitch, place.center().y() - height / 2, pitch - 1, height)
            paint_round(painter, bar, _BAR / 2, colour)

    def _text_width(self) -> float:
        """Return the width of a pill with live text."""
        return min(self.most_width, QFontMetricsF(font()).height() * _EMS)

    def _row_height(self) -> float:
        """Return the height of one row."""
        return max(HEIGHT, spacing(font()) + 2.0 * SPACING.small)

    def _icon(self) -> QRectF:
        side = round(QFontMetricsF(font(SCALE.heading)).ascent())
        return QRectF(SPACING.large, round((self._row_height() - side) / 2), side, side)

    def _note_drawing(self, note: str) -> Drawing:
        """Lay out a note alone."""
        icon, body = self._icon(), font()
        left = icon.right() + SPACING.small
        lines = LiveLines(
            (TextSpan(note, stable=True),), body, self._text_width() - left - SPACING.large, _NOTE_LINES
        )
        top = (self._row_height() - lines.height / max(1, lines.lines)) / 2
        size = QSizeF(left + lines.widest + SPACING.large, lines.height + 2 * top)
        return Drawing(size, icon, None, (), ((lines, QPointF(left, top)),))

    def _head(self, view: View) -> Drawing:
        """Lay out the row: state, level or word, and time."""
        strong, body, icon, height = font(weight=QFont.Weight.DemiBold), font(), self._icon(), self._row_height()
        x, time, pieces = (
            icon.right() + SPACING.small,
            clock(view.seconds) if has_length(view) else "",
            list[PlacedText](),
        )
        across = QFontMetricsF(body).horizontalAdvance(time)
        room, meter = self._middle(strong), None
        if view.state in RECORDING:
            left = self._text_width() - x - SPACING.medium - across - SPACING.large
            room = max(_LEAST_METER, min(room, left))
            meter = QRectF(x, round(height / 5), room, height - 2 * round(height / 5))
        else:
            pieces.append(self._piece(self._word(view), strong, "text", x, height))
            room = max(room, pieces[0].place.width())
        right = x + room
        if view.state is not State.IDLE:
            pieces.append(self._piece(time, body, "muted", right + SPACING.medium, height))
            right = pieces[-1].place.right()
        return Drawing(QSizeF(right + SPACING.large, height), icon, meter, tuple(pieces), ())

    def _middle(self, strong: QFont) -> float:
        """Return the width for level or word, the same in every state so that the time stays in its place."""
        metrics = QFontMetricsF(strong)
        words = (state_text(self._texts, state) for state in _WITH_WORDS - RECORDING)
        return max(BARS * _PITCH, *(metrics.horizontalAdvance(word) + 1 for word in words))

    def _word(self, view: View) -> str:
        if view.state is State.HELD and self.paste_key and view.held:
            return self._texts("overlay.paste", key=self.paste_key)
        return state_text(self._texts, view.state)

    def _with_texts_below(self, head: Drawing, view: View) -> Drawing:
        """Add live text and notes below the row, and remarks in the row if they fit, otherwise below all."""
        bottom, width = head.size.height() - SPACING.hair, head.size.width()
        texts = list[tuple[LiveLines, QPointF]]()
        for spans, most in self._paragraphs(view):
            lines = LiveLines(spans, font(), self._text_width() - 2 * SPACING.large, most)
            texts.append((lines, QPointF(SPACING.large, bottom)))
            bottom += lines.height + SPACING.hair
            words = most == LINES  # the width must not follow each new word
            width = max(width, self._text_width() if words else lines.widest + 2 * SPACING.large)
        pieces = self._remarks(view, head, bottom)
        lowest = max(bottom if texts else 0.0, *(piece.place.bottom() for piece in pieces), 0.0)
        width = max(width, *(piece.place.right() + SPACING.large for piece in pieces), 0.0)
        height = head.size.height() if lowest <= head.size.height() else lowest + SPACING.small
        pieces = (*head.pieces, *pieces)
        return replace(head, size=QSizeF(width, height), pieces=pieces, texts=tuple(texts))

    def _paragraphs(self, view: View) -> list[tuple[tuple[TextSpan, ...], int]]:
        """Return the texts below the row, each with its maximum number of lines."""
        found = list[tuple[tuple[TextSpan, ...], int]]()
        if view.state in _WITH_WORDS and any(span.text.strip() for span in view.spans):
            found.append((view.spans, LINES))
        paste_key = "" if view.state is State.HELD else self.paste_key  # the row names it
        text = note_text(self._texts, view.note, paste_key)
        if not text and view.state in _PROBLEMS:
            text = no_text_reason(self._texts, view.state)
        return [*found, ((TextSpan(text, stable=True),), _NOTE_LINES)] if text else found

    def _remarks(self, view: View, head: Drawing, bottom: float) -> tuple[PlacedText, ...]:
        """Place the remarks on the take: after the time if they fit, otherwise below everything."""
        text_font, room = font(SCALE.caption), self._text_width() - SPACING.large
        metrics = QFontMetricsF(text_font)
        x, top, pieces = (
            head.size.width() - SPACING.hair,
            (head.size.height() - metrics.height()) / 2,
            list[PlacedText](),
        )
        for sentence, colour in remarks(self._texts, view, self.cancel_key):
            text = metrics.elidedText(sentence, Qt.TextElideMode.ElideMiddle, room - SPACING.large)
            across = metrics.horizontalAdvance(text) + 1
            if x + across > room:
                x, top = float(SPACING.large), max(bottom, top + metrics.height())
            place = QRectF(x, top, across, metrics.height())
            pieces.append(PlacedText(text, text_font, self._theme.colour(colour), place))
            x += across + SPACING.medium
        return tuple(pieces)

    def _piece(self, text: str, text_font: QFont, colour: str, x: float, height: float) -> PlacedText:
        """Return a text placed at ``x``, vertically centred in a row of this height."""
        metrics = QFontMetricsF(text_font)
        place = QRectF(x, (height - metrics.height()) / 2, metrics.horizontalAdvance(text) + 1, metrics.height())
        return PlacedText(text, text_font, self._theme.colour(colour), place)


def remarks(texts: Texts, view: View, cancel_key: str) -> list[tuple[str, str]]:
    """Return remarks on unusual values of the view, each with the name of its colour."""
    found = list[tuple[str, str]]()
    if cancel_key and view.state in RECORDING:
        found.append((texts("overlay.cancel", key=cancel_key), "muted"))
    if view.unsent_s >= 1:
        found.append((texts("overlay.unsent", seconds=round(view.unsent_s)), "warning"))
    if view.destination:
        found.append((texts("place.to", destination=view.destination), "muted"))
    if view.waiting:
        found.append((texts("overlay.waiting", count=view.waiting), "muted"))
    if view.held and view.state is not State.HELD:
        found.append((texts("overlay.held", count=view.held), "warning"))
    said = view.note is not None and view.note.key == "held-earlier"
    if view.earlier and not said:
        found.append((texts("overlay.earlier", count=view.earlier), "warning"))
    return found


def paint_shadow(painter: QPainter, body: QRectF) -> None:
    """Paint a soft shadow around the pill, within ``SHADOW`` pixels."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for grown in range(SHADOW - 4, 0, -2):
        around = body.adjusted(-grown, -grown + 4, grown, grown + 4)
        paint_round(painter, around, RADII.large + grown, QColor(0, 0, 0, 4))
