"""Decide whether a compositor offers what insertion needs. Pure.

The windows import this on every system, so it needs no library of a desktop.
"""

from collections.abc import Mapping

from app.wayland.interfaces import DATA_CONTROL_MANAGERS, SEAT, TOPLEVEL_MANAGER, VIRTUAL_KEYBOARD_MANAGER


def missing(offers: Mapping[str, int], environment: Mapping[str, str]) -> str:
    """Return which part of insertion this desktop lacks; empty if none. Pure.

    ``offers``: the compositor's globals.
    """
    if not any(kind.name in offers for kind in DATA_CONTROL_MANAGERS):
        return "clipboard"
    if is_kde(environment):
        return ""
    if SEAT.name not in offers or VIRTUAL_KEYBOARD_MANAGER.name not in offers:
        return "keyboard"
    if not environment.get("SWAYSOCK") and TOPLEVEL_MANAGER.name not in offers:
        return "focused window"
    return ""


def is_kde(environment: Mapping[str, str]) -> bool:
    """Return whether this is a session of KDE: KWin tells the focus by a script, and its portal presses keys."""
    return "KDE" in environment.get("XDG_CURRENT_DESKTOP", "").split(":")
