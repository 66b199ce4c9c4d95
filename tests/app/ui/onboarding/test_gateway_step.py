from dataclasses import replace
from functools import partial

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.core.notes import Note
from app.gateways.actions import GatewayAction, LookAtGateways
from app.gateways.selection import URL
from app.gateways.view import FoundView, GatewaysView, GatewayView
from app.local_services.worker_view import LocalWorkerState, SwitchWorker, WorkerView
from app.messages.actions import Action
from app.models.actions import LookAtModels, ModelAction, PauseModel
from app.models.view import LocalModelView, ModelFacts, ModelState, ModelsView
from app.onboarding.actions import TryGateway
from app.onboarding.view import GatewayTrial
from app.settings.actions import ChangeSetting
from app.settings.sections import GatewaySection, Settings, WorkerSection
from app.ui.onboarding.gateway_step import PlaceStep, address
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from tests.app.ui.steady import on_a_page, places

Beside = list[ModelAction | GatewayAction]
GPU = "https://desktop-gpu:8765"
REACHED = GatewayTrial(GPU, True, 3.4, ("RTX 5060 Ti · sensevoice-small",))
CHOSEN = replace(Settings(), gateway=GatewaySection(url=GPU))


@pytest.fixture
def asked() -> list[Action]:
    return []


@pytest.fixture
def models() -> Beside:
    return []


@pytest.fixture
def page(theme: Theme, texts: Texts, asked: list[Action], models: Beside, qtbot: QtBot) -> PlaceStep:
    made = PlaceStep(theme, texts, asked.append, models.append)
    qtbot.addWidget(made)
    made.show()
    made.show_seen(True)
    asked.clear()
    return made


def test_typed_text_becomes_gateway_address() -> None:
    assert address(" desktop-gpu:8765/ ") == GPU
    assert address("https://gpu.example") == "https://gpu.example"
    assert address("127.0.0.1:9000") == "http://127.0.0.1:9000"
    bad = ("", "ftp://x", "http://", "http://a:99999", "a:99999", "http://desktop-gpu:8765")
    assert [address(text) for text in bad] == [""] * len(bad)


def test_place_step_shows_worker_and_its_download(page: PlaceStep, asked: list[Action]) -> None:
    page.show_worker(WorkerView(LocalWorkerState.DOWNLOADING, percent=40))
    assert page.here.isChecked() and page.progress.isVisible() and page.progress.value() == 40
    assert not page.url.isVisible()
    page.show_worker(WorkerView(LocalWorkerState.IDLE, "CPU · whisper-base"))
    assert not page.progress.isVisible() and "whisper-base" in page.worker.text()
    page.show_worker(WorkerView(LocalWorkerState.FAILED, reason=Note("models-disk-full")))
    assert page.worker.property("role") == "warning"
    page.switch_on.click()
    assert asked == [SwitchWorker(True)]
    page.show_worker(WorkerView(reason=Note("recognised-elsewhere")))
    assert [page.switch_on.isVisible()] == [False], "it comes back by itself"


def test_missing_model_can_be_paused_and_imported(page: PlaceStep, models: Beside) -> None:
    page.show_worker(WorkerView(LocalWorkerState.DOWNLOADING, percent=40))
    assert models == [LookAtModels(True), LookAtModels(True)], "nobody had answered yet"
    base, other = ModelFacts("whisper-base", size=100), ModelFacts("paraformer-zh")
    page.show_models(
        ModelsView((LocalModelView(base, ModelState.FETCHING, 40, chosen=True), LocalModelView(other)))
    )
    (card,) = page.cards.values()
    assert card.isVisible() and not page.progress.isVisible()
    card.main.click()
    assert models[-1:] == [PauseModel("whisper-base")]
    page.show_models(ModelsView((LocalModelView(base, ModelState.PAUSED, 40, chosen=True),)))
    assert card.more.isVisible(), "its menu has the import"
    page.elsewhere.click()
    assert not card.isVisible()
    page.here.click()
    assert card.isVisible()
    page.show_models(ModelsView((LocalModelView(base, ModelState.INSTALLED, 100, chosen=True),)))
    assert not card.isVisible()
    page.show_seen(False)
    assert models[-1:] == [LookAtModels(False)]


