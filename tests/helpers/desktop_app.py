"""The real app on a screen and with a microphone of its own: what a person does with it, and what comes of it.

    with running_app(models, "--engine", "checksum") as app:
        field = TextField(app.desktop)
        with app.talking():
            app.play(path)
        app.wait_for_takes(1)

Everything of the app lies in ``home``, which a restart keeps.
"""

import asyncio
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.capture.disk import AUDIO
from app.capture.library import Found, Library
from app.capture.take import TRANSCRIBED, TakeState
from app.control_client import ControlError, ask
from app.local_gateway import workers
from app.settings.file import read, written
from app.settings.schema import all_settings
from protocol.audio import SAMPLE_RATE
from protocol.endpoint import Endpoint, decode_endpoint
from protocol.errors import MalformedMessage
from tests.helpers.chain import BIN
from tests.helpers.desktop import Desktop, running_desktop
from tests.helpers.packages import require
from tests.helpers.qt import NEEDED
from tests.helpers.virtual_microphone import VirtualMicrophone, virtual_microphones
from tests.helpers.waiting import wait_until_sync

START_S = 120.0
TEXT_S = 60.0
RIGHT_CTRL = "105"  # the key itself: its symbol is on the left one too
_SETTLED = TRANSCRIBED | {TakeState.FAILED}


