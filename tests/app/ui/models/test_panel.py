"""List of models: updates while visible, choice, translation, keyboard access and uncut texts."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QScrollArea
from pytestqt.qtbot import QtBot

from app.core.sentences import LANGUAGES
from app.messages.actions import Action
from app.models.actions import FetchModel, LookAtModels, ModelAction
from app.models.disk import about
from app.models.view import LocalModelView, ModelState, ModelsView
from app.settings.actions import ChangeSetting
from app.ui.models.panel import ModelsPanel
from app.ui.strings.texts import Texts
from app.ui.theme.colours import Scheme
from app.ui.theme.theme import STILL, Theme
from speech.models.catalogue import load_catalogue
from speech.models.recommendation import LocalSpeed, Reason, Recommendation

_FOCUS = 2  # the focus ring takes this width from the padding
MODELS = [LocalModelView(about(model)) for model in load_catalogue().models]
BASE = replace(MODELS[1], state=ModelState.INSTALLED, done=MODELS[1].about.size, installed_s=0.0)
SENSE = replace(MODELS[2], state=ModelState.FETCHING, done=4 * 10**8, speed=8e6, left_s=66.0, source="ModelScope")
PAUSED = replace(MODELS[3], state=ModelState.PAUSED, done=3 * 10**8)
VIEW = ModelsView((MODELS[0], BASE, SENSE, PAUSED, *MODELS[4:]), "/home/ana/models", 10**9)

Make = Callable[[Texts], ModelsPanel]


@pytest.fixture
def asked() -> list[ModelAction]:
    return []


@pytest.fixture
def settings() -> list[Action]:
    return []


@pytest.fixture
def make(theme: Theme, asked: list[ModelAction], settings: list[Action], qtbot: QtBot) -> Make:
    def made(texts: Texts) -> ModelsPanel:
        panel = ModelsPanel(theme, texts, settings.append, asked.append)
        qtbot.addWidget(panel)
        panel.show_models(VIEW)
        panel.show()
        return panel

    return made


def test_models_are_watched_only_while_panel_is_visible(
    make: Make, texts: Texts, asked: list[ModelAction]
) -> None:
    panel = make(texts)
    panel.hide()
    assert asked == [LookAtModels(True), LookAtModels(False)]
    panel.show()
    assert asked[2:] == [LookAtModels(True)]


def test_each_model_keeps_its_card(make: Make, texts: Texts, asked: list[ModelAction]) -> None:
    panel = make(texts)
    assert list(panel.cards) == list(load_catalogue().names)
    card = panel.cards["SenseVoiceSmall"]
    panel.show_models(replace(VIEW, models=(*VIEW.models[:2], replace(SENSE, done=5 * 10**8), *VIEW.models[3:])))
    assert panel.cards["SenseVoiceSmall"] is card and card.bar.value() == 53
    panel.cards["paraformer-zh"].step.click()
    assert asked[-1] == FetchModel("paraformer-zh")


def test_free_space_is_shown_once_known(make: Make, theme: Theme, texts: Texts, qtbot: QtBot) -> None:
    empty = ModelsPanel(theme, texts, lambda action: None, lambda action: None)
    qtbot.addWidget(empty)
    assert empty.room.text() == texts("models.looking")
    empty.show_models(VIEW)
    assert "/home/ana/models" in empty.room.text()


def test_picking_model_changes_setting(make: Make, texts: Texts, settings: list[Action]) -> None:
    make(texts).cards["whisper-base"].pick.click()
    assert settings == [ChangeSetting("worker.model", "whisper-base")]


def test_models_panel_is_found_by_names_and_purposes(make: Make) -> None:
    words = " ".join(make(Texts("en")).words())
    assert all(word in words for word in ("whisper-base", "Cantonese", "MIT", "disk"))


def test_models_panel_changes_language(make: Make) -> None:
    texts = Texts("en")
    panel = make(texts)
    texts.choose("zh")
    assert panel.cards["SenseVoiceSmall"].step.text() == "暂停"
    assert panel.cards["whisper-base"].pick.text() == "在本机使用"


def test_every_button_has_keyboard_focus_and_name(make: Make, texts: Texts) -> None:
    panel = make(texts)
    wanted = [button for button in panel.findChildren(QAbstractButton) if button.isVisible()]
    assert len(wanted) > 15
    assert all(button.accessibleName() and button.focusPolicy() & Qt.FocusPolicy.TabFocus for button in wanted)


@pytest.mark.parametrize("language", LANGUAGES)
def test_models_panel_cuts_no_text_at_double_font_size(qapp: QApplication, language: str, qtbot: QtBot) -> None:
    before = QFont(qapp.font())
    large = QFont(before)
    large.setPointSizeF(before.pointSizeF() * 2)
    qapp.setFont(large)
    theme = Theme(Scheme.HIGH_CONTRAST, STILL)
    theme.dress(qapp)
    area = QScrollArea()
    try:
        panel = ModelsPanel(theme, Texts(language), lambda action: None, lambda action: None)
        panel.show_models(VIEW)
        area.setWidget(panel)
        area.setWidgetResizable(True)
        qtbot.addWidget(area)
        area.resize(panel.minimumSizeHint().width() + 40, 900)
        area.show()
        card = panel.cards["paraformer-zh"]
        qtbot.waitUntil(lambda: card.cancel.isVisible() and card.cancel.y() >= 0)
        for widget in panel.findChildren(QAbstractButton):
            if widget.isVisible():
                assert widget.width() >= widget.minimumSizeHint().width() - _FOCUS, widget.text()
                assert widget.mapTo(panel, QPoint(widget.width(), 0)).x() <= panel.width(), widget.text()
        for words in panel.findChildren(QLabel):
            if words.isVisible():
                assert words.height() >= words.heightForWidth(words.width()), words.text()
    finally:
        area.deleteLater()
        qapp.setFont(before)


def test_advice_and_speed_are_shown_once_known(make: Make, texts: Texts) -> None:
    panel = make(texts)
    assert not panel.advice.isVisible()
    best = Recommendation(BASE.name, Reason.ACCURATE)
    panel.show_models(replace(VIEW, recommended=best, speeds={BASE.name: LocalSpeed(16.0, True)}))
    assert panel.advice.isVisible() and BASE.name in panel.advice.text()
    assert texts("models.fast.measured", value="16") in panel.cards[BASE.name].how.text()
