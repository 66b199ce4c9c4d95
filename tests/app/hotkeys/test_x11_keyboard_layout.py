"""Keys that are pressed while the layout changes, on a real server."""

from pathlib import Path
from typing import Any

import pytest

from app.hotkeys import x11_keyboard
from app.hotkeys.x11_xkb import whole_layout
from tests.app.hotkeys.keyboard import listening
from tests.helpers.desktop import running_desktop


async def test_key_that_arrives_with_the_answers_about_a_new_layout_is_reported_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server reports a new layout whenever another keyboard is used, right before its first key."""
    to_press = ["F9"]

    def press_before(display: Any) -> Any:
        for key in to_press:
            desktop.xdotool("keydown", key)
        to_press.clear()
        return whole_layout(display)

    monkeypatch.setattr(x11_keyboard, "whole_layout", press_before)
    with running_desktop(tmp_path, tray=False) as desktop:
        desktop.start("xset", "r", "off").wait(30)  # a repeated key would wake the reader
        async with listening(desktop, dictate="f9") as heard:
            desktop.start("xmodmap", "-e", "keycode 248 = U7fe1").wait(30)
            await heard.tells(("dictate", True))
            desktop.xdotool("keyup", "F9")
            await heard.tells(("dictate", False))