@dataclass
class DesktopApp:
    """``arguments``: of ``kikipounamu app``."""

    desktop: Desktop
    microphone: VirtualMicrophone
    home: Path
    models: Path
    arguments: tuple[str, ...]
    process: "subprocess.Popen[bytes] | None" = None

    # -- its life ------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start it; once this returns, it listens to its key and its worker is idle."""
        command = [str(BIN / "kikipounamu"), "app", "--hidden", *self.arguments]
        self.process = self.desktop.start(*command, **self._environment)
        wait_until_sync(self.is_ready, "the app has a worker that is idle", START_S)

    def is_ready(self) -> bool:
        """Whether it answers and has an idle worker."""
        assert self.process is not None and self.process.poll() is None, "the app has ended"
        with suppress(ControlError, OSError):
            return self.view()["state"] in ("idle", "held") and self.worker_state() == "idle"
        return False

    def is_busy(self) -> bool:
        """Whether any of its threads computes, or would if it were its turn."""
        assert self.process is not None
        for thread in Path(f"/proc/{self.process.pid}/task").iterdir():
            with suppress(OSError):  # it has ended
                if thread.joinpath("stat").read_text().rpartition(")")[2].split()[0] != "S":
                    return True
        return False

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)

    def quit(self) -> int:
        """Ask it to end; its exit status."""
        assert self.process is not None
        self.tell("quit")
        return self.process.wait(TEXT_S)

    # -- what a person does --------------------------------------------------------------------------------

    def press(self) -> None:
        """The dictation key goes down."""
        self.desktop.xdotool("keydown", RIGHT_CTRL)

    def release(self) -> None:
        """It goes up."""
        self.desktop.xdotool("keyup", RIGHT_CTRL)

    def tap(self) -> None:
        """Down and up at once."""
        self.desktop.xdotool("key", RIGHT_CTRL)

    @contextmanager
    def pressing(self, presses: Iterable[tuple[float, float]]) -> Iterator["subprocess.Popen[bytes]"]:
        """Meanwhile the key is pressed: seconds down and then up. One program, so that it keeps time."""
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

    @contextmanager
    def talking(self, *, tapping: bool = False) -> Iterator[None]:
        """The key is down meanwhile, or tapped before and after; it is recorded from before to after."""
        begin, end = (self.tap, self.tap) if tapping else (self.press, self.release)
        begin()
        try:
            self.wait_for("listening")
            yield
            self.hear_on(0.3)
        finally:
            end()

    def play(self, path: Path) -> None:
        """The microphone hears a recording; returns when it is over."""
        self.microphone.play(path)

    @contextmanager
    def playing(self, path: Path) -> Iterator["subprocess.Popen[bytes]"]:
        """The microphone hears a recording meanwhile."""
        command = ["paplay", f"--device={self.microphone.name}_sink", str(path)]
        player = subprocess.Popen(command, env=self.microphone.environment, stderr=subprocess.DEVNULL)
        try:
            yield player
        finally:
            player.kill()
            player.wait()

    def tell(self, verb: str) -> None:
        """As the command line does."""
        ask({"verb": verb}, self._socket, patience_s=5.0)

    def command(self, *words: str) -> str:
        """What a command of ``kikipounamu`` writes; its status is 0."""
        command = [str(BIN / "kikipounamu"), *words]
        environment = self.desktop.environment | self._environment
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=START_S)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def set(self, **settings: str | int | list[str] | list[dict[str, str | bool]]) -> None:
        """Write settings, with _ _ for the dot, into the file; a running app takes them within about a second."""
        place, before = self._settings_place, self.settings_text()
        text = before
        for name, value in settings.items():
            dotted = name.replace("__", ".")
            text = written(text, dotted, all_settings()[dotted].value(value))
        if read(text).settings == read(before).settings:
            return
        seen = self._settings_seen()
        place.parent.mkdir(parents=True, exist_ok=True)
        place.with_suffix(".new").write_text(text)
        place.with_suffix(".new").replace(place)
        if self.process is not None:
            wait_until_sync(lambda: self._settings_seen() > seen, "the app has read its settings")

    def settings_text(self) -> str:
        """What its settings file says; empty while there is none."""
        return self._settings_place.read_text() if self._settings_place.exists() else ""

    # -- what comes of it ----------------------------------------------------------------------------------

    def view(self) -> dict[str, Any]:
        """What ``kikipounamu status --json`` prints."""
        view: dict[str, Any] = ask({"verb": "status"}, self._socket)["view"]
        return view

    def wait_for(self, *states: str) -> dict[str, Any]:
        """The view, once it is in one of these states."""
        found: dict[str, Any] = wait_until_sync(lambda: self._in(states), f"the app is {states}", TEXT_S)
        return found

    def endpoint(self) -> Endpoint | None:
        """Of its gateway, as far as that says it."""
        try:
            return decode_endpoint((self.home / "run" / "gateway.json").read_bytes())
        except (OSError, MalformedMessage):
            return None

    def worker_state(self) -> str:
        """What the heartbeat of its worker says; empty without one."""
        endpoint = self.endpoint()
        seen = asyncio.run(workers(endpoint)) if endpoint else ()
        return seen[0].state if seen else ""

    def takes(self) -> list[Found]:
        """In the order in which they began, without those in which nobody spoke."""
        found = Library(self.home / "data" / "takes").all()
        spoken = [take for take in found if take.state is not TakeState.EMPTY]
        return sorted(spoken, key=lambda take: take.folder.stat().st_mtime_ns)  # files are added only at first

    def wait_for_takes(self, count: int) -> list[Found]:
        """All of them, once there are so many and each has its texts, inserted or held."""

        def settled() -> list[Found]:
            takes = self.takes()
            over = all(take.state in _SETTLED for take in takes)
            return takes if len(takes) >= count and over else []

        found: list[Found] = wait_until_sync(settled, f"{count} takes have ended", TEXT_S)
        return found

    def wait_until_transcribed(self) -> None:
        """Until every take has its texts."""

        def unfinished() -> list[str]:
            missing = [take for take in self.takes() if take.state not in TRANSCRIBED]
            return [f"{take.session} {take.state} {take.seconds:.2f} s {take.take}" for take in missing]

        try:
            wait_until_sync(lambda: not unfinished(), "all takes have ended", 2 * TEXT_S)
        except AssertionError as error:
            raise AssertionError("\n".join((str(error), *unfinished(), str(self.view())))) from error

    def hear_on(self, seconds: float) -> None:
        """Until so much more of the newest take is in its journal."""
        enough = self._heard() + round(seconds * SAMPLE_RATE)
        wait_until_sync(lambda: self._heard() >= enough, f"{seconds} s more are recorded")

    def logged(self, event: str) -> int:
        """How often its log says so."""
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
        return sound | own | {"PYTHONFAULTHANDLER": "1"}  # a crash is told in its log


def audio_of(take: Found) -> NDArray[np.int16]:
    """All that was recorded."""
    return np.fromfile(take.folder / AUDIO, "<i2")


def segments_of(take: Found) -> list[bytes]:
    """The samples of each segment."""
    audio = audio_of(take)
    spoken = [take.take.segments[number] for number in sorted(take.take.segments)]
    return [audio[each.at : each.at + (each.samples or 0)].tobytes() for each in spoken if not each.cancelled]


@contextmanager
def running_app(models: Path, *arguments: str, start: bool = True, welcomed: bool = True) -> Iterator[DesktopApp]:
    """Screen, microphone and app; all of it ends with the context, and what it wrote is printed.

    ``welcomed``: its window does not begin with the first steps.
    """
    require(NEEDED)
    with (
        tempfile.TemporaryDirectory(prefix="kiki-app-") as folder,
        virtual_microphones("desk") as (microphone,),
        running_desktop(Path(folder)) as desktop,
    ):
        app = DesktopApp(desktop, microphone, Path(folder) / "home", models, arguments)
        if welcomed:
            app.set(general__welcomed=True)
        if start:
            app.start()
        yield app
