"""Facts about a desktop that can be learned without changing it."""

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from app.hotkeys.compositor_lines import Compositor
from app.wayland.session import is_wayland


class DesktopSession(StrEnum):
    """Kinds of desktop sessions; ``system``: Windows or macOS."""

    SYSTEM = "system"
    WAYLAND = "wayland"
    X11 = "x11"
    NONE = "none"


@dataclass(frozen=True)
class Found:
    """Facts about a desktop; what could not be learned is empty.

    ``desktop``: its own name. ``offers``, ``portals``: version by interface of the Wayland compositor, and of the
    desktop portal. ``programs``: names on the bus, also of programs that it would start. ``tray``: something shows
    icons; ``None``: unknown. ``ibus``: IBus runs. ``x_display``: the display for X programs.
    """

    session: DesktopSession = DesktopSession.NONE
    desktop: str = ""
    compositor: Compositor | None = None
    offers: Mapping[str, int] = field(default_factory=dict)
    portals: Mapping[str, int] = field(default_factory=dict)
    programs: frozenset[str] = frozenset()
    tray: bool | None = None
    ibus: bool = False
    x_display: str = ""

    def is_of(self, name: str) -> bool:
        """Return whether this is such a desktop, for example ``gnome``."""
        return name in self.desktop.lower().split(":")


def session_of(platform: str, environment: Mapping[str, str]) -> DesktopSession:
    """Return the kind of the session for ``sys.platform`` and ``os.environ``."""
    if platform in {"win32", "darwin"}:
        return DesktopSession.SYSTEM
    if is_wayland(environment):
        return DesktopSession.WAYLAND
    return DesktopSession.X11 if environment.get("DISPLAY") else DesktopSession.NONE


def compositor_of(environment: Mapping[str, str]) -> Compositor | None:
    """Return the compositor that runs commands for keys, by what it tells its programs."""
    told = {
        "SWAYSOCK": Compositor.SWAY,
        "HYPRLAND_INSTANCE_SIGNATURE": Compositor.HYPRLAND,
        "NIRI_SOCKET": Compositor.NIRI,
        "LABWC_PID": Compositor.LABWC,
    }
    desktop = environment.get("XDG_CURRENT_DESKTOP", "").lower().split(":")
    named = (compositor for compositor in Compositor if compositor.value in desktop)
    return next(named, next((kind for name, kind in told.items() if environment.get(name)), None))


def of_environment(platform: str, environment: Mapping[str, str]) -> Found:
    """Return what the environment alone tells."""
    session = session_of(platform, environment)
    return Found(
        session,
        environment.get("XDG_CURRENT_DESKTOP") or environment.get("DESKTOP_SESSION") or "",
        compositor_of(environment) if session is DesktopSession.WAYLAND else None,
        x_display=environment.get("DISPLAY", ""),
    )


DEADLINE_S: Final = 2.0
_ASKED: Final = frozenset({DesktopSession.WAYLAND, DesktopSession.X11})


async def look_at_desktop(platform: str, environment: Mapping[str, str], deadline_s: float = DEADLINE_S) -> Found:
    """Return what is known of this desktop at the deadline."""
    found = of_environment(platform, environment)
    if found.session not in _ASKED or importlib.util.find_spec("dbus_fast") is None:
        return found
    from app.desktop.sources import facts_of  # its library is missing on other systems

    return replace(found, **await facts_of(found.session, environment, deadline_s))
