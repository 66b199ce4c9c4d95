"""Copying for the user while no window of the app has the focus."""

import asyncio
from pathlib import Path

from app.insertion.wayland.clipboard_keeper import KeptCopier
from tests.helpers.desktop import TextField
from tests.helpers.restricted_desktop import running_restricted
from tests.helpers.waiting import wait_until
from tests.helpers.wayland_desktop import WaylandDesktop

TEXT = "Hello 你好"
FORMATS = ("text/plain;charset=utf-8", "text/plain", "UTF8_STRING", "TEXT")


class Window:
    """A ``Copier`` that notes what it copies."""

    def __init__(self) -> None:
        self.copied = list[str]()

    async def copy(self, text: str) -> bool:
        self.copied.append(text)
        return True


async def test_text_is_copied_while_another_window_has_the_focus(sway: WaylandDesktop) -> None:
    sway.copy_all({"image/bmp": bytes(1 << 20)})
    field, window = TextField(sway, "copied into"), Window()
    assert await KeptCopier(sway.environment, window).copy(TEXT)
    copied = {name: TEXT.encode() for name in FORMATS}
    await wait_until(lambda: asyncio.to_thread(sway.holds, copied), "it is copied, and histories may keep it")
    sway.tap("ctrl+v")
    await field.shows(TEXT)
    assert window.copied == []
    sway.copy(b"newer")


async def test_window_copies_where_the_compositor_lets_no_other_program(tmp_path: Path) -> None:
    window = Window()
    with running_restricted(tmp_path) as desktop:
        assert await KeptCopier(desktop.environment, window).copy(TEXT)
        assert not await KeptCopier(desktop.environment, None).copy(TEXT)
    assert not await KeptCopier(desktop.environment, None).copy(TEXT)
    assert window.copied == [TEXT]
