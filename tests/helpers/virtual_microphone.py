"""Microphones without hardware: each a PulseAudio server of its own with one source, which hears what is played.

    with virtual_microphones("desk", "headset") as (desk, headset):
        child = subprocess.Popen([...], env=desk.environment)     # its default microphone is the first, "desk"
        desk.play(path)

A program hears them through ALSA's PulseAudio plugin, with a configuration of the test's. PortAudio reads that
when it starts, so whatever captures runs in a child process with ``environment``. Servers are children as well,
ended by pid; their sockets, homes and runtime folders are in a folder of the test's.
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
    """``plug`` and ``unplug`` start and end its server; ``load`` and ``unload`` only bring and take its source."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self.folder = folder
        self.socket = folder / "s"
        self._process: subprocess.Popen[bytes] | None = None
        assert len(str(self.socket)) <= 107, f"too long for a unix socket: {self.socket}"
        for own in ("home", "run"):
            (folder / own).mkdir(mode=0o700, parents=True)

    @property
    def source(self) -> str:
        """What it is called inside its server; from outside it is ``name``."""
        return f"{self.name}_source"

    @property
    def environment(self) -> dict[str, str]:
        """For a child process that is to hear all microphones of the test."""
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
        """The microphone is there, when this returns."""
        options = ["-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--disable-shm"]
        options += ["--realtime=no", "--high-priority=no", f"--log-target=newfile:{self.folder / 'log'}"]
        protocol = f"module-native-protocol-unix socket={self.socket} auth-anonymous=1"
        command = ["pulseaudio", *options, "-L", protocol]
        self._process = process = subprocess.Popen(
            command, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_until_sync(lambda: process.poll() is not None or self._control("info"), "the sound server answers")
        assert process.poll() is None, "\n".join(path.read_text() for path in self.folder.glob("log*"))
        self.load()

    def unplug(self) -> None:
        """The microphone and its server are gone. Safe to call twice."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(DEADLINE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def load(self) -> None:
        """Bring the source."""
        sink = f"{self.name}_sink"
        assert self._control("load-module", "module-null-sink", f"sink_name={sink}", "rate=48000", "channels=2")
        master = f"master={sink}.monitor"
        assert self._control("load-module", "module-remap-source", f"source_name={self.source}", master)

    def unload(self) -> None:
        """Take the source away, and with it every source, so that the server has none to put in its place."""
        assert self._control("unload-module", "module-remap-source")
        assert self._control("unload-module", "module-null-sink")

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """Its server answers nobody meanwhile."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def play(self, path: Path) -> None:
        """Let it hear a recording, and return when it is over."""
        command = ["paplay", f"--device={self.name}_sink", str(path)]
        subprocess.run(command, env=self.environment, check=True, timeout=120)

    def _control(self, *words: str) -> bool:
        command = ["pactl", *words]
        done = subprocess.run(command, env=self.environment, capture_output=True, timeout=DEADLINE_S)
        return done.returncode == 0


_FOREIGN = frozenset({"DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "PULSE_COOKIE", "PULSE_SINK", "PULSE_SOURCE"})


@contextmanager
def virtual_microphones(*names: str, plugged: Sequence[str] | None = None) -> Iterator[list[VirtualMicrophone]]:
    """Microphones of these names, the first of them the system's default; those in ``plugged`` (all) are there."""
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
