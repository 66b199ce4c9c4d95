"""What only shows in a keyboard of X11 itself; the rest is in ``test_x11``."""

import pytest

from app.hotkeys.errors import HotkeysUnavailable
from app.hotkeys.x11_keyboard import Keyboard


def test_no_server_is_an_error_that_names_the_way_without_hotkeys() -> None:
    with pytest.raises(HotkeysUnavailable, match="kikipounamu toggle"):
        Keyboard("no name of a display", lambda event: None)
