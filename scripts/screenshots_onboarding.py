"""Draw the first steps in each of their states, for ``scripts.screenshots``."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from PySide6.QtGui import QGuiApplication, QImage

from app.core.notes import Note
from app.core.states import State
from app.dictation.hotkey_test import KeySeen, KeysSeen
from app.dictation.view import View
from app.local_services.worker_view import LocalWorkerState, WorkerView
from app.messages.notifications import Problem
from app.models.view import LocalModelView, ModelFacts, ModelState, ModelsView, ModelUse
from app.onboarding.steps import STEPS, Progress, Step
from app.onboarding.view import MicrophoneActivity, MicrophoneTrial
from app.settings.sections import Settings
from app.ui.onboarding.pages import Onboarding
from app.ui.settings.choices import DICTATE
from app.ui.shell.shell import usual_size
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from scripts.screenshots import CHOICES, Look, column, dressed, grabbed, ground, row

_SAID: Final = {"en": "The tide turns at four.", "zh": "下午四点开始退潮。"}
_FETCHED: Final = LocalModelView(
    ModelFacts("whisper-base", licence="MIT", sources=("modelscope", "huggingface"), size=147_882_031),
    ModelState.FETCHING,
    59_000_000,
    6_400_000.0,
    14.0,
    "modelscope.cn",
    use=ModelUse.WORKER,
    chosen=True,
)
_DEVICES: Final = replace(CHOICES, microphone="")
IDLE: Final = WorkerView(LocalWorkerState.IDLE, "CPU · whisper-base")
_DOWNLOADING: Final = WorkerView(LocalWorkerState.DOWNLOADING, percent=40)


def heard(page: Onboarding) -> None:
    """Show the first step while the user speaks."""
    page.show_worker(IDLE)
    page.show_microphone(MicrophoneTrial(MicrophoneActivity.HEARING, "USB Audio", -16.0, heard=True))


def downloading(page: Onboarding) -> None:
    """Show the first step while the model is downloaded."""
    page.show_models(ModelsView((_FETCHED,), "", 52_000_000_000))
    page.show_worker(_DOWNLOADING)
    page.show_microphone(MicrophoneTrial(MicrophoneActivity.HEARING, "USB Audio", -58.0))


def muted(page: Onboarding) -> None:
    """Show a microphone without any sound, and a download that was paused."""
    page.show_models(ModelsView((replace(_FETCHED, state=ModelState.PAUSED),)))
    page.show_worker(_DOWNLOADING)
    page.show_microphone(MicrophoneTrial(MicrophoneActivity.HEARING, "USB Audio", -90.0, quiet=True))


def refused(page: Onboarding) -> None:
    """Show a microphone that the system refuses."""
    note = Note("microphone-refused", {"device": "USB Audio"})
    page.show_microphone(MicrophoneTrial(MicrophoneActivity.OPENING, note=note))


def missing(page: Onboarding) -> None:
    """Show a computer without a microphone, whose network is away."""
    page.show_choices(replace(_DEVICES, microphones=(), default_microphone=""))
    page.show_microphone(MicrophoneTrial(MicrophoneActivity.OPENING, note=Note("no-microphone")))
    page.show_worker(
        WorkerView(LocalWorkerState.FAILED, reason=Note("model-unavailable", {"model": "whisper-base"}))
    )


def waiting(page: Onboarding) -> None:
    """Show the test that waits for the key."""
    page.show_worker(_DOWNLOADING)
    page.show_keys(KeysSeen(True))


def arrived(page: Onboarding) -> None:
    """Show the test after the key was pressed."""
    page.show_worker(IDLE)
    page.show_keys(KeysSeen(True, (KeySeen(DICTATE, 0.21),)))


def taken(page: Onboarding) -> None:
    """Show a key that another program has."""
    page.show_worker(IDLE)
    page.show_keys(KeysSeen(True, problem=Note("hotkey-taken", {"binding": "F9"})))


def impossible(page: Onboarding) -> None:
    """Show the test where keys cannot be observed."""
    page.show_worker(WorkerView())
    page.show_problem(Problem("hotkeys", note=Note("hotkeys-wayland")))


def ready(page: Onboarding) -> None:
    """Show the last step before the user speaks."""
    page.show_worker(IDLE)


def listening(page: Onboarding) -> None:
    """Show the last step while the user speaks and the model is still loading."""
    page.show_models(ModelsView((_FETCHED,), "", 52_000_000_000))
    page.show_worker(_DOWNLOADING)
    page.show_view(View(State.LISTENING, 2.0, -18.0))


def nothing(page: Onboarding) -> None:
    """Show the last step after a recording without speech."""
    page.show_worker(WorkerView(LocalWorkerState.STARTING))
    page.show_view(View(State.LISTENING, 2.0, -18.0))
    page.show_view(View(note=Note("nothing-understood")))


def done(page: Onboarding) -> None:
    """Show the last step with the recognised sentence."""
    page.show_worker(IDLE)
    page.show_view(View(State.LISTENING, 2.0, -18.0))
    page.attempt.box.setPlainText(_SAID[page.texts.language])
    page.show_view(View(State.DONE, 3.2))


STATES: Final[tuple[tuple[Step, Callable[[Onboarding], None]], ...]] = (
    (Step.WELCOME, heard),
    (Step.WELCOME, downloading),
    (Step.WELCOME, muted),
    (Step.WELCOME, refused),
    (Step.WELCOME, missing),
    (Step.KEY, waiting),
    (Step.KEY, arrived),
    (Step.KEY, taken),
    (Step.KEY, impossible),
    (Step.TRY, ready),
    (Step.TRY, listening),
    (Step.TRY, nothing),
    (Step.TRY, done),
)


def page(look: Look, step: Step, happen: Callable[[Onboarding], None]) -> QImage:
    """Draw this step after ``happen`` has changed it."""

    def draw(theme: Theme, texts: Texts) -> QImage:
        made = Onboarding(theme, texts, lambda action: None)
        made.show_settings(Settings())
        made.show_choices(CHOICES)
        made.resize(round(usual_size().width() * 0.62), round(usual_size().height() * 0.86))
        made.show()
        made.begin(Progress(at=step, done=frozenset(STEPS[: STEPS.index(step)])))
        happen(made)
        QGuiApplication.processEvents()
        return grabbed(made)

    return dressed(look, draw)


def states(look: Look) -> QImage:
    """Draw every step at its beginning and in its possible outcomes."""
    drawn = [page(look, step, happen) for step, happen in STATES]
    pairs = [row(drawn[at : at + 2], ground(look)) for at in range(0, len(drawn), 2)]
    return column(pairs, ground(look))
