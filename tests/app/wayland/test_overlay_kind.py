"""The kind of overlay that a desktop allows."""

import pytest

from app.wayland.overlay_kind import OverlayKind, overlay_kind

LAYERS = {"wl_compositor": 6, "wl_shm": 1, "zwlr_layer_shell_v1": 4}


@pytest.mark.parametrize(
    ("offers", "environment", "kind"),
    [
        (LAYERS, {}, OverlayKind.LAYER),
        (LAYERS, {"DISPLAY": ":0"}, OverlayKind.LAYER),
        ({"wl_compositor": 6, "wl_shm": 1}, {"DISPLAY": ":0"}, OverlayKind.XWAYLAND),
        ({"wl_compositor": 6, "wl_shm": 1}, {"DISPLAY": ""}, OverlayKind.NONE),
        ({}, {}, OverlayKind.NONE),
    ],
)
def test_kind_follows_offers_of_compositor(
    offers: dict[str, int], environment: dict[str, str], kind: OverlayKind
) -> None:
    assert overlay_kind(offers, environment) is kind
