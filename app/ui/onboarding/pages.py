"""First steps, which cover the main window; the user can postpone them and continue at the same step."""

from collections.abc import Callable, Mapping

from PySide6.QtCore import QObject, Qt, Signal, SignalInstance
from PySide6.QtGui import QAccessible, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from app.desktop.abilities import DesktopView
from app.dictation.actions import Verb
from app.dictation.hotkey_test import KeysSeen
from app.dictation.messages import CANCEL
from app.dictation.view import View
from app.local_services.worker_view import WorkerView
from app.messages.kinds import Action, Problem, Registry
from app.models.view import ModelsView, WatchModels
from app.onboarding.steps import (
    FIRST_STEP,
    OPEN_STEPS,
    STEPS,
    WELCOMED,
    MicrophoneTrial,
    Step,
    StepProgress,
    initial_progress,
)
from app.settings.sections import ChangeSetting, Settings
from app.ui.dictation.announcer import announce
from app.ui.onboarding.key_step import KeyStep
from app.ui.onboarding.try_step import TryStep
from app.ui.onboarding.welcome_step import WelcomeStep
from app.ui.onboarding.widgets import ReadinessFoot, StepPage, Trail
from app.ui.settings.choices import HOTKEYS, Choices
from app.ui.shell.shell import Shell
from app.ui.strings.texts import Texts
from app.ui.theme.theme import SPACING, Theme
from app.ui.widgets.basic import ENTER, action_button, fit_longest_name, paint_as_page, refresh_with
from app.ui.widgets.panels import centred, follow_visibility, scrolling
from app.ui.widgets.parts import SPACE, horizontal, room, set_role, stretched, vertical, worded


