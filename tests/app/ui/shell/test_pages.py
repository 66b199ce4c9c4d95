from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.core.errors import Note
from app.gateways.view import FoundView, GatewaysView, GatewayView, WatchGateways
from app.history.view import (
    HistoryList,
    HistoryModels,
    PlaybackView,
    PlayState,
    RerunState,
    RerunView,
    SearchHistory,
    TakeDetails,
)
from app.insertion.plan import ProgramRule
from app.messages.kinds import Action, Problem, Programs
from app.models.view import LocalModelView, ModelFacts, ModelsView, WatchModels
from app.monitoring.view import WatchMonitor
from app.onboarding.steps import Step, StepProgress
from app.replacements.rules import Replacement, ReplacementsTried, RuleTried, TryReplacements
from app.settings.sections import InsertionSection, RecognitionSection, Settings
from app.sharing.view import EndEnlisting
from app.ui.shell.front import DICTIONARY, HOME, SETTINGS, Front
from app.ui.shell.pages import Pages
from app.ui.shell.shell import usual_size
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from app.updates.view import UpdatesView
from tests.app.ui.languages import in_each_language
from tests.helpers.signed_index import index_of

ONE = UUID(int=1)


class World:
    def __init__(self, theme: Theme, texts: Texts) -> None:
        self.asked = list[Action]()
        self.pages = Pages(Front(theme, texts, self.asked.append), theme, texts)


@pytest.fixture
def world(theme: Theme, texts: Texts, qtbot: QtBot) -> Iterator[World]:
    world = World(theme, texts)
    qtbot.addWidget(world.pages.shell)
    yield world
    world.pages.shell.hide()


def test_monitor_is_watched_only_while_visible(world: World) -> None:
    pages = world.pages
    pages.shell.appear()
    assert WatchMonitor(True) not in world.asked
    pages.settings.build()
    pages.monitor_card.button.click()
    assert world.asked[-1] == WatchMonitor(True) and pages.monitor.isVisible()
    pages.monitor_window.close()
    assert world.asked[-1] == WatchMonitor(False)
    pages.shell.monitor.trigger()
    assert world.asked[-1] == WatchMonitor(True)
    pages.monitor_window.close()


def test_values_reach_their_page(world: World) -> None:
    world.pages.shell.appear(HOME)
    search = next(action for action in world.asked if isinstance(action, SearchHistory))
    world.pages.handlers(HistoryList(search.serial, "", range(7, 0, -1), days=((date(2026, 1, 1), 7),)))
    assert world.pages.home.model.rowCount() == 9
    for news in (
        TakeDetails(ONE),
        HistoryModels(),
        RerunView(ONE, RerunState.DONE),
        PlaybackView(ONE, PlayState.PAUSED),
    ):
        world.pages.handlers(news)


@in_each_language
def test_tabs_of_settings_stand_in_one_row_of_the_usual_window(world: World, qtbot: QtBot) -> None:
    shell, tabs = world.pages.shell, world.pages.settings.tabs.tabs.values()
    shell.show()
    shell.resize(usual_size())  # a screen of the test may be too small for it
    shell.choose(SETTINGS)
    qtbot.waitUntil(lambda: all(tab.isVisible() for tab in tabs))
    assert len({tab.mapTo(shell, QPoint(0, 0)).y() for tab in tabs}) == 1


def test_first_steps_lead_to_the_lines_for_the_key(world: World) -> None:
    pages = world.pages
    pages.first_steps.open(StepProgress(at=Step.KEY))
    pages.first_steps.key_lines_wanted.emit()
    assert pages.shell.page == SETTINGS and pages.settings.section == "input"


def test_empty_home_leads_to_the_trial_of_the_first_steps(world: World) -> None:
    pages = world.pages
    pages.shell.appear(HOME)
    pages.handlers(HistoryList(1))
    pages.home.head.first_use.try_it.click()
    assert pages.shell.covered and pages.first_steps.page is not None
    assert pages.first_steps.page.progress.at is Step.TRY


def test_other_computers_are_listed_and_added_in_settings(world: World) -> None:
    pages = world.pages
    pages.handlers(GatewaysView((GatewayView("desk", "desk", "10.0.0.1:8765"),)))
    assert list(pages.computers.rows) == ["here", "gateway desk"]
    pages.add_gateway()
    assert pages.shell.page == SETTINGS and pages.settings.section == "computers"
    assert pages.computers.form.isVisible() and WatchGateways(True) in world.asked


