"""Texts of the status line."""

import pytest

from app.core.errors import Note
from app.core.states import State
from app.dictation.view import View
from app.gateways.view import GatewaysView, GatewayView
from app.local_services.worker_view import LocalWorkerState, WorkerView
from app.ui.settings.choices import Choices
from app.ui.shell.sidebar import (
    Status,
    delay_text,
    equipment_text,
    microphone_text,
    place_text,
    problem_text,
    status_hint,
    status_word,
)
from app.ui.strings.texts import Texts

ATTIC = GatewayView("attic", "Attic", "10.0.0.2:8765", chosen=True)
MICROPHONES = (("usb", "USB Microphone"), ("pci", "Built-in"))


def test_status_reports_state_microphone_and_place() -> None:
    status = Status(choices=Choices(MICROPHONES, "", "USB Microphone", keys={"dictate": "right_ctrl"}))
    texts = Texts("en")
    assert (status_word(texts, status), equipment_text(texts, status)) == (
        "Ready",
        "USB Microphone · this computer",
    )
    assert status_hint(texts, status) == "Ready · USB Microphone · this computer · Right Ctrl"


@pytest.mark.parametrize(
    ("view", "chosen", "default", "said"),
    [
        (View(), "pci", "USB", "Built-in"),
        (View(), "gone", "", "gone (not connected)"),
        (View(), "", "", "System default"),
        (View(State.LISTENING, device="Headset"), "pci", "", "Headset"),
        (View(State.DONE, device="Headset"), "pci", "", "Built-in"),
    ],
)
def test_microphone_is_that_in_use_or_the_chosen_one(view: View, chosen: str, default: str, said: str) -> None:
    assert microphone_text(Texts("en"), Status(view, Choices(MICROPHONES, chosen, default))) == said


def test_place_is_where_speech_goes_now() -> None:
    texts = Texts("en")
    assert place_text(texts, GatewaysView((ATTIC,), here=False)) == "Attic"
    assert place_text(texts, GatewaysView((ATTIC,), instead_of="Attic", here=False)) == "this computer"
    assert place_text(texts, GatewaysView()) == "this computer"


def test_paused_key_is_reported_while_idle_only() -> None:
    texts = Texts("en")
    assert status_word(texts, Status(paused=True)) == "Key paused"
    assert Status(paused=True).shape is State.CANCELLED
    recording = Status(View(State.LISTENING), paused=True)
    assert (status_word(texts, recording), recording.shape) == ("Listening", State.LISTENING)


@pytest.mark.parametrize(
    ("state", "role"),
    [(LocalWorkerState.DOWNLOADING, "muted"), (LocalWorkerState.FAILED, "warning")],
)
def test_recognition_that_is_not_ready_is_reported_where_it_matters(state: LocalWorkerState, role: str) -> None:
    texts, worker = Texts("en"), WorkerView(state, percent=40)
    said, found = delay_text(texts, Status(worker=worker))
    assert said and found == role
    assert delay_text(texts, Status(worker=worker, gateways=GatewaysView((ATTIC,), here=False)))[0] == ""
    assert delay_text(texts, Status(worker=WorkerView(LocalWorkerState.IDLE)))[0] == ""


def test_recognition_that_starts_is_named_beside_the_state_of_the_app() -> None:
    texts, status = Texts("en"), Status(worker=WorkerView(LocalWorkerState.STARTING))
    assert (status_word(texts, status), *delay_text(texts, status)) == (
        "Ready",
        "Recognition on this computer · Starting",
        "muted",
    )


def test_note_on_dictation_comes_before_other_problems() -> None:
    texts = Texts("en")
    status = Status(View(note=Note("no-worker")), worker=WorkerView(LocalWorkerState.FAILED), problem="trouble")
    assert delay_text(texts, status) == (texts("note.no-worker"), "warning")
    assert problem_text(texts, Status(problem="trouble")) == "trouble"
