"""Facts about desktops: reported by real ones, or taken from the documentation of desktops that were not run."""

from typing import Any

from app.desktop.abilities import DesktopSession, Found
from app.hotkeys.compositor_lines import Compositor

_WLROOTS = {
    "wl_seat": 9,
    "zwlr_data_control_manager_v1": 2,
    "zwp_virtual_keyboard_manager_v1": 1,
    "zwlr_foreign_toplevel_manager_v1": 3,
    "zwlr_layer_shell_v1": 4,
}
_KDE = {"wl_seat": 9, "ext_data_control_manager_v1": 1, "zwlr_layer_shell_v1": 5}
_BUS = frozenset({"org.freedesktop.portal.Desktop", "org.a11y.Bus"})
_KEYS = {"GlobalShortcuts": 1, "RemoteDesktop": 2}


def _on(desktop: str, **facts: Any) -> Found:
    return Found(DesktopSession.WAYLAND, desktop, **({"x_display": ":0", "programs": _BUS} | facts))


DESKTOPS = {
    "sway": _on("sway", compositor=Compositor.SWAY, offers=_WLROOTS, tray=True),
    "labwc": _on("labwc:wlroots", compositor=Compositor.LABWC, offers=_WLROOTS),
    "hyprland": _on("Hyprland", compositor=Compositor.HYPRLAND, offers=_WLROOTS, portals={"GlobalShortcuts": 1}),
    "niri": _on("niri", compositor=Compositor.NIRI, offers=_WLROOTS, portals={"RemoteDesktop": 2}, x_display=""),
    "river": _on("river", compositor=Compositor.RIVER, offers=_WLROOTS),
    "kde": _on("KDE", offers=_KDE, portals=_KEYS, programs=_BUS | {"org.kde.KWin"}, tray=True),
    "kde without RemoteDesktop": _on("KDE", offers=_KDE, programs=_BUS | {"org.kde.KWin"}, tray=True),
    "gnome 46": _on("ubuntu:GNOME", portals={"RemoteDesktop": 2, "Clipboard": 1}, ibus=True, tray=False),
    "gnome 48": _on("GNOME", portals=_KEYS | {"Clipboard": 1}, ibus=True, tray=False),
    "gnome without IBus": _on("GNOME", portals=_KEYS | {"Clipboard": 1}, programs=_BUS),
    "weston": _on("weston", offers={"wl_seat": 7}, programs=frozenset(), x_display=""),
    "unknown": _on("", offers=_WLROOTS, programs=frozenset(), x_display=""),
    "no list of windows": _on(
        "", offers={name: 1 for name in _WLROOTS if "toplevel" not in name}, programs=frozenset()
    ),
    "silent": _on("", programs=frozenset(), x_display=""),
    "x11": Found(DesktopSession.X11, "XFCE", tray=True, x_display=":0"),
    "windows": Found(DesktopSession.SYSTEM),
    "no screen": Found(),
}
"""Facts by the name of the desktop."""
