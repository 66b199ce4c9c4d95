"""Abilities of desktops: the means, or the fallback with its reason."""

import pytest

from app.desktop.abilities import Ability, abilities
from tests.app.desktop.desktops import DESKTOPS

HELD = "held: no-focus"


@pytest.mark.parametrize(
    ("desktop", "hotkeys", "insertion", "focus", "overlay", "tray"),
    [
        ("sway", "lines: no-portal", "data-control", "sway", "layer-shell", "icon"),
        ("labwc", "toggle-lines: no-portal", "data-control", "toplevels", "layer-shell", "window: no-host"),
        ("hyprland", "lines: no-portal", "data-control", "toplevels", "layer-shell", "window: no-host"),
        ("niri", "toggle-lines: no-portal", "data-control", "toplevels", "layer-shell", "window: no-host"),
        ("river", "lines: no-portal", "data-control", "toplevels", "layer-shell", "window: no-host"),
        ("kde", "portal", "data-control-portal", "kwin", "layer-shell", "icon"),
        ("kde without RemoteDesktop", "command: no-portal", "held: no-keyboard", "kwin", "layer-shell", "icon"),
        ("gnome 46", "command: old-gnome", "ibus", "accessibility", "xwayland", "window: no-host-gnome"),
        ("gnome 48", "portal", "ibus", "accessibility", "xwayland", "window: no-host-gnome"),
        ("gnome without IBus", "portal", "portals", "accessibility", "xwayland", "window: no-host-gnome"),
        (
            "weston",
            "command: no-portal",
            "held: no-clipboard",
            HELD,
            "tray-and-sounds: no-layer",
            "window: no-host",
        ),
        ("unknown", "command: no-portal", "data-control", "toplevels", "layer-shell", "window: no-host"),
        ("keyboard without a list of windows", "command: no-portal", HELD, HELD, "layer-shell", "window: no-host"),
        (
            "silent",
            "command: no-portal",
            "held: no-clipboard",
            HELD,
            "tray-and-sounds: no-layer",
            "window: no-host",
        ),
        ("x11", "x11", "x11", "x11", "x11", "icon"),
        ("windows", "system", "system", "system", "system", "system"),
    ],
)
def test_desktop_gives_means_or_fallback(
    desktop: str, hotkeys: str, insertion: str, focus: str, overlay: str, tray: str
) -> None:
    found = [f"{one.means or f'{one.fallback}: {one.why}'}" for one in abilities(DESKTOPS[desktop])]
    assert found == [hotkeys, insertion, focus, overlay, tray]


def test_each_ability_has_either_means_or_fallback_with_reason() -> None:
    for found in DESKTOPS.values():
        for one in abilities(found):
            assert (one.means is None) == (one.fallback is not None) == (one.why is not None)
    assert [one.ability for one in abilities(DESKTOPS["sway"])] == list(Ability)
    assert abilities(DESKTOPS["no screen"]) == ()
