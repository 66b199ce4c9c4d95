"""Run the app without its windows: settings, control socket, keys, insertion, dictation, gateway, worker.

Windows receive values from ``post`` and send actions to ``ask``. Everything here belongs to the loop of ``run``.
"""

import asyncio
import os
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from app.background_services import BackgroundServices, PowerEvents
from app.capture.desktop_sound import sound_system
from app.capture.devices import list_microphones, offered
from app.capture.microphone import open_microphone
from app.control.server import ControlServer
from app.core.errors import AppError, Note
from app.core.problem_notes import note_of
from app.core.states import State
from app.diagnostics.report.service import Sources
from app.dictation.actions import KeyCommand, SettleHeld, Verb
from app.dictation.dictation_options import DictationOptions
from app.dictation.recorder import OpenDevice
from app.dictation.runner import DictationRunner, Parts
from app.dictation.sounds import Sounds
from app.dictation.view import View
from app.gateways.service import Gateways
from app.gateways.view import CHOSEN
from app.hotkeys import choose as hotkeys
from app.hotkeys.errors import HotkeyError
from app.hotkeys.events import Hotkeys
from app.insertion.choose import open_inserter, text_copier, text_finder, text_reader
from app.insertion.clipboard import Copier, WholeClipboard
from app.insertion.errors import InsertionUnavailable
from app.insertion.outcome import HeldInserter, Inserter
from app.insertion.plan import ConfigurableInserter, ProgramTrackingInserter
from app.journal.library import users_library
from app.local_services.local_worker import LocalWorker, LocalWorkerSettings
from app.local_services.supervisor import OwnGateway
from app.local_services.worker_view import SwitchWorker, WorkerView
from app.messages.kinds import (
    Action,
    ActionQueue,
    Devices,
    Post,
    Problem,
    Programs,
    Registry,
    Takes,
    WindowWanted,
    problem,
)
from app.models.engines import VAD_MODEL
from app.onboarding.microphone_trial import MicrophoneTrialRunner
from app.replacements.replacer import LiveReplacer
from app.settings.file import SettingsFile
from app.settings.languages import options_of
from app.settings.sections import ChangeSetting, Settings
from app.system.autostart import keep_autostart
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
    hotkeys.WAYLAND: Note("hotkeys-wayland"),
    hotkeys.NO_DISPLAY: Note("hotkeys-no-display"),
    hotkeys.NOT_INSTALLED: Note("hotkeys-not-installed", {"install": extra_command("desktop")}),
}


@dataclass(frozen=True)
class ApplicationSettings:
    """Options of the command line; ``by_languages``: the user's languages decide which model ``worker`` runs."""

    worker: LocalWorkerSettings = LocalWorkerSettings()
    by_languages: bool = False


