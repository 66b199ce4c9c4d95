"""All windows of the app but the first, which opens before these are imported."""

import logging
import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from app.core.hints import FirstTimes
from app.desktop.abilities import IN_PLACE, DesktopView
from app.dictation.hotkey_test import KeysSeen
from app.messages.kinds import ActionQueue, Devices, News, Problem, Registry, WindowWanted
from app.settings.file import read_settings
from app.settings.path import settings_place
from app.settings.sections import Settings
from app.system.notification import notify
from app.ui.dictation.announcer import Announcer, announce
from app.ui.dictation.overlay import Overlay
from app.ui.dictation.overlay_window import OverlayWindow, blends, possible
from app.ui.settings.choices import HOTKEYS, NO_HOTKEYS, PASTE_HELD, Choices, KnownKeys
from app.ui.shell.front import SETTINGS, Front
from app.ui.shell.pages import Pages
from app.ui.shell.tray import AbsentTray, RecoveryNotice, Tray, TrayFocus, TrayWatch, UpdateNotice
from app.ui.strings.texts import Texts, key_text, note_text
from app.ui.theme.theme import SCHEMES, Theme
from runtime.folders import folders
from runtime.loop_thread import LoopThread

if TYPE_CHECKING:
    from app.application import Application
    from app.ui.dictation.overlay_wayland import WaylandOverlay


@dataclass(frozen=True)
class ApplicationCreated:
    """Notification that the app has been created."""

    app: "Application"


class ApplicationEnded:
    """Notification that the app has ended."""


