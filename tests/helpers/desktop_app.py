"""Drive the real app as a user would, on a separate screen and with a separate microphone.

    with running_app(models, "--engine", "checksum") as app:
        field = TextField(app.desktop)
        with app.talking():
            app.play(path)
        app.wait_for_takes(1)

All files of the app are in ``home``, which a restart keeps.
"""

import asyncio
import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Set
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.control.client import ControlError, ask
from app.journal.disk import AUDIO
from app.journal.library import Library, TakeSnapshot
from app.journal.take import TRANSCRIBED, TakeState
from app.local_services.local_gateway import workers
from app.settings.file import parse_settings, with_setting
from app.settings.schema import all_settings
from protocol.audio import SAMPLE_RATE
from protocol.endpoint import Endpoint, decode_endpoint
from protocol.errors import MalformedMessage
from tests.helpers.chain import BIN
from tests.helpers.desktop import Desktop, Screen, running_desktop
from tests.helpers.packages import require
from tests.helpers.qt import NEEDED
from tests.helpers.virtual_microphone import VirtualMicrophone, virtual_microphones
from tests.helpers.waiting import DEADLINE_S, wait_until_sync
from worker.core.decoding import amplify

START_S = 120.0
TEXT_S = 60.0
RIGHT_CTRL = "105"  # the key code: the left key has the same symbol
_SETTLED = TRANSCRIBED | {TakeState.FAILED}


