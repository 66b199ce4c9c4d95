"""Hotkeys whose X server fails; ``test_x11`` has the rest."""

import asyncio
import sys
from pathlib import Path

import pytest

from app.hotkeys.errors import HotkeysUnavailable
from app.hotkeys.x11 import X11Hotkeys
from app.hotkeys.x11_keyboard import Keyboard
from tests.helpers.desktop import running_desktop
from tests.helpers.logs import capture_logs

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux: an X server")


async def test_hotkeys_are_unavailable_without_a_server() -> None:
    with pytest.raises(HotkeysUnavailable, match="kikipounamu toggle"):
        async with X11Hotkeys("no name of a display"):
            pass


async def test_hotkeys_become_unavailable_when_the_server_ends(tmp_path: Path) -> None:
    with running_desktop(tmp_path, tray=False) as desktop:
        async with X11Hotkeys(desktop.display) as hotkeys:
            await hotkeys.bind({"dictate": "f9"})
            await asyncio.to_thread(desktop.close)
            with pytest.raises(HotkeysUnavailable, match="does not answer"):
                async for _ in hotkeys.events():
                    pass
            with pytest.raises(HotkeysUnavailable):
                await hotkeys.is_down("dictate")
    with pytest.raises(HotkeysUnavailable):
        await hotkeys.is_down("dictate")


async def test_internal_error_is_logged_and_makes_the_hotkeys_unavailable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise ValueError("on purpose")

    with running_desktop(tmp_path, tray=False) as desktop, capture_logs() as logs:
        async with X11Hotkeys(desktop.display) as hotkeys:
            monkeypatch.setattr(Keyboard, "renew", fails)
            with pytest.raises(HotkeysUnavailable, match="ValueError: see the log"):
                await hotkeys.renew()
        monkeypatch.setattr(Keyboard, "__init__", fails)
        with pytest.raises(HotkeysUnavailable, match="ValueError: see the log"):
            async with X11Hotkeys(desktop.display):
                pass
    assert [line["event"] for line in logs] == ["hotkeys.failed", "hotkeys.failed"]
