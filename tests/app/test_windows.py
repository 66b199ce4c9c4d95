"""All windows, with a stand-in for the app and its event loop."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication

from app.core.errors import Note
from app.desktop.abilities import DesktopView, KeyLines
from app.dictation.actions import Verb
from app.dictation.hotkey_test import KeysSeen
from app.dictation.view import TakeView
from app.hotkeys.compositor_lines import Compositor
from app.journal.take import TakeState
from app.messages.kinds import Action, ActionQueue, Problem, Takes
from app.settings.sections import ChangeSetting, Settings
from app.ui.shell.front import SETTINGS, Front
from app.ui.shell.tray import TrayWatch
from app.ui.strings.texts import Texts
from app.windows import ApplicationCreated, Windows
from benchmarks.clicks.example_app import example_theme
from runtime.loop_thread import LoopThread

if TYPE_CHECKING:
    from app.application import Application


class Loop(LoopThread):
    """Loop that calls at once."""

    def call(self, function: Callable[..., object], *arguments: object) -> None:
        function(*arguments)


class App:
    def __init__(self) -> None:
        self.asked: list[Action] = []
        self.opened = 0

    def ask(self, action: Action) -> None:
        self.asked.append(action)

    def refresh_microphones(self) -> None:
        self.opened += 1


@pytest.fixture
def saved() -> str:
    """Contents of the settings file; empty: there is none."""
    return ""


@pytest.fixture
def windows(qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, saved: str) -> Iterator[Windows]:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    if saved:
        (tmp_path / "config").mkdir()
        (tmp_path / "config" / "settings.toml").write_text(saved)
    monkeypatch.setattr("app.windows.TrayWatch", partial(TrayWatch, lambda: True))
    actions, texts = ActionQueue(), Texts("en")
    with example_theme(qapp) as theme:
        windows = Windows(Loop("test"), actions, Front(theme, texts, actions.ask), texts, theme)
        yield windows
        for widget in qapp.topLevelWidgets():
            widget.hide()
            widget.deleteLater()
        qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def test_actions_and_looks_reach_the_app_once_it_exists(windows: Windows) -> None:
    app = App()
    windows.shell.quit.trigger()
    windows.open(SETTINGS)
    assert (app.asked, app.opened) == ([], 0)
    windows.receive(ApplicationCreated(cast("Application", app)))
    assert Verb.QUIT in app.asked
    windows.open()
    assert app.opened == 1


@pytest.mark.parametrize(
    "saved", ['[general]\nwelcomed = true\ntheme = "dark"\n[recognition]\nhotwords = ["Rotorua", "Aoraki"]\n']
)
def test_pages_show_saved_settings_before_the_app_reports_them(windows: Windows) -> None:
    """A hotword that was added meanwhile replaced all others, and each setting showed its default."""
    app = App()
    hotwords = windows.pages.words.hotwords
    hotwords.field.setText("Taupo")
    hotwords.add.click()
    assert windows.pages.settings.rows["general.theme"].changed
    windows.receive(ApplicationCreated(cast("Application", app)))
    assert ChangeSetting("recognition.hotwords", "Taupo\nRotorua\nAoraki") in app.asked


@pytest.mark.parametrize("saved", ["[general\n"])
def test_damaged_settings_open_no_first_steps(windows: Windows) -> None:
    assert not windows.shell.covered


def test_next_problem_is_shown_when_the_first_is_solved(windows: Windows) -> None:
    windows.receive(Problem("first", "the first problem"))
    windows.receive(Problem("second", "the second problem"))
    assert windows.pages.status.status.problem == "the first problem"
    windows.receive(Problem("first"))
    assert windows.pages.status.status.problem == "the second problem"
    windows.receive(Problem("second", note=Note("unknown-to-this-version")))
    assert windows.pages.status.status.problem == ""


@pytest.mark.parametrize(("works", "hint"), [("f9", "Press F9 and speak"), ("", "Click Start and speak")])
def test_home_names_the_key_that_works_where_another_one_is_refused(
    windows: Windows, works: str, hint: str
) -> None:
    """Press Alt+Tab was the advice, where the window manager has that key."""
    windows.receive(replace(Settings(), hotkeys=replace(Settings().hotkeys, dictate="alt+tab")))
    assert windows.home.head.hero.hint.text() == "Press Alt+Tab and speak"
    windows.receive(KeysSeen(problem=Note("hotkey-taken", {"binding": "alt+tab"}), instead={"dictate": works}))
    assert windows.home.head.hero.hint.text() == hint
    windows.receive(KeysSeen())
    assert windows.home.head.hero.hint.text() == "Press Alt+Tab and speak"


@pytest.mark.parametrize("compositor", Compositor)
def test_holding_the_key_is_not_advised_where_releases_are_not_reported(
    windows: Windows, compositor: Compositor
) -> None:
    """Speech before the release is not recorded there: labwc runs the line at the release."""
    windows.receive(Problem("hotkeys", note=Note("hotkeys-wayland")))
    windows.receive(KeysSeen(commanded=("dictate",)))
    windows.receive(DesktopView(lines=KeyLines(compositor, ("line",))))
    hint = windows.home.head.hero.then.text()
    assert ("hold it" in hint) is compositor.reports_releases
    assert "Press it again" in hint


@pytest.mark.parametrize("visible", [False, True])
def test_start_without_a_window_notifies_of_a_recording_to_recover(
    windows: Windows, monkeypatch: pytest.MonkeyPatch, visible: bool
) -> None:
    """A start at login after a crash told nothing of the recording that the crash had interrupted."""
    sent = list[str]()
    monkeypatch.setattr("app.windows.notify", lambda heading, text: heading)
    monkeypatch.setattr(Loop, "submit", lambda loop, heading: sent.append(heading))
    if visible:
        windows.open()
    windows.receive(Takes((TakeView("t", 0.0, 1.0, TakeState.INTERRUPTED),)))
    assert sent == [Texts("en")("recovery-notice.heading")] * (not visible)
