"""Find out whether the session runs Wayland. Imports nothing: the first window asks."""

from collections.abc import Mapping


def is_wayland(environment: Mapping[str, str]) -> bool:
    """Return whether the session runs Wayland, even if X programs run in it."""
    return environment.get("XDG_SESSION_TYPE") == "wayland" or bool(environment.get("WAYLAND_DISPLAY"))