class Onboarding(QWidget):
    """Page of the three steps, which change ordinary settings.

    ``finished``: emitted when the steps are finished or postponed.
    ``other_computer_wanted``: emitted when the user wants another computer to recognise.
    ``key_lines_wanted``: emitted when the user wants the settings with the lines for keys.
    ``speak``: reads a text aloud through the screen reader, if one is active.
    """

    finished = Signal()
    other_computer_wanted = Signal()
    key_lines_wanted = Signal()

    def __init__(
        self,
        theme: Theme,
        texts: Texts,
        ask: Callable[[Action], None],
        speak: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__()
        self.texts, self._ask = texts, ask
        self._speak = speak or self._announce
        self.progress, self._choices, self._models = StepProgress(), Choices(), ModelsView()
        self._complete = self._watches_models = False
        self._open_before: tuple[str, ...] = ()
        paint_as_page(self)
        self.trail, self.foot = Trail(theme, texts), ReadinessFoot(theme, texts, ask)
        self.welcome, self.key = WelcomeStep(theme, texts, ask), KeyStep(theme, texts, ask)
        self.attempt = TryStep(theme, texts, ask)
        pages = (self.welcome, self.key, self.attempt)
        self.pages: Mapping[Step, StepPage] = {page.step: page for page in pages}
        self.later = worded(
            texts, action_button(self.leave, "quiet"), "onboarding.later", toolTip="onboarding.later-says"
        )
        self.back = worded(
            texts, action_button(lambda: self._show_step(self.progress.previous)), "onboarding.back"
        )
        self.next = action_button(self._show_next_step)
        self._lay_out()
        self.attempt.next_wanted.connect(self.next.click)
        self.attempt.other_computer_wanted.connect(lambda: self._leave_for(self.other_computer_wanted))
        self.key.lines_wanted.connect(lambda: self._leave_for(self.key_lines_wanted))
        for page in self.pages.values():
            page.changed.connect(self._step_changed)
        for keys, act in (("Ctrl+Return", self.next.click), ("Esc", self._escape)):
            inside = Qt.ShortcutContext.WidgetWithChildrenShortcut  # works in a text box too
            QShortcut(QKeySequence(keys), self, context=inside).activated.connect(act)
        refresh_with(self.refresh, texts, theme)
        follow_visibility(self, lambda on: self._start_step() if on else self._stop_steps())

    @property
    def step(self) -> Step:
        """Step that is visible now."""
        return self.progress.at

    # -- values --------------------------------------------------------------------------------------------

    def show_settings(self, settings: Settings) -> None:
        """Show the settings in effect."""
        self._open_before = settings.general.open_steps
        self.welcome.spoken.show_settings(settings)
        self.foot.show_elsewhere(bool(settings.gateway.chosen or settings.gateway.url))

    def show_choices(self, choices: Choices) -> None:
        """Show the available choices and the current ones."""
        self._choices = choices
        self.welcome.show_choices(choices)
        self.key.show_choices(choices)
        self.attempt.show_choices(choices)

    def show_problem(self, problem: Problem) -> None:
        """Show a problem with hotkeys, which have an alternative; ignore other problems."""
        if problem.about == HOTKEYS:
            self.key.show_impossible(problem.note)
            self.attempt.show_impossible(problem.note)

    def show_keys(self, seen: KeysSeen) -> None:
        """Show the keys that arrived during the test; Esc postpones the steps even if the test has grabbed it."""
        if self.key.seen:
            self.key.show_keys(seen)
            if self._choices.keys.get(CANCEL) == "esc" and any(key.action == CANCEL for key in seen.keys):
                self.leave()

    def show_models(self, models: ModelsView) -> None:
        """Show the recognition models of this computer."""
        self._models = models
        self.foot.show_models(models.models)

    def show_worker(self, worker: WorkerView) -> None:
        """Show the state of this computer's worker."""
        self.foot.show_worker(worker)
        if self._watches_models and not self._models.models:  # the app could not answer before
            self._ask(WatchModels(True))

    # -- navigation ----------------------------------------------------------------------------------------

    def begin(self, progress: StepProgress) -> None:
        """Show the current step of this progress and start its tests."""
        self.progress = progress
        self._complete = self._is_complete()
        self.refresh()
        self._start_step()

    def leave(self) -> None:
        """Save the open steps and close the page; the user can continue later."""
        left = self._save_open()
        self._ask(ChangeSetting(FIRST_STEP, (left or STEPS)[0].value))
        self._ask(ChangeSetting(WELCOMED, True))
        self._stop_steps()  # now, because later it would stop a test that another page has started
        self.finished.emit()

    def refresh(self) -> None:
        """Update all texts to the current language and step."""
        texts = self.texts
        self.setAccessibleName(texts("onboarding.name"))
        self.trail.show_progress(self.progress)
        for page in self.pages.values():
            page.refresh()
            page.setVisible(page.step is self.step)
        self.next.setToolTip(QKeySequence("Ctrl+Return").toString(QKeySequence.SequenceFormat.NativeText))
        self.back.setVisible(self.progress.previous is not None)
        self.later.setVisible(self.progress.following is not None)
        fit_longest_name(self.next, [texts(f"onboarding.{name}") for name in ("next", "finish", "skip")])
        self._show_next()

    def hasHeightForWidth(self) -> bool:
        """Return False: the steps scroll, so they must not change the window's height."""
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go to the next step on Return, unless a control has used it."""
        if event.key() in ENTER and not event.isAutoRepeat():
            self.next.click()
        else:
            super().keyPressEvent(event)

    def _show_next_step(self) -> None:
        if self._is_complete():
            self.progress = self.progress.with_step_done()
        following = self.progress.following
        if following is None:
            self.leave()
        else:
            self._save_open()
            self._show_step(following)

    def _save_open(self) -> tuple[Step, ...]:
        left = self.progress.open(self._open_before)
        self._ask(ChangeSetting(OPEN_STEPS, "\n".join(left)))
        return left

    def _show_step(self, step: Step | None) -> None:
        if step is not None:
            self.begin(self.progress.at_step(step))
            self._ask(ChangeSetting(FIRST_STEP, step.value))  # after the last step's test has ended
            self._area.verticalScrollBar().setValue(0)

    def _escape(self) -> None:
        if self.step is Step.TRY and self.attempt.records:
            self._ask(Verb.CANCEL)
        else:
            self.leave()

    def _leave_for(self, wanted: SignalInstance) -> None:
        self.leave()
        wanted.emit()

    def _is_complete(self) -> bool:
        return self.pages[self.step].complete or self.step in self.progress.done

    def _step_changed(self) -> None:
        """Update the caption of the button, and announce that the step is complete."""
        before, self._complete = self._complete, self._is_complete()
        if self._complete is before:
            return
        self._show_next()
        if self._complete and (text := self.pages[self.step].result):
            self._speak(text)

    def _show_next(self) -> None:
        last = self.progress.following is None
        name = ("finish" if last else "next") if self._is_complete() else "skip"
        self.next.setText(self.texts(f"onboarding.{name}"))
        set_role(self.next, "" if name == "skip" else "primary")

    def _start_step(self) -> None:
        """Stop the tests of all other steps, then start those of the visible step."""
        if not self.isVisible():
            return
        here = self.pages[self.step]
        for page in self.pages.values():
            if page is not here:
                page.show_seen(False)
        if not here.seen:
            here.show_seen(True)
            self._speak(". ".join((self.trail.accessibleName(), here.heading.text(), here.description.text())))
        self._watch_models(True)
        (here.first or self.next).setFocus()

    def _stop_steps(self) -> None:
        for page in self.pages.values():
            page.show_seen(False)
        self._watch_models(False)

    def _watch_models(self, on: bool) -> None:
        if on is not self._watches_models:
            self._watches_models = on
            self._ask(WatchModels(on))

    def _announce(self, text: str) -> None:
        if QAccessible.isActive():
            announce(self, text)

    # -- layout --------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        inside = QWidget()
        vertical(
            self.trail,
            room(SPACING.medium),
            *self.pages.values(),
            SPACE,
            within=inside,
            margins=(0, SPACING.wide, 0, SPACING.small),
            gap=SPACING.medium,
        )
        self._area = scrolling(centred(inside))
        buttons = horizontal(self.later, SPACE, self.back, self.next)
        foot = QWidget()
        vertical(self.foot, buttons, within=foot, margins=(0, SPACING.small, 0, SPACING.large), gap=SPACING.medium)
        vertical(stretched(self._area), centred(foot), within=self, gap=0)


Wanted = Settings | Choices | Problem | View | WorkerView | KeysSeen | DesktopView | ModelsView | MicrophoneTrial


class FirstSteps(QObject):
    """Owner of the page of the first steps.

    The page appears if the first settings lack ``welcomed``, and again whenever ``welcomed`` is reset. It is
    created on first use, so that the window of a returning user opens sooner. ``other_computer_wanted``: emitted
    when the user wants the settings of other computers. ``key_lines_wanted``: emitted when the user wants the
    settings with the lines for keys.
    """

    other_computer_wanted = Signal()
    key_lines_wanted = Signal()

    def __init__(
        self,
        theme: Theme,
        texts: Texts,
        ask: Callable[[Action], None],
        shell: Shell,
    ) -> None:
        super().__init__(shell)
        self._theme, self._texts, self._shell = theme, texts, shell
        self._ask = ask
        self._welcomed: bool | None = None  # until the first settings arrive
        self._known: dict[type, Wanted] = {}
        self._pass_on: Callable[[Wanted], None] = lambda news: None
        self.page: Onboarding | None = None

    def open(self, progress: StepProgress | None = None) -> None:
        """Cover the window with the first steps."""
        if self.page is None:
            self.page = page = Onboarding(self._theme, self._texts, self._ask)
            page.finished.connect(self._shell.uncover)
            page.other_computer_wanted.connect(self.other_computer_wanted)
            page.key_lines_wanted.connect(self.key_lines_wanted)
            self._pass_on = (
                Registry()
                .add(page.show_settings)
                .add(page.show_choices)
                .add(page.show_problem)
                .add(page.attempt.show_view)
                .add(page.show_worker)
                .add(page.show_keys)
                .add(page.key.show_desktop)
                .add(page.show_models)
                .add(page.welcome.show_trial)
            )
            for news in tuple(self._known.values()):
                self._pass_on(news)
        if not self._shell.covered:
            self.page.begin(progress or StepProgress())
            self._shell.cover(self.page)

    def show(self, news: Wanted) -> None:
        """Pass a value to the page, and keep the newest value of each type for a page that is created later."""
        if isinstance(news, Problem) and news.about != HOTKEYS:
            return
        self._known[type(news)] = news
        if isinstance(news, Settings):
            self._show_settings(news)
        self._pass_on(news)

    def _show_settings(self, settings: Settings) -> None:
        before, self._welcomed = self._welcomed, settings.general.welcomed
        if not self._welcomed and before is not False:
            self.open(initial_progress(settings.general.open_steps, settings.general.first_step))
        elif self._welcomed and not before:
            self._shell.uncover()
