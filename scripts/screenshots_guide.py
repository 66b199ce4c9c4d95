"""Render the user guide's pictures, one state each, in both languages, light: screenshots_guide.py [FOLDER]."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QApplication

from app.core.sentences import LANGUAGES
from app.core.states import State
from app.diagnostics.report.view import ReportState, ReportView
from app.dictation.hotkey_test import KeySeen, KeysSeen
from app.dictation.view import View
from app.files.view import FilesView
from app.history.index import IndexRow
from app.history.view import HistoryRows
from app.messages.notifications import Devices, Programs
from app.onboarding.steps import Step
from app.replacements.view import ReplacementsTried, RuleTried, TryReplacements
from app.settings.sections import GeneralSection, Settings
from app.ui.onboarding.pages import Onboarding
from app.ui.shell.pages import DICTIONARY, FILES, HOME, SETTINGS, Pages
from app.ui.shell.shell import usual_size
from app.ui.shell.status import Status
from app.ui.shell.tray import Tray
from app.ui.strings.texts import Texts
from app.ui.theme.colours import Scheme
from app.ui.theme.theme import STILL, Theme
from scripts import (
    screenshots_files,
    screenshots_help,
    screenshots_history,
    screenshots_history_take,
    screenshots_models,
    screenshots_monitor,
    screenshots_onboarding,
    screenshots_sharing,
    screenshots_words,
)
from scripts.picture_files import write
from scripts.screenshots import (
    CHOICES,
    Draw,
    Look,
    column,
    dressed,
    grabbed,
    ground,
    pills,
    row,
    takes,
    views,
)

FOLDER: Final = Path(__file__).resolve().parent.parent / "docs" / "guide"
_IDLE: Final = screenshots_onboarding.IDLE
_LARGE: Final = 1.5
_CHOICES: Final = replace(CHOICES, keys=Settings().hotkeys.bindings)
_DEVICES: Final = Devices(CHOICES.microphones, CHOICES.default_microphone)

Fill = Callable[["Window", str], None]
"""Fills the window and acts on it as a user would, in this language."""


class Window:
    """The window with all of its pages, as a user sees it.

    ``tried`` holds the requests to try replacements on the history.
    """

    def __init__(self, theme: Theme, texts: Texts) -> None:
        self.tried: list[TryReplacements] = []
        self.pages = Pages(theme, texts, self._asked)
        self.settings = replace(Settings(), general=GeneralSection(welcomed=True))
        window = self.pages.home
        window.show_choices(_CHOICES)
        window.show_worker(_IDLE)
        window.show_takes(takes(texts.language))
        self.pages.settings.show_devices(_DEVICES)
        self.pages.shows(self.settings)

    def section(self, name: str) -> None:
        """Open this section of the settings."""
        self.pages.shell.choose(SETTINGS)
        self.pages.settings.choose(name)

    def _asked(self, action: object) -> None:
        if isinstance(action, TryReplacements):
            self.tried.append(action)


def page(fill: Fill, height: float = 0.8) -> Draw:
    """Return a function that draws the window, ``height`` usual heights high."""

    def draw(look: Look) -> QImage:
        def drawn(theme: Theme, texts: Texts) -> QImage:
            window = Window(theme, texts)
            shell = window.pages.shell
            shell.resize(usual_size().width(), round(usual_size().height() * height))
            shell.show()
            fill(window, look.language)
            shell.setFocus()  # so that no control shows a focus mark
            QGuiApplication.processEvents()
            return grabbed(shell)

        return dressed(look, drawn)

    return draw


def overlay(*states: State) -> Draw:
    """Return a function that draws the overlay in these states."""

    def draw(look: Look) -> QImage:
        shown = [view for view in views(look.language) if view.state in states]
        here = [replace(view, destination="", unsent_s=0.0, waiting=0) for view in shown]
        return pills(look, here)

    return draw


# -- contents of the pages ---------------------------------------------------------------------------------


def dictation(window: Window, language: str) -> None:
    """Show the window while the user speaks."""
    shown = next(view for view in views(language) if view.state is State.LISTENING)
    window.pages.home.show_view(replace(shown, destination="", unsent_s=0.0, waiting=0))


def _history(window: Window, rows: Sequence[IndexRow], chosen: int) -> None:
    page = window.pages.home
    window.pages.shell.choose(HOME)
    page.show_list(screenshots_history.found("", rows))
    page.grab()  # makes the list request its rows
    QGuiApplication.processEvents()
    page.show_rows(HistoryRows(1, 0, tuple(rows)))
    page.open_row(page.model.row_of(chosen))


def history(window: Window, language: str) -> None:
    """Show the history with a take chosen."""
    _history(window, screenshots_history.rows(language), 0)


def recover(window: Window, language: str) -> None:
    """Show a take that a crash cut off."""
    _history(window, screenshots_history.rows(language)[:4], 2)


def compared(window: Window, language: str) -> None:
    """Show a take that was recognised again."""
    rows = screenshots_history.rows(language)
    _history(window, rows, 0)
    panel = window.pages.home.panel
    panel.show_details(screenshots_history_take.details(rows[0], language, runs=1))
    panel.again.click()


def files(window: Window, language: str) -> None:
    """Show three files: done, being recognised, and waiting."""
    window.pages.shell.choose(FILES)
    view = screenshots_files.files(language)
    shown = (view.files[0], view.files[1], view.files[3])
    window.pages.files.show_files(FilesView(shown, view.forms))


def monitor(look: Look) -> QImage:
    """Draw the window of a monitor with two working computers."""

    def drawn(theme: Theme, texts: Texts) -> QImage:
        pages = Window(theme, texts).pages
        window = pages.monitor_window
        window.resize(usual_size().width(), round(usual_size().height() * 1.8))
        window.show()
        pages.monitor.show_monitor(screenshots_monitor.views()[0])
        window.setFocus()
        QGuiApplication.processEvents()
        return grabbed(window)

    return dressed(look, drawn)


def general(window: Window, language: str) -> None:
    """Show the first section of the settings."""
    window.section("general")


def keys(window: Window, language: str) -> None:
    """Show the key test after two keys have arrived."""
    window.section("hotkeys")
    window.pages.settings.press_test.button.click()
    window.pages.settings.show_keys(KeysSeen(True, (KeySeen("dictate", 0.231), KeySeen("cancel", 0.08))))


def words(window: Window, language: str) -> None:
    """Show a chosen replacement, and its effect on the history."""
    window.pages.shell.choose(DICTIONARY)
    recognition = replace(
        window.settings.recognition,
        replacements=screenshots_words.RULES[:3],
        hotwords=screenshots_words.HOTWORDS,
    )
    window.pages.shows(replace(window.settings, recognition=recognition))
    table = window.pages.words.replacements.table
    table.setCurrentIndex(table.found.index(0, 0))
    window.pages.words.replacements.try_rules()
    rules = (screenshots_words.TRIED[0], RuleTried(3), RuleTried(12))
    window.pages.shows(ReplacementsTried(window.tried[-1].serial, 86, 86, 21, rules))


def programs(window: Window, language: str) -> None:
    """Show rules for three programs."""
    window.section("insertion")
    window.pages.programs.show_programs(Programs(("firefox", "slack")))
    window.pages.programs.show_rules(screenshots_words.PROGRAMS)


def models(window: Window, language: str) -> None:
    """Show a used model, and another that is being downloaded."""
    window.section("models")
    usual = screenshots_models.usual()
    window.pages.shows(replace(usual, models=usual.models[:3]))


def worker(window: Window, language: str) -> None:
    """Show the worker's section of the settings."""
    window.section("worker")


