"""Card of one model: visible controls in each state and the actions that they emit."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from app.core.errors import Note
from app.messages.kinds import Action
from app.models.disk import about
from app.models.view import (
    CancelModel,
    FetchModel,
    ImportModel,
    LocalModelView,
    ModelAction,
    ModelState,
    ModelsView,
    ModelUse,
    PauseModel,
    RemoveModel,
    VerifyModel,
)
from app.settings.sections import ChangeSetting
from app.ui.models.model_card import ModelCard
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from runtime.installing import extra_command
from speech.models.catalogue import load_catalogue
from speech.models.recommendation import ChoiceReason, LocalSpeed, Recommendation
from tests.app.ui.dialogs import FakeDialogs
from tests.app.ui.showing import kept

NAME = "whisper-base"
FACTS = about(load_catalogue().model(NAME))
MODEL = LocalModelView(replace(FACTS, sources=("modelscope",), size=1000))
VIEW = ModelsView((MODEL,), free=10**12)


@pytest.fixture
def card(theme: Theme, texts: Texts, asked: list[Action], dialogs: FakeDialogs, qtbot: QtBot) -> ModelCard:
    made = kept(qtbot, ModelCard(theme, texts, asked.append, dialogs), 700, 200)
    made.show_model(MODEL, VIEW)
    made.show()
    return made


def shown(card: ModelCard) -> list[str]:
    parts = ("badge", "in_use", "reason", "figures", "how", "note", "bar", "main", "more")
    return [name for name in parts if getattr(card, name).isVisible()]


def choose(card: ModelCard, key: str) -> None:
    """Choose an entry of the menu by the key of its text."""
    card.more.click()
    entries = {action.text(): action for action in card.menu.actions()}
    card.menu.close()
    entries[card._texts(f"models.{key}")].trigger()


@pytest.mark.parametrize(
    ("state", "changes", "expected"),
    [
        (ModelState.MISSING, {}, ["figures", "main", "more"]),
        (ModelState.QUEUED, {}, ["figures", "how", "main", "more"]),
        (ModelState.FETCHING, {"done": 100}, ["figures", "how", "bar", "main", "more"]),
        (ModelState.PAUSED, {"done": 100}, ["figures", "how", "bar", "main", "more"]),
        (ModelState.BUSY, {"done": 100}, ["figures", "how", "bar"]),
        (ModelState.VERIFYING, {"done": 100}, ["figures", "how", "bar", "main"]),
        (ModelState.INSTALLED, {"done": 1000}, ["figures", "main", "more"]),
        (ModelState.INSTALLED, {"use": ModelUse.WORKER, "chosen": True}, ["in_use", "figures", "more"]),
        (ModelState.INSTALLED, {"lacks": "funasr"}, ["figures", "note", "main", "more"]),
        (ModelState.FAILED, {"note": Note("models.note.unavailable")}, ["figures", "how", "note", "main", "more"]),
        (ModelState.REMOVING, {}, ["figures", "how"]),
    ],
)
def test_card_shows_what_matters_in_each_state(
    card: ModelCard, state: ModelState, changes: dict[str, object], expected: list[str]
) -> None:
    card.show_model(replace(MODEL, state=state, **changes), VIEW)  # type: ignore[arg-type]  # values of ModelView fields
    assert shown(card) == expected


@pytest.mark.parametrize(
    ("state", "key", "action"),
    [
        (ModelState.MISSING, "models.fetch-use", FetchModel(NAME, use=True)),
        (ModelState.QUEUED, "models.pause", PauseModel(NAME)),
        (ModelState.FETCHING, "models.pause", PauseModel(NAME)),
        (ModelState.PAUSED, "models.resume", FetchModel(NAME)),
        (ModelState.FAILED, "models.retry", FetchModel(NAME)),
        (ModelState.DAMAGED, "models.repair", FetchModel(NAME)),
        (ModelState.VERIFYING, "models.cancel", CancelModel(NAME)),
    ],
)
def test_button_asks_for_next_step_of_each_state(
    card: ModelCard, texts: Texts, asked: list[Action], state: ModelState, key: str, action: ModelAction
) -> None:
    card.show_model(replace(MODEL, state=state), VIEW)
    assert card.main.text() == texts(key)
    QTest.keyClick(card.main, Qt.Key.Key_Space)
    assert asked == [action]


def test_button_is_disabled_while_download_stops(card: ModelCard, asked: list[Action]) -> None:
    fetching = replace(MODEL, state=ModelState.FETCHING, done=100)
    card.show_model(fetching, VIEW)
    assert (card.bar.value(), card.bar.moving) == (10, True)
    choose(card, "cancel")
    card.show_model(replace(fetching, stopping=True), VIEW)
    assert not card.main.isEnabled()
    card.show_model(replace(MODEL, state=ModelState.PAUSED, done=100), VIEW)
    choose(card, "discard")
    assert asked == [CancelModel(NAME)] * 2


def test_menu_downloads_imports_and_verifies(card: ModelCard, asked: list[Action], dialogs: FakeDialogs) -> None:
    choose(card, "fetch-only")
    choose(card, "import")
    assert asked == [FetchModel(NAME, use=False)] and "Whisper base" in dialogs.titles[0]
    dialogs.chosen = ["/copy"]
    choose(card, "import")
    card.show_model(replace(MODEL, state=ModelState.INSTALLED), VIEW)
    choose(card, "verify")
    assert asked[1:] == [ImportModel(NAME, "/copy"), VerifyModel(NAME)]


def test_model_is_deleted_after_a_question(card: ModelCard, asked: list[Action], texts: Texts) -> None:
    card.show_model(replace(MODEL, state=ModelState.INSTALLED), VIEW)
    assert not card.delete.isVisible()
    choose(card, "delete")
    assert card.delete.isVisible() and card.delete.property("role") == "danger"
    assert card.delete_question.text() == texts("models.sure", model="Whisper base")
    QTest.keyClick(card.delete, Qt.Key.Key_Escape)
    assert not card.delete.isVisible() and card.focusWidget() is card.more
    choose(card, "delete")
    card.keep.click()
    assert asked == [] and not card.delete.isVisible()
    choose(card, "delete")
    card.delete.click()
    assert asked == [RemoveModel(NAME)] and not card.delete.isVisible()


def test_question_ends_when_the_state_changes(card: ModelCard) -> None:
    card.show_model(replace(MODEL, state=ModelState.INSTALLED), VIEW)
    choose(card, "delete")
    card.show_model(replace(MODEL, state=ModelState.DAMAGED), VIEW)
    assert not card.delete.isVisible()


def test_model_in_use_cannot_be_deleted_from_the_menu(card: ModelCard, texts: Texts) -> None:
    card.show_model(replace(MODEL, state=ModelState.INSTALLED, use=ModelUse.WORKER), VIEW)
    card.more.click()
    enabled = {action.text(): action.isEnabled() for action in card.menu.actions()}
    card.menu.close()
    assert enabled == {texts("models.verify"): True, texts("models.delete"): False}


def test_installed_model_is_used_with_one_click(card: ModelCard, asked: list[Action], texts: Texts) -> None:
    here = replace(MODEL, state=ModelState.INSTALLED)
    card.show_model(here, VIEW)
    assert card.main.text() == texts("models.use")
    card.main.click()
    assert asked == [ChangeSetting("worker.model", NAME)] and card.main.isVisible(), "the setting in effect counts"
    card.main.setFocus()
    card.show_model(replace(here, chosen=True), VIEW)
    assert card.in_use.isVisible() and not card.main.isVisible() and card.more.hasFocus()


def test_card_warns_before_download_when_disk_is_too_small(card: ModelCard) -> None:
    card.show_model(MODEL, replace(VIEW, free=10))
    assert card.note.isVisible() and card.note.property("role") == "warning"
    card.show_model(MODEL, VIEW)
    assert not card.note.isVisible()


def test_card_is_not_drawn_again_when_only_the_free_room_changes(card: ModelCard) -> None:
    card.show_model(MODEL, VIEW)
    card.name.setText("as it was drawn")
    card.show_model(MODEL, replace(VIEW, free=10**12 - 1))
    assert card.name.text() == "as it was drawn"
    card.show_model(MODEL, replace(VIEW, free=10))
    assert card.name.text() != "as it was drawn"


def test_missing_package_is_remedied_by_a_copied_command(card: ModelCard) -> None:
    card.show_model(replace(MODEL, lacks="funasr"), VIEW)
    card.main.click()
    assert (
        QGuiApplication.clipboard().text() == extra_command("funasr")
        and extra_command("funasr") in card.note.text()
    )
    card.show_model(replace(MODEL, about=replace(MODEL.about, exported_from="other")), VIEW)
    card.main.click()
    assert QGuiApplication.clipboard().text() == "kikipounamu models export other"


def test_note_shows_errors_of_each_source_as_tool_tip(card: ModelCard) -> None:
    note, said = Note("models.note.unavailable"), ("hub: 404", "b: no")
    failed = replace(MODEL, state=ModelState.FAILED, note=note, details=said)
    card.show_model(failed, VIEW)
    assert (card.note.toolTip(), card.note.property("role")) == ("hub: 404\nb: no", "warning")
    assert card.note.accessibleDescription() == "hub: 404\nb: no"


def test_recommended_model_has_badge_reason_and_the_primary_button(card: ModelCard, texts: Texts) -> None:
    assert not card.badge.isVisible() and card.main.property("role") == ""
    best = Recommendation(NAME, ChoiceReason.ACCURATE)
    card.show_model(MODEL, replace(VIEW, recommended=best, languages=("zh",)))
    assert card.badge.isVisible() and texts("spoken.zh") in card.reason.text()
    assert card.main.property("role") == "primary"


def test_speed_and_accuracy_are_shown_with_their_source(card: ModelCard, texts: Texts) -> None:
    card.show_model(MODEL, replace(VIEW, speeds={NAME: LocalSpeed(16.0, True)}, languages=("zh", "en")))
    said = [words.text() for _, _, words in card.figures.rows]
    assert said[0] == texts("models.fast.measured", value="16")
    assert texts("models.stated.measured") in said[1] and len(said) == 3


@pytest.mark.parametrize("state", list(ModelState))
def test_every_control_names_its_model(card: ModelCard, state: ModelState) -> None:
    card.show_model(replace(MODEL, state=state, done=100), VIEW)
    names = [button.accessibleName() for button in card.findChildren(QPushButton) if button.isVisible()]
    assert names and all("Whisper base" in name for name in names)
    assert len(set(names)) == len(names)
    assert card.accessibleName().startswith("Whisper base: ")


def test_card_is_not_redrawn_when_model_is_unchanged(card: ModelCard) -> None:
    card.how.setText("as it was")
    card.show_model(replace(MODEL), replace(VIEW, folder="/elsewhere"))
    assert card.how.text() == "as it was"
    card.show_model(MODEL, VIEW, again=True)
    assert card.how.text() != "as it was"
