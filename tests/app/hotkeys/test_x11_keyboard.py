"""Tests of the X11 keyboard alone; ``test_x11`` has the rest."""

import pytest

from app.hotkeys.errors import HotkeysUnavailable
from app.hotkeys.x11_keyboard import Keyboard


def test_error_without_a_server_names_the_command_line() -> None:
    with pytest.raises(HotkeysUnavailable, match="kikipounamu toggle"):
        Keyboard("no name of a display", lambda event: None)