@dataclass
class RunningApp(ABC):
    """The app with its screen and microphone; ``arguments``: options of ``kikipounamu app``."""

    desktop: Screen
    microphone: VirtualMicrophone
    home: Path
    models: Path
    arguments: tuple[str, ...]
    process: "subprocess.Popen[bytes] | None" = None

    # -- life cycle ----------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the app, and wait until it observes its key and its worker is idle."""
        self.launch("--hidden")
        self.wait_until_ready()

    def launch(self, *words: str) -> None:
        """Start the app with these options too, and wait for nothing."""
        command = [str(BIN / "kikipounamu"), "app", *words, *self.arguments]
        self.process = self.desktop.start(*command, **self._environment)

    def wait_until_ready(self) -> None:
        """Wait until the app observes its key and its worker is idle."""
        wait_until_sync(self.is_ready, "the app has a worker that is idle", START_S)

    def is_ready(self) -> bool:
        """Return whether the app answers and has an idle worker."""
        assert self.process is not None and self.process.poll() is None, "the app has ended"
        with suppress(ControlError, OSError):
            return self.view()["state"] in ("idle", "held") and self.worker_state() == "idle"
        return False

    @property
    def runs(self) -> bool:
        """True while its process runs."""
        return self.process is not None and self.process.poll() is None

    def is_busy(self) -> bool:
        """Return whether any of its threads runs or is ready to run."""
        assert self.process is not None
        for thread in Path(f"/proc/{self.process.pid}/task").iterdir():
            with suppress(OSError):  # the thread has ended
                if thread.joinpath("stat").read_text().rpartition(")")[2].split()[0] != "S":
                    return True
        return False

    def kill(self) -> None:
        """Send kill -9, and wait until the app has ended."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(DEADLINE_S)

    def quit(self) -> int:
        """Quit the app, and return its exit status."""
        assert self.process is not None
        self.request("quit")
        return self.process.wait(TEXT_S)

    def let_go(self) -> None:
        """Release the dictation key."""
        self.release()

    # -- actions of a user ---------------------------------------------------------------------------------

    @abstractmethod
    def press(self) -> None:
        """Press the dictation key down."""

    @abstractmethod
    def release(self) -> None:
        """Release the dictation key."""

    @abstractmethod
    def tap(self) -> None:
        """Press and release the dictation key at once."""

    @contextmanager
    def talking(self, *, tapping: bool = False) -> Iterator[None]:
        """Record during the context: hold the key, or tap it before and after."""
        begin, end = (self.tap, self.tap) if tapping else (self.press, self.release)
        begin()
        try:
            self.wait_for("listening")
            yield
            self.hear_on(0.3)
        finally:
            end()

    def play(self, path: Path) -> None:
        """Play a recording into the microphone to its end."""
        self.microphone.play(path)

    @contextmanager
    def playing(self, path: Path) -> Iterator["subprocess.Popen[bytes]"]:
        """Play a recording into the microphone during the context."""
        command = ["paplay", f"--device={self.microphone.name}_sink", str(path)]
        player = subprocess.Popen(command, env=self.microphone.environment, stderr=subprocess.DEVNULL)
        try:
            yield player
        finally:
            player.kill()
            player.wait()

    def request(self, verb: str) -> None:
        """Send a request to the app, as the command line does."""
        self.ask({"verb": verb})

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Send a request to the app, which may be starting, and return the answer."""
        return ask(request, self._socket, patience_s=5.0)

    def command(self, *words: str) -> str:
        """Run a command of ``kikipounamu`` that must succeed, and return its output."""
        command = [str(BIN / "kikipounamu"), *words]
        environment = self.desktop.environment | self._environment
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=START_S)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def set(self, **settings: str | int | list[str] | list[dict[str, str | bool]]) -> None:
        """Write settings into the file, with __ for the dot."""
        text = self.settings_text()
        for name, value in settings.items():
            dotted = name.replace("__", ".")
            text = with_setting(text, dotted, all_settings()[dotted].value(value))
        self.write_settings(text)

    def write_settings(self, text: str) -> None:
        """Replace the settings file, unless it means the same; a running app reads it within about a second."""
        if parse_settings(text).settings == parse_settings(self.settings_text()).settings:
            return
        place, seen = self._settings_place, self._settings_seen()
        place.parent.mkdir(parents=True, exist_ok=True)
        place.with_suffix(".new").write_text(text)
        place.with_suffix(".new").replace(place)
        if self.runs:
            wait_until_sync(lambda: self._settings_seen() > seen, "the app has read its settings")

    def settings_text(self) -> str:
        """Return the contents of the settings file; empty if it does not exist."""
        return self._settings_place.read_text() if self._settings_place.exists() else ""

    # -- results -------------------------------------------------------------------------------------------

    def view(self) -> dict[str, Any]:
        """Return the view that ``kikipounamu status --json`` prints."""
        view: dict[str, Any] = ask({"verb": "status"}, self._socket)["view"]
        return view

    def wait_for(self, *states: str) -> dict[str, Any]:
        """Wait until the app is in one of these states, and return its view."""
        with self._told_on_failure():
            found: dict[str, Any] = wait_until_sync(lambda: self._in(states), f"the app is {states}", TEXT_S)
        return found

    def endpoint(self) -> Endpoint | None:
        """Return the endpoint of the app's gateway, if announced."""
        try:
            return decode_endpoint((self.home / "run" / "gateway.json").read_bytes())
        except (OSError, MalformedMessage):
            return None

    def worker_state(self) -> str:
        """Return the worker's state from its heartbeat; empty without a worker."""
        endpoint = self.endpoint()
        seen = asyncio.run(workers(endpoint)) if endpoint else ()
        return seen[0].state if seen else ""

    def takes(self) -> list[TakeSnapshot]:
        """Return the takes with speech, in order of their beginning."""
        return takes_with_speech(Library(self.home / "data" / "takes").all())

    def wait_for_takes(self, count: int) -> list[TakeSnapshot]:
        """Wait until this many takes have their texts inserted or held, and return all takes."""

        def settled() -> list[TakeSnapshot]:
            takes = self.takes()
            over = all(take.state in _SETTLED for take in takes)
            return takes if len(takes) >= count and over else []

        with self._told_on_failure():
            found: list[TakeSnapshot] = wait_until_sync(settled, f"{count} takes have ended", TEXT_S)
        return found

    def wait_until_transcribed(self) -> None:
        """Wait until every take has its texts."""
        with self._told_on_failure():
            wait_until_sync(lambda: not self.unfinished(TRANSCRIBED), "all takes have ended", 2 * TEXT_S)

    def wait_until_nothing_is_held(self) -> None:
        """Wait until every held text was pasted, copied or dismissed."""
        with self._told_on_failure():
            wait_until_sync(lambda: self.view()["held"] == 0, "nothing is held any more", TEXT_S)

    def unfinished(self, finished: Set[TakeState] = _SETTLED) -> list[TakeSnapshot]:
        """Return the takes that are in none of these states."""
        return [take for take in self.takes() if take.state not in finished]

    @contextmanager
    def _told_on_failure(self) -> Iterator[None]:
        """Add the states of all takes, the unfinished ones and the app's view to a failure."""
        try:
            yield
        except AssertionError as error:
            states = " ".join(take.state for take in self.takes())
            unfinished = [f"{one.session} {one.state} {one.seconds:.2f} s {one.take}" for one in self.unfinished()]
            raise AssertionError("\n".join((str(error), states, *unfinished, self._last_view()))) from error

    def _last_view(self) -> str:
        try:
            return str(self.view())
        except (ControlError, OSError) as error:
            return f"the app does not answer: {error}"

    def hear_on(self, seconds: float) -> None:
        """Wait until this many more seconds of the newest take are in its journal."""
        enough = self._heard() + round(seconds * SAMPLE_RATE)
        wait_until_sync(lambda: self._heard() >= enough, f"{seconds} s more are recorded")

    def logged(self, event: str) -> int:
        """Count the log lines with this event."""
        place = self.home / "logs" / "desktop.jsonl"
        return place.read_text().count(f'"event": "{event}"') if place.exists() else 0

    def _heard(self) -> int:
        live = [take.samples for take in self.takes() if take.state is TakeState.LIVE]
        return max(live, default=0)

    def _settings_seen(self) -> int:
        return self.logged("settings.changed")

    def _in(self, states: tuple[str, ...]) -> dict[str, Any] | None:
        view = self.view()
        return view if view["state"] in states else None

    @property
    def _settings_place(self) -> Path:
        return self.home / "config" / "settings.toml"

    @property
    def _socket(self) -> Path:
        return self.home / "run" / "control.sock"

    @property
    def _environment(self) -> dict[str, str]:
        sound = {
            name: value
            for name, value in self.microphone.environment.items()
            if name.startswith(("ALSA_", "PULSE_"))
        }
        own = {"KIKIPOUNAMU_HOME": str(self.home), "KIKIPOUNAMU_MODELS": str(self.models)}
        return sound | own | {"PYTHONFAULTHANDLER": "1"}  # a crash leaves a traceback in the log


