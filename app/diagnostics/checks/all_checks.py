"""All checks of this computer, joined with its settings, folders and devices."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from time import time
from typing import Final

from app.capture.desktop_sound import sound_system
from app.capture.portaudio import SoundSystem
from app.control.client import ControlError, NotRunning, ask
from app.core.daemon_thread import aside
from app.core.errors import UsageMistake
from app.diagnostics.checks import active_settings as settings_file
from app.diagnostics.checks import desktop, disk, gateway, installation, logs, microphone, models, vad, worker
from app.diagnostics.checks import remote_gateways as elsewhere
from app.diagnostics.checks.active_settings import ActiveSettings
from app.diagnostics.checks.desktop import hotkeys, permissions
from app.diagnostics.checks.disk import recordings
from app.diagnostics.checks.finding import Area, Finding, wrong
from app.diagnostics.checks.isolated import apart
from app.diagnostics.checks.remote_gateways import RemoteGateway, paired
from app.diagnostics.checks.runner import DEADLINE_S, Examination
from app.gateways.pairing_address import shown
from app.gateways.store import PairedGateway
from app.hotkeys.choose import choose
from app.journal.library import Library
from app.local_services.local_gateway import read_endpoint
from app.local_services.local_worker import LocalWorkerSettings
from app.models.engines import DEFAULT, KINDS
from app.models.needed_models import VAD_MODEL
from client.connection import Address
from runtime.folders import Folders, folders
from speech.models.catalogue import load_catalogue
from speech.models.store import ModelStore

_THOROUGH_S: Final = 600.0
_PROGRAM: Final = "kikipounamu"
_KEY: Final = "KIKIPOUNAMU_KEY"
_LEAVES_S: Final = 5.0


@dataclass(frozen=True)
class ComputerSetup:
    """Setup of this computer.

    ``chosen``: its settings. ``paired``: its gateways; ``None``: their list is unreadable.
    """

    places: Folders
    chosen: ActiveSettings
    paired: tuple[PairedGateway, ...] | None
    platform: str
    environment: Mapping[str, str]
    system: Callable[[], SoundSystem]

    @property
    def here(self) -> bool:
        """True if speech is recognised on this computer."""
        gateway = self.chosen.settings.gateway
        return not (gateway.chosen or gateway.url)

    @property
    def worker_needed(self) -> bool:
        """True if recognition depends on the worker of this computer."""
        return self.here and self.chosen.settings.worker.on


@dataclass(frozen=True)
class CheckOptions:
    """Options of a run.

    ``engine``: the worker's engine if no model is chosen. ``hear_s``: seconds of listening to the microphone.
    """

    engine: str = "whisper"
    hear_s: float = microphone.HEAR_S
    thorough: bool = False


class AllChecks:
    """Checks of one computer; each coroutine method runs one."""

    def __init__(self, wish: CheckOptions, computer: ComputerSetup) -> None:
        self._wish, self._computer = wish, computer
        self._settings, self._places = computer.chosen.settings, computer.places
        self._version = metadata.version(_PROGRAM)
        self._catalogue = load_catalogue()
        self._store = ModelStore(computer.places.models, self._catalogue)
        self._library = Library(computer.places.data / "takes")
        models = (VAD_MODEL, *((DEFAULT,) if wish.engine == KINDS[DEFAULT].engine else ()))
        served = LocalWorkerSettings(models, ("--engine", wish.engine))
        self._served = served.running(self._settings.worker.model)

    def examinations(self) -> tuple[Examination, ...]:
        """Return all checks in the order of the report; the slowest comes last."""
        options = () if self._wish.hear_s else ("--no-microphone",)
        hashing_s = _THOROUGH_S if self._wish.thorough else DEADLINE_S
        return (
            Examination(Area.SETTINGS, self.settings),
            Examination(Area.MICROPHONE, lambda: apart(Area.MICROPHONE, options), DEADLINE_S + self._wish.hear_s),
            Examination(Area.VAD, lambda: apart(Area.VAD, options)),
            Examination(Area.MODELS, self.models, hashing_s),
            Examination(Area.DISK, self.disk),
            Examination(Area.RECORDINGS, self.recordings),
            Examination(Area.GATEWAY, self.gateway),
            Examination(Area.ELSEWHERE, self.elsewhere),
            Examination(Area.SESSION, self.desktop),
            Examination(Area.HOTKEYS, self.hotkeys),
            Examination(Area.PERMISSIONS, self.permissions),
            Examination(Area.INSTALLATION, self.installation),
            Examination(Area.LOG, self.log),
            Examination(Area.WORKER, self.worker, worker.DEADLINE_S + _LEAVES_S),
        )

    def examination(self, area: Area) -> Examination:
        """Return the check of an area that runs in its own process, for that process. Raises ``UsageMistake``."""
        work = {Area.MICROPHONE: self.microphone, Area.VAD: self.vad}.get(area)
        if work is None:
            raise UsageMistake(f"{area} is not examined in a process of its own")
        return Examination(area, work, DEADLINE_S + self._wish.hear_s)

    async def settings(self) -> Sequence[Finding]:
        """Check the settings file."""
        place = self._places.config / "settings.toml"
        return await aside(lambda: settings_file.settings(self._computer.chosen, place))

    async def microphone(self) -> Sequence[Finding]:
        """Check the microphones and the sound system."""
        choice, system = self._settings.audio.microphone, self._computer.system()
        return await microphone.microphone(choice, system, self._computer.platform, self._wish.hear_s)

    async def vad(self) -> Sequence[Finding]:
        """Check voice activity detection."""
        return await aside(lambda: vad.vad(self._store))

    async def models(self) -> Sequence[Finding]:
        """Check the recognition models."""
        needed = (VAD_MODEL, *(self._served.models if self._computer.worker_needed else ()))
        names, thorough = self._catalogue.names, self._wish.thorough
        return await aside(lambda: models.models(self._store, names, needed, thorough=thorough))

    async def disk(self) -> Sequence[Finding]:
        """Check free space and the folder of recordings."""
        places = self._places
        kept = (self._library.root, places.models, places.broker, places.logs, places.config)
        return await aside(lambda: disk.disk(kept, self._library.root))

    async def recordings(self) -> Sequence[Finding]:
        """Check the recorded takes."""
        return await aside(lambda: recordings(self._library))

    async def gateway(self) -> Sequence[Finding]:
        """Check the gateway of this computer and its broker."""
        expected = gateway.Expected(self._version, self._computer.worker_needed)
        return await gateway.gateway(await aside(read_endpoint), self._places.broker, expected)

    async def elsewhere(self) -> Sequence[Finding]:
        """Check the remote gateways."""
        if self._computer.paired is None:
            return [wrong(Area.ELSEWHERE, "elsewhere-unreadable", file=str(self._places.data / "gateways.json"))]
        used = self._used(self._computer.paired)
        return await elsewhere.elsewhere(used, self._version)

    async def desktop(self) -> Sequence[Finding]:
        """Check the session, text insertion and the tray."""
        platform, environment = self._computer.platform, self._computer.environment
        return await desktop.desktop(platform, environment, bindings=self._settings.hotkeys.bindings)

    async def hotkeys(self) -> Sequence[Finding]:
        """Check that the hotkeys are available."""
        platform, environment = self._computer.platform, self._computer.environment
        return await hotkeys(self._settings.hotkeys.bindings, lambda: choose(platform, environment), app_runs)

    async def permissions(self) -> Sequence[Finding]:
        """Check the permissions that users grant to programs."""
        return await aside(lambda: permissions(self._computer.platform))

    async def installation(self) -> Sequence[Finding]:
        """Check the installed version and extras."""
        frozen = bool(getattr(sys, "frozen", False))
        return await aside(lambda: installation.installation(self._version, frozen=frozen))

    async def log(self) -> Sequence[Finding]:
        """Check the logs for recent errors."""
        return await aside(lambda: logs.logs(self._places.logs, time()))

    async def worker(self) -> Sequence[Finding]:
        """Check the worker's GPU, engine and model."""
        served, needed = self._served, self._computer.worker_needed
        return await worker.worker(served.arguments, unfit=served.unfit, needed=needed)

    def _used(self, known: Sequence[PairedGateway]) -> list[RemoteGateway]:
        chosen, falls_back = self._settings.gateway.chosen, self._settings.gateway.fall_back
        url = self._settings.gateway.url
        used = [
            RemoteGateway(one.called, one.addresses, one.id == chosen, one.id == chosen and not falls_back)
            for one in known
        ]
        if url and not chosen:
            used.append(
                RemoteGateway(
                    shown(url), (Address(url, self._computer.environment.get(_KEY, "")),), True, not falls_back
                )
            )
        return used


def this_computer(platform: str, environment: Mapping[str, str]) -> ComputerSetup:
    """Return the setup of this computer for the current user. Blocks."""
    places = folders()
    found = settings_file.read(places.config / "settings.toml")
    return ComputerSetup(places, found, paired(places.data / "gateways.json"), platform, environment, sound_system)


async def app_runs() -> bool:
    """Return whether the app of this user runs."""

    def answers() -> bool:
        try:
            ask({"verb": "status"})
        except NotRunning:
            return False
        except ControlError:  # the app runs and owns its hotkeys
            return True
        return True

    return await aside(answers)
