"""All checks of this computer, joined with its settings, folders and devices."""

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from pathlib import Path
from time import time
from typing import Final

from app.capture.desktop_sound import sound_system
from app.capture.portaudio import SoundSystem
from app.control.client import ControlError, NotRunning, ask
from app.core.daemon_thread import in_daemon_thread
from app.diagnostics.checks import desktop, disk, gateway, installation, logs, own_process, worker
from app.diagnostics.checks.desktop import hotkeys, permissions
from app.diagnostics.checks.disk import recordings
from app.diagnostics.checks.finding import Finding, Topic, ok, wrong
from app.diagnostics.checks.gateway import RemoteGateway
from app.diagnostics.checks.runner import DEADLINE_S, OWN_S, Examination, in_own_process
from app.gateways.pairing_address import url_text
from app.gateways.store import GatewaysNotKept, PairedGateway, gateways_file, paired_in
from app.hotkeys.choose import choose
from app.journal.library import Library
from app.local_services.gateway_settings import FILE as GATEWAY_FILE
from app.local_services.gateway_settings import gateway_complaint
from app.local_services.local_gateway import read_endpoint
from app.local_services.local_worker import LocalWorkerSettings
from app.models.engines import VAD_MODEL, needed_models
from app.settings.current import settings_now
from app.settings.errors import BadSetting, SettingsError
from app.settings.path import settings_place
from app.settings.schema import all_settings
from app.settings.sections import Settings
from client.connection import Address
from runtime.folders import Folders, folders
from speech.models.catalogue import load_catalogue
from speech.models.store import ModelStore

_THOROUGH_S: Final = 600.0
_PROGRAM: Final = "kikipounamu"
_KEY: Final = "KIKIPOUNAMU_KEY"
_LEAVES_S: Final = 5.0
_STARTS_S: Final = DEADLINE_S - OWN_S
"""Time for a check's own process to start on a busy computer, in addition to the check itself."""


@dataclass(frozen=True)
class ComputerSetup:
    """Setup of this computer.

    ``faults``: the problems of its settings file. ``paired``: its gateways; ``None``: their list is unreadable.
    """

    places: Folders
    settings: Settings
    faults: Sequence[SettingsError]
    paired: tuple[PairedGateway, ...] | None
    platform: str
    environment: Mapping[str, str]
    system: Callable[[], SoundSystem]

    @property
    def here(self) -> bool:
        """True if speech is recognised on this computer."""
        gateway = self.settings.gateway
        return not (gateway.chosen or gateway.url)

    @property
    def worker_needed(self) -> bool:
        """True if recognition depends on the worker of this computer."""
        return self.here and self.settings.worker.on


@dataclass(frozen=True)
class CheckOptions:
    """Options of a run.

    ``engine``: the worker's engine if no model is chosen. ``hear_s``: seconds of listening to the microphone.
    """

    engine: str = "whisper"
    hear_s: float = own_process.HEAR_S
    thorough: bool = False


