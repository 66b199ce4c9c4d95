"""Card of one worker: texts, icon and curves."""

from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from app.core.states import State
from app.monitoring.view import Curve, WorkerFigures
from app.ui.monitor.figure_panels import WorkerCard
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from protocol.monitor import WorkerState, WorkerStatus
from tests.app.ui.languages import in_each_language
from tests.app.ui.showing import displayed

STATUS = WorkerStatus(
    "w",
    "desktop-gpu",
    "funasr",
    "SenseVoiceSmall",
    "cuda:0",
    WorkerState.BUSY,
    done=7,
    failed=2,
    speed=41.2,
    gpu_memory_bytes=4_200_000_000,
)
WORKER = WorkerFigures(
    STATUS,
    gone=False,
    cpu=Curve((10.0, 34.0), 34.0),
    memory=Curve((3e9, 3.1e9), 3.1e9),
    gpu=Curve((80.0, 61.0), 61.0),
)


@pytest.fixture
def card(theme: Theme, texts: Texts, qtbot: QtBot) -> WorkerCard:
    return displayed(qtbot, WorkerCard(theme, texts))


def test_worker_card_shows_identity_state_and_figures(card: WorkerCard, texts: Texts) -> None:
    card.show_worker(WORKER)
    assert card.host.text() == "desktop-gpu" and card.state.text() == texts("monitor.busy")
    assert "SenseVoiceSmall" in card.what.text() and texts("monitor.speed", value="41") in card.what.text()
    assert texts("monitor.failures", count=2) in card.counts.text()
    assert card.cpu.value.text() == texts("monitor.percent", value=34)
    assert card.memory.value.text() == texts("monitor.gigabytes", value="3.1")
    gpu = (texts("monitor.percent", value=61), texts("monitor.gigabytes", value="4.2"))
    assert card.gpu.value.text() == " · ".join(gpu)
    assert card.cpu.curve._values == (10.0, 34.0)


@in_each_language
def test_worker_card_is_complete_for_screen_readers(card: WorkerCard, texts: Texts) -> None:
    card.show_worker(WORKER)
    said = card.accessibleName()
    labels = (card.host, card.state, card.what, card.counts)
    values = (card.cpu.value, card.gpu.value, card.memory.value)
    assert all(label.text() in said for label in (*labels, *values))


def test_worker_card_has_two_curves_without_gpu(card: WorkerCard, texts: Texts) -> None:
    card.show_worker(replace(WORKER, gpu=None))
    assert [gauge.isVisible() for gauge in (card.cpu, card.gpu, card.memory)] == [True, False, True]
    assert texts("monitor.gpu") not in card.accessibleName()
    card.show_worker(WORKER)
    assert card.gpu.isVisible()


def test_outdated_figures_are_shown_as_dash(card: WorkerCard) -> None:
    old = Curve((1.0,), None)
    card.show_worker(replace(WORKER, cpu=old, memory=old, gpu=old))
    assert [gauge.value.text() for gauge in (card.cpu, card.gpu, card.memory)] == ["–"] * 3


def test_gone_worker_is_shown_as_gone(card: WorkerCard, texts: Texts) -> None:
    card.show_worker(replace(WORKER, gone=True))
    assert card.state.text() == texts("monitor.gone")
    assert (card.shape.state, card.shape.accessibleName()) == (State.FAILED, texts("monitor.gone"))
