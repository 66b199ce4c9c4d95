"""Values of the status line, and their texts."""

from dataclasses import dataclass, field
from typing import Final

from app.core.states import RECORDING, State
from app.dictation.view import View
from app.gateways.view import GatewaysView
from app.local_services.worker_view import LocalWorkerState, WorkerView
from app.ui.settings.choices import DICTATE, PASTE_HELD, Choices, microphone_entries
from app.ui.strings.texts import Texts
from app.ui.strings.wording import joined, key_text, note_text, state_text, worker_text

_TOLD: Final = frozenset({LocalWorkerState.STARTING, LocalWorkerState.DOWNLOADING, LocalWorkerState.FAILED})
"""States of recognition on this computer that delay the first text."""


@dataclass(frozen=True)
class Status:
    """State of the app, with the means that it uses.

    ``paused``: the user paused the hotkeys. ``problem``: a problem outside of dictation, as a text.
    """

    view: View = field(default_factory=View)
    choices: Choices = field(default_factory=Choices)
    gateways: GatewaysView = field(default_factory=GatewaysView)
    worker: WorkerView = field(default_factory=WorkerView)
    paused: bool = False
    problem: str = ""

    @property
    def shape(self) -> State:
        """State whose shape is shown; a paused key shows as cancelled while nothing is recorded."""
        return State.CANCELLED if self.paused and self.view.state is State.IDLE else self.view.state


def word(texts: Texts, status: Status) -> str:
    """Return the word of the state; a paused key is told while the app is idle."""
    paused = status.paused and status.view.state is State.IDLE
    return texts("shell.paused") if paused else state_text(texts, status.view.state)


def means(texts: Texts, status: Status) -> str:
    """Return the microphone and the place of recognition."""
    return joined(microphone(texts, status), place(texts, status.gateways))


def microphone(texts: Texts, status: Status) -> str:
    """Return the name of the microphone in use, or of the one that will be used."""
    choices = status.choices
    if status.view.state in RECORDING and status.view.device:
        return status.view.device
    if not choices.microphone:
        return choices.default_microphone or texts("microphone.system")
    return dict(microphone_entries(texts, choices))[choices.microphone]


def place(texts: Texts, gateways: GatewaysView) -> str:
    """Return the name of the computer that recognises."""
    chosen = next((one.name for one in gateways.gateways if one.chosen), "")
    return texts("shell.here") if gateways.here or gateways.instead_of or not chosen else chosen


def problem(texts: Texts, status: Status) -> str:
    """Return the note on dictation, or the problem outside of it."""
    paste_key = key_text(texts, status.choices.works(PASTE_HELD))
    return note_text(texts, status.view.note, paste_key) or status.problem


def delay(texts: Texts, status: Status) -> tuple[str, str]:
    """Return what delays or prevents text, and the role of its label; a download is no warning."""
    if said := problem(texts, status):
        return said, "warning"
    worker, recognises_here = status.worker, status.gateways.here or bool(status.gateways.instead_of)
    if not recognises_here or worker.state not in _TOLD:
        return "", "muted"
    return worker_text(texts, worker), "warning" if worker.state is LocalWorkerState.FAILED else "muted"


def hint(texts: Texts, status: Status) -> str:
    """Return the whole status with the dictation key, for tool tips and screen readers."""
    key = key_text(texts, status.choices.works(DICTATE))
    return joined(word(texts, status), means(texts, status), key, delay(texts, status)[0])
