"""Draw the settings in each of their states, for ``scripts.screenshots``."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from app.core.notes import Note
from app.dictation.hotkey_test import KeySeen, KeysSeen
from app.dictation.view import View
from app.messages.notifications import Devices, Problem
from app.settings.sections import (
    AudioSection,
    GatewaySection,
    GeneralSection,
    HotkeysSection,
    RecognitionSection,
    Settings,
)
from app.ui.settings.controls import TextControl
from app.ui.settings.page import SettingsPage
from app.ui.settings.picker_controls import PickSeveralControl
from app.ui.shell.shell import usual_size
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from scripts.screenshots import Look, column, dressed, grabbed, ground

_NAMES: Final = ("USB Audio", "Built-in Audio Analog Stereo", "Pebble V3")
_DEVICES: Final = Devices(tuple((name, name) for name in _NAMES), "USB Audio")
_SETTINGS: Final = replace(
    Settings(),
    general=GeneralSection(sounds=False),
    audio=AudioSection(microphone="Pebble V3"),
    hotkeys=HotkeysSection(dictate="ctrl+space", cancel="esc", paste_held="f9"),
    gateway=GatewaySection(url="https://desktop-gpu:8765"),
)
_SEARCH: Final = {"en": "text", "zh": "文字"}


def general(page: SettingsPage) -> None:
    """Show the settings as they open."""
    page.show_problem(Problem("settings"))


def microphone(page: SettingsPage) -> None:
    """Show the microphone during a recording."""
    page.choose("input")
    page.show_view(View(level_dbfs=-18.0))


def keys(page: SettingsPage) -> None:
    """Show a key used twice, a key of another program, and a test in which a key did not arrive."""
    page.choose("input")
    page.press_test.button.click()
    page.show_keys(KeysSeen(True))
    taken = Note("hotkey-taken", {"binding": "f9"})
    page.show_keys(KeysSeen(False, (KeySeen("dictate", 0.231, times=2), KeySeen("cancel", 0.08)), taken))


def languages(page: SettingsPage) -> None:
    """Show the languages that a user speaks, one of them unknown, and the list that adds one."""
    page.choose("language")
    spoken = RecognitionSection(languages=("system", "zh", "en", "tlh"))
    page.show_settings(replace(_SETTINGS, recognition=spoken))
    control = page.rows["recognition.languages"].control
    assert isinstance(control, PickSeveralControl)
    QApplication.processEvents()  # the list opens beside the button where it then is
    control.add.click()
    assert control.picker.built is not None
    control.picker.built.search.setText("an")


def refused(page: SettingsPage) -> None:
    """Show a value that is not allowed."""
    page.choose("advanced")
    control = page.rows["gateway.url"].control
    assert isinstance(control, TextControl)
    control.field.setText("desktop-gpu")
    control.field.textEdited.emit("desktop-gpu")
    page.show_problem(
        Problem("settings", note=Note("setting-bad", {"place": "gateway.url"}), setting="gateway.url")
    )


def broken(page: SettingsPage) -> None:
    """Show a settings file that is unreadable."""
    page.choose("general")
    page.trouble.place = "~/.config/kikipounamu/settings.toml"  # type: ignore[assignment]  # an example path
    page.show_problem(Problem("settings", note=Note("settings-no-toml", {"line": "12"})))


def searched(page: SettingsPage) -> None:
    """Show a search with hits in several sections."""
    page.search.setText(_SEARCH[page._texts.language])


def nothing(page: SettingsPage) -> None:
    """Show a search without any hits."""
    page.search.setText("xyz")


STATES: Final[tuple[Callable[[SettingsPage], None], ...]] = (
    *(general, microphone, keys, lambda page: page.choose("language"), languages, refused),
    *(broken, searched, nothing),
)


def states(look: Look) -> QImage:
    """Draw all states in one look."""
    return column([shown(look, state) for state in STATES], ground(look))


def shown(look: Look, state: Callable[[SettingsPage], None]) -> QImage:
    """Draw the page in this state."""

    def draw(theme: Theme, texts: Texts) -> QImage:
        page = SettingsPage(theme, texts, lambda action: None)
        page.resize(usual_size())
        page.show()
        page.show_devices(_DEVICES)
        page.show_settings(_SETTINGS)
        state(page)
        return grabbed(page)

    return dressed(look, draw)
