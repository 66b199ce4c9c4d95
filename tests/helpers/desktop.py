"""Run an X server without hardware, with a window manager and a tray, for programs of a test.

    with running_desktop(tmp_path) as desktop:
        field = desktop.start(sys.executable, "-m", "tests.helpers.text_field", str(place))
        desktop.xdotool("key", "ctrl+v")

All programs are child processes, ended by pid. The server's sockets are at X's usual place, under a number that
was free; homes and runtime folders are in the test's folder.
"""

import os
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from tests.helpers.packages import require
from tests.helpers.waiting import DEADLINE_S, wait_until, wait_until_sync

PACKAGES = ("xvfb", "openbox", "stalonetray", "xdotool", "xclip", "xterm", "fonts-noto-cjk")

PATIENT_S = 10.0
"""A target's time to answer, long enough that a busy computer is not mistaken for a hanging target."""

_FOREIGN = frozenset(
    {"DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "XDG_SESSION_TYPE", "QT_QPA_PLATFORM"}
)
_NO_CONTENTS = frozenset({"TARGETS", "MULTIPLE", "TIMESTAMP", "SAVE_TARGETS"})
TRAY = ("stalonetray", "--geometry", "4x1-0+0", "--window-type", "dock", "--kludges", "force_icons_size")


def without_host(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that do not lead to the screen and the bus of the user who runs the tests."""
    return {name: value for name, value in environment.items() if name not in _FOREIGN}


@dataclass
class Screen(ABC):
    """A screen for programs of a test; ``starter``: the beginning of each command."""

    starter: ClassVar[tuple[str, ...]] = ()

    folder: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list, kw_only=True)

    @property
    @abstractmethod
    def environment(self) -> dict[str, str]:
        """The environment for a program on this screen."""

    @abstractmethod
    def focus(self, title: str) -> str:
        """Focus the window with this title, and return its id."""

    def start(self, *command: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start a program on the screen; it ends with the screen at the latest."""
        log = self.folder / f"{Path(command[0]).name}-{len(self.processes)}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                (*self.starter, *command),
                env=self.environment | environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        self.processes.append(process)
        return process

    def logs(self) -> str:
        """Return the output of the screen's programs, for the message of a failed test."""
        return "\n".join(
            f"--- {path.name}\n{path.read_text(errors='replace')}" for path in self.folder.glob("*.log")
        )

    def close(self) -> None:
        """End all programs on the screen, the newest first."""
        for process in reversed(self.processes):
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@dataclass
class Desktop(Screen):
    """A virtual screen of X11; ``display``: the value of DISPLAY for its programs."""

    display: str

    @property
    def environment(self) -> dict[str, str]:
        """The environment for a program on this screen."""
        own = {"HOME": str(self.folder), "XDG_RUNTIME_DIR": str(self.folder), "XDG_CONFIG_HOME": str(self.folder)}
        session = {"DISPLAY": self.display, "QT_QPA_PLATFORM": "xcb", "XDG_SESSION_TYPE": "x11"}
        return without_host(os.environ) | own | session

    def xdotool(self, *words: str) -> str:
        """Run xdotool to press keys, move the pointer or query windows; return its output."""
        done = subprocess.run(
            ["xdotool", *words], env=self.environment, capture_output=True, text=True, timeout=DEADLINE_S
        )
        return done.stdout.strip()

    def window(self, title: str) -> str:
        """Wait for the window with this title, and return its id."""
        search = ("search", "--onlyvisible", "--name", f"^{title}$")
        found = wait_until_sync(lambda: self.xdotool(*search), f"a window is named {title}")
        return str(found).split()[0]

    def focus(self, title: str) -> str:
        """Focus the window with this title, and return its id.

        A window that is just closing may hand the focus to another one later.
        """
        window = self.window(title)

        def focused() -> bool:
            if self.xdotool("getactivewindow") == window:
                return True
            self.xdotool("windowactivate", window)
            return False

        wait_until_sync(focused, f"{title} has the focus")
        return window

    def active(self, title: str) -> None:
        """Wait until the window with this title has the focus by itself."""
        name = ("getactivewindow", "getwindowname")
        wait_until_sync(lambda: self.xdotool(*name) == title, f"{title} has the focus")

    def copy(self, data: bytes, target: str = "UTF8_STRING") -> None:
        """Copy this to the clipboard, from a program that stays running."""
        place = self.folder / f"copied-{len(self.processes)}"
        place.write_bytes(data)
        self.start("xclip", "-quiet", "-selection", "clipboard", "-target", target, str(place))
        wait_until_sync(lambda: self.copied(target) == data, f"the clipboard holds it as {target}")

    def copied(self, target: str = "UTF8_STRING", selection: str = "clipboard") -> bytes:
        """Return the clipboard's contents as this target; empty if unavailable."""
        done = subprocess.run(
            ["xclip", "-o", "-selection", selection, "-target", target],
            env=self.environment,
            capture_output=True,
            timeout=DEADLINE_S,
        )
        return done.stdout

    def copied_as(self) -> dict[str, bytes]:
        """Return all contents of the clipboard, by target."""
        targets = self.copied("TARGETS").decode().split()
        return {target: self.copied(target) for target in targets if target not in _NO_CONTENTS}


@contextmanager
def running_desktop(folder: Path, *, tray: bool = True) -> Iterator[Desktop]:
    """Run a screen of 1280 x 800 points, empty except for a tray."""
    require(PACKAGES)
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1280x800x24", "-nolisten", "tcp", "-noreset"]
    server = subprocess.Popen(
        command,
        pass_fds=(writing,),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
    )
    os.close(writing)
    with os.fdopen(reading) as numbers:
        number = numbers.readline().strip()  # empty if the server does not start
    desktop = Desktop(folder, f":{number}", processes=[server])
    try:
        assert number, "the X server does not start"
        desktop.start("openbox")
        wait_until_sync(lambda: "_NET_SUPPORTING_WM_CHECK" in _root(desktop), "the window manager manages")
        if tray:
            desktop.start(*TRAY)
            wait_until_sync(lambda: desktop.xdotool("search", "--class", "stalonetray"), "the tray is there")
        yield desktop
    finally:
        desktop.close()
        sys.stderr.write(desktop.logs())


def _root(desktop: Desktop) -> str:
    done = subprocess.run(
        ["xprop", "-root"], env=desktop.environment, capture_output=True, text=True, timeout=DEADLINE_S
    )
    return done.stdout


class TextField:
    """A window of ``tests.helpers.text_field`` in another process; ``text``: its contents."""

    program: ClassVar[tuple[str, ...]] = (sys.executable, "-m", "tests.helpers.text_field")

    def __init__(self, desktop: Screen, title: str = "text field") -> None:
        self.title = title
        self._place = desktop.folder / f"{title}.txt"
        self._desktop = desktop
        desktop.start(*self.program, title, str(self._place))
        desktop.focus(title)

    @property
    def text(self) -> str:
        """The current contents of the field."""
        return self._place.read_text() if self._place.exists() else ""

    @property
    def pastes(self) -> list[int]:
        """The number of characters of each paste."""
        place = self._place.with_suffix(".pastes")
        return [int(line) for line in place.read_text().split()] if place.exists() else []

    def focus(self) -> str:
        """Focus the field, and return the id of its window."""
        return self._desktop.focus(self.title)

    async def shows(self, text: str) -> None:
        """Wait until the field contains exactly this text."""
        await wait_until(lambda: self.text == text, f"{text!r} stands in {self.title}, not {self.text!r}")


class Terminal:
    """An xterm whose program writes all typed text into a file, unchanged. ``echo``: it shows the text too."""

    echo: ClassVar[str] = "-echo"
    program: ClassVar[tuple[str, ...]] = ("xterm", "-u8", "-title", "{title}", "-e")

    def __init__(self, desktop: Screen, title: str = "terminal") -> None:
        self.title = title
        self._place = desktop.folder / f"{title}.typed"
        self._desktop = desktop
        # Raw mode: in line mode the terminal would cut at 4,096 bytes.
        script = f"stty raw {self.echo}; : > '{self._place}'; exec cat >> '{self._place}'"
        terminal = (word.format(title=title) for word in self.program)
        desktop.start(*terminal, "sh", "-c", script, LC_ALL="C.UTF-8")
        wait_until_sync(self._place.exists, "the terminal's program runs")
        desktop.focus(title)

    @property
    def text(self) -> str:
        """The text that the terminal's program has received."""
        return self._place.read_bytes().decode(errors="replace")

    def clear(self) -> None:
        """Forget what was typed."""
        os.truncate(self._place, 0)

    def focus(self) -> str:
        """Focus the terminal, and return the id of its window."""
        return self._desktop.focus(self.title)

    async def shows(self, text: str) -> None:
        """Wait until the terminal's program has received exactly this text."""
        await wait_until(lambda: self.text == text, f"{text!r} was typed into {self.title}, not {self.text!r}")
