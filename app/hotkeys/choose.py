"""Choose the hotkeys that this desktop supports."""

import importlib.util
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final, Self

from app.hotkeys.binding import parse
from app.hotkeys.events import Hotkeys, KeyEvent, KeyEventQueue
from app.wayland.session import is_wayland

WAYLAND: Final = "hotkeys-wayland"
NO_DISPLAY: Final = "hotkeys-no-display"
NOT_INSTALLED: Final = "hotkeys-not-installed"


@dataclass(frozen=True)
class HotkeyChoice:
    """The hotkeys of this desktop. ``reason``: why there are none, as a key of the texts; empty otherwise."""

    hotkeys: Hotkeys
    reason: str = ""


class NoHotkeys:
    """``Hotkeys`` for a desktop without support: bindings are accepted and have no effect."""

    async def __aenter__(self) -> Self:
        self._events = KeyEventQueue()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._events.post(None)

    def events(self) -> AsyncIterator[KeyEvent]:
        """Yield nothing until the context is left."""
        return self._events.events()

    async def is_down(self, action: str) -> bool:
        """Return False: no key can be down."""
        return False

    async def pass_on(self, action: str) -> None:
        """Do nothing: no key was withheld from programs."""

    async def bind(self, bindings: Mapping[str, str]) -> None:
        """Check the bindings. Raises ``HotkeyUnknown``, like other hotkeys."""
        for text in filter(None, bindings.values()):
            parse(text)

    async def renew(self) -> None:
        """Do nothing: no keys are bound."""


def choose(platform: str, environment: Mapping[str, str]) -> HotkeyChoice:
    """Return the hotkeys for ``sys.platform`` and ``os.environ``.

    Entering them may still raise ``HotkeysUnavailable``. Under Wayland, X11 keys would work only while an X11
    program has the focus. No hotkeys are better than unreliable ones.
    """
    if platform in {"win32", "darwin"}:
        return _pynput(platform)
    if is_wayland(environment):
        return _portal(environment)
    display = environment.get("DISPLAY")
    if not display:
        return HotkeyChoice(NoHotkeys(), NO_DISPLAY)
    if importlib.util.find_spec("Xlib") is None:
        return HotkeyChoice(NoHotkeys(), NOT_INSTALLED)
    from app.hotkeys.x11 import X11Hotkeys

    return HotkeyChoice(X11Hotkeys(display))


def _portal(environment: Mapping[str, str]) -> HotkeyChoice:
    """Return the portal's hotkeys; entering them raises ``HotkeysMissing`` where the desktop has none."""
    from app.bus.connection import session_address
    from app.bus.portal import Portal
    from app.hotkeys.portal import PortalHotkeys

    if not session_address(environment):
        return HotkeyChoice(NoHotkeys(), WAYLAND)

    language = next(filter(None, map(environment.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    opener = partial(Portal.open, environment)
    return HotkeyChoice(PortalHotkeys(opener, chinese=language.startswith("zh")))


def _pynput(platform: str) -> HotkeyChoice:
    if importlib.util.find_spec("pynput") is None:
        return HotkeyChoice(NoHotkeys(), NOT_INSTALLED)
    from app.hotkeys import other

    hook: other.Hook = getattr(other, "WindowsHook" if platform == "win32" else "MacHook")()
    return HotkeyChoice(other.OtherHotkeys(hook))
