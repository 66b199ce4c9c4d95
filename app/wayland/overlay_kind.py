"""The kind of overlay that a Wayland desktop allows."""

from collections.abc import Container
from enum import StrEnum

from app.wayland.interfaces import LAYER_SHELL


class OverlayKind(StrEnum):
    """A way to show the overlay: a surface of the compositor's own, a window of XWayland, or none."""

    LAYER = "layer"
    XWAYLAND = "xwayland"
    NONE = "none"


def overlay_kind(offers: Container[str], *, xwayland: bool) -> OverlayKind:
    """Return the kind for a compositor with these globals: ``WaylandConnection.globals``.

    ``xwayland``: it shows windows of X11 too.
    """
    if LAYER_SHELL.name in offers:
        return OverlayKind.LAYER
    return OverlayKind.XWAYLAND if xwayland else OverlayKind.NONE