def test_lending_opens_form_with_computers_found(world: World) -> None:
    pages = world.pages
    pages.handlers(GatewaysView(found=(FoundView("attic", ("https://10.0.0.3:8765",), "c" * 64),)))
    pages.lend()
    form = pages.computers.lending
    assert pages.shell.page == SETTINGS and pages.settings.section == "computers" and form.isVisible()
    assert [row.found.name for row in form.found.rows] == ["attic"]
    form.cancel.click()
    assert world.asked[-1] == EndEnlisting()


def test_models_are_watched_only_while_their_section_is_visible(world: World) -> None:
    pages = world.pages
    pages.handlers(ModelsView((LocalModelView(ModelFacts("whisper-base")),), "/models"))
    assert list(pages.models.cards) == ["whisper-base"]

    def looked() -> WatchModels:
        return [action for action in world.asked if isinstance(action, WatchModels)][-1]

    pages.shell.appear(SETTINGS)
    pages.settings.choose("general")
    assert looked() == WatchModels(False)
    pages.settings.choose("models")
    assert looked() == WatchModels(True)
    pages.settings.choose("advanced")
    assert looked() == WatchModels(False)


def test_dictionary_contains_words_and_settings_program_rules(world: World) -> None:
    pages = world.pages
    rules = (Replacement("um"),)
    settings = replace(Settings(), recognition=RecognitionSection(replacements=rules))
    pages.handlers(replace(settings, insertion=InsertionSection(programs=(ProgramRule("slack"),))))
    assert pages.words.replacements.model.draft.counting == rules
    assert [row.rule for row in pages.programs.rows] == [ProgramRule("slack")]
    pages.shell.appear(DICTIONARY)
    pages.words.replacements.try_rules()
    asked = [action for action in world.asked if isinstance(action, TryReplacements)][-1]
    assert asked.rules == rules
    pages.handlers(ReplacementsTried(asked.serial, 1, 1, 1, (RuleTried(1),)))
    assert pages.words.replacements.results.isVisible()
    pages.handlers(Programs(("kitty",)))
    pages.programs.menu.aboutToShow.emit()
    assert pages.programs.menu.actions()[0].text() == "kitty"
    pages.handlers(Problem("settings", note=Note("settings-unreadable"), setting="insertion.programs"))
    assert pages.programs.problem.text()


@pytest.mark.parametrize("name", [HOME, SETTINGS])
def test_ctrl_f_searches_visible_page_from_any_focus(world: World, qtbot: QtBot, name: str) -> None:
    shell = world.pages.shell
    shell.appear(name)
    shell.activateWindow()
    qtbot.waitUntil(shell.isActiveWindow)
    search = world.pages.home.head.search if name == HOME else world.pages.settings.search
    for place in (shell.entries[name], shell.pages[name]):
        place.setFocus()
        QTest.keyClick(place, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
        assert search.hasFocus()


def test_newer_version_is_offered_in_the_menu_and_explained_in_the_settings(world: World) -> None:
    pages = world.pages
    pages.shell.appear()
    assert not pages.shell.update_action.isVisible()
    release = index_of("0.2.0").releases[0]
    pages.handlers(UpdatesView(False, "0.1.0", True, 1.0, release, command="pipx upgrade kikipounamu"))
    assert pages.shell.update_action.isVisible() and "0.2.0" in pages.shell.update_action.text()
    pages.shell.update_action.trigger()
    assert pages.shell.page == SETTINGS and pages.settings.section == "general"
    assert pages.updates.isVisible() and pages.updates.command.isVisible()
    pages.handlers(UpdatesView(False, "0.2.0", True, 1.0))
    assert not pages.shell.update_action.isVisible()


@pytest.mark.parametrize("section, word", [("general", "Updates"), ("general", "更新"), ("advanced", "此桌面")])
def test_panels_are_found_by_words_of_both_languages(section: str, word: str, world: World) -> None:
    panels = world.pages.settings.sections[section].panels.values()
    assert any(word in words() for _, words in panels)


@pytest.mark.parametrize("word", ["Key test", "按键测试"])
def test_key_test_is_found_by_words_of_both_languages(word: str, world: World) -> None:
    panels = world.pages.settings.sections["input"].panels.values()
    assert any(word in words() for panel, words in panels if panel is world.pages.settings.press_test)
