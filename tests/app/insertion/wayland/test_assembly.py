import os

import pytest

from app.insertion.errors import InsertionUnavailable, ScreenMissing
from app.insertion.focus.sway import SwayFocus
from app.insertion.focus.toplevels import ToplevelFocus
from app.insertion.helper.frames import OpenRequest
from app.insertion.wayland.assembly import PartMissing, assemble, missing
from app.insertion.wayland.clipboard import kept_contents
from tests.helpers.desktop import PATIENT_S
from tests.helpers.wayland_desktop import WaylandDesktop, running_weston

ALL = {
    "wl_seat": 7,
    "zwp_virtual_keyboard_manager_v1": 1,
    "zwlr_data_control_manager_v1": 2,
    "zwlr_foreign_toplevel_manager_v1": 3,
}
OPENING = OpenRequest(None, PATIENT_S, os.getpid())


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


def test_sway_tells_the_focused_window_itself() -> None:
    offers = {name: version for name, version in ALL.items() if "toplevel" not in name}
    assert missing(offers, {"SWAYSOCK": "/run/sway"}) == ""


async def test_parts_suit_the_compositor(sway: WaylandDesktop, labwc: WaylandDesktop) -> None:
    for desktop, kind in ((sway, SwayFocus), (labwc, ToplevelFocus)):
        parts = await assemble(desktop.environment, OPENING, kept_contents(None))
        assert isinstance(parts.focus, kind)
        for part in (parts.keyboard, parts.clipboard, parts.focus):
            await part.close()
            await part.close()


async def test_desktop_without_a_part_is_refused(tmp_path_factory: pytest.TempPathFactory) -> None:
    with running_weston(tmp_path_factory.mktemp("weston")) as desktop:
        with pytest.raises(PartMissing, match="no clipboard"):
            await assemble(desktop.environment, OPENING, kept_contents(None))
        assert issubclass(PartMissing, InsertionUnavailable)


async def test_error_says_what_to_do_without_a_compositor() -> None:
    with pytest.raises(ScreenMissing, match="Wayland session"):
        await assemble({}, OPENING, kept_contents(None))
