"""One worker: words, shape, and as many curves as it tells of."""

from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from app.monitoring.view import Curve, WorkerFigures
from app.states import State
from app.ui.texts import Texts
from app.ui.theme import Theme
from app.ui.worker_card import WorkerCard
from protocol.monitor import WorkerState

WORKER = WorkerFigures(
    worker="w",
    host="desktop-gpu",
    model="SenseVoiceSmall",
    device="cuda:0",
    state=WorkerState.BUSY,
    gone=False,
    speed=41.2,
    done=7,
    failed=2,
    cpu=Curve((10.0, 34.0), 34.0),
    memory=Curve((3e9, 3.1e9), 3.1e9),
    gpu=Curve((80.0, 61.0), 61.0),
    gpu_memory_bytes=4_200_000_000,
)


@pytest.fixture
def card(theme: Theme, texts: Texts, qtbot: QtBot) -> WorkerCard:
    made = WorkerCard(theme, texts)
    qtbot.addWidget(made)
    made.show()
    return made


def test_it_says_what_it_is_and_does(card: WorkerCard, texts: Texts) -> None:
    card.show_worker(WORKER)
    assert card.host.text() == "desktop-gpu" and card.state.text() == texts("monitor.busy")
    assert "SenseVoiceSmall" in card.what.text() and texts("monitor.speed", value="41") in card.what.text()
    assert texts("monitor.failures", count=2) in card.counts.text()
    assert card.cpu.value.text() == texts("monitor.percent", value=34)
    assert card.memory.value.text() == texts("monitor.gigabytes", value="3.1")
    gpu = (texts("monitor.percent", value=61), texts("monitor.gigabytes", value="4.2"))
    assert card.gpu.value.text() == " · ".join(gpu)
    assert card.cpu.curve._values == (10.0, 34.0)


def test_all_of_it_is_read_out(card: WorkerCard, texts: Texts) -> None:
    card.show_worker(WORKER)
    said = card.accessibleName()
    labels = (card.host, card.state, card.what, card.counts)
    values = (card.cpu.value, card.gpu.value, card.memory.value)
    assert all(label.text() in said for label in (*labels, *values))


def test_without_a_gpu_there_are_two_curves(card: WorkerCard, texts: Texts) -> None:
    card.show_worker(replace(WORKER, gpu=None, gpu_memory_bytes=None))
    assert [gauge.isVisible() for gauge in (card.cpu, card.gpu, card.memory)] == [True, False, True]
    assert texts("monitor.gpu") not in card.accessibleName()
    card.show_worker(WORKER)
    assert card.gpu.isVisible()


def test_what_is_not_told_any_more_is_not_said(card: WorkerCard) -> None:
    old = Curve((1.0,), None)
    card.show_worker(replace(WORKER, cpu=old, memory=old, gpu=old))
    assert [gauge.value.text() for gauge in (card.cpu, card.gpu, card.memory)] == ["–"] * 3


def test_one_that_is_gone_says_so(card: WorkerCard, texts: Texts) -> None:
    card.show_worker(replace(WORKER, gone=True))
    assert card.state.text() == texts("monitor.gone")
    assert (card.shape.state, card.shape.accessibleName()) == (State.FAILED, texts("monitor.gone"))
