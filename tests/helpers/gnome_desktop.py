"""Run a real GNOME Shell without hardware, with IBus and the portals, for programs of a proof.

    with running_gnome(tmp_path) as desktop:
        field = GtkField(desktop)
        desktop.tap("ctrl+a")

The shell's unsafe mode lets a test choose windows. Keys come from a session of mutter's remote desktop, which
needs no consent. The session manager of the system, logind, is a mock.
"""

import asyncio
import json
import os
import sys
import tempfile
import threading
from base64 import b64decode, b64encode
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import psutil

from app.bus.connection import BusConnection, BusObject
from app.bus.errors import BusError
from app.insertion.ibus.address import ibus_address
from app.insertion.ibus.watch import IBusWatch
from tests.helpers.desktop import Screen, Terminal, without_host
from tests.helpers.packages import require
from tests.helpers.ports import accepts
from tests.helpers.waiting import DEADLINE_S, wait_until_sync
from tests.helpers.wayland_desktop import FootTerminal
from tests.helpers.wayland_hand import CODES

T = TypeVar("T")
PACKAGES = (
    *("gnome-shell", "ibus", "ibus-libpinyin", "xdg-desktop-portal-gnome", "python3-dbusmock", "dbus-daemon"),
    *("xwayland", "xterm", "foot", "gir1.2-gtk-4.0", "python3-gi", "gir1.2-atspi-2.0", "fonts-noto-cjk"),
)
SHELL = BusObject("org.gnome.Shell", "/org/gnome/Shell", "org.gnome.Shell")
LIBPINYIN = "libpinyin"
US = "xkb:us::eng"
TYPED = "x"
"""The letter that ``type_until`` types."""
_ONCE_S = 1.0
_XIM_S = 5.0
_END_S = 10.0
_CLIPBOARD = "imports.gi.St.Clipboard.get_default()"
_KINDS = {False: "imports.gi.St.ClipboardType.CLIPBOARD", True: "imports.gi.St.ClipboardType.PRIMARY"}
_REMOTE = "org.gnome.Mutter.RemoteDesktop"
_LOGIND = BusObject("org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.DBus.Peer")
_WINDOWS = "global.get_window_actors().map(a => a.meta_window)"


class EchoingFoot(FootTerminal):
    """A foot that shows what arrives, as shells do: the cursor moves."""

    echo: ClassVar[str] = "echo"


class EchoingXterm(Terminal):
    """An xterm of XWayland that shows what arrives, as shells do: the cursor moves."""

    echo: ClassVar[str] = "echo"


