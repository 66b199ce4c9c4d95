"""Card of one model: visible controls in each state and the actions that they emit."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QFocusEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from app.core.notes import Note
from app.models.actions import (
    CancelModel,
    FetchModel,
    ImportModel,
    ModelAction,
    PauseModel,
    RemoveModel,
    VerifyModel,
)
from app.models.view import LocalModelView, ModelFacts, ModelNote, ModelState, ModelUse
from app.ui.models.model_card import ModelCard
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme

NAME = "whisper-base"
MODEL = LocalModelView(ModelFacts(NAME, licence="MIT", link="https://a.b", sources=("modelscope",), size=1000))
FREE = 10**12


@dataclass
class Chosen:
    """File dialogs that return ``place`` at once."""

    place: str = ""
    titles: list[str] = field(default_factory=list)

    def files(self, parent: QWidget, title: str, kinds: Sequence[str]) -> list[str]:
        return []

    def folder(self, parent: QWidget, title: str) -> str:
        self.titles.append(title)
        return self.place

    def show(self, path: str) -> None:
        raise AssertionError


@pytest.fixture
def asked() -> list[ModelAction]:
    return []


@pytest.fixture
def used() -> list[str]:
    return []


@pytest.fixture
def dialogs() -> Chosen:
    return Chosen()


@pytest.fixture
def card(
    theme: Theme, texts: Texts, asked: list[ModelAction], used: list[str], dialogs: Chosen, qtbot: QtBot
) -> ModelCard:
    made = ModelCard(theme, texts, asked.append, used.append, dialogs)  # type: ignore[arg-type]  # the part that the card calls
    qtbot.addWidget(made)
    made.resize(700, 200)
    made.show_model(MODEL, FREE)
    made.show()
    return made


def shown(card: ModelCard) -> list[str]:
    parts = ("pick", "step", "verify", "take_in", "cancel", "remove", "bar", "note")
    return [name for name in parts if getattr(card, name).isVisible()]


@pytest.mark.parametrize(
    ("state", "changes", "expected"),
    [
        (ModelState.MISSING, {}, ["step", "take_in"]),
        (ModelState.QUEUED, {}, ["step", "cancel"]),
        (ModelState.FETCHING, {"done": 100}, ["step", "cancel", "bar"]),
        (ModelState.PAUSED, {"done": 100}, ["step", "take_in", "cancel", "bar"]),
        (ModelState.BUSY, {"done": 100}, ["bar"]),
        (ModelState.BUSY, {"waiting": True}, ["cancel"]),
        (ModelState.IMPORTING, {"done": 100}, ["cancel", "bar"]),
        (ModelState.VERIFYING, {"done": 100}, ["pick", "cancel", "bar"]),
        (ModelState.INSTALLED, {"done": 1000}, ["pick", "verify", "remove"]),
        (ModelState.INSTALLED, {"done": 1000, "use": ModelUse.WORKER, "chosen": True}, ["pick", "verify"]),
        (ModelState.INSTALLED, {"lacks": "funasr"}, ["verify", "remove", "note"]),
        (ModelState.DAMAGED, {"note": Note(ModelNote.DAMAGED)}, ["step", "take_in", "remove", "note"]),
        (ModelState.FAILED, {"note": Note(ModelNote.UNAVAILABLE)}, ["step", "take_in", "note"]),
        (ModelState.FAILED, {"done": 100}, ["step", "take_in", "cancel"]),
        (ModelState.REMOVING, {}, []),
    ],
)
def test_card_shows_possible_actions_in_each_state(
    card: ModelCard, state: ModelState, changes: dict[str, object], expected: list[str]
) -> None:
    card.show_model(replace(MODEL, state=state, **changes), FREE)  # type: ignore[arg-type]  # values of ModelView fields
    assert shown(card) == expected


@pytest.mark.parametrize(
    ("state", "key", "action"),
    [
        (ModelState.MISSING, "models.fetch", FetchModel(NAME)),
        (ModelState.QUEUED, "models.pause", PauseModel(NAME)),
        (ModelState.FETCHING, "models.pause", PauseModel(NAME)),
        (ModelState.PAUSED, "models.resume", FetchModel(NAME)),
        (ModelState.FAILED, "models.fetch", FetchModel(NAME)),
        (ModelState.DAMAGED, "models.repair", FetchModel(NAME)),
    ],
)
def test_step_button_asks_for_next_step_of_each_state(
    card: ModelCard, texts: Texts, asked: list[ModelAction], state: ModelState, key: str, action: ModelAction
) -> None:
    card.show_model(replace(MODEL, state=state), FREE)
    assert card.step.text() == texts(key)
    QTest.keyClick(card.step, Qt.Key.Key_Space)
    assert asked == [action]


def test_cancel_button_is_disabled_while_download_stops(
    card: ModelCard, asked: list[ModelAction], texts: Texts
) -> None:
    fetching = replace(MODEL, state=ModelState.FETCHING, done=100)
    card.show_model(fetching, FREE)
    assert (card.bar.value(), card.bar.moving) == (10, True)
    card.cancel.click()
    card.show_model(replace(fetching, stopping=True), FREE)
    assert not card.cancel.isEnabled() and not card.step.isEnabled()
    card.show_model(replace(MODEL, state=ModelState.PAUSED, done=100), FREE)
    assert card.cancel.text() == texts("models.discard") and card.cancel.isEnabled()
    card.cancel.click()
    assert asked == [CancelModel(NAME)] * 2


def test_model_is_imported_from_folder_and_verified(
    card: ModelCard, asked: list[ModelAction], dialogs: Chosen
) -> None:
    card.take_in.click()
    assert asked == [] and NAME in dialogs.titles[0]
    dialogs.place = "/copy"
    card.take_in.click()
    card.show_model(replace(MODEL, state=ModelState.INSTALLED), FREE)
    card.verify.click()
    assert asked == [ImportModel(NAME, "/copy"), VerifyModel(NAME)]


def test_model_is_removed_on_second_click(card: ModelCard, asked: list[ModelAction], texts: Texts) -> None:
    card.show_model(replace(MODEL, state=ModelState.INSTALLED), FREE)
    QTest.mouseDClick(card.remove, Qt.MouseButton.LeftButton)
    card.remove.setFocus()
    card._sure = False
    card.remove.click()
    assert asked == [] and card.remove.text() == texts("models.sure")
    QApplication.sendEvent(card.remove, QFocusEvent(QEvent.Type.FocusOut))
    assert card.remove.text() == texts("models.remove"), "somebody turned to something else"
    card.remove.click()
    card.remove.click()
    assert asked == [RemoveModel(NAME)]


def test_pick_is_checked_only_when_choice_is_in_effect(card: ModelCard, used: list[str]) -> None:
    here = replace(MODEL, state=ModelState.INSTALLED)
    card.show_model(here, FREE)
    QTest.keyClick(card.pick, Qt.Key.Key_Space)
    assert used == [NAME] and not card.pick.isChecked()
    card.show_model(replace(here, chosen=True), FREE)
    assert card.pick.isChecked()
    card.pick.click()
    assert used == [NAME] and card.pick.isChecked()


def test_card_warns_before_download_when_disk_is_too_small(card: ModelCard, texts: Texts) -> None:
    card.show_model(MODEL, 10)
    assert card.note.isVisible() and card.note.property("role") == "warning"
    card.show_model(MODEL, FREE)
    assert not card.note.isVisible()


def test_note_shows_errors_of_each_source_as_tool_tip(card: ModelCard, texts: Texts) -> None:
    note, said = Note(ModelNote.UNAVAILABLE), ("hub: 404", "b: no")
    failed = replace(MODEL, state=ModelState.FAILED, note=note, details=said)
    card.show_model(failed, FREE)
    assert (card.note.toolTip(), card.note.property("role")) == ("hub: 404\nb: no", "warning")
    assert card.note.accessibleDescription() == "hub: 404\nb: no"


@pytest.mark.parametrize("state", list(ModelState))
def test_every_control_names_its_model(card: ModelCard, state: ModelState) -> None:
    card.show_model(replace(MODEL, state=state, done=100), FREE)
    names = [button.accessibleName() for button in card.findChildren(QPushButton) if button.isVisible()]
    names += [card.pick.accessibleName()] if card.pick.isVisible() else []
    assert all(NAME in name for name in names)
    assert len(set(names)) == len(names)
    assert card.accessibleName().startswith(f"{NAME}: ")


def test_card_is_not_redrawn_when_model_is_unchanged(card: ModelCard) -> None:
    card.how.setText("as it was")
    card.show_model(replace(MODEL), FREE)
    assert card.how.text() == "as it was"
    card.show_model(MODEL, FREE, again=True)
    assert card.how.text() != "as it was"