class Windows:
    """All windows of the app, beginning with ``front``. ``actions``: the queue of actions for the app.

    ``receive`` shows the values that the app reports, and handles its start and its end.
    """

    def __init__(self, loop: LoopThread, actions: ActionQueue, front: Front, texts: Texts, theme: Theme) -> None:
        self._loop, self._actions = loop, actions
        self._texts, self._theme = texts, theme
        self._devices, self._settings = Devices(), Settings()
        self._problems: dict[str, Problem] = {}
        self._paused, self._known = False, KnownKeys()
        self.app: Application | None = None
        self.pages = Pages(front, theme, texts)
        self.shell, self.home = front.shell, front.home
        TrayFocus(self.shell)
        self.shell.page_shown.connect(lambda page: self._refresh_microphones() if page == SETTINGS else None)
        self.pages.status.opened.connect(lambda on: self._refresh_microphones() if on else None)
        self.announcer = Announcer(texts, partial(announce, self.home))
        self.overlay = overlay(theme, texts, folders().data / "cancel-told")
        self.tray, self.tray_watch = Tray(theme, texts, front.ask), TrayWatch()
        once = FirstTimes(folders().data / "absent-tray-told", 1)
        self.absent_tray = AbsentTray(texts, once, lambda *said: loop.submit(notify(*said)), self._open_hidden)
        self.recovery_notice = RecoveryNotice(
            texts, lambda *said: loop.submit(notify(*said)), self.shell.isVisible
        )
        self.update_notice = UpdateNotice(texts, lambda *said: loop.submit(notify(*said)))
        self._connect_tray()
        self.receive = self._registry()
        self._show_saved_settings()

    def _show_saved_settings(self) -> None:
        """Show the settings of the file before the app reports them: an early change would start from defaults."""
        if (place := settings_place()).exists() and not (saved := read_settings(place)).broken:
            self.receive(saved.settings)

    def _connect_tray(self) -> None:
        self.pages.status.changed.connect(self.tray.show_status)
        self.pages.status.changed.connect(self.absent_tray.show_status)
        self.pages.computers.lending_shown.connect(self.tray.show_lending)
        self.tray.open_wanted.connect(self.open)
        self.tray.monitor_wanted.connect(self.pages.monitor_window.appear)
        self.tray.lend_wanted.connect(self.pages.lend)
        self.tray_watch.appeared.connect(self.tray.appear)
        self.tray_watch.vanished.connect(self.tray.vanish)
        for present, happens in ((True, self.tray_watch.appeared), (False, self.tray_watch.vanished)):
            happens.connect(partial(self.shell.show_tray, present))
        self.shell.show_tray(False)
        self.tray_watch.vanished.connect(self.absent_tray.notify)
        self.tray_watch.absent.connect(self.absent_tray.notify)
        self.tray_watch.begin()

    def open(self, page: str = "") -> None:
        """Show the window, optionally on a certain page."""
        self._refresh_microphones()
        self.shell.appear(page)

    def _open_hidden(self) -> None:
        """Open the window unless it is open: then the user may be busy elsewhere."""
        if not self.shell.isVisible():
            self.open()

    def _registry(self) -> Registry[News | ApplicationCreated | ApplicationEnded]:
        return (
            self.pages.handlers.add(self._begin)
            .add(self._quit_qt)
            .add(self._show_window)
            .add(self._show_devices)
            .add(self._show_settings)
            .add(self._show_problem)
            .add(self._show_keys)
            .add(self._show_desktop)
            .add(self.announcer.show_view)
            .add(self.overlay.show_view)
            .add(self.update_notice.show_updates)
            .add(self.update_notice.show_problem)
            .add(self.tray.show_takes)
            .add(self.recovery_notice.show_takes)
        )

    def _begin(self, begun: ApplicationCreated) -> None:
        self.app = begun.app
        self._actions.begin(partial(self._loop.call, begun.app.ask))

    def _quit_qt(self, gone: ApplicationEnded) -> None:
        QCoreApplication.exit()  # quit() would ask each window, and a window may refuse

    def _show_window(self, wanted: WindowWanted) -> None:
        self._refresh_microphones()

    def _show_devices(self, devices: Devices) -> None:
        self._devices = devices
        self._show_choices()

    def _show_settings(self, settings: Settings) -> None:
        self._settings = settings
        self._texts.choose(settings.general.language)
        self._theme.choose(SCHEMES[settings.general.theme])
        self._theme.choose_text_size(settings.general.text_size)
        self.overlay.choose_place(settings.general.overlay)
        logging.getLogger().setLevel(settings.advanced.log_level)
        self._show_choices()

    def _show_problem(self, problem: Problem) -> None:
        """Show the first problem; the next one follows when it is solved."""
        self._problems[problem.about] = problem
        if problem.about == HOTKEYS:
            self._known.note_problem(problem.note)
            if problem.note and self._known.works_by_lines:
                return self.receive(Problem(HOTKEYS))
        notes = ((problem.text, problem.note) for problem in self._problems.values())
        said = (note_text(self._texts, note) if note else text for text, note in notes)
        first = next(filter(None, said), "")
        self.home.head.hero.show_problem(first)
        self.pages.status.show_problem(first)
        if problem.about == HOTKEYS:
            self._show_choices()

    def _show_keys(self, keys: KeysSeen) -> None:
        """Show only keys that work: none that is paused or refused, and those that the desktop chose."""
        known = self._known
        if (keys.paused, keys.assigned, keys.instead) != (self._paused, known.assigned, known.instead):
            self._paused, known.assigned, known.instead = keys.paused, dict(keys.assigned), dict(keys.instead)
            self._show_choices()
        self._show_reported(keys.commanded)

    def _show_desktop(self, view: DesktopView) -> None:
        self._known.nameless = view.lines is not None and view.lines.compositor is None
        if self._known.toggles != (toggles := view.lines is not None and view.lines.toggles):
            self._known.toggles = toggles
            self._show_choices()
        if view.lines is not None and view.lines.state in IN_PLACE:
            self._show_reported(set(self._settings.hotkeys.bindings) - set(view.lines.missing))

    def _show_reported(self, actions: Iterable[str]) -> None:
        """Show keys that lines of the desktop's configuration report; hotkeys are then no longer missing."""
        if self._known.add_reported(actions):
            if self._known.works_by_lines:
                self.receive(Problem(HOTKEYS))
            self._show_choices()

    def _refresh_microphones(self) -> None:
        if self.app is not None:
            self._loop.call(self.app.refresh_microphones)

    def _show_choices(self) -> None:
        settings, devices, unheard = self._settings, self._devices, self._problems.get(HOTKEYS)
        choices = Choices(
            microphones=devices.microphones,
            microphone=settings.audio.microphone,
            default_microphone=devices.default,
            mode=settings.hotkeys.mode,
            keys=self._known.of(settings.hotkeys.bindings),
            language=settings.general.language,
            paused=self._paused,
            toggles=self._known.toggles and self._known.works_by_lines,
            heard=unheard is None or unheard.note is None or unheard.note.key not in NO_HOTKEYS,
        )
        self.announcer.wanted = settings.general.announce
        self.announcer.paste_key = key_text(self._texts, choices.works(PASTE_HELD))
        self.home.head.show_choices(choices)
        self.pages.status.show_choices(choices)
        self.pages.first_steps.show(choices)
        self.overlay.show_choices(choices)


def overlay(theme: Theme, texts: Texts, hint: Path) -> "Overlay | WaylandOverlay":
    """Return the overlay of this desktop; ``hint``: the file that counts how often its hint was shown."""
    if not possible():
        from app.ui.dictation.overlay_wayland import WaylandOverlay

        return WaylandOverlay(theme, texts, os.environ, hint)
    return Overlay(theme, texts, OverlayWindow(texts("overlay.name"), blended=blends()), hint=FirstTimes(hint))