class GnomeHand:
    """Connections to the desktop on a separate thread, so that the keyboard stays while a test waits."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="hand", daemon=True)
        self._thread.start()
        self._bus: BusConnection | None = None
        self._keyboard = BusObject(_REMOTE, "/", f"{_REMOTE}.Session")

    def run(self, what: Coroutine[Any, Any, T]) -> T:
        """Run this on the thread of the connections, and return its result."""
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(DEADLINE_S)

    async def connect(self, address: str) -> None:
        """Take a keyboard of the shell on the bus at this address. Raises ``BusError``."""
        if self._bus is None:
            self._bus = await BusConnection.open(address)
        remote = BusObject(_REMOTE, "/org/gnome/Mutter/RemoteDesktop", _REMOTE)
        (path,) = await self._bus.call(remote, "CreateSession")
        self._keyboard = BusObject(_REMOTE, path, f"{_REMOTE}.Session")
        await self._bus.call(self._keyboard, "Start")
        await self.evaluated("1")

    async def key(self, name: str, *, down: bool) -> None:
        """Press or release a key."""
        assert self._bus is not None
        await self._bus.call(self._keyboard, "NotifyKeyboardKeycode", "ub", CODES[name], down)

    async def evaluated(self, script: str) -> Any:
        """Run a script in the shell and return its result."""
        assert self._bus is not None
        done, result = await self._bus.call(SHELL, "Eval", "s", script)
        assert done, result
        return json.loads(result) if result else None

    def close(self) -> None:
        """End the connections and the thread."""
        if self._bus is not None:
            self.run(self._bus.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(DEADLINE_S)
        self._loop.close()


@dataclass
class GnomeDesktop(Screen):
    """A screen of GNOME Shell; ``variables``: what its session adds to a program's environment."""

    starter: ClassVar[tuple[str, ...]] = ("setpriv", "--pdeathsig", "TERM")  # ended with the test process

    variables: dict[str, str]
    hand: GnomeHand = field(init=False, default_factory=GnomeHand)

    @property
    def environment(self) -> dict[str, str]:
        """The environment for a program on this screen."""
        own = {"HOME": str(self.folder), "XDG_CONFIG_HOME": str(self.folder), "XDG_SESSION_TYPE": "wayland"}
        drawing = {"QT_QPA_PLATFORM": "wayland", "GDK_BACKEND": "wayland", "GSK_RENDERER": "cairo"}
        method = {"XMODIFIERS": "@im=ibus", "LIBGL_ALWAYS_SOFTWARE": "1", "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1"}
        return without_host(os.environ) | own | drawing | method | self.variables

    # -- windows -------------------------------------------------------------------------------------------

    def evaluated(self, script: str) -> Any:
        """Run a script in the shell and return its result."""
        return self.hand.run(self.hand.evaluated(script))

    def window(self, title: str) -> None:
        """Wait for the window with this title."""
        script = f"{_WINDOWS}.some(w => w.title == {json.dumps(title)})"
        wait_until_sync(lambda: self.evaluated(script), f"a window is named {title}")

    def focus(self, title: str) -> str:
        """Focus the window with this title, and return its id."""
        self.window(title)
        found = f"{_WINDOWS}.find(w => w.title == {json.dumps(title)})"
        script = f"const w = {found}; w.activate(global.get_current_time()); w.get_id()"
        window = str(self.evaluated(script))
        while self.focused != title:  # a window that is just being opened may take the focus back
            self.evaluated(script)
            with suppress(AssertionError):
                wait_until_sync(lambda: self.focused == title, "it has the focus", _ONCE_S)
        return window

    def active(self, title: str) -> None:
        """Wait until the window with this title has the focus."""
        wait_until_sync(lambda: self.focused == title, f"{title} has the focus, not {self.focused}")

    @property
    def focused(self) -> str:
        """The title of the window with the focus; empty if none has it."""
        return str(self.evaluated("global.display.focus_window?.title ?? ''"))

    @property
    def focus_moves(self) -> list[str]:
        """An empty list: the shell reports the focused window on request, but no changes of focus."""
        return []

    # -- clipboard -----------------------------------------------------------------------------------------

    def copy_all(self, contents: Mapping[str, bytes], *, primary: bool = False) -> None:
        """Copy the first of these contents, by format: the shell's clipboard holds one."""
        name, data = next(iter(contents.items()))
        there = f"new imports.gi.GLib.Bytes(imports.gi.GLib.base64_decode({json.dumps(b64encode(data).decode())}))"
        self.evaluated(f"{_CLIPBOARD}.set_content({_KINDS[primary]}, {json.dumps(name)}, {there}); 1")

    def holds(self, contents: Mapping[str, bytes], *, primary: bool = False) -> bool:
        """Return whether the clipboard holds what ``copy_all`` has copied."""
        name, data = next(iter(contents.items()))
        take = "(_, bytes) => { global.kikiRead = bytes ? imports.gi.GLib.base64_encode(bytes.toArray()) : ''; }"
        read = f"{_CLIPBOARD}.get_content({_KINDS[primary]}, {json.dumps(name)}, {take})"
        self.evaluated(f"global.kikiRead = null; {read}; 1")
        wait_until_sync(lambda: self.evaluated("global.kikiRead !== null"), "the shell reads the clipboard")
        return b64decode(self.evaluated("global.kikiRead")) == data

    # -- keys ----------------------------------------------------------------------------------------------

    def press(self, name: str) -> None:
        """Press a key down."""
        self.hand.run(self.hand.key(name, down=True))

    def release(self, name: str) -> None:
        """Release a key that is down."""
        self.hand.run(self.hand.key(name, down=False))

    def tap(self, keys: str) -> None:
        """Press keys together and release them, such as ``ctrl+v``."""
        names = keys.split("+")
        for name in names:
            self.press(name)
        for name in reversed(names):
            self.release(name)

    def type_until(self, text: Callable[[], str]) -> None:
        """Type a letter again and again until the text of the focused field changes: a new window accepts keys
        late."""

        def typed() -> bool:
            before = text()
            self.tap(TYPED)
            with suppress(AssertionError):
                wait_until_sync(lambda: text() != before, "the letter arrives", _ONCE_S)
            return text() != before

        wait_until_sync(typed, "the window takes keys")

    @property
    def modifiers(self) -> int:
        """The modifiers that are held down, as the shell numbers them; 0 for none."""
        return int(self.evaluated("global.get_pointer()[2]"))

    # -- input methods -------------------------------------------------------------------------------------

    @property
    def engine(self) -> str:
        """The name of the global engine of IBus; empty if it has none."""
        return str(self.hand.run(self._with_ibus("engine")))

    def use_engine(self, name: str) -> None:
        """Make this the global engine of IBus, as the menu of input sources does."""
        assert self.hand.run(self._with_ibus("use", name))
        wait_until_sync(lambda: self.engine == name, f"{name} is used")

    async def _with_ibus(self, method: str, *values: str) -> Any:
        watch = await IBusWatch.open(ibus_address(self.environment))
        try:
            return await getattr(watch, method)(*values)
        finally:
            await watch.close()

    # -- beginning and end ---------------------------------------------------------------------------------

    def run_shell(self) -> None:
        """Start the shell, and wait until programs can use it."""
        unset = ("env", "-u", "WAYLAND_DISPLAY", "-u", "GDK_BACKEND", "-u", "QT_QPA_PLATFORM", "-u", "XMODIFIERS")
        screen = ("--headless", "--virtual-monitor", "1280x800", "--unsafe-mode")
        shell = self.start(*unset, "gnome-shell", *screen, "--wayland-display", self.variables["WAYLAND_DISPLAY"])
        address = self.variables["DBUS_SESSION_BUS_ADDRESS"]
        wait_until_sync(lambda: self._tries(self.hand.connect(address)), "the shell has a keyboard")
        wait_until_sync(lambda: not self.evaluated("Main.layoutManager._startingUp"), "the shell has started")
        self.evaluated("Main.overview.hide(); Main.welcomeDialog?.close(); 1")
        wait_until_sync(lambda: not self.evaluated("Main.overview.visible"), "the overview is hidden")
        self.variables |= wait_until_sync(lambda: _display(shell.pid), "windows of X11 can be opened")
        wait_until_sync(lambda: ibus_address(self.environment), "IBus runs")
        wait_until_sync(lambda: self._tries(self._with_ibus("engine")), "IBus answers")
        self._serve_x11()

    def _serve_x11(self) -> None:
        """Wait until IBus serves windows of X11.

        The shell starts one daemon for itself and one with XIM for its X server. At a high load they may begin
        in the wrong order, and the one without XIM stays.
        """
        with suppress(AssertionError):
            wait_until_sync(self._has_xim, "IBus serves windows of X11", _XIM_S)
            return
        self.start("ibus-daemon", "--panel", "disable", "--replace", "--xim")
        wait_until_sync(self._has_xim, "IBus serves windows of X11")
        wait_until_sync(lambda: self._tries(self._with_ibus("engine")), "IBus answers again")

    def _has_xim(self) -> bool:
        return any("ibus-x11" in process.info["name"] for process in self._programs())

    def _tries(self, what: Coroutine[Any, Any, object]) -> bool:
        try:
            self.hand.run(what)
        except BusError:
            return False
        return True

    def close(self) -> None:
        """End all programs on the screen, also those that the shell and the bus have started.

        A portal of documents that is killed leaves its file system behind, in the folder of the screen.
        """
        self.hand.close()
        super().close()
        programs = list(self._programs())
        for end in (psutil.Process.terminate, psutil.Process.kill):
            for process in programs:
                with suppress(psutil.Error):
                    end(process)
            _, programs = psutil.wait_procs(programs, _END_S)

    def _programs(self) -> Iterator[psutil.Process]:
        """Yield the programs on the screen, also those that the shell and the bus have started."""
        place = self.variables["XDG_RUNTIME_DIR"]
        for process in psutil.process_iter(["environ", "name"]):
            if (process.info["environ"] or {}).get("XDG_RUNTIME_DIR") == place:
                yield process


