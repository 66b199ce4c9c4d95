"""Choose the hotkeys that this desktop supports."""

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from app.hotkeys.events import Hotkeys
from app.wayland.session import is_wayland

WAYLAND: Final = "hotkeys-wayland"
NO_DISPLAY: Final = "hotkeys-no-display"
NOT_INSTALLED: Final = "hotkeys-not-installed"


@dataclass(frozen=True)
class HotkeyChoice:
    """The hotkeys of this desktop. ``reason``: why there are none, as a key of the texts; empty otherwise."""

    hotkeys: Hotkeys
    reason: str = ""


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
        return HotkeyChoice(Hotkeys(), NO_DISPLAY)
    if importlib.util.find_spec("Xlib") is None:
        return HotkeyChoice(Hotkeys(), NOT_INSTALLED)
    from app.hotkeys.x11 import X11Hotkeys

    return HotkeyChoice(X11Hotkeys(display))


def _portal(environment: Mapping[str, str]) -> HotkeyChoice:
    """Return the portal's hotkeys; entering them raises ``HotkeysMissing`` where the desktop has none."""
    from app.bus.connection import session_address
    from app.bus.portal import Portal
    from app.hotkeys.portal import PortalHotkeys

    if not session_address(environment):
        return HotkeyChoice(Hotkeys(), WAYLAND)

    language = next(filter(None, map(environment.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    opener = partial(Portal.open, environment)
    return HotkeyChoice(PortalHotkeys(opener, chinese=language.startswith("zh")))


def _pynput(platform: str) -> HotkeyChoice:
    if importlib.util.find_spec("pynput") is None:
        return HotkeyChoice(Hotkeys(), NOT_INSTALLED)
    from app.hotkeys import other

    hook: other.Hook = getattr(other, "WindowsHook" if platform == "win32" else "MacHook")()
    return HotkeyChoice(other.OtherHotkeys(hook))
