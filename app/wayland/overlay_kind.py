"""The kind of overlay that a Wayland desktop allows."""

from collections.abc import Mapping
from enum import StrEnum

from app.wayland.layer import offers_layers


class OverlayKind(StrEnum):
    """A way to show the overlay: a surface of the compositor's own, a window of XWayland, or none."""

    LAYER = "layer"
    XWAYLAND = "xwayland"
    NONE = "none"


def overlay_kind(offers: Mapping[str, int], environment: Mapping[str, str]) -> OverlayKind:
    """Return the kind for a compositor with these globals: ``WaylandConnection.globals``."""
    if offers_layers(offers):
        return OverlayKind.LAYER
    return OverlayKind.XWAYLAND if environment.get("DISPLAY") else OverlayKind.NONE
