"""The kind of overlay that a desktop allows."""

import pytest

from app.wayland.interfaces import OverlayKind, overlay_kind

LAYERS = {"wl_compositor": 6, "wl_shm": 1, "zwlr_layer_shell_v1": 4}


@pytest.mark.parametrize(
    ("offers", "xwayland", "kind"),
    [
        (LAYERS, False, OverlayKind.LAYER),
        (LAYERS, True, OverlayKind.LAYER),
        ({"wl_compositor": 6, "wl_shm": 1}, True, OverlayKind.XWAYLAND),
        ({"wl_compositor": 6, "wl_shm": 1}, False, OverlayKind.NONE),
        ({}, False, OverlayKind.NONE),
    ],
)
def test_kind_follows_offers_of_compositor(offers: dict[str, int], xwayland: bool, kind: OverlayKind) -> None:
    assert overlay_kind(offers, xwayland=xwayland) is kind