class AllChecks:
    """Checks of one computer."""

    def __init__(self, options: CheckOptions, computer: ComputerSetup) -> None:
        self._options, self._computer = options, computer
        self._settings, self._places = computer.settings, computer.places
        self._version = metadata.version(_PROGRAM)
        self._catalogue = load_catalogue()
        self._store = ModelStore(computer.places.models, self._catalogue)
        self._library = Library(computer.places.data / "takes")
        served = LocalWorkerSettings(tuple(needed_models(options.engine)), ("--engine", options.engine))
        self._served = served.running(self._settings.worker.model)

    def examinations(self) -> tuple[Examination, ...]:
        """Return all checks in the order of the report; the slowest comes last."""
        options, computer, places, served = self._options, self._computer, self._places, self._served
        platform, environment, bindings = computer.platform, computer.environment, self._settings.hotkeys.bindings
        root, needed, frozen = self._library.root, computer.worker_needed, bool(getattr(sys, "frozen", False))
        kept = (root, places.models, places.broker, places.logs, places.config)
        models_needed, names = (VAD_MODEL, *(served.models if needed else ())), self._catalogue.names
        hashing_s = _THOROUGH_S if options.thorough else DEADLINE_S
        arguments = () if options.hear_s else ("--no-microphone",)
        hashing = partial(installation.models, self._store, names, models_needed, thorough=options.thorough)
        working = partial(worker.worker, served.arguments, unfit=served.unfit, needed=needed)
        checking_keys = partial(hotkeys, bindings, partial(choose, platform, environment), app_runs)
        return (
            _in_thread(Topic.SETTINGS, lambda: settings_findings(computer.faults, settings_place())),
            self._in_process(Topic.MICROPHONE, arguments),
            self._in_process(Topic.VAD, arguments),
            _in_thread(Topic.MODELS, hashing, hashing_s),
            _in_thread(Topic.DISK, partial(disk.disk, kept, root, places.control_socket.parent)),
            _in_thread(Topic.RECORDINGS, partial(recordings, self._library)),
            Examination(Topic.GATEWAY, self._gateway),
            Examination(Topic.ELSEWHERE, self._elsewhere),
            Examination(Topic.SESSION, self._session),
            Examination(Topic.HOTKEYS, checking_keys),
            _in_thread(Topic.PERMISSIONS, partial(permissions, platform)),
            _in_thread(Topic.INSTALLATION, partial(installation.installation, self._version, frozen=frozen)),
            _in_thread(Topic.LOG, lambda: logs.logs(places.logs, time())),
            _in_thread(Topic.SETTINGS, self._gateway_settings),  # a program, which starts slowly
            Examination(Topic.WORKER, working, worker.DEADLINE_S + _LEAVES_S),
        )

    def examination(self, area: Topic) -> Examination:
        """Return the check of an area that runs in its own process, for that process. Raises ``UsageMistake``."""
        computer, choice = self._computer, self._settings.audio.microphone
        hear_s, models = self._options.hear_s, self._places.models
        return own_process.examination(area, choice, models, computer.platform, hear_s, computer.system)

    def _in_process(self, area: Topic, arguments: Sequence[str]) -> Examination:
        deadline_s = _STARTS_S + own_process.deadline_s(area, self._options.hear_s)
        return Examination(area, partial(in_own_process, area, arguments), deadline_s)

    def _gateway_settings(self) -> list[Finding]:
        place, environment = self._places.config / GATEWAY_FILE, self._computer.environment
        said = gateway_complaint(place, environment, deadline_s=DEADLINE_S + _LEAVES_S)  # the check's ends earlier
        return [wrong(Topic.SETTINGS, "gateway-settings-bad", error=said)] if said else []

    async def _session(self) -> Sequence[Finding]:
        platform, environment = self._computer.platform, self._computer.environment
        found = await desktop.desktop(platform, environment, bindings=self._settings.hotkeys.bindings)
        return [*found, *await in_daemon_thread(partial(desktop.window_libraries, platform, environment))]

    async def _gateway(self) -> Sequence[Finding]:
        expected = gateway.Expected(self._version, self._computer.worker_needed, self._places.knows_session)
        return await gateway.gateway(await in_daemon_thread(read_endpoint), self._places.broker, expected)

    async def _elsewhere(self) -> Sequence[Finding]:
        if self._computer.paired is None:
            return [wrong(Topic.ELSEWHERE, "elsewhere-unreadable", file=str(gateways_file()))]
        return await gateway.elsewhere(self._used_gateways(self._computer.paired), self._version)

    def _used_gateways(self, known: Sequence[PairedGateway]) -> list[RemoteGateway]:
        chosen, falls_back = self._settings.gateway.chosen, self._settings.gateway.fall_back
        url = self._settings.gateway.url
        used = [
            RemoteGateway(one.display_name, one.addresses, one.id == chosen, one.id == chosen and not falls_back)
            for one in known
        ]
        if url and not chosen:
            used.append(
                RemoteGateway(
                    url_text(url),
                    (Address(url, self._computer.environment.get(_KEY, "")),),
                    chosen=True,
                    needed=not falls_back,
                )
            )
        return used


def _in_thread(area: Topic, work: Callable[[], Sequence[Finding]], deadline_s: float = DEADLINE_S) -> Examination:
    """Return the check of an area by a function that blocks."""
    return Examination(area, partial(in_daemon_thread, work), deadline_s)


def this_computer(platform: str, environment: Mapping[str, str]) -> ComputerSetup:
    """Return the setup of this computer for the current user. Blocks."""
    places, read = folders(), settings_now()
    paired: tuple[PairedGateway, ...] | None = None
    with suppress(GatewaysNotKept):
        paired = paired_in(gateways_file())
    return ComputerSetup(places, *read, paired, platform, environment, sound_system)


def settings_findings(faults: Sequence[SettingsError], place: Path) -> list[Finding]:
    """Return a finding for each problem of the settings file, or one that all is well."""
    if not faults:
        return [ok(Topic.SETTINGS, "settings-good" if place.exists() else "settings-default", file=str(place))]
    return [_settings_finding(one, str(place)) for one in faults]


def _settings_finding(fault: SettingsError, file: str) -> Finding:
    if not isinstance(fault, BadSetting):
        return wrong(Topic.SETTINGS, "settings-broken", file=file, error=str(fault))
    if fault.row:
        return wrong(Topic.SETTINGS, "setting-row", file=file, name=fault.name, row=fault.row)
    if (setting := all_settings().get(fault.name)) is None:
        return wrong(Topic.SETTINGS, "setting-section", file=file, name=fault.name)
    return wrong(Topic.SETTINGS, "setting-bad", file=file, name=fault.name).because(setting.allowed_note)


async def app_runs() -> bool:
    """Return whether the app of this user runs."""
    try:
        await in_daemon_thread(partial(ask, {"verb": "status"}))
    except NotRunning:
        return False
    except ControlError:  # the app runs and owns its hotkeys
        pass
    return True
