"""Compositors without a screen, for one test."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.helpers.packages import require
from tests.helpers.waiting import wait_until_sync

_FOREIGN = ("DISPLAY", "WAYLAND_DISPLAY", "SWAYSOCK", "DBUS_SESSION_BUS_ADDRESS", "QT_QPA_PLATFORM")
_HEADLESS = {"WLR_BACKENDS": "headless", "WLR_RENDERER": "pixman", "WLR_LIBINPUT_NO_DEVICES": "1"}


@dataclass
class Screen:
    """A compositor's screen. ``environment``: that of its programs."""

    folder: Path
    environment: dict[str, str]
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, *command: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start a program on the screen; it ends with the screen at the latest."""
        with (self.folder / f"{Path(command[0]).name}-{len(self.processes)}.log").open("wb") as output:
            process = subprocess.Popen(
                command,
                env=self.environment | environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        self.processes.append(process)
        return process

    def start_field(self, title: str) -> subprocess.Popen[bytes]:
        """Start a text field of Qt."""
        place = str(self.folder / f"{title}.txt")
        return self.start(sys.executable, "-m", "tests.helpers.text_field", title, place)

    def close(self) -> None:
        """End all programs, the newest first."""
        for process in reversed(self.processes):
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _started(folder: Path, *command: str, **more: str) -> Iterator[Screen]:
    require((command[0],))
    runtime = folder / "run"
    runtime.mkdir(mode=0o700)
    kept = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
    own = {"HOME": str(folder), "XDG_RUNTIME_DIR": str(runtime), "XDG_SESSION_TYPE": "wayland"}
    screen = Screen(folder, kept | own | _HEADLESS | more)
    try:
        screen.start(*command)
        told = folder / "told"
        wait_until_sync(lambda: told.exists() and told.read_text().endswith("\0"), f"{command[0]} starts")
        names = ("WAYLAND_DISPLAY", "DISPLAY", "SWAYSOCK")
        found = dict(line.split("=", 1) for line in told.read_text().split("\0") if "=" in line)
        screen.environment |= {name: found[name] for name in names if name in found}
        screen.environment["QT_QPA_PLATFORM"] = "wayland"
        yield screen
    finally:
        screen.close()


@pytest.fixture
def sway(tmp_path: Path) -> Iterator[Screen]:
    """Run a sway without windows for the test."""
    (tmp_path / "config").write_text(f"exec env -0 > {tmp_path / 'told'}\n")
    yield from _started(tmp_path, "sway", "-c", str(tmp_path / "config"))


@pytest.fixture
def labwc(tmp_path: Path) -> Iterator[Screen]:
    """Run a labwc without windows for the test."""
    yield from _started(tmp_path, "labwc", "-s", f"sh -c 'env -0 > {tmp_path / 'told'}'")


def command(sway: Screen, *words: str) -> None:
    """Let sway do something."""
    subprocess.run(["swaymsg", *words], env=sway.environment, check=True, capture_output=True, timeout=30)