class Application:
    """The app without its windows.

    ``post`` receives values to display, in the loop's thread. ``clipboard``: the clipboard of the window system,
    set before ``run`` if windows exist.
    """

    clipboard: WholeClipboard | None = None

    def __init__(
        self, post: Post, settings: ApplicationSettings | None = None, open_device: OpenDevice = open_microphone
    ) -> None:
        self._post = post
        self._open_device = open_device
        self._settings = settings or ApplicationSettings()
        self._file = SettingsFile()
        self._options: Callable[[], Options] = lambda: options_of(self._file.current)
        self._tasks = Tasks("app")
        self._gateway = Tasks("gateway")  # outlives the worker, which would search for its broker for seconds
        self._own: OwnGateway | None = None
        self._gateway_fault: AppError | None = None
        unchoose = partial(self._change, ChangeSetting(CHOSEN, ""))
        self._gateways = Gateways(post, unchoose, self._moved, os.environ.get(_KEY, ""))
        self._locate = self._gateways.locate
        self._dictation: DictationRunner | None = None
        self._trial: MicrophoneTrialRunner | None = None
        self._actions = ActionQueue()  # they wait until all services run
        self._power: PowerEvents | None = None
        self._patience = Patience()
        self._inserter: Inserter = HeldInserter()
        self._running: asyncio.Task[None] | None = None
        self._shown: View = View()
        self._sees_microphones = asyncio.Event()
        self._takes_changed, self._autostart_changed = asyncio.Event(), asyncio.Event()
        self._rewrite = LiveReplacer(lambda: self._file.current.recognition.replacements)
        self._library = users_library()
        self._background = BackgroundServices(post, self._library, self._locate, self._options, self._rewrite)
        self._worker = LocalWorker(self._post_worker, self._settings.worker, self._background.models.have)
        self._background.models.on_installed = lambda name: self._want_gateway()  # retry a worker that lacked it
        self._background.models.use = lambda name: self._change(ChangeSetting("worker.model", name))
        self._background.lending.change = self._change
        self._background.follow_edits(self._takes_changed.set)
        self._background.help.sources = lambda: Sources(self._file.current, self._worker.view)

    async def run(self) -> None:
        """Run until the user quits, or until cancelled. Raises ``AlreadyRunning`` or another ``AppError``."""
        self._running = asyncio.current_task()
        async with AsyncExitStack() as cleanup:
            control = await cleanup.enter_async_context(ControlServer(self._asked, self._status, new=True))
            await cleanup.enter_async_context(self._file)
            await cleanup.enter_async_context(self._gateway)
            cleanup.push_async_callback(self._worker.close)
            await cleanup.enter_async_context(self._tasks)
            keys = await self._hotkeys(cleanup)
            self._inserter = await self._open_inserter()
            cleanup.push_async_callback(self._inserter.close)
            sounds = await cleanup.enter_async_context(Sounds(sound_system().play))
            patient = replace(_PATIENT, pause=self._patience.pause, elsewhere=self._gateways.falls_back)
            patient = replace(patient, until_moved=self._gateways.until_moved, retry=self._gateways.retry)
            setup = DictationSetup(self._locate, folders().models / VAD_MODEL, settings=patient)
            setup = replace(setup, needs_context=self._background.needs_context, rewrite=self._rewrite)
            inserter = ProgramTrackingInserter(self._inserter, lambda names: self._post(Programs(names)))
            await cleanup.enter_async_context(self._gateways)
            self._gateways.choose(self._file.current.gateway)
            await cleanup.enter_async_context(self._background)
            await self._use_model()
            parts = Parts(self._library, setup, inserter, self._open_device, sounds, keys, self._copier())
            parts = replace(parts, limits=lambda: self._file.limits, observe=self._background.observe)
            parts = replace(parts, show_keys=self._post, find_text=text_finder(sys.platform, os.environ))
            parts = replace(parts, read_around=text_reader(os.environ, lambda: self._file.current.insertion))
            parts = replace(parts, no_worker=lambda: self._worker.view.reason)
            self._dictation = DictationRunner(parts, self._dictation_options(), self._takes_changed.set)
            self._dictation.follow(lambda view: self._show_view(view, control))
            trial = MicrophoneTrialRunner(self._dictation.recorder, self._post, self.refresh_microphones)
            self._trial = await cleanup.enter_async_context(trial)
            cleanup.callback(self._file.subscribe(self._settings_changed))
            self._post(self._file.current)
            self._start(control)
            self._power = await cleanup.enter_async_context(PowerEvents(self._rest_workers, self._woke))
            self._power.allow(self._file.current.worker.limits)
            self._serve(self._dictation, self._trial)
            cleanup.callback(self._actions.hold)  # first of all: no service performs them any more
            await self._dictation.run()
            control.leave()

    def ask(self, action: Action) -> None:
        """Pass on a user's action and return at once; actions wait until all services run."""
        if action is Verb.SHOW:
            self._post(WindowWanted())
        if action is Verb.QUIT and self._dictation is None and self._running is not None:  # still starting
            self._running.cancel()
        else:
            self._actions.ask(action)

    def _serve(self, dictating: DictationRunner, trial: MicrophoneTrialRunner) -> None:
        """Pass on all actions from now on, beginning with those that wait."""
        self._actions.begin(
            Registry()
            .add(dictating.ask)
            .add(trial.ask)
            .add(self._switch_worker)
            .add(self._change)
            .add(self._gateways.ask)
            .join(self._background.actions)
        )

    def refresh_microphones(self) -> None:
        """Refresh the list of microphones because the user opens it."""
        self._sees_microphones.set()

    # -- alongside dictation -------------------------------------------------------------------------------

    def _start(self, control: ControlServer) -> None:
        assert self._dictation is not None
        self._tasks.start(control.finish_start(self._dictation.until_bound()), "start")
        self._post_settings()
        sharing = self._background.sharing
        self._own = OwnGateway(sharing.stack, self._worker, self._dictation.finished, self._report_gateway)
        sharing.restart = self._own.restart
        self._want_gateway()
        self._gateway.keep(self._own.keep, "keep")
        self._tasks.keep(self._keep_devices, "devices")
        self._tasks.keep(self._keep_takes, "takes")
        self._tasks.keep(self._keep_autostart, "autostart")
        self._takes_changed.set()
        self._sees_microphones.set()

    def _rest_workers(self, why: Note | None) -> None:
        """Rest every worker of this computer, including lent ones; ``None`` lets them work."""
        if self._own is not None:
            self._own.rest(why)
        self._background.lending.rest(why)

    def _woke(self, slept_s: float) -> None:
        """Handle a wake-up: renew devices and connections, and cut short pauses that began before the sleep."""
        if self._dictation is not None:
            self._dictation.handle_wake()
        self._patience.end_pauses()
        self._gateways.handle_wake()
        self._sees_microphones.set()
        self._background.gateway_changed()

    def _want_gateway(self) -> None:
        """Run this computer's gateway if it is used: by speech from here, or by other devices."""
        chosen = self._file.current
        self._background.allow(chosen)
        if self._own is not None:
            self._own.choose(here=self._gateways.here or chosen.gateway.share, worker=chosen.worker.on)

    def _switch_worker(self, action: SwitchWorker) -> None:
        """Apply the switch, and restart a failed worker even if the setting does not change."""

        async def switch() -> None:
            await self._apply(ChangeSetting("worker.on", action.on))
            self._want_gateway()

        self._tasks.start(switch(), "worker")

    async def _use_model(self) -> None:
        """Apply the settings of the model for this computer's worker."""
        chosen = self._file.current.worker
        model = chosen.model or (await self._background.models.choose() if self._settings.by_languages else "")
        settings = self._settings.worker.running(model, chosen.environment).with_threads(chosen.threads)
        settings = settings.with_gpu_memory(chosen.gpu_memory)
        self._background.models.environment = chosen.environment
        await self._worker.use(settings)
        self._background.lending.use(settings)
        self._report_use()

    def _post_worker(self, view: WorkerView) -> None:
        self._post(view)
        self._report_use()

    def _report_use(self) -> None:
        self._background.models.used(self._worker.settings.model, running=self._worker.view.works)

    def _report_gateway(self, error: AppError | None) -> None:
        self._gateway_fault = error
        self._background.sharing.report_gateway(error)
        self._post(Problem("gateway") if error is None else problem("gateway", error))

    async def _keep_devices(self) -> None:
        while True:
            await self._sees_microphones.wait()
            self._sees_microphones.clear()
            inputs = await list_microphones()
            default = next((device.name for device in inputs if device.default), "")
            found = offered(inputs, self._file.current.audio.microphone)
            self._post(Devices(tuple((device.choice, device.name) for device in found), default))

    async def _keep_takes(self) -> None:
        assert self._dictation is not None
        while True:
            await self._takes_changed.wait()
            self._takes_changed.clear()
            try:
                views = tuple(await self._dictation.recordings.views())
            except AppError as error:  # the next change may find the folder readable
                self._post(problem("takes", error))
                continue
            self._post(Problem("takes"))
            self._background.takes_changed(views)
            self._post(Takes(views))

    async def _keep_autostart(self) -> None:
        """Apply the autostart setting at startup and on changes.

        At startup, an entry that was switched off stays off.
        """
        while True:
            wanted, changed = self._file.current.general.autostart, self._autostart_changed.is_set()
            self._autostart_changed.clear()
            try:
                await asyncio.to_thread(keep_autostart, wanted, changed=changed)
                self._post(Problem("autostart"))
            except AppError as error:
                self._post(problem("autostart", error))
            await self._autostart_changed.wait()

    def _moved(self) -> None:
        """Handle a new destination of speech; takes in progress move there only once they must."""
        self._post(Problem("route", note=self._gateways.problem))
        if self._dictation is not None:
            self._dictation.change(self._dictation_options())
        self._want_gateway()
        self._background.gateway_changed()

    def _dictation_options(self) -> DictationOptions:
        options = self._file.current.dictation_options
        return replace(options, options=self._options(), destination=self._gateways.destination)

    async def _hotkeys(self, cleanup: AsyncExitStack) -> Hotkeys:
        chosen = hotkeys.choose(sys.platform, os.environ)
        if note := _NO_HOTKEYS.get(chosen.reason):
            self._post(Problem("hotkeys", note=note))
        try:
            return await cleanup.enter_async_context(chosen.hotkeys)
        except HotkeyError as error:
            log.warning(LogEvent.HOTKEYS_UNAVAILABLE, reason=str(error))
            self._post(problem("hotkeys", error))
            return await cleanup.enter_async_context(hotkeys.NoHotkeys())

    async def _open_inserter(self) -> Inserter:
        rules = self._file.current.insertion.rules
        try:
            return await open_inserter(sys.platform, os.environ, self.clipboard, rules)
        except InsertionUnavailable as error:
            log.warning(LogEvent.INSERTION_UNAVAILABLE, reason=str(error))
            self._post(problem("insertion", error))
            return HeldInserter()

    def _copier(self) -> Copier | None:
        return text_copier(os.environ, self.clipboard)

    # -- reports -------------------------------------------------------------------------------------------

    async def _asked(self, action: Verb | SettleHeld | KeyCommand) -> None:
        if isinstance(action, SettleHeld) and self._dictation is not None:
            await self._dictation.recordings.settle(action.session, action.how)
        else:
            self.ask(action)

    def _status(self) -> View:
        faults = filter(None, (*self._file.problems, self._gateway_fault))
        return replace(self._shown, problems=tuple(map(note_of, faults)))

    def _show_view(self, view: View, control: ControlServer) -> None:
        before, self._shown = self._shown, view
        if before.listed != view.listed:
            self._takes_changed.set()
        self._background.recording(view.state in {State.ARMING, State.LISTENING})
        self._post(view)
        control.changed()

    def _change(self, change: ChangeSetting) -> None:
        self._tasks.start(self._apply(change), "setting")

    async def _apply(self, change: ChangeSetting) -> None:
        try:
            await self._file.apply(change)
            self._post_settings()
        except AppError as error:
            self._post(replace(problem("settings", error), setting=change.name))

    def _settings_changed(self, old: Settings, new: Settings) -> None:
        self._gateways.choose(new.gateway)
        if self._dictation is not None:
            self._dictation.change(self._dictation_options())
        if isinstance(self._inserter, ConfigurableInserter):
            self._inserter.rules = replace(new.insertion.rules, input_method=self._inserter.rules.input_method)
        if self._power is not None:
            self._power.allow(new.worker.limits)
        # During the first steps nobody relies on a model yet.
        speaks = not new.general.welcomed and new.recognition.languages != old.recognition.languages
        if speaks:
            self._background.models.choose_again()
        if speaks or new.worker.runs != old.worker.runs:
            self._tasks.start(self._use_model(), "model")
        self._want_gateway()
        if self._trial is not None and new.audio.microphone != old.audio.microphone:
            self._trial.restart()
        if new.general.autostart != old.general.autostart:
            self._autostart_changed.set()
        self._post(new)
        self._post_settings()

    def _post_settings(self) -> None:
        """Report the first invalid value in the settings file."""
        problems = self._file.problems
        self._post(problem("settings", problems[0]) if problems else Problem("settings"))
