"""Run the app without its windows: settings, control socket, keys, insertion, dictation, gateway, worker.

Windows receive values from ``post`` and send actions to ``ask``. Everything here belongs to the loop of ``run``.
"""

import asyncio
import os
import sys
from collections.abc import Collection
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from typing import Final
from uuid import UUID

from app.background_services import BackgroundServices
from app.capture.desktop_sound import sound_system
from app.capture.microphone import open_microphone
from app.control.server import ControlServer
from app.core.errors import Note, UsageMistake
from app.core.problem_notes import note_of
from app.core.states import State
from app.diagnostics.report.service import Sources
from app.dictation.actions import HELD_ACTIONS, KeyCommand, SettleHeld, Verb
from app.dictation.dictation_options import DictationOptions
from app.dictation.hotkey_test import KeysSeen
from app.dictation.messages import Locked, Woke
from app.dictation.recorder import OpenDevice
from app.dictation.runner import DictationRunner, Parts
from app.dictation.sounds import Sounds
from app.dictation.text_inserter import InsertionMeans
from app.dictation.view import View
from app.gateways.service import Gateways
from app.gateways.view import CHOSEN
from app.hotkeys import choose
from app.hotkeys.errors import HotkeyError
from app.hotkeys.events import Hotkeys
from app.insertion.choose import open_inserter, text_copier, text_finder, text_reader
from app.insertion.clipboard import WholeClipboard
from app.insertion.errors import InsertionUnavailable
from app.insertion.outcome import HeldInserter, Inserter, ReadAround, read_nothing
from app.insertion.plan import ConfigurableInserter, ProgramsSeen, Rules
from app.journal.library import users_library
from app.local_services.power_events import PowerEvents
from app.local_services.worker_view import SwitchWorker
from app.messages.kinds import Action, ActionQueue, Post, Problem, Programs, Registry, WindowWanted, problem
from app.models.engines import VAD_MODEL
from app.onboarding.microphone_trial import MicrophoneTrialRunner
from app.own_recognition import OwnRecognition, WorkerOptions
from app.refreshed_lists import RefreshedLists
from app.replacements.replacer import LiveReplacer
from app.settings.file import SettingsFile
from app.settings.languages import options_of
from app.settings.sections import ChangeSetting, Settings
from app.settings_changes import SettingsChanges
from app.system.sleep_detector import Patience
from app.transcription.listening import PATIENT, DictationSetup
from protocol.recognition import Options
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.folders import folders
from runtime.installing import extra_command
from runtime.tasks import Tasks

log = loggers.APP_DESK

_KEY: Final = "KIKIPOUNAMU_KEY"
_PATIENT: Final = replace(PATIENT, quiet_s=3600.0)  # unlike at a terminal, waiting long is fine
_NO_HOTKEYS: Final = {
    choose.WAYLAND: Note("hotkeys-wayland"),
    choose.NO_DISPLAY: Note("hotkeys-no-display"),
    choose.NOT_INSTALLED: Note("hotkeys-not-installed", {"install": extra_command("desktop")}),
}


