"""Run a Wayland compositor without hardware, for programs of a test.

    with running_sway(tmp_path) as desktop:
        field = TextField(desktop)
        desktop.tap("ctrl+v")

Compositor, session bus and programs are child processes, ended by pid, and they end with the test process even if
that is killed. Sockets are in a short folder of their own: their paths have at most 107 bytes.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from tests.helpers.desktop import Screen, Terminal, TextField, without_host
from tests.helpers.message_bus import SETTINGS as BUS_SETTINGS
from tests.helpers.packages import require, require_version
from tests.helpers.ports import accepts
from tests.helpers.waiting import DEADLINE_S, wait_until_sync
from tests.helpers.wayland_hand import TEXT, Clipboard, Hand, Keyboard, Window

COMMON = ("dbus-daemon", "xwayland", "grim", "fonts-noto-cjk", "foot", "gir1.2-gtk-4.0", "python3-gi", "xterm")
_SWAY = """output * resolution 1280x800
default_border pixel 1
focus_follows_mouse no
swaybg_command -
"""
_LABWC = """<?xml version="1.0"?><labwc_config><theme><dropShadows>no</dropShadows></theme>
<keyboard>{lines}<keybind key="F24"><action name="None"/></keybind></keyboard></labwc_config>"""
_DISPLAYS = ("WAYLAND_DISPLAY", "DISPLAY", "SWAYSOCK", "LABWC_PID")


@dataclass
class WaylandDesktop(Screen):
    """A screen of a Wayland compositor; ``variables``: what its session adds to a program's environment."""

    starter: ClassVar[tuple[str, ...]] = ("setpriv", "--pdeathsig", "TERM")  # ended with the test process

    variables: dict[str, str]
    hand: Hand = field(init=False)

    @property
    def environment(self) -> dict[str, str]:
        """The environment for a program on this screen."""
        own = {"HOME": str(self.folder), "XDG_CONFIG_HOME": str(self.folder), "XDG_SESSION_TYPE": "wayland"}
        drawing = {"QT_QPA_PLATFORM": "wayland", "GDK_BACKEND": "wayland", "GSK_RENDERER": "cairo"}
        return without_host(os.environ) | own | drawing | self.variables

    # -- windows -------------------------------------------------------------------------------------------

    def window(self, title: str) -> Window:
        """Wait for the window with this title, and return it."""
        found: Window = wait_until_sync(
            lambda: next((one for one in self.hand.windows if one.title == title), None),
            f"a window is named {title}",
        )
        return found

    def focus(self, title: str) -> str:
        """Focus the window with this title, and return the name of its program."""
        window = self.window(title)
        self.hand.activate(window)
        wait_until_sync(lambda: window.focused, f"{title} has the focus")
        return window.app_id

    def active(self, title: str) -> None:
        """Wait until the window with this title has the focus by itself."""
        wait_until_sync(lambda: self.focused == title, f"{title} has the focus, not {self.focused}")

    @property
    def focused(self) -> str:
        """The title of the window with the focus; empty if none has it."""
        return next((one.title for one in self.hand.windows if one.focused), "")

    @property
    def focus_moves(self) -> list[str]:
        """The titles of the windows that have got the focus, in order; empty if the compositor reports none."""
        return self.hand.focused

    # -- keys ----------------------------------------------------------------------------------------------

    def press(self, name: str) -> None:
        """Press a key down."""
        self.hand.do(lambda: self._keyboard.key(name, down=True))

    def release(self, name: str) -> None:
        """Release a key that is down."""
        self.hand.do(lambda: self._keyboard.key(name, down=False))

    def tap(self, keys: str) -> None:
        """Press keys together and release them, such as ``ctrl+v``."""
        names = keys.split("+")

        def press_and_release() -> None:
            for name in names:
                self._keyboard.key(name, down=True)
            for name in reversed(names):
                self._keyboard.key(name, down=False)

        self.hand.do(press_and_release)

    def layout(self, name: str) -> None:
        """Change the layout of the keyboard, by the name that XKB gives it."""
        self.hand.do(lambda: self._keyboard.keymap(name))

    @property
    def _keyboard(self) -> Keyboard:
        assert self.hand.keyboard is not None, "this compositor takes no keys from programs"
        return self.hand.keyboard

    # -- clipboard -----------------------------------------------------------------------------------------

    def copy(self, data: bytes, target: str = TEXT) -> None:
        """Copy this to the clipboard."""
        self.copy_all({target: data})

    def copy_all(self, contents: Mapping[str, bytes], *, primary: bool = False) -> None:
        """Copy these contents, by format, to the clipboard or as the selected text."""
        self.hand.do(lambda: self._clipboard.copy(contents, primary=primary))
        formats = list(contents)
        wait_until_sync(lambda: self._clipboard.formats_of(primary=primary) == formats, "it is in the clipboard")

    def copied(self, target: str = TEXT, *, primary: bool = False) -> bytes:
        """Return the clipboard's contents in this format; empty if unavailable."""
        return self.hand.run(self._clipboard.read(target, primary=primary))

    def copied_as(self, *, primary: bool = False) -> dict[str, bytes]:
        """Return all contents of the clipboard, by format."""
        formats = self._clipboard.formats_of(primary=primary)
        return {name: self.copied(name, primary=primary) for name in formats}

    def holds(self, contents: Mapping[str, bytes], *, primary: bool = False) -> bool:
        """Return whether the clipboard holds exactly these contents.

        It reads them only if the formats match, because a read counts as a target's and may delay a change.
        """
        formats = self._clipboard.formats_of(primary=primary)
        return set(formats) == set(contents) and self.copied_as(primary=primary) == contents

    @property
    def _clipboard(self) -> Clipboard:
        assert self.hand.clipboard is not None, "this compositor offers programs no clipboard"
        return self.hand.clipboard

    # -- end -----------------------------------------------------------------------------------------------

    def picture(self, place: Path) -> None:
        """Take a picture of the screen, as PNG."""
        subprocess.run(["grim", str(place)], env=self.environment, check=True, timeout=DEADLINE_S)

    def close(self) -> None:
        """End all programs on the screen, the newest first."""
        if hasattr(self, "hand"):
            self.hand.close()
        super().close()


