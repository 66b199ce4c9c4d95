"""First steps in front of the main window; the user can postpone them and continue at the same step."""

from collections.abc import Callable, Mapping
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontMetrics, QHideEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from app.dictation.hotkey_test import KeysSeen
from app.dictation.view import View
from app.gateways.actions import GatewayAction
from app.gateways.view import GatewaysView
from app.local_services.worker_view import WorkerView
from app.messages.actions import Action
from app.messages.notifications import Problem
from app.models.actions import ModelAction
from app.models.view import ModelsView
from app.onboarding.steps import FIRST_STEP, STEPS, WELCOMED, Step, after, before
from app.onboarding.view import GatewayTrial, MicrophoneTrial
from app.settings.actions import ChangeSetting
from app.settings.sections import Settings
from app.ui.onboarding.gateway_step import PlaceStep
from app.ui.onboarding.hotkey_step import HotkeyStep
from app.ui.onboarding.language_step import LanguageStep
from app.ui.onboarding.microphone_step import MicrophoneStep
from app.ui.onboarding.sentence_step import SentenceStep
from app.ui.onboarding.step_page import StepPage
from app.ui.onboarding.widgets import Trail
from app.ui.settings.choices import HOTKEYS, Choices
from app.ui.strings.texts import Texts
from app.ui.theme.theme import SCALE, SPACING, Theme, font
from app.ui.widgets.basic import label

_LETTERS: Final = 96


class Onboarding(QWidget):
    """Five steps that set up the app through ordinary settings.

    ``over`` is emitted when they are finished or postponed.
    """

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
        onwards = QShortcut(QKeySequence("Ctrl+Return"), self)  # works with any focus, also in a text box
        onwards.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        onwards.activated.connect(self.next.click)
        texts.changed.connect(self.refresh)
        theme.changed.connect(self.refresh)
        self.refresh()

    # -- values --------------------------------------------------------------------------------------------

    def show_settings(self, settings: Settings) -> None:
        """Show the settings in effect."""
        self.where.show_settings(settings)
        self.sentence.show_place(settings.gateway.chosen or settings.gateway.url)

    def show_choices(self, choices: Choices) -> None:
        """Show the available choices and the current ones."""
        self.language.show_choices(choices)
        self.microphone.show_choices(choices)
        self.hotkey.show_choices(choices)
        self.sentence.show_choices(choices)

    def show_problem(self, problem: Problem) -> None:
        """Show problems with hotkeys, which have an alternative; ignore all other problems."""
        if problem.about == HOTKEYS:
            self.hotkey.show_impossible(problem.note)
            self.sentence.show_impossible(problem.note)

    def show_microphone(self, trial: MicrophoneTrial) -> None:
        """Show the state of the microphone test."""
        self.microphone.show_trial(trial)

    def show_gateway(self, trial: GatewayTrial) -> None:
        """Show the result of a connection test with a gateway."""
        self.where.show_trial(trial)

    def show_keys(self, seen: KeysSeen) -> None:
        """Show the keys that arrived during the key test."""
        if self.hotkey.seen:
            self.hotkey.show_keys(seen)

    def show_gateways(self, view: GatewaysView) -> None:
        """Show the paired gateways and those found on the network."""
        self.where.show_gateways(view)

    def show_models(self, models: ModelsView) -> None:
        """Show the recognition models of this computer."""
        self.where.show_models(models)

    def show_worker(self, worker: WorkerView) -> None:
        """Show the state of this computer's worker."""
        self.where.show_worker(worker)
        self.sentence.show_worker(worker)

    def show_view(self, view: View) -> None:
        """Show the newest take."""
        self.sentence.show_view(view)

    # -- navigation ----------------------------------------------------------------------------------------

    def begin_at(self, step: Step) -> None:
        """Show this step and start its tests."""
        self.step = step
        self.refresh()
        self._see()

    def refresh(self) -> None:
        """Update all texts to the current language and step."""
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
        """Start the current step's tests when the window appears."""
        super().showEvent(event)
        self._see()

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop the current step's tests when the window is hidden."""
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
        for page in self.pages.values():  # before another page starts a test that this page stops
            page.show_seen(False)
        self.over.emit()

    def _see(self) -> None:
        """Run the tests of the visible step only: stop all others first, then start its own."""
        for page in sorted(
            self.pages.values(), key=lambda page: page.step is self.step
        ):  # stop the other steps first
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
