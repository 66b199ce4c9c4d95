"""Widgets of the first steps: base class of their pages, progress trail, option, and readiness of recognition."""

from collections.abc import Callable, Sequence
from typing import Final

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.local_services.worker_view import LocalWorkerState, SwitchWorker, WorkerView
from app.messages.kinds import Action
from app.models.view import FetchModel, LocalModelView, PauseModel
from app.onboarding.steps import LocalReadiness, Step, StepProgress, readiness
from app.ui.strings.texts import Texts, note_text
from app.ui.theme import icons
from app.ui.theme.theme import RADII, SCALE, SPACING, Theme, font
from app.ui.widgets.basic import (
    FileProgressBar,
    action_button,
    card,
    paint_focus,
    paint_line,
    paint_round,
    paint_text,
    refresh_with,
    smooth_painter,
)
from app.ui.widgets.controls import CheckableButton
from app.ui.widgets.parts import (
    aligned,
    describe,
    horizontal,
    label,
    remark,
    room,
    show_text,
    stretched,
    vertical,
)

_LINE: Final = 2.0


class Trail(QWidget):
    """Numbered steps in a row: completed ones have a tick, the current one is filled, others are outlined."""

    def __init__(self, theme: Theme, texts: Texts) -> None:
        super().__init__(sizePolicy=QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed))
        self._theme, self._texts, self.progress = theme, texts, StepProgress()

    def show_progress(self, progress: StepProgress) -> None:
        """Show these steps and mark the current one."""
        self.progress = progress
        name = self._texts(f"onboarding.step.{progress.at.value}")
        text = self._texts("onboarding.trail", number=progress.number, all=len(progress.steps), step=name)
        self.setAccessibleName(text)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Return the size of the circles with a line of text below."""
        high = self._caption.boundingRect(QRect(0, 0, 10_000, 10_000), 0, " ".join(self._names)).height()
        return QSize(self._side * 2 * len(self.progress.steps), self._side + SPACING.hair + high)

    def minimumSizeHint(self) -> QSize:
        """Return the width of the circles alone."""
        return QSize((self._side + SPACING.small) * len(self.progress.steps), self.sizeHint().height())

    @property
    def _names(self) -> list[str]:
        return [self._texts(f"onboarding.step.{step.value}") for step in self.progress.steps]

    @property
    def _caption(self) -> QFontMetrics:
        return QFontMetrics(font(SCALE.caption, QFont.Weight.DemiBold))

    @property
    def _side(self) -> int:
        return QFontMetrics(font()).height() + SPACING.small

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint circles on a line, with the names below if all of them fit."""
        painter = smooth_painter(self)
        steps, names = self.progress.steps, self._names
        cell, side = self.width() / len(steps), float(self._side)
        roomy = all(self._caption.horizontalAdvance(name) + SPACING.hair <= cell for name in names)
        first, last = QPointF(cell / 2, side / 2), QPointF(self.width() - cell / 2, side / 2)
        paint_line(painter, first, last, self._theme.colour("line"), _LINE)
        for place, (step, name) in enumerate(zip(steps, names, strict=True)):
            self._paint_circle(painter, step, QRectF((place + 0.5) * cell - side / 2, 0, side, side))
            if roomy:
                self._paint_name(painter, step, name, QRectF(place * cell, side + SPACING.hair, cell, side))

    def _paint_circle(self, painter: QPainter, step: Step, place: QRectF) -> None:
        colour, now, past = self._theme.colour, step is self.progress.at, step in self.progress.done
        ground, edge = (
            "accent" if now else "accent_soft" if past else "surface",
            "accent" if now or past else "edge",
        )
        circle = place.adjusted(1, 1, -1, -1)
        paint_round(painter, circle, circle.width() / 2, colour(ground), colour(edge), _LINE)
        if past and not now:
            inset = place.width() * 0.28
            icons.draw(painter, "done", place.adjusted(inset, inset, -inset, -inset), colour("accent"))
            return
        number, text_font = str(self.progress.steps.index(step) + 1), font(weight=_weight(bold=now))
        ink = colour("on_accent" if now else "muted")
        paint_text(painter, place, number, text_font, ink, Qt.AlignmentFlag.AlignCenter)

    def _paint_name(self, painter: QPainter, step: Step, name: str, place: QRectF) -> None:
        now = step is self.progress.at
        text_font, ink = font(SCALE.caption, _weight(bold=now)), self._theme.colour("text" if now else "muted")
        paint_text(painter, place, name, text_font, ink, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)


def _weight(*, bold: bool) -> QFont.Weight:
    return QFont.Weight.DemiBold if bold else QFont.Weight.Normal