class Application:
    """The app without its windows.

    ``post`` receives values to display, in the loop's thread. If windows exist, the following are set before
    ``run``. ``clipboard``: the clipboard of the window system. ``read_own``: reads around the caret in them.
    ``enter_hotkeys`` and ``open_inserter`` are those of this desktop, unless others are set.
    """

    clipboard: WholeClipboard | None = None
    read_own: ReadAround = staticmethod(read_nothing)

    def __init__(
        self, post: Post, worker: WorkerOptions | None = None, open_device: OpenDevice = open_microphone
    ) -> None:
        self.enter_hotkeys = enter_hotkeys
        self.open_inserter = open_inserter_or_hold
        self._post = post
        self._open_device = open_device
        self._tasks = Tasks("app")
        self._actions = ActionQueue()  # they wait until all services run
        self._running: asyncio.Task[None] | None = None
        self._patience = Patience()
        self._shown = View()
        self._keys_paused = False
        self._inserter: Inserter = HeldInserter()
        self._dictation: DictationRunner | None = None
        self._trial: MicrophoneTrialRunner | None = None
        self._power: PowerEvents | None = None
        self._file = SettingsFile()
        self._changes = SettingsChanges(self._file, post)
        unchoose = partial(self._changes.change, ChangeSetting(CHOSEN, ""))
        self._gateways = Gateways(post, unchoose, self._handle_new_destination, os.environ.get(_KEY, ""))
        self._rewrite = LiveReplacer(lambda: self._file.current.recognition.replacements)
        self._library = users_library()
        self._background = BackgroundServices(
            post, self._library, self._gateways.locate, self._options, self._rewrite
        )
        self._recognition = OwnRecognition(
            post, self._file, self._gateways, self._background, worker or WorkerOptions()
        )
        self._lists = RefreshedLists(post, self._file, self._background)
        self._connect_services()

    def _connect_services(self) -> None:
        """Connect the background services with actions that only the app can perform."""
        services = self._background
        services.models.on_installed = lambda name: self._recognition.refresh()  # retry a worker that lacked it
        services.models.use = lambda name: self._changes.change(ChangeSetting("worker.model", name))
        services.lending.change = self._changes.change
        services.help.sources = lambda: Sources(self._file.current, self._recognition.worker.view)
        services.locked = self._handle_lock
        services.history_window.edited = self._lists.refresh_recordings
        services.history_window.deleted = self._handle_deletion

    async def run(self) -> None:
        """Run until the user quits, or until cancelled. Raises ``AlreadyRunning`` or another ``AppError``."""
        self._running = asyncio.current_task()
        async with AsyncExitStack() as cleanup:
            enter = cleanup.enter_async_context
            control = await enter(ControlServer(self._perform_asked, self._status, new=True))
            await enter(self._file)
            await enter(self._recognition)
            await enter(self._changes)
            await enter(self._lists)
            await enter(self._tasks)
            hotkeys = await self.enter_hotkeys(cleanup, self._post)
            rules = self._file.current.insertion.rules
            self._inserter = await self.open_inserter(self._post, self.clipboard, rules)
            cleanup.push_async_callback(self._inserter.close)
            sounds = await enter(Sounds(sound_system().ports.play))
            await enter(self._gateways)
            self._gateways.choose(self._file.current.gateway)
            await enter(self._background)
            await self._recognition.use_model()
            parts = self._dictation_parts(hotkeys, sounds)
            dictation = DictationRunner(parts, self._dictation_options(), self._lists.refresh_recordings)
            self._dictation = dictation
            dictation.follow(lambda view: self._show_view(view, control))
            trial = MicrophoneTrialRunner(dictation.recorder, self._post, self.refresh_microphones)
            self._trial = await enter(trial)
            cleanup.callback(self._file.subscribe(self._handle_settings))
            self._start_services(control, dictation)
            self._power = await enter(PowerEvents(self._recognition.rest, self._handle_wake))
            self._power.allow(self._file.current.worker.limits)
            self._perform_actions(dictation, trial)
            cleanup.callback(self._actions.hold)  # cleaned up first: no service performs actions any more
            await dictation.run()
            control.leave()

    def ask(self, action: Action) -> None:
        """Pass on a user's action and return at once; actions wait until all services run."""
        if action is Verb.SHOW:
            self._post(WindowWanted())
        if action is Verb.QUIT and self._dictation is None and self._running is not None:  # still starting
            self._running.cancel()
        else:
            self._actions.ask(action)

    def refresh_microphones(self) -> None:
        """Refresh the list of microphones because the user opens it."""
        self._lists.refresh_microphones()

    # -- start ---------------------------------------------------------------------------------------------

    def _dictation_parts(self, hotkeys: Hotkeys, sounds: Sounds) -> Parts:
        gateway = replace(
            _PATIENT,
            pause=self._patience.pause,
            elsewhere=self._gateways.falls_back,
            until_moved=self._gateways.until_moved,
            retry=self._gateways.retry,
        )
        setup = DictationSetup(
            self._gateways.locate,
            folders().models / VAD_MODEL,
            settings=gateway,
            rewrite=self._rewrite,
            needs_context=self._background.needs_context,
        )
        return Parts(
            self._library,
            setup,
            InsertionMeans(
                self._inserter,
                text_copier(os.environ, self.clipboard),
                text_finder(sys.platform, os.environ),
                text_reader(os.environ, lambda: self._file.current.insertion, self.read_own),
                ProgramsSeen(lambda names: self._post(Programs(names))).note,
                lambda: self._file.current.insertion.rules,
            ),
            self._open_device,
            sounds.play,
            hotkeys,
            observe=self._background.observe,
            limits=lambda: self._file.limits,
            show_keys=self._show_keys,
            no_worker=self._why_not_recognised,
        )

    def _start_services(self, control: ControlServer, dictation: DictationRunner) -> None:
        self._post(self._file.current)
        self._changes.report_problem()
        self._background.allow(self._file.current)
        self._tasks.start(control.finish_start(dictation.until_bound()), "start")
        self._recognition.start(dictation.until_finished)
        self._lists.start(dictation.recordings)

    def _perform_actions(self, dictation: DictationRunner, trial: MicrophoneTrialRunner) -> None:
        """Pass on all actions from now on, beginning with those that wait."""
        self._actions.begin(
            Registry()
            .add(dictation.ask)
            .add(trial.ask)
            .add(self._switch_worker)
            .add(self._changes.change)
            .add(self._gateways.ask)
            .join(self._background.actions)
        )

    # -- changes -------------------------------------------------------------------------------------------

    def _options(self) -> Options:
        return options_of(self._file.current)

    def _dictation_options(self) -> DictationOptions:
        options = self._file.current.dictation_options
        return replace(options, options=self._options(), destination=self._gateways.destination)

    def _switch_worker(self, action: SwitchWorker) -> None:
        """Apply the switch, and restart a failed worker even if the setting does not change."""

        async def switch() -> None:
            await self._changes.apply(ChangeSetting("worker.on", action.on))
            self._recognition.refresh()

        self._tasks.start(switch(), "worker")

    def _handle_settings(self, old: Settings, new: Settings) -> None:
        self._gateways.choose(new.gateway)
        if self._dictation is not None:
            self._dictation.change(self._dictation_options())
        if isinstance(self._inserter, ConfigurableInserter):
            self._inserter.rules = replace(new.insertion.rules, input_method=self._inserter.rules.input_method)
        if self._power is not None:
            self._power.allow(new.worker.limits)
        self._background.allow(new)
        self._recognition.handle_settings(old, new)
        if self._trial is not None and new.audio.microphone != old.audio.microphone:
            self._trial.restart()
        self._changes.handle_settings(old, new)

    def _handle_new_destination(self) -> None:
        """Send speech elsewhere from now on; takes in progress move there only once they must."""
        self._post(Problem("route", note=self._gateways.problem))
        if self._dictation is not None:
            self._dictation.change(self._dictation_options())
        self._recognition.refresh()
        self._background.gateway_changed()

    def _handle_wake(self, slept_s: float) -> None:
        """Renew devices and connections after a sleep, and cut short pauses that began before it."""
        if self._dictation is not None:
            self._dictation.handle(Woke())
        self._patience.end_pauses()
        self._gateways.handle_wake()
        self._lists.refresh_microphones()
        self._background.gateway_changed()

    def _handle_lock(self) -> None:
        """End the recording when the screen is locked."""
        if self._dictation is not None:
            self._dictation.handle(Locked())

    def _handle_deletion(self, sessions: Collection[UUID]) -> None:
        """Offer no text of deleted recordings for pasting."""
        if self._dictation is not None:
            self._dictation.recordings.forget(sessions)
        self._lists.refresh_recordings()

    # -- views ---------------------------------------------------------------------------------------------

    async def _perform_asked(self, action: Verb | SettleHeld | KeyCommand) -> None:
        if isinstance(action, SettleHeld) and self._dictation is not None:
            await self._dictation.recordings.settle(action.session, action.how)
            return
        nothing = action in HELD_ACTIONS and self._dictation is not None and self._dictation.holds_nothing
        self.ask(action)
        if nothing:
            where = "`kikipounamu takes list` shows the recordings that have one"
            raise UsageMistake(f"there is no text to paste: {where}")

    def _status(self) -> View:
        faults = filter(None, (*self._file.problems, self._recognition.gateway_fault))
        failed = filter(None, [None if self._shown.destination else self._recognition.worker.view.hindrance])
        paused = [Note("hotkeys-paused")] * self._keys_paused
        replaced = filter(None, [self._background.replaced.note])
        return replace(self._shown, problems=(*map(note_of, faults), *failed, *paused, *replaced))

    def _show_keys(self, seen: KeysSeen) -> None:
        self._keys_paused = seen.paused
        self._post(seen)

    def _why_not_recognised(self) -> Note | None:
        """Return why this computer does not recognise, if that is known: the user may have switched it off."""
        off = None if self._file.current.worker.on else Note("worker-off")
        return self._recognition.worker.view.reason or off

    def _show_view(self, view: View, control: ControlServer) -> None:
        before, self._shown = self._shown, view
        if before.listed != view.listed:
            self._lists.refresh_recordings()
        self._background.set_recording(on=view.state in {State.ARMING, State.LISTENING})
        self._post(view)
        control.changed()


async def enter_hotkeys(cleanup: AsyncExitStack, post: Post) -> Hotkeys:
    """Enter the hotkeys of this desktop until ``cleanup`` ends; where there are none, report why."""
    chosen = choose.choose(sys.platform, os.environ)
    if note := _NO_HOTKEYS.get(chosen.reason):
        post(Problem("hotkeys", note=note))
    try:
        return await cleanup.enter_async_context(chosen.hotkeys)
    except HotkeyError as error:
        log.warning(LogEvent.HOTKEYS_UNAVAILABLE, reason=str(error))
        post(problem("hotkeys", error))
        return await cleanup.enter_async_context(Hotkeys())


async def open_inserter_or_hold(post: Post, clipboard: WholeClipboard | None, rules: Rules) -> Inserter:
    """Return this desktop's inserter; where there is none, report why and hold every text."""
    try:
        return await open_inserter(sys.platform, os.environ, clipboard, rules)
    except InsertionUnavailable as error:
        log.warning(LogEvent.INSERTION_UNAVAILABLE, reason=str(error))
        post(problem("insertion", error))
        return HeldInserter()
