"""Draw the first steps in each of their states, for ``scripts.screenshots``."""

from collections.abc import Callable
from typing import Final

from PySide6.QtGui import QGuiApplication, QImage

from app.core.notes import Note
from app.core.states import State
from app.dictation.hotkey_test import KeySeen, KeysSeen
from app.dictation.view import View
from app.gateways.view import GatewaysView
from app.local_services.worker_view import LocalWorkerState, WorkerView
from app.messages.notifications import Problem
from app.models.view import LocalModelView, ModelFacts, ModelState, ModelsView, ModelUse
from app.onboarding.steps import Step
from app.onboarding.view import GatewayTrial, MicrophoneActivity, MicrophoneTrial
from app.ui.onboarding.pages import Onboarding
from app.ui.settings.choices import DICTATE
from app.ui.shell.shell import usual_size
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from scripts.screenshots import CHOICES, Look, column, dressed, grabbed, ground, row
from scripts.screenshots_gateways import ATTIC

_GATEWAY: Final = "https://desktop-gpu:8765"
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
IDLE: Final = WorkerView(LocalWorkerState.IDLE, "CPU · whisper-base")


def language(page: Onboarding) -> None:
    """Show the first step unchanged."""


def heard(page: Onboarding) -> None:
    """Show the microphone step while the user speaks."""
    page.show_microphone(MicrophoneTrial(MicrophoneActivity.HEARING, "USB Audio", -16.0, heard=True, sample=True))


def muted(page: Onboarding) -> None:
    """Show the microphone step without any sound."""
    page.show_microphone(MicrophoneTrial(MicrophoneActivity.HEARING, "USB Audio", -90.0, quiet=True))


def refused(page: Onboarding) -> None:
    """Show a microphone that the system refuses."""
    note = Note("microphone-refused", {"device": "USB Audio"})
    page.show_microphone(MicrophoneTrial(MicrophoneActivity.OPENING, note=note))


def waiting(page: Onboarding) -> None:
    """Show the test that waits for the key."""
    page.show_keys(KeysSeen(True))


def arrived(page: Onboarding) -> None:
    """Show the test after the key was pressed."""
    page.show_keys(KeysSeen(True, (KeySeen(DICTATE, 0.21),)))


def impossible(page: Onboarding) -> None:
    """Show the test where keys cannot be observed."""
    page.show_problem(Problem("hotkeys", note=Note("hotkeys-wayland")))


def here(page: Onboarding) -> None:
    """Show the model while it is being downloaded."""
    page.show_models(ModelsView((_FETCHED,), "", 52_000_000_000))
    page.show_worker(WorkerView(LocalWorkerState.DOWNLOADING, percent=40))


def elsewhere(page: Onboarding) -> None:
    """Show a gateway that has answered."""
    page.show_worker(IDLE)
    page.where.elsewhere.click()
    page.where.url.setText(_GATEWAY)
    page.show_gateway(GatewayTrial(_GATEWAY, True, 3.4, ("RTX 5060 Ti · sensevoice-small",)))
    page.where.elsewhere.setFocus()


def unreachable(page: Onboarding) -> None:
    """Show a gateway that does not answer."""
    page.where.elsewhere.click()
    page.where.url.setText(_GATEWAY)
    page.show_gateway(GatewayTrial(_GATEWAY, note=Note("gateway-unreachable")))


def pairing(page: Onboarding) -> None:
    """Show the pairing with a gateway that was found."""
    page.show_gateways(GatewaysView(found=(ATTIC,), device="laptop"))
    page.where.elsewhere.click()
    page.where.pairing.found.rows[0].pair.click()
    page.where.pairing.form.code.setText("1234 5")


def listening(page: Onboarding) -> None:
    """Show the last step while the user speaks and the model is still loading."""
    page.show_worker(WorkerView(LocalWorkerState.DOWNLOADING, percent=85))
    page.show_view(View(State.LISTENING, 2.0, -18.0))


def done(page: Onboarding) -> None:
    """Show the last step with the recognised sentence."""
    page.show_worker(IDLE)
    page.show_view(View(State.LISTENING, 2.0, -18.0))
    page.sentence.box.setPlainText(_SAID[page.texts.language])
    page.show_view(View(State.DONE, 3.2))


STATES: Final[tuple[tuple[Step, Callable[[Onboarding], None]], ...]] = (
    (Step.LANGUAGE, language),
    (Step.MICROPHONE, heard),
    (Step.MICROPHONE, muted),
    (Step.MICROPHONE, refused),
    (Step.HOTKEY, waiting),
    (Step.HOTKEY, arrived),
    (Step.HOTKEY, impossible),
    (Step.PLACE, here),
    (Step.PLACE, elsewhere),
    (Step.PLACE, unreachable),
    (Step.PLACE, pairing),
    (Step.SENTENCE, listening),
    (Step.SENTENCE, done),
)


def page(look: Look, step: Step, happen: Callable[[Onboarding], None]) -> QImage:
    """Draw this step after ``happen`` has changed it."""

    def draw(theme: Theme, texts: Texts) -> QImage:
        made = Onboarding(theme, texts, lambda action: None, lambda action: None)
        made.show_choices(CHOICES)
        made.resize(round(usual_size().width() * 0.62), round(usual_size().height() * 0.86))
        made.show()
        made.begin_at(step)
        happen(made)
        QGuiApplication.processEvents()
        return grabbed(made)

    return dressed(look, draw)


def states(look: Look) -> QImage:
    """Draw every step at its beginning and in its possible outcomes."""
    drawn = [page(look, step, happen) for step, happen in STATES]
    pairs = [row(drawn[at : at + 2], ground(look)) for at in range(0, len(drawn), 2)]
    return column(pairs, ground(look))