class Option(CheckableButton):
    """Radio button in a frame; arrow keys move between options."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self.setAutoExclusive(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Return a generous width, and the height of the name with its margins."""
        return QSize(SPACING.huge * 10, QFontMetrics(font()).height() + 2 * SPACING.medium)

    def minimumSizeHint(self) -> QSize:
        """Return the width of the name on one line."""
        across = QFontMetrics(font(weight=QFont.Weight.DemiBold)).horizontalAdvance(self.text())
        return QSize(self._left + across + SPACING.large, 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint a card with a dot; the chosen option has a filled dot and a stronger outline."""
        painter, colour = smooth_painter(self), self._theme.colour
        on, line = self.isChecked(), QFontMetrics(font()).height()
        place, edge = QRectF(self.rect()).adjusted(1, 1, -1, -1), "accent" if on or self.underMouse() else "edge"
        ground = colour("accent_soft" if on else "surface")
        paint_round(painter, place, RADII.medium, ground, colour(edge), 2.0 if on else 1.0)
        side = line * 0.8
        dot = QRectF(SPACING.large, SPACING.medium + (line - side) / 2, side, side)
        paint_round(painter, dot, side / 2, colour("surface"), colour("accent" if on else "edge"), 2.0)
        if on:
            inner = dot.adjusted(side / 4, side / 4, -side / 4, -side / 4)
            paint_round(painter, inner, side / 4, colour("accent"))
        words = QRectF(self._left, SPACING.medium, self.width() - self._left - SPACING.large, line)
        paint_text(painter, words, self.text(), font(weight=QFont.Weight.DemiBold), colour("text"))
        paint_focus(painter, self, self._theme, RADII.small, inset=3)

    @property
    def _left(self) -> int:
        return SPACING.large + QFontMetrics(font()).height() + SPACING.small


class StepPage(QWidget):
    """Base class of a step's page; a single page is visible at a time.

    ``begin`` is called when the page becomes visible, ``end`` when it is left. ``changed`` is emitted when
    ``complete`` may have changed.
    """

    step: Step
    changed = Signal()

    def __init__(self, texts: Texts) -> None:
        super().__init__()
        self._texts = texts
        self.seen = False
        self.heading = label(size=SCALE.display, bold=True, wraps=True)
        self.description = label(role="muted", wraps=True)
        self.frame, self.column = card()
        vertical(self.heading, self.description, room(SPACING.small), self.frame, within=self, gap=SPACING.medium)

    @property
    def first(self) -> QWidget | None:
        """Widget that gets the focus first; ``None``: the button for the next step."""
        raise NotImplementedError

    @property
    def complete(self) -> bool:
        """True once nothing is left to do in this step."""
        raise NotImplementedError

    @property
    def result(self) -> str:
        """Text for the screen reader when the step becomes complete."""
        return ""

    def show_seen(self, seen: bool) -> None:
        """Call ``begin`` or ``end`` when the visibility changes; safe to call twice."""
        if seen != self.seen:
            self.seen = seen
            self.begin() if seen else self.end()

    def begin(self) -> None:
        """Start the step; called when it becomes visible."""

    def end(self) -> None:
        """Stop the step; called when it is no longer visible."""

    def refresh(self) -> None:
        """Update all texts to the current language."""
        self.heading.setText(self._texts(f"onboarding.heading.{self.step.value}"))
        self.description.setText(self._sentence())
        describe(self, self.heading.text(), self.description.text())

    def _sentence(self) -> str:
        return self._texts(f"onboarding.says.{self.step.value}")


_DOWNLOADS: Final = frozenset({"paused", LocalWorkerState.DOWNLOADING})
_STANDS: Final = frozenset({LocalWorkerState.FAILED, LocalWorkerState.OFF})


class ReadinessFoot(QWidget):
    """State of recognition on this computer, with one button that pauses, resumes or starts it."""

    def __init__(self, theme: Theme, texts: Texts, ask: Callable[[Action], None]) -> None:
        super().__init__()
        self._texts, self._ask = texts, ask
        self._worker: WorkerView | None = None
        self._models: Sequence[LocalModelView] = ()
        self._elsewhere = False
        self.now = LocalReadiness()
        self.description = remark("")
        self.bar, self.button = FileProgressBar(theme), action_button(self._run_offered_action, "quiet")
        row = horizontal(stretched(self.description), aligned(self.button, Qt.AlignmentFlag.AlignTop))
        vertical(row, self.bar, within=self, gap=SPACING.hair)
        refresh_with(self.refresh, texts, theme)

    def show_worker(self, worker: WorkerView) -> None:
        """Show the state of this computer's worker."""
        self._worker = worker
        self.refresh()

    def show_models(self, models: Sequence[LocalModelView]) -> None:
        """Show the progress of the models that the worker needs."""
        self._models = models
        self.refresh()

    def show_elsewhere(self, elsewhere: bool) -> None:
        """Show whether another computer is chosen."""
        self._elsewhere = elsewhere
        self.refresh()

    def refresh(self) -> None:
        """Update all texts to the current state and language."""
        texts = self._texts
        self.now = now = readiness(self._worker, self._models, elsewhere=self._elsewhere)
        show_text(self.description, self._sentence(), "warning" if now.stage == LocalWorkerState.FAILED else "")
        self.bar.setVisible(now.stage in _DOWNLOADS)
        self.bar.show_percent(
            now.percent, self.description.text(), moving=now.stage == LocalWorkerState.DOWNLOADING
        )
        key = self._key()
        show_text(self.button, texts(f"onboarding.foot.{key}") if key else "")
        self.button.setAccessibleName(texts(f"onboarding.foot.{key}-name") if key else "")

    def _sentence(self) -> str:
        stage, reason = self.now.stage, self._worker.reason if self._worker else None
        text = self._texts(f"onboarding.foot.{stage}", percent=self.now.percent)
        if stage not in _STANDS:
            return text
        return "\n".join((note_text(self._texts, reason) or text, self._texts("onboarding.foot.kept")))

    def _key(self) -> str:
        """Return the key of the button's text; empty if there is no button."""
        if self.now.pausable:
            return "pause"
        if self.now.paused:
            return "resume"
        if self.now.stage in _STANDS and self._worker and self._worker.can_be_switched_on:
            return "again" if self._worker.state is LocalWorkerState.FAILED else "switch-on"
        return ""

    def _run_offered_action(self) -> None:
        for name in self.now.pausable:
            self._ask(PauseModel(name))
        for name in self.now.paused:
            self._ask(FetchModel(name))
        if not self.now.pausable and not self.now.paused:
            self._ask(SwitchWorker(True))