def report(window: Window, language: str) -> None:
    """Show a report that is ready to be read."""
    window.section("help")
    panel = window.pages.help.report
    panel.show_report(ReportView(ReportState.READY, screenshots_help.PARTS))
    panel.list.setCurrentIndex(panel.model.index(6))
    area = window.pages.settings.area
    QGuiApplication.processEvents()
    inside = area.widget()
    assert inside is not None
    area.verticalScrollBar().setValue(panel.mapTo(inside, panel.rect().topLeft()).y())


def tray(look: Look) -> QImage:
    """Draw the tray menu with a held text."""

    def draw(theme: Theme, texts: Texts) -> QImage:
        made = Tray(theme, texts, lambda action: None)
        made.show_status(Status(View(State.HELD, held=1), CHOICES, worker=_IDLE))
        return grabbed(made.menu)

    return dressed(look, draw)


def sentence(page: Onboarding) -> None:
    """Show the last step with the first sentence recognised."""
    page.show_choices(_CHOICES)
    screenshots_onboarding.done(page)


def steps(look: Look) -> QImage:
    """Draw the first step after speech was heard, and the step with the first sentence."""
    heard = screenshots_onboarding.page(look, Step.WELCOME, screenshots_onboarding.heard)
    return column([heard, screenshots_onboarding.page(look, Step.TRY, sentence)], ground(look))


def large(look: Look) -> QImage:
    """Draw the window with large letters and high contrast."""
    return page(dictation, 1.0)(replace(look, scheme=Scheme.HIGH_CONTRAST, motion=STILL, scale=_LARGE))


def sharing(look: Look) -> QImage:
    """Draw the sharing panel, and the code for a new device."""
    code = screenshots_sharing.inviting(look, screenshots_sharing.INVITE)
    return row([screenshots_sharing.sharing(look, screenshots_sharing.SHARED), code], ground(look))


PICTURES: Final[dict[str, Draw]] = {
    "first-steps": steps,
    "window": page(dictation, 0.9),
    "tray": tray,
    "overlay-listening": overlay(State.LISTENING),
    "overlay-held": overlay(State.HELD),
    "overlay-failed": overlay(State.FAILED),
    "history": page(history, 0.9),
    "history-recover": page(recover, 0.72),
    "history-again": page(compared, 1.0),
    "files": page(files, 0.75),
    "settings": page(general),
    "settings-keys": page(keys, 1.1),
    "settings-words": page(words, 1.25),
    "settings-programs": page(programs, 1.18),
    "settings-models": page(models, 1.25),
    "settings-worker": page(worker, 0.9),
    "sharing": sharing,
    "monitor": monitor,
    "report": page(report, 1.0),
    "large": large,
}
"""Pictures of the guide, each in both languages."""


def pictures() -> Iterator[tuple[str, QImage]]:
    """Yield each picture with its name and language."""
    for name, draw in PICTURES.items():
        for language in LANGUAGES:
            yield f"{name}.{language}", draw(Look(language, Scheme.LIGHT))


def main(arguments: Sequence[str]) -> int:
    """Write the pictures to the folder."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    application = QApplication([])
    write(Path(arguments[0]) if arguments else FOLDER, pictures())
    application.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
