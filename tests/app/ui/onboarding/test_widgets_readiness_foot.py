from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from app.core.errors import Note
from app.local_services.worker_view import LocalWorkerState, SwitchWorker, WorkerView
from app.messages.kinds import Action
from app.models.view import FetchModel, LocalModelView, ModelFacts, ModelState, PauseModel
from app.ui.onboarding.widgets import ReadinessFoot
from app.ui.strings.texts import Texts, note_text
from app.ui.theme.theme import Theme
from tests.app.ui.showing import displayed

LOADING = WorkerView(LocalWorkerState.DOWNLOADING, percent=7)
FETCHED = LocalModelView(ModelFacts("base", size=100), ModelState.FETCHING, 40, chosen=True)


@pytest.fixture
def foot(theme: Theme, texts: Texts, asked: list[Action], qtbot: QtBot) -> ReadinessFoot:
    return displayed(qtbot, ReadinessFoot(theme, texts, asked.append))


def test_download_shows_percent_and_can_be_paused_and_resumed(
    foot: ReadinessFoot, asked: list[Action], texts: Texts
) -> None:
    foot.show_worker(LOADING)
    foot.show_models((FETCHED,))
    assert foot.description.text() == texts("onboarding.foot.downloading", percent=40)
    assert (foot.bar.value(), foot.bar.moving, foot.bar.isVisible()) == (40, True, True)
    foot.button.click()
    foot.show_models((replace(FETCHED, state=ModelState.PAUSED),))
    assert foot.description.text() == texts("onboarding.foot.paused", percent=40) and not foot.bar.moving
    foot.button.click()
    assert asked == [PauseModel("base"), FetchModel("base")]


@pytest.mark.parametrize("name", ["model-unavailable", "models-disk-full"])
def test_failure_names_its_reason_and_can_be_tried_again(
    foot: ReadinessFoot, asked: list[Action], texts: Texts, name: str
) -> None:
    reason = Note(name, {"model": "base"})
    foot.show_worker(WorkerView(LocalWorkerState.FAILED, reason=reason))
    assert foot.description.text().splitlines() == [note_text(texts, reason), texts("onboarding.foot.kept")]
    assert foot.description.property("role") == "warning" and not foot.bar.isVisible()
    foot.button.click()
    assert asked == [SwitchWorker(True)]


def test_recognition_can_be_switched_on(foot: ReadinessFoot, asked: list[Action], texts: Texts) -> None:
    assert foot.description.text() == texts("onboarding.foot.starting") and not foot.button.isVisible()
    foot.show_worker(WorkerView())
    assert foot.button.text() == texts("onboarding.foot.switch-on")
    foot.button.click()
    assert asked == [SwitchWorker(True)]
    foot.show_worker(WorkerView(reason=Note("recognised-elsewhere")))
    assert not foot.button.isVisible(), "it comes back by itself"


def test_foot_has_no_button_once_recognition_is_ready(foot: ReadinessFoot, texts: Texts) -> None:
    foot.show_worker(WorkerView(LocalWorkerState.IDLE))
    assert (foot.description.text(), foot.button.isVisible()) == (texts("onboarding.foot.ready"), False)
    foot.show_elsewhere(True)
    assert foot.description.text() == texts("onboarding.foot.elsewhere")