@contextmanager
def running_gnome(folder: Path, **variables: str) -> Iterator[GnomeDesktop]:
    """Run GNOME Shell with buses, IBus and portals until the context ends."""
    require(PACKAGES)
    with tempfile.TemporaryDirectory(prefix="kiki-gn-") as run:
        session = {"XDG_RUNTIME_DIR": run, "XDG_CURRENT_DESKTOP": "GNOME", "WAYLAND_DISPLAY": "wayland-gnome"}
        buses = {"DBUS_SESSION_BUS_ADDRESS": f"{run}/bus", "DBUS_SYSTEM_BUS_ADDRESS": f"{run}/system"}
        addresses = {name: f"unix:path={place}" for name, place in buses.items()}
        desktop = GnomeDesktop(folder, session | addresses | variables)
        try:
            for place in buses.values():
                desktop.start("dbus-daemon", "--session", "--nofork", f"--address=unix:path={place}")
                wait_until_sync(partial(accepts, Path(place)), "a bus runs")
            desktop.start("/usr/bin/python3", "-m", "dbusmock", "--system", "--template", "logind")
            wait_until_sync(lambda: desktop.hand.run(_has_logind(addresses)), "logind is mocked")
            desktop.run_shell()
            yield desktop
        finally:
            desktop.close()
            sys.stderr.write(desktop.logs())


async def _has_logind(addresses: dict[str, str]) -> bool:
    try:
        async with await BusConnection.open(addresses["DBUS_SYSTEM_BUS_ADDRESS"]) as bus:
            await bus.call(_LOGIND, "Ping")
    except BusError:
        return False
    return True


def _display(shell: int) -> dict[str, str]:
    """Return the variables for windows of X11; empty before its server runs."""
    for process in psutil.Process(shell).children(recursive=True):
        with suppress(psutil.Error):
            words = process.cmdline()
            if words and words[0].endswith("Xwayland"):
                return {"DISPLAY": words[1], "XAUTHORITY": words[words.index("-auth") + 1]}
    return {}
