"""Abilities of desktops: the means, or what is lacking."""

import pytest

from app.desktop.abilities import Ability, abilities
from tests.app.desktop.desktops import DESKTOPS


@pytest.mark.parametrize(
    ("desktop", "hotkeys", "insertion", "focus", "overlay", "tray"),
    [
        ("sway", "- lines", "data-control", "sway", "layer-shell", "icon"),
        ("labwc", "- toggle-lines", "data-control", "toplevels", "layer-shell", "- no-host"),
        ("hyprland", "- lines", "data-control", "toplevels", "layer-shell", "- no-host"),
        ("niri", "- toggle-lines", "data-control", "toplevels", "layer-shell", "- no-host"),
        ("river", "- lines", "data-control", "toplevels", "layer-shell", "- no-host"),
        ("kde", "portal", "data-control-portal", "kwin", "layer-shell", "icon"),
        ("kde without RemoteDesktop", "- command", "- no-keyboard", "kwin", "layer-shell", "icon"),
        ("gnome 46", "- old-gnome", "ibus", "accessibility", "xwayland", "- no-host-gnome"),
        ("gnome 48", "portal", "ibus", "accessibility", "xwayland", "- no-host-gnome"),
        ("gnome without IBus", "portal", "portals", "accessibility", "xwayland", "- no-host-gnome"),
        (
            "weston",
            "- command",
            "- no-clipboard",
            "- no-focus",
            "- no-layer",
            "- no-host",
        ),
        ("unknown", "- command", "data-control", "toplevels", "layer-shell", "- no-host"),
        (
            "no list of windows",
            "- command",
            "- no-focus",
            "- no-focus",
            "layer-shell",
            "- no-host",
        ),
        (
            "silent",
            "- command",
            "- no-clipboard",
            "- no-focus",
            "- no-layer",
            "- no-host",
        ),
        ("x11", "x11", "x11", "x11", "x11", "icon"),
        ("windows", "system", "system", "system", "system", "system"),
    ],
)
def test_desktop_gives_means_or_lacks_something(
    desktop: str, hotkeys: str, insertion: str, focus: str, overlay: str, tray: str
) -> None:
    found = [f"{one.means or f'- {one.lacks}'}" for one in abilities(DESKTOPS[desktop])]
    assert found == [hotkeys, insertion, focus, overlay, tray]


def test_each_ability_has_either_means_or_lacks_something() -> None:
    for found in DESKTOPS.values():
        for one in abilities(found):
            assert bool(one.means) != bool(one.lacks)
    assert [one.ability for one in abilities(DESKTOPS["sway"])] == list(Ability)
    assert abilities(DESKTOPS["no screen"]) == ()
