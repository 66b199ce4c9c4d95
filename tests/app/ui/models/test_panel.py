"""List of models: updates while visible, choice, translation, keyboard access and uncut texts."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from app.messages.kinds import Action
from app.models.disk import about
from app.models.view import FetchModel, LocalModelView, ModelState, ModelsView, WatchModels
from app.settings.sections import ChangeSetting
from app.ui.models.panel import ModelsPanel
from app.ui.strings.texts import Texts
from app.ui.theme.colours import Scheme
from app.ui.theme.theme import Theme
from speech.models.catalogue import load_catalogue
from speech.models.recommendation import ChoiceReason, LocalSpeed, Recommendation
from tests.app.ui.languages import in_each_language
from tests.app.ui.showing import displayed, enlarge
from tests.helpers.legibility import cut

MODELS = [LocalModelView(about(model)) for model in load_catalogue().models]
BASE = replace(MODELS[1], state=ModelState.INSTALLED, done=MODELS[1].about.size, installed_s=0.0)
SENSE = replace(MODELS[2], state=ModelState.FETCHING, done=4 * 10**8, speed=8e6, left_s=66.0, source="ModelScope")
PAUSED = replace(MODELS[3], state=ModelState.PAUSED, done=3 * 10**8)
VIEW = ModelsView((MODELS[0], BASE, SENSE, PAUSED, *MODELS[4:]), "/home/ana/models", 10**9)

Make = Callable[[Texts], ModelsPanel]


@pytest.fixture
def make(theme: Theme, asked: list[Action], qtbot: QtBot) -> Make:
    def made(texts: Texts) -> ModelsPanel:
        panel = ModelsPanel(theme, texts, asked.append)
        qtbot.addWidget(panel)
        panel.show_models(VIEW)
        panel.show()
        return panel

    return made


def test_models_are_watched_only_while_panel_is_visible(make: Make, texts: Texts, asked: list[Action]) -> None:
    panel = make(texts)
    panel.hide()
    assert asked == [WatchModels(True), WatchModels(False)]
    panel.show()
    assert asked[2:] == [WatchModels(True)]


def test_each_model_keeps_its_card(make: Make, texts: Texts, asked: list[Action]) -> None:
    panel = make(texts)
    assert list(panel.cards) == list(load_catalogue().names)
    card = panel.cards["SenseVoiceSmall"]
    panel.show_models(replace(VIEW, models=(*VIEW.models[:2], replace(SENSE, done=5 * 10**8), *VIEW.models[3:])))
    assert panel.cards["SenseVoiceSmall"] is card and card.bar.value() == 53
    panel.cards["paraformer-zh"].main.click()
    assert asked[-1] == FetchModel("paraformer-zh")


def test_free_space_is_shown_once_known(make: Make, theme: Theme, texts: Texts, qtbot: QtBot) -> None:
    empty = ModelsPanel(theme, texts, lambda action: None)
    qtbot.addWidget(empty)
    assert empty.room.text() == texts("models.looking")
    empty.show_models(VIEW)
    assert "/home/ana/models" in empty.room.text()


def test_picking_model_changes_setting(make: Make, texts: Texts, asked: list[Action]) -> None:
    make(texts).cards["whisper-base"].main.click()
    assert asked[-1] == ChangeSetting("worker.model", "whisper-base")


def test_models_panel_is_found_by_names_and_purposes(make: Make) -> None:
    words = " ".join(make(Texts("en")).words())
    assert all(word in words for word in ("Whisper base", "whisper-base", "Cantonese", "MIT", "disk"))


def test_models_panel_changes_language(make: Make) -> None:
    texts = Texts("en")
    panel = make(texts)
    texts.choose("zh")
    assert panel.cards["SenseVoiceSmall"].main.text() == "暂停"
    assert panel.cards["whisper-base"].main.text() == "使用"


def test_every_button_has_keyboard_focus_and_name(make: Make, texts: Texts) -> None:
    panel = make(texts)
    wanted = [button for button in panel.findChildren(QAbstractButton) if button.isVisible()]
    assert len(wanted) > 15
    assert all(button.accessibleName() and button.focusPolicy() & Qt.FocusPolicy.TabFocus for button in wanted)


@in_each_language
def test_models_panel_cuts_no_text_at_double_font_size(theme: Theme, texts: Texts, qtbot: QtBot) -> None:
    enlarge(2)
    theme.choose(Scheme.HIGH_CONTRAST)
    panel = ModelsPanel(theme, texts, lambda action: None)
    panel.show_models(VIEW)
    area = QScrollArea(widgetResizable=True)
    area.setWidget(panel)
    displayed(qtbot, area, panel.minimumSizeHint().width() + 40, 900)
    card = panel.cards["paraformer-zh"]
    qtbot.waitUntil(lambda: card.main.isVisible() and card.main.y() >= 0)
    assert cut(panel) == []


def test_recommended_model_has_the_only_badge(make: Make, texts: Texts) -> None:
    panel = make(texts)
    assert not any(card.badge.isVisible() for card in panel.cards.values())
    best = Recommendation("sensevoice-small-int8", ChoiceReason.ACCURATE)
    panel.show_models(replace(VIEW, recommended=best, speeds={BASE.name: LocalSpeed(16.0, True)}))
    assert [name for name, card in panel.cards.items() if card.badge.isVisible()] == [best.model]
    assert panel.cards[BASE.name].figures.rows[0][2].text() == texts("models.fast.measured", value="16")


def order(panel: ModelsPanel) -> list[str]:
    """Return the shown cards from top to bottom."""
    panel.resize(700, panel.sizeHint().height())
    QApplication.processEvents()
    shown = [(card.y(), name) for name, card in panel.cards.items() if card.isVisible()]
    return [name for _, name in sorted(shown)]


def test_installed_models_come_first_then_the_recommended_one(make: Make, texts: Texts) -> None:
    panel = make(texts)
    assert order(panel)[0] == BASE.name
    panel.show_models(replace(VIEW, recommended=Recommendation("whisper-small", ChoiceReason.ACCURATE)))
    assert order(panel)[:2] == [BASE.name, "whisper-small"]
    assert order(panel)[-3:] == ["fsmn-vad", "ct-punc-c", "x-asr-zh-en-160ms"]
    assert panel.headings["recommended"].isVisible()


def test_list_is_limited_to_a_language(make: Make) -> None:
    panel = make(Texts("en"))
    panel.show_models(replace(VIEW, languages=("en", "yue")))
    panel.filter.field.click()
    shown = panel.filter.picker.list
    assert [shown.item(row).text().split(" · ")[0] for row in range(3)] == [
        "All languages",
        "Cantonese",
        "English",
    ]
    shown.itemClicked.emit(shown.item(1))
    assert panel.language == "yue" and panel.filter.field.text() == "Cantonese"
    assert "whisper-base" not in order(panel) and "sensevoice-small-int8" in order(panel)
    assert panel.cards["sensevoice-small-int8"].figures.rows[1][2].text().startswith("Cantonese")
    assert not panel.empty.isVisible()
    panel.show_models(ModelsView(VIEW.models[:2]))
    assert panel.empty.isVisible() and "Cantonese" in panel.empty.text()


def test_tab_follows_the_order_of_the_cards(make: Make, texts: Texts, qtbot: QtBot) -> None:
    panel = make(texts)
    panel.show_models(replace(VIEW, recommended=Recommendation("whisper-small", ChoiceReason.ACCURATE)))
    order(panel)
    first, second = panel.cards[BASE.name], panel.cards["whisper-small"]
    wanted = [control for card in (first, second) for control in card.controls if control.isVisible()]
    wanted[0].setFocus()
    found: list[QWidget | None] = [panel.focusWidget()]
    for _ in wanted[1:]:
        QTest.keyClick(panel.focusWidget(), Qt.Key.Key_Tab)
        found.append(panel.focusWidget())
    assert found == wanted
