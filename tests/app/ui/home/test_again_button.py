"""Menu of models that recognise a take again."""

from pytestqt.qtbot import QtBot

from app.ui.home.again_button import AgainButton
from app.ui.models.wording import model_name
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme

NAMES = ("whisper-base", "whisper-small")


def titles(button: AgainButton) -> list[str]:
    return [action.text() for action in button.menu().actions() if not action.isSeparator()]


def test_menu_lists_other_models_before_the_used_one(theme: Theme, texts: Texts, qtbot: QtBot) -> None:
    button = AgainButton(texts)
    qtbot.addWidget(button)
    options = texts("history.again.options")
    assert titles(button) == [texts("history.again.any-model"), options]
    button.show_models(NAMES, "whisper-base")
    used = texts("history.again.used", model=model_name(texts, "whisper-base"))
    assert titles(button) == [model_name(texts, "whisper-small"), used, options]


def test_chosen_model_and_options_are_emitted(theme: Theme, texts: Texts, qtbot: QtBot) -> None:
    button = AgainButton(texts)
    qtbot.addWidget(button)
    button.show_models(NAMES, "")
    with qtbot.waitSignal(button.chosen) as chosen:
        button.menu().actions()[1].trigger()
    assert chosen.args == ["whisper-small"]
    with qtbot.waitSignal(button.options):
        button.menu().actions()[-1].trigger()
