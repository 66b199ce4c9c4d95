"""Simulate microphones: a separate PulseAudio server for each, whose source hears the played recordings.

    with virtual_microphones("desk", "headset") as (desk, headset):
        child = subprocess.Popen([...], env=desk.environment)     # its default microphone is the first, "desk"
        desk.play(path)

A program with ``environment`` sees the sources of that one server, by their names: the microphone itself, and
those that ``load`` adds. With ``alsa_environment`` it finds no sound server and sees all microphones of the test
through ALSA's PulseAudio plugin, with a configuration of the test's. Libraries read that when they start, so
capturing must run in a child process. Servers are children as well, ended by pid; their sockets, homes and
runtime folders are in a folder of the test.
"""

import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.helpers.packages import require
from tests.helpers.waiting import DEADLINE_S, wait_until_sync

SOUND = ("pulseaudio", "pulseaudio-utils", "libasound2-plugins", "libportaudio2")

_TYPE = 'pcm_type.pulse { lib "libasound_module_pcm_pulse.so" }\n'
_DEVICE = """
pcm.{name} {{
    type pulse
    server "unix:{socket}"
    device "{source}"
    hint {{ show on description "{name}" }}
}}
"""


class VirtualMicrophone:
    """A simulated microphone.

    ``plug`` and ``unplug`` start and end its server; ``load`` and ``unload`` add and remove sources.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self.folder = folder
        self.socket = folder / "s"
        self._process: subprocess.Popen[bytes] | None = None
        self._modules: dict[str, list[str]] = {}
        assert len(str(self.socket)) <= 107, f"too long for a unix socket: {self.socket}"
        for own in ("home", "run"):
            (folder / own).mkdir(mode=0o700, parents=True)

    @property
    def source(self) -> str:
        """The name of its source; users see ``name``."""
        return f"{self.name}_source"

    @property
    def alsa_environment(self) -> dict[str, str]:
        """The environment for a child process on a computer without a sound server."""
        return self.environment | {"PULSE_SERVER": f"unix:{self.folder / 'nothing'}"}

    @property
    def environment(self) -> dict[str, str]:
        """The environment for a child process whose sound server has this microphone."""
        kept = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
        home, run = str(self.folder / "home"), str(self.folder / "run")
        return kept | {
            "ALSA_CONFIG_PATH": str(self.folder.parent / "asound.conf"),
            "HOME": home,
            "XDG_RUNTIME_DIR": run,
            "XDG_CONFIG_HOME": home,
            "PULSE_RUNTIME_PATH": run,
            "PULSE_STATE_PATH": run,
            "PULSE_SERVER": f"unix:{self.socket}",
        }

    def plug(self) -> None:
        """Start the server, and wait until the microphone exists."""
        options = ["-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--disable-shm"]
        options += ["--realtime=no", "--high-priority=no", f"--log-target=newfile:{self.folder / 'log'}"]
        protocol = f"module-native-protocol-unix socket={self.socket} auth-anonymous=1"
        command = ["pulseaudio", *options, "-L", protocol]
        self._process = process = subprocess.Popen(
            command, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_until_sync(
            lambda: process.poll() is not None or self._pactl("info").returncode == 0, "the sound server answers"
        )
        assert process.poll() is None, "\n".join(path.read_text() for path in self.folder.glob("log*"))
        self.load()

    def unplug(self) -> None:
        """End the server with its microphone. Safe to call twice."""
        process, self._process = self._process, None
        self._modules.clear()
        if process is None:
            return
        process.terminate()
        try:
            process.wait(DEADLINE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def load(self, name: str = "") -> None:
        """Add the source; with a name, another source of the same server."""
        name = name or self.name
        sink, properties = f"{name}_sink", f"source_properties=device.description={name}"
        loads = [
            ("module-null-sink", f"sink_name={sink}", "rate=48000", "channels=2"),
            ("module-remap-source", f"source_name={name}_source", f"master={sink}.monitor", properties),
        ]
        self._modules[name] = [self.control("load-module", *words) for words in loads]
        if name == self.name:
            self.control("set-default-source", self.source)

    def unload(self, name: str = "") -> None:
        """Remove the source and its sink; ``load`` with the same name restores it."""
        for module in reversed(self._modules.pop(name or self.name)):
            self.control("unload-module", module)

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """Freeze the server during the context, so that it answers no client."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def play(self, path: Path, name: str = "") -> None:
        """Play a recording to the source, and return at its end."""
        command = ["paplay", f"--device={name or self.name}_sink", str(path)]
        subprocess.run(command, env=self.environment, check=True, timeout=120)

    def control(self, *words: str) -> str:
        """Send a command to the server, and return its answer."""
        done = self._pactl(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def _pactl(self, *words: str) -> "subprocess.CompletedProcess[str]":
        command = ["pactl", *words]
        return subprocess.run(
            command, env=self.environment, capture_output=True, timeout=DEADLINE_S, text=True, check=False
        )


_FOREIGN = frozenset({"DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "PULSE_COOKIE", "PULSE_SINK", "PULSE_SOURCE"})


@contextmanager
def virtual_microphones(*names: str, plugged: Sequence[str] | None = None) -> Iterator[list[VirtualMicrophone]]:
    """Make microphones with these names, the first of them the default.

    ``plugged``: the microphones to start; ``None``: all.
    """
    require(SOUND)
    with tempfile.TemporaryDirectory(prefix="kiki-sound-") as folder, ExitStack() as cleanup:
        microphones = [VirtualMicrophone(Path(folder) / name, name) for name in names]
        (Path(folder) / "asound.conf").write_text(_alsa_configuration(microphones))
        for microphone in microphones:
            cleanup.callback(microphone.unplug)
            if plugged is None or microphone.name in plugged:
                microphone.plug()
        yield microphones


def _alsa_configuration(microphones: Sequence[VirtualMicrophone]) -> str:
    devices = [(microphone.name, microphone) for microphone in microphones]
    devices += [("!default", microphone) for microphone in microphones[:1]]
    return _TYPE + "".join(
        _DEVICE.format(name=name, socket=device.socket, source=device.source) for name, device in devices
    )
