"""Menu of models that recognise a take again."""

import pytest
from PySide6.QtWidgets import QLabel, QMenu, QWidgetAction
from pytestqt.qtbot import QtBot

from app.core.errors import Note
from app.history.view import HistoryModels, RerunOptions
from app.ui.home.selection_bar import AgainButton
from app.ui.strings.texts import Texts, model_name
from app.ui.theme.theme import Theme
from tests.app.ui.showing import kept

KNOWN = HistoryModels(("whisper-base", "whisper-small"))


@pytest.fixture
def button(theme: Theme, texts: Texts, qtbot: QtBot) -> AgainButton:
    return kept(qtbot, AgainButton(texts))


def titles(menu: QMenu) -> list[str]:
    return [action.text() for action in menu.actions() if action.text()]


def test_menu_lists_other_models_before_the_used_one(button: AgainButton, texts: Texts) -> None:
    whole = texts("history.again.whole")
    assert titles(button.menu()) == [texts("history.again.any-model"), whole]
    button.show_models(KNOWN)
    button.show_take("whisper-base", ran=False)
    used = texts("history.again.used", model=model_name(texts, "whisper-base"))
    models = [model_name(texts, "whisper-small"), used]
    assert titles(button.menu()) == [*models, whole] and titles(button.whole) == models


def test_chosen_model_is_emitted_with_its_range(button: AgainButton, qtbot: QtBot) -> None:
    button.show_models(KNOWN)
    for menu, vad in ((button.menu(), True), (button.whole, False)):
        with qtbot.waitSignal(button.chosen) as chosen:
            menu.actions()[1].trigger()
        assert chosen.args == [RerunOptions("whisper-small", vad)]


def test_menu_says_why_no_model_is_known(button: AgainButton, texts: Texts) -> None:
    button.show_models(HistoryModels(note=Note("gateway-unreachable")))
    said = [entry.defaultWidget() for entry in button.menu().actions() if isinstance(entry, QWidgetAction)]
    assert [words.text() for words in said if isinstance(words, QLabel)] == [texts("note.gateway-unreachable")]


def test_results_can_be_seen_only_if_there_are_some(button: AgainButton, texts: Texts, qtbot: QtBot) -> None:
    assert texts("history.again.results") not in titles(button.menu())
    button.show_take("", ran=True)
    with qtbot.waitSignal(button.results_wanted):
        button.menu().actions()[-1].trigger()
