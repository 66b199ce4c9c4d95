"""Drive the real app on a real KWin, for proofs.

KDE's own portal reports the app's hotkeys, and presses the keys that paste.
"""

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from app.bus.connection import Answer, BusConnection, BusObject, MethodCall
from app.bus.errors import BusError
from app.system.autostart import launcher
from tests.helpers.accessible_desktop import start_accessibility
from tests.helpers.chain import BIN
from tests.helpers.kde_portal import allow_keys, screencast_global, start_kde_portal
from tests.helpers.kwin_desktop import TRUSTING, KWinKeys, start_kwin
from tests.helpers.message_bus import running_bus
from tests.helpers.packages import require
from tests.helpers.qt import NEEDED
from tests.helpers.virtual_microphone import virtual_microphones
from tests.helpers.waiting import DEADLINE_S, wait_until_sync
from tests.helpers.wayland_app import WaylandApp
from tests.helpers.wayland_desktop import COMMON, WaylandDesktop
from tests.helpers.wayland_hand import Hand

_KWIN: Final = "org.kde.KWin"
_SCRIPTING: Final = BusObject(_KWIN, "/Scripting", "org.kde.kwin.Scripting")
_ONCE_S: Final = 1.0
_KEY: Final = "F8"
_FOR_PORTAL: Final = "wayland-portal"
_WRITE_SESSION: Final = """#!/bin/sh
env > '{place}.new' && mv '{place}.new' '{place}'
"""


class KWinScripts:
    """Short scripts in KWin, whose results come back over the session's bus."""

    def __init__(self, bus: BusConnection, folder: Path) -> None:
        self._bus, self._folder = bus, folder
        self._count = 0
        self._result: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        bus.serve(self._called)

    async def evaluated(self, expression: str) -> str:
        """Return the value of an expression of JavaScript, as text. Raises ``BusError``."""
        self._count += 1
        place, name = self._folder / f"script-{self._count}.js", f"test-{self._count}"
        place.write_text(f'callDBus("{self._bus.name}", "/", "test.Script", "Result", String({expression}));')
        self._result = asyncio.get_running_loop().create_future()
        (number,) = await self._bus.call(_SCRIPTING, "loadScript", "ss", str(place), name)
        await self._bus.call(BusObject(_KWIN, f"/Scripting/Script{number}", "org.kde.kwin.Script"), "run")
        try:
            return await asyncio.wait_for(self._result, DEADLINE_S)
        finally:
            await self._bus.call(_SCRIPTING, "unloadScript", "s", name)

    async def close(self) -> None:
        """End the connection to the bus."""
        await self._bus.close()

    def _called(self, call: MethodCall) -> Answer | None:
        if call.member != "Result":
            return None
        if not self._result.done():
            self._result.set_result(call.values[0])
        return "", ()


@dataclass
class KWinDesktop(WaylandDesktop):
    """A screen of KWin."""

    keys: KWinKeys = field(init=False)
    scripts: KWinScripts = field(init=False)

    def connect(self) -> None:
        """Take a keyboard and the clipboard, and start the portal."""
        self.hand = Hand(self.environment)
        self.hand.run(self._connect())

    async def _connect(self) -> None:
        address = self.variables["DBUS_SESSION_BUS_ADDRESS"]
        self.keys = await KWinKeys.open(self.environment)
        self.scripts = KWinScripts(await BusConnection.open(address), self.folder)
        await allow_keys(self, address)
        await start_kde_portal(self, address, WAYLAND_DISPLAY=_FOR_PORTAL)

    def close(self) -> None:
        """End the connections, and all programs on the screen."""
        if hasattr(self, "scripts"):
            self.hand.run(self._disconnect())
        super().close()

    async def _disconnect(self) -> None:
        await self.scripts.close()
        await self.keys.close()

    def focus(self, title: str) -> str:
        """Focus the window with this title, and return the name of its program."""
        window = f"workspace.windowList().find(w => w.caption == {json.dumps(title)})"
        wait_until_sync(lambda: self._evaluated(f"!!{window}") == "true", f"a window is named {title}")

        def focused() -> bool:
            self._evaluated(f"workspace.activeWindow = {window}")
            with suppress(AssertionError):
                wait_until_sync(lambda: self.focused == title, "it has the focus", _ONCE_S)
            return self.focused == title

        wait_until_sync(focused, f"{title} has the focus")
        return self._evaluated(f"{window}.resourceClass")

    @property
    def focused(self) -> str:
        """The title of the window with the focus; empty if none has it."""
        return self._evaluated("workspace.activeWindow ? workspace.activeWindow.caption : ''")

    def press(self, name: str) -> None:
        """Press a key down."""
        self.hand.run(self.keys.press(name))

    def release(self, name: str) -> None:
        """Release a key that is down."""
        self.hand.run(self.keys.release(name))

    def tap(self, keys: str) -> None:
        """Press keys together and release them, such as ``ctrl+v``."""
        names = keys.split("+")
        self.hand.run(self.keys.press(*names))
        self.hand.run(self.keys.release(*reversed(names)))

    def _evaluated(self, expression: str) -> str:
        return self.hand.run(self.scripts.evaluated(expression))