def test_gateway_is_tested_while_typed_and_used_after_answer(
    page: PlaceStep, asked: list[Action], texts: Texts
) -> None:
    page.elsewhere.click()
    page.url.setText("desktop-gpu:8765")
    assert not page.use.isEnabled() and page.answer.text() == texts("onboarding.asking", address=GPU)
    page._typed.timeout.emit()
    assert asked[-1:] == [TryGateway(GPU)]
    page.show_trial(GatewayTrial("http://another:1", True))
    assert [page.use.isEnabled()] == [False], "that was an earlier question"
    page.show_trial(REACHED)
    assert page.answer.text() == texts("onboarding.reached", ms=3, workers=REACHED.workers[0])
    QTest.keyClick(page.url, Qt.Key.Key_Return)
    assert asked[-1:] == [ChangeSetting(URL, GPU)]
    page.show_settings(CHOSEN)
    assert (page.elsewhere.isChecked(), page.use.isEnabled()) == (True, False)
    assert page.answer.text().endswith(texts("onboarding.used"))
    page.show_seen(False)
    assert asked[-1] == TryGateway("")


def test_address_is_not_in_use_while_paired_gateway_is_chosen(
    page: PlaceStep, asked: list[Action], texts: Texts
) -> None:
    page.show_settings(replace(Settings(), gateway=GatewaySection(url=GPU, chosen="id")))
    page.show_trial(REACHED)
    assert texts("onboarding.used") not in page.answer.text() and page.use.isEnabled()
    page.use.click()
    assert asked[-2:] == [ChangeSetting(URL, GPU), ChangeSetting("gateway.chosen", "")]
    page.show_settings(CHOSEN)
    assert page.answer.text().endswith(texts("onboarding.used")) and not page.use.isEnabled()


def test_gateway_that_fails_connection_test_cannot_be_used(
    page: PlaceStep, asked: list[Action], texts: Texts
) -> None:
    page.elsewhere.click()
    page.url.setText("ftp://x")
    assert page.answer.text() == texts("onboarding.no-address")
    page.url.setText("http://desktop-gpu:8765")
    assert page.answer.text() == texts("onboarding.in-clear") and not page.use.isEnabled()
    page.url.setText(GPU)
    page.show_trial(GatewayTrial(GPU, note=Note("gateway-unauthorised")))
    assert page.answer.text() == texts("note.gateway-unauthorised")
    QTest.keyClick(page.url, Qt.Key.Key_Return)
    assert not page.use.isEnabled() and ChangeSetting(URL, GPU) not in asked
    page.show_trial(GatewayTrial(GPU, True))
    assert page.answer.text() == texts("onboarding.reached-nobody", ms=1)


def test_choosing_this_computer_starts_its_worker(page: PlaceStep, asked: list[Action]) -> None:
    page.show_settings(replace(CHOSEN, worker=WorkerSection(on=False)))
    assert page.elsewhere.isChecked() and page.url.text() == GPU
    asked.clear()
    page.here.click()
    assert asked == [ChangeSetting(URL, ""), SwitchWorker(True), TryGateway("")]


def test_paired_gateway_can_be_chosen_and_left(page: PlaceStep, asked: list[Action], models: Beside) -> None:
    page.elsewhere.click()
    assert models[-1] == LookAtGateways(True, "first steps") and page.pairing.isVisible()
    page.show_gateways(GatewaysView((GatewayView("id", "attic", "10.0.0.3:8765", chosen=True),)))
    page.show_settings(replace(Settings(), gateway=GatewaySection(chosen="id")))
    assert page.elsewhere.isChecked() and "attic" in page.pairing.paired.text()
    page.here.click()
    assert ChangeSetting("gateway.chosen", "") in asked
    assert models[-1] == LookAtGateways(False, "first steps")
    page.show_settings(Settings())
    assert page.here.isChecked() and not page.pairing.isVisible()


def test_worker_and_gateway_messages_move_no_control(page: PlaceStep) -> None:
    states = [WorkerView(state) for state in LocalWorkerState]
    failed = WorkerView(LocalWorkerState.FAILED, reason=Note("models-disk-full"))
    with on_a_page(page):
        options = places(
            (page.here, page.elsewhere, page.switch_on),
            [partial(page.show_worker, worker) for worker in [*states, failed, WorkerView()]],
        )
        page.elsewhere.click()
        page.url.setText(GPU)
        trials = (GatewayTrial(GPU), REACHED, GatewayTrial(GPU, note=Note("gateway-closed")))
        fields = places(
            (page.url, page.use, page.pairing.pair),
            [
                *(partial(page.show_trial, trial) for trial in trials),
                partial(page.url.setText, "nowhere at all"),
                partial(page.show_gateways, GatewaysView(found=(FoundView("attic", (GPU,), "c" * 64),))),
            ],
        )
    assert [len(found) for found in (*options, *fields)] == [1] * 6
