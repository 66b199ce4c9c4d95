"""Figures of models as bars with words, and the widgets that only the list of models uses."""

import math
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFontMetrics, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from app.core.sentences import TextLookup
from app.models.advice import figure
from app.models.view import ModelFacts, ModelState, Purpose
from app.ui.strings.texts import language_name
from app.ui.theme.theme import SCALE, SPACING, Theme, font
from app.ui.widgets.basic import paint_bar, paint_icon, paint_round, refresh_with, smooth_painter
from app.ui.widgets.parts import grid, label, remark
from speech.models.catalogue import ErrorRates
from speech.models.recommendation import LocalSpeed

_FASTEST: Final = 64.0  # times as fast as speech: a full bar
_LEAST: Final = 0.03  # minimum share of the bar, so that it is visible for a slow model too
_MOST_LANGUAGES: Final = 3
_BY_CHARACTER: Final = frozenset({"zh", "yue", "ja", "ko", "th"})


class Bar(NamedTuple):
    """Figure in words and as a bar. ``share``: filled part of the bar, 0 to 1; ``None``: no bar."""

    text: str
    share: float | None = None


def speed_bar(texts: TextLookup, speed: LocalSpeed | None) -> Bar:
    """Return the speed of a model on this computer; each sixth of the bar stands for a doubling."""
    if speed is None:
        return Bar(texts("models.fast.unknown"))
    known = "measured" if speed.measured else "estimated"
    key = f"models.fast.{known}" if speed.value > 1 else f"models.fast.{known}-slow"
    share = math.log2(max(1.0, speed.value)) / math.log2(_FASTEST)
    return Bar(texts(key, value=figure(speed)), min(1.0, max(_LEAST, share)))


def accuracy_bars(texts: TextLookup, about: ModelFacts, languages: Sequence[str]) -> list[Bar]:
    """Return the share of words or characters that a model recognises correctly, by language, with the source."""
    return [_accuracy(texts, about, language) for language in languages[:_MOST_LANGUAGES]]


def compared_languages(text_language: str, spoken: Iterable[str], first: str = "") -> tuple[str, ...]:
    """Return the languages whose accuracy to show: ``first``, then the user's, or the windows' and English."""
    return tuple(filter(None, dict.fromkeys((first, *(tuple(spoken) or (text_language, "en"))))))


def has_figures(about: ModelFacts) -> bool:
    """Return whether to show speed and accuracy of a model: only of recognisers that this version can run."""
    return about.purpose is Purpose.RECOGNISER and not about.later


def source_text(texts: TextLookup, stated: ErrorRates) -> str:
    """Return who states the error rates, on which test, and whether for the original of a converted model."""
    source = texts(f"models.stated.{stated.source.replace(' ', '-')}")
    text = texts("models.accuracy.tested", test=stated.test, source=source) if stated.test else source
    return texts("models.accuracy.original", source=text) if stated.original else text


def _accuracy(texts: TextLookup, about: ModelFacts, language: str) -> Bar:
    name = language_name(texts, language)
    if about.languages and language not in about.languages:
        return Bar(texts("models.accuracy.unknown", language=name))
    if (stated := about.errors_in(language)) is None:
        return Bar(texts("models.accuracy.unstated", language=name))
    right = 100 - stated.rates[language]
    key = "models.accuracy.characters" if language in _BY_CHARACTER else "models.accuracy.words"
    text = texts(key, language=name, right=round(right), source=source_text(texts, stated))
    return Bar(text, right / 100)


_THICK: Final = 6
_LONG: Final = 120

SHAPES: Final = {
    ModelState.MISSING: ("idle", "muted"),
    ModelState.QUEUED: ("arming", "muted"),
    ModelState.FETCHING: ("drop", "accent"),
    ModelState.PAUSED: ("pause", "warning"),
    ModelState.BUSY: ("waiting", "muted"),
    ModelState.IMPORTING: ("folder", "accent"),
    ModelState.VERIFYING: ("waiting", "accent"),
    ModelState.INSTALLED: ("done", "accent"),
    ModelState.DAMAGED: ("failed", "warning"),
    ModelState.FAILED: ("failed", "warning"),
    ModelState.REMOVING: ("cancelled", "muted"),
}
"""Icon and colour name of each state."""


class ShareBar(QWidget):
    """Bar that shows a share, for use beside a text with the same figure."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme, self.share = theme, 0.0

    def show_share(self, share: float) -> None:
        """Show a share from 0 to 1, and adapt the height to a line of text."""
        self.share = share
        self.setFixedSize(_LONG, QFontMetrics(font(SCALE.caption)).height())
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the track, filled up to the share."""
        track = QRectF(0, (self.height() - _THICK) / 2, self.width(), _THICK)
        paint_bar(smooth_painter(self), self._theme, track, self.share)


class FigureRows(QWidget):
    """Rows of a title, a bar and its meaning in words."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.rows: list[tuple[QLabel, ShareBar, QLabel]] = []
        self._grid = grid(stretched=2, gaps=(SPACING.medium, SPACING.hair), within=self)

    def show_bars(self, titled: Sequence[tuple[str, Bar]]) -> None:
        """Show these rows; rows with an empty title continue the row above."""
        while len(self.rows) < len(titled):
            self._add_row()
        for place, (title, gauge, words) in enumerate(self.rows):
            shown = place < len(titled)
            bar = titled[place][1] if shown else Bar("")
            title.setText(titled[place][0] if shown else "")
            words.setText(bar.text)
            gauge.show_share(bar.share or 0.0)
            title.setVisible(shown)
            words.setVisible(shown)
            gauge.setVisible(shown and bar.share is not None)

    def _add_row(self) -> None:
        row = len(self.rows)
        title, gauge = label(size=SCALE.caption, role="muted"), ShareBar(self._theme)
        words = remark("")
        top = Qt.AlignmentFlag.AlignTop
        self._grid.addWidget(title, row, 0, top)
        self._grid.addWidget(gauge, row, 1, top)
        self._grid.addWidget(words, row, 2, top)
        self.rows.append((title, gauge, words))


class Badge(QLabel):
    """Label with an icon on a soft ground."""

    def __init__(self, theme: Theme, icon: str) -> None:
        super().__init__(textFormat=Qt.TextFormat.PlainText)
        self._theme, self._icon = theme, icon
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        refresh_with(self.refresh, theme)

    def refresh(self) -> None:
        """Update font and margins to the current size of text."""
        self.setFont(font(SCALE.caption))
        left = SPACING.small + self.fontMetrics().ascent() + SPACING.hair
        self.setContentsMargins(left, SPACING.hair // 2, SPACING.small, SPACING.hair // 2)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the ground and the icon below the text."""
        painter = smooth_painter(self)
        ground, side = QRectF(self.rect()), float(self.fontMetrics().ascent())
        paint_round(painter, ground, ground.height() / 2, self._theme.colour("accent_soft"))
        paint_icon(painter, self._icon, SPACING.small, ground.center().y(), side, self._theme.colour("accent"))
        painter.end()
        super().paintEvent(event)