def takes_with_speech(found: Iterable[TakeSnapshot]) -> list[TakeSnapshot]:
    """Return the takes with speech, in order of their beginning: later writes create no files in their folders.

    A take may be deleted meanwhile, if it turns out to have no speech.
    """
    begun: list[tuple[int, TakeSnapshot]] = []
    for take in found:
        if take.state is not TakeState.EMPTY:
            with suppress(FileNotFoundError):
                begun.append((take.folder.stat().st_mtime_ns, take))
    return [take for _, take in sorted(begun, key=itemgetter(0))]


class DesktopApp(RunningApp):
    """The app on a screen of X11."""

    desktop: Desktop

    def press(self) -> None:
        """Press the dictation key down."""
        self.desktop.xdotool("keydown", RIGHT_CTRL)

    def release(self) -> None:
        """Release the dictation key."""
        self.desktop.xdotool("keyup", RIGHT_CTRL)

    def tap(self) -> None:
        """Press and release the dictation key at once."""
        self.desktop.xdotool("key", RIGHT_CTRL)

    @contextmanager
    def pressing(self, presses: Iterable[tuple[float, float]]) -> Iterator["subprocess.Popen[bytes]"]:
        """Press the key repeatedly during the context: pairs of seconds down and seconds up.

        A single program presses, so that it keeps time.
        """
        script = self.home / "presses"
        script.write_text(
            "".join(
                f"keydown --delay 0 {RIGHT_CTRL}\nsleep {down:.3f}\nkeyup --delay 0 {RIGHT_CTRL}\nsleep {up:.3f}\n"
                for down, up in presses
            )
        )
        presser = self.desktop.start("xdotool", str(script))
        try:
            yield presser
        finally:
            presser.kill()
            presser.wait()


def audio_of(take: TakeSnapshot) -> NDArray[np.int16]:
    """Return all audio of a take."""
    return np.fromfile(take.folder / AUDIO, "<i2")


def segments_of(take: TakeSnapshot) -> list[bytes]:
    """Return the samples of each segment whose text counts, as loud as they are decoded."""
    audio = audio_of(take)
    spoken = sorted(take.take.counted.values(), key=lambda each: each.at)
    pieces = [(each, audio[each.at : each.at + (each.samples or 0)]) for each in spoken if not each.cancelled]
    return [amplify(piece.tobytes(), each.details.gain_db) for each, piece in pieces]


@contextmanager
def running_app(models: Path, *arguments: str, start: bool = True, welcomed: bool = True) -> Iterator[DesktopApp]:
    """Run screen, microphone and app until the context ends, and print the app's output.

    ``welcomed``: the window skips the first steps, and each piece is inserted at once, because its text is a
    digest.
    """
    require(NEEDED)
    with (
        tempfile.TemporaryDirectory(prefix="kiki-app-") as folder,
        virtual_microphones("desk") as (microphone,),
        running_desktop(Path(folder)) as desktop,
    ):
        app = DesktopApp(desktop, microphone, Path(folder) / "home", models, arguments)
        if welcomed:
            app.set(general__welcomed=True, insertion__each_piece_at_once=True)
        if start:
            app.start()
        yield app
