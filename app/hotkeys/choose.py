"""Which hotkeys this desktop can have."""

import importlib.util
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Final, Self

from app.hotkeys.binding import parse
from app.hotkeys.event_queue import EventQueue
from app.hotkeys.events import Hotkeys, KeyEvent

WAYLAND: Final = "hotkeys-wayland"
NO_DISPLAY: Final = "hotkeys-no-display"
NOT_INSTALLED: Final = "hotkeys-not-installed"


@dataclass(frozen=True)
class Choice:
    """``reason``: why there are none, as a key of the texts; empty if there are."""

    hotkeys: Hotkeys
    reason: str = ""


class NoHotkeys:
    """``Hotkeys`` where a desktop has none: bindings are accepted and do nothing."""

    async def __aenter__(self) -> Self:
        self._events = EventQueue()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._events.post(None)

    def events(self) -> AsyncIterator[KeyEvent]:
        """None, until the context is left."""
        return self._events.events()

    async def is_down(self, action: str) -> bool:
        """Never."""
        return False

    async def pass_on(self, action: str) -> None:
        """Nothing was kept."""

    async def bind(self, bindings: Mapping[str, str]) -> None:
        """Raises ``HotkeyUnknown``, as others do."""
        for text in filter(None, bindings.values()):
            parse(text)

    async def renew(self) -> None:
        """There are none."""


def choose(platform: str, environment: Mapping[str, str]) -> Choice:
    """For ``sys.platform`` and ``os.environ``. Entering it may still fail: ``HotkeysUnavailable``.

    Under Wayland, X11's keys would work only while a program of X11 has the focus: better none than sometimes.
    """
    if platform in {"win32", "darwin"}:
        return _pynput(platform)
    if environment.get("XDG_SESSION_TYPE") == "wayland" or environment.get("WAYLAND_DISPLAY"):
        return Choice(NoHotkeys(), WAYLAND)
    display = environment.get("DISPLAY")
    if not display:
        return Choice(NoHotkeys(), NO_DISPLAY)
    if importlib.util.find_spec("Xlib") is None:
        return Choice(NoHotkeys(), NOT_INSTALLED)
    from app.hotkeys.x11 import X11Hotkeys

    return Choice(X11Hotkeys(display))


def _pynput(platform: str) -> Choice:
    if importlib.util.find_spec("pynput") is None:
        return Choice(NoHotkeys(), NOT_INSTALLED)
    from app.hotkeys import other

    hook: other.Hook = getattr(other, "WindowsHook" if platform == "win32" else "MacHook")()
    return Choice(other.OtherHotkeys(hook))
