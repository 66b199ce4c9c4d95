"""Drive the real app on a Wayland compositor, as ``tests.helpers.desktop_app`` does on X11.

The dictation key belongs to the compositor, which runs ``kikipounamu key`` for it.
"""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from app.hotkeys.compositor_lines import Compositor, lines
from app.wayland.interfaces import TOPLEVEL_MANAGER
from tests.helpers.accessible_desktop import start_accessibility
from tests.helpers.chain import BIN
from tests.helpers.desktop import Terminal, TextField
from tests.helpers.desktop_app import RunningApp
from tests.helpers.packages import require
from tests.helpers.qt import NEEDED
from tests.helpers.virtual_microphone import virtual_microphones
from tests.helpers.wayland_desktop import WaylandDesktop

KEY = "F8"
_TAP_S = 0.1
BINDINGS = {"dictate": KEY, "paste-held": "ctrl+alt+v"}

Running = Callable[..., AbstractContextManager[WaylandDesktop]]
"""Runs a desktop in a folder, with lines for its key bindings and variables for its programs."""


class WaylandApp(RunningApp):
    """The app on a screen of Wayland."""

    desktop: WaylandDesktop

    def press(self) -> None:
        """Press the dictation key down."""
        self.desktop.press(KEY)

    def release(self) -> None:
        """Release the dictation key."""
        self.desktop.release(KEY)

    def let_go(self) -> None:
        """Release all keys, also of a command that got lost."""
        super().let_go()
        for action in BINDINGS:
            self.ask({"verb": "key", "key": action, "move": "release"})

    def opened(self, kind: type[TextField | Terminal], title: str) -> TextField | Terminal:
        """Open a window of this kind, and wait until it has the focus."""
        return kind(self.desktop, title)

    def paste_held(self) -> None:
        """Press the key that pastes what is held."""
        self.desktop.tap(BINDINGS["paste-held"])

    def tap(self) -> None:
        """Press and release the dictation key as fast as a finger does."""
        self.press()
        time.sleep(_TAP_S)  # each runs a command: those of a faster press may start in the wrong order
        self.release()


@contextmanager
def running_wayland_app(
    models: Path, running: Running, compositor: Compositor, *arguments: str
) -> Iterator[WaylandApp]:
    """Run desktop, microphone and app until the context ends, and print the app's output.

    The lines for the keys are those that the app offers for this compositor.
    """
    require(NEEDED)
    with tempfile.TemporaryDirectory(prefix="kiki-app-") as folder, virtual_microphones("desk") as (microphone,):
        home, path = Path(folder) / "home", f"{BIN}{os.pathsep}{os.environ['PATH']}"
        bound = lines(compositor, BINDINGS, "kikipounamu")
        with running(Path(folder), *bound.lines, KIKIPOUNAMU_HOME=str(home), PATH=path) as desktop:
            start_accessibility(desktop)
            app = WaylandApp(desktop, microphone, home, models, arguments)
            app.set(general__welcomed=True, insertion__each_piece_at_once=True)
            app.start()
            if desktop.hand.offers(TOPLEVEL_MANAGER):
                desktop.window("kikipounamu")  # it opens, and gets the focus, where there is no tray
            yield app
