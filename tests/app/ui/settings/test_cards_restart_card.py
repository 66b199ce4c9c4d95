from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from app.messages.kinds import Action
from app.onboarding.steps import FIRST_STEP, STEPS, WELCOMED, Step
from app.settings.sections import ChangeSetting, GeneralSection, Settings
from app.ui.settings.cards import RestartCard
from app.ui.strings.texts import Texts
from tests.app.ui.showing import kept


@pytest.fixture
def card(texts: Texts, asked: list[Action], qtbot: QtBot) -> RestartCard:
    return kept(qtbot, RestartCard(texts, asked.append))


def test_card_shows_and_opens_the_open_steps(card: RestartCard, asked: list[Action], texts: Texts) -> None:
    general = GeneralSection(welcomed=True, open_steps=("sentence", "hotkey"))
    card.show_settings(replace(Settings(), general=general))
    assert card.open == (Step.KEY, Step.TRY) and card.button.text() == texts("onboarding.continue")
    assert all(texts(f"onboarding.step.{step.value}") in card.description.text() for step in card.open)
    card.button.click()
    assert asked == [ChangeSetting(FIRST_STEP, "hotkey"), ChangeSetting(WELCOMED, False)]


def test_card_opens_all_steps_when_none_is_open(card: RestartCard, asked: list[Action], texts: Texts) -> None:
    card.show_settings(replace(Settings(), general=GeneralSection(welcomed=True)))
    assert card.open == () and card.button.text() == texts("onboarding.again") and all(card.words())
    card.button.click()
    assert asked == [ChangeSetting(FIRST_STEP, STEPS[0].value), ChangeSetting(WELCOMED, False)]
