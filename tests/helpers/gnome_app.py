"""Drive the real app on GNOME Shell, as ``tests.helpers.desktop_app`` does on X11.

The dictation key is bound by the desktop's portal. GNOME asks about it once, in a dialog.
"""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.system.autostart import launcher
from tests.helpers.chain import BIN
from tests.helpers.desktop import Terminal, TextField
from tests.helpers.desktop_app import RunningApp
from tests.helpers.gnome_desktop import EchoingFoot, EchoingXterm, GnomeDesktop, running_gnome
from tests.helpers.packages import require
from tests.helpers.qt import NEEDED
from tests.helpers.virtual_microphone import virtual_microphones
from tests.helpers.wayland_desktop import FootTerminal

KEY = "F8"
_TAP_S = 0.1
_DIALOG_S = "90"
ECHOING: dict[type[TextField | Terminal], type[Terminal]] = {FootTerminal: EchoingFoot, Terminal: EchoingXterm}


class GnomeApp(RunningApp):
    """The app on a screen of GNOME."""

    desktop: GnomeDesktop

    def press(self) -> None:
        """Press the dictation key down."""
        self.desktop.press(KEY)

    def release(self) -> None:
        """Release the dictation key."""
        self.desktop.release(KEY)

    def opened(self, kind: type[TextField | Terminal], title: str) -> TextField | Terminal:
        """Open a window of this kind, and wait until it takes keys; then it holds some letters.

        A terminal shows what arrives, as shells do.
        """
        window = ECHOING.get(kind, kind)(self.desktop, title)
        self.desktop.type_until(lambda: window.text)
        return window

    def paste_held(self) -> None:
        """Press the key that pastes what is held."""
        self.desktop.tap("ctrl+alt+v")

    def tap(self) -> None:
        """Press and release the dictation key as fast as a finger does."""
        self.press()
        time.sleep(_TAP_S)
        self.release()


@contextmanager
def running_gnome_app(models: Path, *arguments: str) -> Iterator[GnomeApp]:
    """Run desktop, microphone and app until the context ends; the dialog about the keys is answered."""
    require(NEEDED)
    with tempfile.TemporaryDirectory(prefix="kiki-app-") as folder, virtual_microphones("desk") as (microphone,):
        home, path = Path(folder) / "home", f"{BIN}{os.pathsep}{os.environ['PATH']}"
        launcher({"HOME": folder}, "/bin/true").add()
        with running_gnome(Path(folder), KIKIPOUNAMU_HOME=str(home), PATH=path) as desktop:
            app = GnomeApp(desktop, microphone, home, models, arguments)
            app.set(general__welcomed=True, insertion__each_piece_at_once=True, hotkeys__dictate=KEY.lower())
            app.launch("--hidden")
            dialog = Path(__file__).with_name("gnome_dialog.py")
            answering = desktop.start("/usr/bin/python3", str(dialog), "Add", _DIALOG_S)
            assert answering.wait() == 0, "GNOME showed no dialog"
            app.wait_until_ready()
            yield app
