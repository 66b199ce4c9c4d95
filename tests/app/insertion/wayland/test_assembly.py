import os
from pathlib import Path

import pytest

from app.insertion.errors import InsertionUnavailable, ScreenMissing
from app.insertion.focus.kwin import KWinFocus
from app.insertion.focus.sway import SwayFocus
from app.insertion.focus.toplevels import ToplevelFocus
from app.insertion.helper.frames import OpenRequest
from app.insertion.plan import ORDINARY
from app.insertion.portal.permission import NAME, Permission
from app.insertion.wayland.assembly import assemble
from app.insertion.wayland.clipboard import kept_contents
from app.insertion.wayland.paster import InsertionParts
from tests.helpers.desktop import PATIENT_S
from tests.helpers.desktop_portal import GRANTED, DesktopPortal
from tests.helpers.kwin_desktop import running_kwin
from tests.helpers.message_bus import running_bus
from tests.helpers.restricted_desktop import running_restricted
from tests.helpers.wayland_desktop import WaylandDesktop

OPENING = OpenRequest(None, PATIENT_S, os.getpid())


@pytest.mark.proof(minutes=1)
async def test_parts_suit_a_real_kwin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    with running_bus(tmp_path) as bus:
        own = {"DBUS_SESSION_BUS_ADDRESS": bus.address, "XDG_CURRENT_DESKTOP": "KDE"}
        async with await DesktopPortal.start(bus.address, {"RemoteDesktop": 2}) as portal:
            portal.answers["RemoteDesktop.Start"] = (GRANTED, {"devices": ("u", 1), "restore_token": ("s", "one")})
            with running_kwin(tmp_path, own) as screen:
                parts = await assemble(screen.environment, OPENING, kept_contents(None))
                assert isinstance(parts, InsertionParts)
                assert isinstance(parts.focus, KWinFocus)
                assert await parts.clipboard.keep(primary=False)
                await parts.keyboard.press(ORDINARY)
                pressed = [call.values[2:] for call in portal.calls_of("RemoteDesktop.NotifyKeyboardKeycode")]
                assert pressed == [(29, 1), (47, 1), (47, 0), (29, 0)]
                for part in (parts.keyboard, parts.clipboard, parts.focus):
                    await part.close()
    assert Permission(tmp_path / "config" / NAME, 0).token == "one"


async def test_parts_suit_the_compositor(sway: WaylandDesktop, labwc: WaylandDesktop) -> None:
    for desktop, kind in ((sway, SwayFocus), (labwc, ToplevelFocus)):
        parts = await assemble(desktop.environment, OPENING, kept_contents(None))
        assert isinstance(parts, InsertionParts)
        assert isinstance(parts.focus, kind)
        for part in (parts.keyboard, parts.clipboard, parts.focus):
            await part.close()
            await part.close()


async def test_desktop_without_a_part_is_refused(tmp_path_factory: pytest.TempPathFactory) -> None:
    with (
        running_restricted(tmp_path_factory.mktemp("restricted")) as desktop,
        pytest.raises(InsertionUnavailable, match="no clipboard"),
    ):
        await assemble(desktop.environment, OPENING, kept_contents(None))


async def test_error_says_what_to_do_without_a_compositor() -> None:
    with pytest.raises(ScreenMissing, match="Wayland session"):
        await assemble({}, OPENING, kept_contents(None))