@contextmanager
def running_sway(folder: Path, *lines: str, **variables: str) -> Iterator[WaylandDesktop]:
    """Run sway; ``lines``: further ones of its settings, such as key bindings.

    ``variables``: for the compositor and all programs.
    """
    require_sway()
    with _session(folder, variables, "sway") as desktop:
        settings = folder / "sway.conf"
        settings.write_text("\n".join([_SWAY, *lines, f"exec {_written_variables(folder)}", ""]))
        desktop.start("sway", "-c", str(settings))
        yield _with_variables(desktop)


def require_sway() -> None:
    """Require sway, and skip the test if it runs as root, which versions before 1.8 refuse."""
    require_version("sway", "1.8" if os.geteuid() == 0 else "1")


@contextmanager
def running_labwc(folder: Path, *lines: str, **variables: str) -> Iterator[WaylandDesktop]:
    """Run labwc like ``running_sway``; ``lines``: elements of its settings for the keyboard."""
    with _session(folder, variables, "labwc:wlroots") as desktop:
        settings = folder / "labwc"
        settings.mkdir()
        (settings / "rc.xml").write_text(_LABWC.format(lines="\n".join(lines)))
        desktop.start("labwc", "-C", str(settings), "-s", f"sh -c '{_written_variables(folder)}'")
        yield _with_variables(desktop)


@contextmanager
def running_weston(folder: Path, **variables: str) -> Iterator[WaylandDesktop]:
    """Run weston, which offers programs neither a keyboard nor the clipboard."""
    with _session(folder, variables, "weston") as desktop:
        desktop.variables["WAYLAND_DISPLAY"] = "wayland-1"
        desktop.start("weston", "--backend=headless", "--renderer=pixman", "--socket=wayland-1", "--no-config")
        place = Path(desktop.variables["XDG_RUNTIME_DIR"]) / "wayland-1"
        wait_until_sync(lambda: accepts(place), "weston runs")
        desktop.hand = Hand(desktop.environment)
        yield desktop


@contextmanager
def _session(folder: Path, variables: Mapping[str, str], name: str) -> Iterator[WaylandDesktop]:
    """Run a session's bus, and end everything with the context."""
    require((*COMMON, name.partition(":")[0]))
    with tempfile.TemporaryDirectory(prefix="kiki-wl-") as run:
        headless = {"WLR_BACKENDS": "headless", "WLR_RENDERER": "pixman", "WLR_LIBINPUT_NO_DEVICES": "1"}
        place = f"{run}/bus"
        session = {"XDG_RUNTIME_DIR": run, "XDG_CURRENT_DESKTOP": name}
        address = {"DBUS_SESSION_BUS_ADDRESS": f"unix:path={place}"}
        desktop = WaylandDesktop(folder, session | headless | address | dict(variables))
        settings = folder / "bus.conf"
        settings.write_text(BUS_SETTINGS.format(address=f"unix:path={place}"))
        try:
            desktop.start("dbus-daemon", f"--config-file={settings}", "--nofork")
            wait_until_sync(lambda: accepts(Path(place)), "the session has a bus")
            yield desktop
        finally:
            desktop.close()
            sys.stderr.write(desktop.logs())


def _written_variables(folder: Path) -> str:
    """Return a command that writes down the environment of the compositor's programs."""
    return f"env > {folder}/session.new && mv {folder}/session.new {folder}/session"


def _with_variables(desktop: WaylandDesktop) -> WaylandDesktop:
    """Wait until the compositor runs, and learn its sockets."""
    result = desktop.folder / "session"
    wait_until_sync(result.exists, "the compositor runs")
    pairs = (line.split("=", 1) for line in result.read_text().splitlines() if "=" in line)
    desktop.variables |= {name: value for name, value in pairs if name in _DISPLAYS}
    desktop.hand = Hand(desktop.environment)
    return desktop


class GtkField(TextField):
    """A window of ``tests.helpers.gtk_field``; it has a password field too."""

    _desktop: WaylandDesktop
    program: ClassVar[tuple[str, ...]] = ("/usr/bin/python3", str(Path(__file__).with_name("gtk_field.py")))

    def focus_password(self) -> None:
        """Focus the window, and in it the password field."""
        self.focus()
        self._desktop.tap("F9")

    @property
    def password(self) -> str:
        """The contents of the password field."""
        place = self._place.with_suffix(".password")
        return place.read_text() if place.exists() else ""


class FootTerminal(Terminal):
    """A foot, the terminal of Wayland, like ``Terminal``."""

    program: ClassVar[tuple[str, ...]] = ("foot", "--config=/dev/null", "--title={title}")
