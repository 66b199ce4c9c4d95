"""The first steps in front of the window: five of them, at any time put off, and gone on with where one was."""

from collections.abc import Callable, Mapping
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontMetrics, QHideEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from app.actions import Action, ChangeSetting
from app.gateways.actions import GatewayAction
from app.gateways.view import GatewaysView
from app.key_test import KeysSeen
from app.models.actions import ModelAction
from app.models.view import ModelsView
from app.news import Problem
from app.onboarding.steps import FIRST_STEP, STEPS, WELCOMED, Step, after, before
from app.onboarding.view import GatewayTrial, MicrophoneTrial
from app.settings.sections import Settings
from app.ui.choices import HOTKEYS, Choices
from app.ui.onboarding_hotkey import HotkeyStep
from app.ui.onboarding_language import LanguageStep
from app.ui.onboarding_microphone import MicrophoneStep
from app.ui.onboarding_parts import Trail
from app.ui.onboarding_place import PlaceStep
from app.ui.onboarding_sentence import SentenceStep
from app.ui.onboarding_step import StepPage
from app.ui.texts import Texts
from app.ui.theme import SCALE, SPACING, Theme, font
from app.ui.widgets import label
from app.view import View, WorkerView

_LETTERS: Final = 96


class Onboarding(QWidget):
    """``over``: they are finished, or put off. Everything that they set is a setting like any other."""

    over = Signal()

    def __init__(
        self,
        theme: Theme,
        texts: Texts,
        ask: Callable[[Action], None],
        ask_models: Callable[[ModelAction | GatewayAction], None],
    ) -> None:
        super().__init__()
        self.texts, self._ask = texts, ask
        self.step = Step.LANGUAGE
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.trail, self.place = Trail(theme, texts), label(size=SCALE.caption, role="muted")
        self.language = LanguageStep(theme, texts, ask)
        self.microphone = MicrophoneStep(theme, texts, ask)
        self.hotkey = HotkeyStep(theme, texts, ask)
        self.where = PlaceStep(theme, texts, ask, ask_models)
        self.sentence = SentenceStep(theme, texts, ask)
        pages = (self.language, self.microphone, self.hotkey, self.where, self.sentence)
        self.pages: Mapping[Step, StepPage] = {page.step: page for page in pages}
        self.later, self.back, self.next = QPushButton(), QPushButton(), QPushButton()
        self.later.setProperty("role", "quiet")
        self.next.setProperty("role", "primary")
        self._lay_out()
        self.later.clicked.connect(self._leave)
        self.back.clicked.connect(lambda: self._go(before(self.step)))
        self.next.clicked.connect(self._go_on)
        onwards = QShortcut(QKeySequence("Ctrl+Return"), self)  # from wherever the focus is, a box for text too
        onwards.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        onwards.activated.connect(self.next.click)
        texts.changed.connect(self.refresh)
        theme.changed.connect(self.refresh)
        self.refresh()

    # -- what is shown -------------------------------------------------------------------------------------

    def show_settings(self, settings: Settings) -> None:
        """What is in force."""
        self.where.show_settings(settings)
        self.sentence.show_place(settings.gateway.chosen or settings.gateway.url)

    def show_choices(self, choices: Choices) -> None:
        """What there is and what is chosen."""
        self.language.show_choices(choices)
        self.microphone.show_choices(choices)
        self.hotkey.show_choices(choices)
        self.sentence.show_choices(choices)

    def show_problem(self, problem: Problem) -> None:
        """That no key can be heard here is something that can be helped otherwise."""
        if problem.about == HOTKEYS:
            self.hotkey.show_impossible(problem.note)
            self.sentence.show_impossible(problem.note)

    def show_microphone(self, trial: MicrophoneTrial) -> None:
        """What is heard."""
        self.microphone.show_trial(trial)

    def show_gateway(self, trial: GatewayTrial) -> None:
        """What a gateway answers."""
        self.where.show_trial(trial)

    def show_keys(self, seen: KeysSeen) -> None:
        """Which keys arrive."""
        if self.hotkey.seen:
            self.hotkey.show_keys(seen)

    def show_gateways(self, view: GatewaysView) -> None:
        """Gateways that are paired, or could be."""
        self.where.show_gateways(view)

    def show_models(self, models: ModelsView) -> None:
        """The models of this computer."""
        self.where.show_models(models)

    def show_worker(self, worker: WorkerView) -> None:
        """The worker of this computer."""
        self.where.show_worker(worker)
        self.sentence.show_worker(worker)

    def show_view(self, view: View) -> None:
        """The newest take."""
        self.sentence.show_view(view)

    # -- from one to the next ------------------------------------------------------------------------------

    def begin_at(self, step: Step) -> None:
        """With this one in front."""
        self.step = step
        self.refresh()
        self._see()

    def refresh(self) -> None:
        """Everything again, in the language of now."""
        texts = self.texts
        self.setAccessibleName(texts("onboarding.name"))
        self.trail.show_step(self.step)
        self.place.setText(self.trail.accessibleName())
        for page in self.pages.values():
            page.refresh()
            page.setVisible(page.step is self.step)
        self.later.setText(texts("onboarding.later"))
        self.later.setToolTip(texts("onboarding.later-says"))
        self.back.setText(texts("onboarding.back"))
        last = after(self.step) is None
        self.next.setText(texts("onboarding.finish" if last else "onboarding.next"))
        self.next.setToolTip(QKeySequence("Ctrl+Return").toString(QKeySequence.SequenceFormat.NativeText))
        self.back.setVisible(before(self.step) is not None)
        self.later.setVisible(not last)
        self._inside.setMaximumWidth(QFontMetrics(font()).averageCharWidth() * _LETTERS + 2 * SPACING.huge)

    def showEvent(self, event: QShowEvent) -> None:
        """Somebody looks."""
        super().showEvent(event)
        self._see()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks."""
        super().hideEvent(event)
        self._see()

    def _go_on(self) -> None:
        following = after(self.step)
        if following is None:
            self._ask(ChangeSetting(FIRST_STEP, STEPS[0].value))
            self._leave()
        else:
            self._go(following)

    def _go(self, step: Step | None) -> None:
        if step is not None:
            self._ask(ChangeSetting(FIRST_STEP, step.value))
            self.begin_at(step)
            self._area.verticalScrollBar().setValue(0)

    def _leave(self) -> None:
        self._ask(ChangeSetting(WELCOMED, True))
        for page in self.pages.values():  # before another page begins with what this one ends
            page.show_seen(False)
        self.over.emit()

    def _see(self) -> None:
        """What belongs to a step runs only while that is seen."""
        for page in sorted(self.pages.values(), key=lambda page: page.step is self.step):  # its end first
            page.show_seen(self.isVisible() and page.step is self.step)
        if self.isVisible():
            self.pages[self.step].first.setFocus()

    def _lay_out(self) -> None:
        self._inside = QWidget()
        self._inside.setObjectName("list")
        column = QVBoxLayout(self._inside)
        column.setContentsMargins(SPACING.huge, SPACING.wide, SPACING.huge, SPACING.wide)
        column.setSpacing(SPACING.medium)
        column.addWidget(self.trail)
        column.addSpacing(SPACING.medium)
        column.addWidget(self.place)
        for page in self.pages.values():
            column.addWidget(page)
        column.addStretch(1)
        around = QWidget()
        around.setObjectName("list")
        middle = QHBoxLayout(around)
        middle.setContentsMargins(0, 0, 0, 0)
        middle.addStretch(1)
        middle.addWidget(self._inside, 100)
        middle.addStretch(1)
        self._area = QScrollArea()
        self._area.setWidget(around)
        self._area.setWidgetResizable(True)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        foot = QHBoxLayout()
        foot.setContentsMargins(SPACING.wide, SPACING.medium, SPACING.wide, SPACING.wide)
        foot.setSpacing(SPACING.small)
        foot.addWidget(self.later)
        foot.addStretch(1)
        foot.addWidget(self.back)
        foot.addWidget(self.next)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self._area, 1)
        whole.addLayout(foot)
