"""Go through the first steps of a fresh home as a user would, with mouse, key and voice, and count the effort.

The user clicks the button in the accent colour at the foot of the window, and types nothing.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from Xlib import X
from Xlib.display import Display

from app.settings.file import parse_settings
from app.settings.sections import GeneralSection
from app.ui.theme.colours import COLOURS, Scheme
from tests.helpers.desktop_app import RIGHT_CTRL, DesktopApp
from tests.helpers.waiting import wait_until_sync

WINDOW = "kikipounamu"
_FOOT = 80  # the buttons are in this lowest part of the window, in pixels
_BUTTON = 500  # a filled button has more pixels than this in the accent colour
_METER = 1_000  # a meter that follows a voice adds more pixels than this
_CAP = 3_000  # a lit key cap adds more pixels than this
_TEXT_S = 60.0
_LIGHT = COLOURS[Scheme.LIGHT]
_ACCENTS = [int(colour[1:], 16) for colour in (_LIGHT.accent, _LIGHT.accent_strong)]
"""The button has the second one below the pointer."""


@dataclass
class FirstRun:
    """A user in front of the app.

    ``clicks`` and ``fields`` count the clicks, and the fields that the user filled in.
    """

    app: DesktopApp
    clicks: int = 0
    fields: int = 0

    def start(self) -> None:
        """Start the app as from a menu, and wait for its window."""
        self.app.launch()
        self.app.desktop.active(WINDOW)

    @property
    def general(self) -> GeneralSection:
        """General settings in the file."""
        return parse_settings(self.app.settings_text()).settings.general

    def speak_to_microphone(self, path: Path) -> None:
        """Say something again and again, until the meter follows the voice."""
        before = self._accents()

        def moves() -> bool:
            with self.app.playing(path) as player:
                while player.poll() is None:
                    if self._accents() > before + _METER:
                        return True
            return False

        wait_until_sync(moves, "the meter follows the voice")

    def go_on(self) -> None:
        """Click the button that continues."""
        found = wait_until_sync(self._button, "a button goes on")
        x, y = found
        self.app.desktop.xdotool("mousemove", str(x), str(y), "click", "1")
        self.clicks += 1

    def go_on_to(self, step: str) -> None:
        """Click the button that continues, and wait for the next step."""
        self.go_on()
        wait_until_sync(lambda: self.general.first_step == step, f"the step {step} is there")

    def press_key(self) -> None:
        """Press the dictation key until its key cap is lit."""
        before = self._accents()
        self.app.desktop.xdotool("key", RIGHT_CTRL)
        wait_until_sync(lambda: self._accents() > before + _CAP, "the key cap is lit")

    def dictate(self, path: Path) -> str:
        """Hold the key, say a sentence, and return the words once they are in the box."""
        with self.app.talking():
            self.app.play(path)
        wait_until_sync(self._button, "the words are there, so the steps can be finished", _TEXT_S)
        takes = self.app.wait_for_takes(1)  # the box has the text before the journal has its end
        return "\n".join(take.transcript.text for take in takes)

    def finish(self) -> None:
        """Click the last button, and wait until the steps are over."""
        self.go_on()
        wait_until_sync(lambda: self.general.welcomed, "the first steps are over")

    def _button(self) -> tuple[int, int] | None:
        """Return the middle of the filled button at the foot of the window; ``None`` without one."""
        pixels, left, top = self._window()
        rows, columns = np.nonzero(np.isin(pixels[-_FOOT:], _ACCENTS))
        if len(rows) < _BUTTON:
            return None
        middle = int(np.median(columns)), int(np.median(rows))
        return left + middle[0], top + pixels.shape[0] - min(_FOOT, pixels.shape[0]) + middle[1]

    def _accents(self) -> int:
        """Count the pixels of the window in the accent colour, above the buttons."""
        pixels, _, _ = self._window()
        return int(np.count_nonzero(pixels[:-_FOOT] == _ACCENTS[0]))

    def _window(self) -> tuple[NDArray[np.int64], int, int]:
        """Return the pixels of the window, and its place on the screen."""
        display = Display(self.app.desktop.display)
        try:
            root = display.screen().root
            window = display.create_resource_object("window", int(self.app.desktop.window(WINDOW)))
            size, place = window.get_geometry(), window.translate_coords(root, 0, 0)
            data = window.get_image(0, 0, size.width, size.height, X.ZPixmap, 0xFFFFFFFF).data
        finally:
            display.close()
        pixels = np.frombuffer(data, "<u4").reshape(size.height, size.width) & 0xFFFFFF
        return pixels.astype(np.int64), -int(place.x), -int(place.y)
