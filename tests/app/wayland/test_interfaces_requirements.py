"""Interfaces that a compositor must offer for insertion."""

import pytest

from app.wayland.interfaces import missing

ALL = {
    "wl_seat": 7,
    "zwp_virtual_keyboard_manager_v1": 1,
    "zwlr_data_control_manager_v1": 2,
    "zwlr_foreign_toplevel_manager_v1": 3,
}


@pytest.mark.parametrize(
    ("lacks", "part"),
    [
        ("", ""),
        ("zwlr_data_control_manager_v1", "clipboard"),
        ("zwp_virtual_keyboard_manager_v1", "keyboard"),
        ("wl_seat", "keyboard"),
        ("zwlr_foreign_toplevel_manager_v1", "focused window"),
    ],
)
def test_missing_part_is_named(lacks: str, part: str) -> None:
    assert missing({name: version for name, version in ALL.items() if name != lacks}, {}) == part


def test_sway_reports_the_focused_window_itself() -> None:
    offers = {name: version for name, version in ALL.items() if "toplevel" not in name}
    assert missing(offers, {"SWAYSOCK": "/run/sway"}) == ""


def test_kde_has_the_rest_in_its_portal_and_its_script() -> None:
    offers = {"wl_seat": 7, "zwlr_data_control_manager_v1": 2}
    assert missing(offers, {"XDG_CURRENT_DESKTOP": "KDE"}) == ""
    assert missing({}, {"XDG_CURRENT_DESKTOP": "KDE"}) == "clipboard"
    assert missing(offers, {"XDG_CURRENT_DESKTOP": "GNOME"}) == "keyboard"
