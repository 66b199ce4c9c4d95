"""Recorder of hotkey events, and auto-repeat, for tests."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from app.hotkeys.events import KeyEvent
from app.hotkeys.x11 import X11Hotkeys
from tests.helpers.desktop import Desktop
from tests.helpers.waiting import wait_until


class Heard:
    """The recorded events of hotkeys. ``told``: (action, pressed) of each event."""

    def __init__(self, hotkeys: X11Hotkeys) -> None:
        self.hotkeys = hotkeys
        self.events: list[KeyEvent] = []

    @property
    def told(self) -> list[tuple[str, bool]]:
        return [(event.action, event.pressed) for event in self.events]

    async def tells(self, *told: tuple[str, bool]) -> None:
        """Wait for exactly these events since the last call, and clear them."""
        await wait_until(lambda: len(self.events) >= len(told), f"{told} and not {self.told}")
        assert self.told == list(told), f"{self.told}, not {told}"
        self.events.clear()

    async def listen(self) -> None:
        async for event in self.hotkeys.events():
            self.events.append(event)


@asynccontextmanager
async def listening(desktop: Desktop, **bindings: str) -> AsyncIterator[Heard]:
    """Bind hotkeys on this desktop and record their events; an underscore in an action stands for a hyphen."""
    async with X11Hotkeys(desktop.display) as hotkeys:
        await hotkeys.bind({action.replace("_", "-"): binding for action, binding in bindings.items()})
        heard = Heard(hotkeys)
        task = asyncio.create_task(heard.listen())
        yield heard
    await task


def repeat(desktop: Desktop, *words: str) -> None:
    """Set how the server repeats held keys."""
    assert desktop.start("xset", "r", *words).wait(30) == 0


@contextmanager
def quick_repeats(desktop: Desktop) -> Iterator[None]:
    """Let the server repeat a held key after 100 ms."""
    repeat(desktop, "rate", "100", "50")
    repeat(desktop, "on")
    try:
        yield
    finally:
        repeat(desktop, "off")