class KWinApp(WaylandApp):
    """The app on a screen of KWin."""

    desktop: KWinDesktop

    def press(self) -> None:
        """Press the dictation key down."""
        self.desktop.press(_KEY)

    def release(self) -> None:
        """Release the dictation key."""
        self.desktop.release(_KEY)

    def paste_held(self) -> None:
        """Press the key that pastes what is held."""
        self.desktop.tap("ctrl+alt+v")


@contextmanager
def running_kwin_app(models: Path, *arguments: str) -> Iterator[KWinApp]:
    """Run desktop, microphone and app until the context ends, and print the app's output."""
    require((*NEEDED, *COMMON))
    with tempfile.TemporaryDirectory(prefix="kiki-app-") as folder, virtual_microphones("desk") as (microphone,):
        home = Path(folder) / "home"
        with running_bus(Path(folder)) as bus, _desktop(Path(folder), bus.address, home) as desktop:
            start_accessibility(desktop)
            app = KWinApp(desktop, microphone, home, models, arguments)
            app.set(general__welcomed=True, insertion__each_piece_at_once=True, hotkeys__dictate=_KEY.lower())
            app.start()
            # Without a tray and notifications the window opens: not in the middle of a test.
            wait_until_sync(lambda: desktop.focused == "kikipounamu", "the app's window is open")
            yield app


@contextmanager
def _desktop(folder: Path, bus: str, home: Path) -> Iterator[KWinDesktop]:
    launcher({"HOME": str(folder)}, "/bin/true").add()  # the portal knows apps by their menu entries
    own = {"DBUS_SESSION_BUS_ADDRESS": bus, "XDG_CURRENT_DESKTOP": "KDE", "KIKIPOUNAMU_HOME": str(home)}
    own["XDG_DATA_HOME"] = str(folder / ".local" / "share")
    path = {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    script, written = folder / "session.sh", folder / "session"
    script.write_text(_WRITE_SESSION.format(place=written))
    script.chmod(0o755)
    with tempfile.TemporaryDirectory(prefix="kiki-kwin-") as run:
        desktop = KWinDesktop(folder, {"XDG_RUNTIME_DIR": run, **own, **path, **TRUSTING})
        try:
            start_kwin(desktop, "--xwayland", str(script))
            desktop.variables |= _x11(written)
            with screencast_global(Path(run, "wayland-kwin"), Path(run, _FOR_PORTAL)):
                desktop.connect()
                wait_until_sync(lambda: _answers(desktop), "KWin runs scripts")
                yield desktop
        finally:
            desktop.close()
            sys.stderr.write(desktop.logs())


def _x11(written: Path) -> dict[str, str]:
    """Return the variables for windows of X11, which KWin tells only the programs that it starts."""
    wait_until_sync(written.exists, "KWin has started a program")
    pairs = (line.split("=", 1) for line in written.read_text().splitlines() if "=" in line)
    return {name: value for name, value in pairs if name in ("DISPLAY", "XAUTHORITY")}


def _answers(desktop: KWinDesktop) -> bool:
    try:
        return desktop.focused == ""
    except BusError:
        return False
