"""Sources of facts about a desktop: those that are missing or silent are left out."""

from app.desktop.abilities import DesktopSession
from app.desktop.sources import facts_of


async def test_missing_sources_are_left_out() -> None:
    nowhere = {"XDG_RUNTIME_DIR": "/nonexistent", "HOME": "/nonexistent"}
    for session in (DesktopSession.WAYLAND, DesktopSession.X11):
        assert await facts_of(session, nowhere, 2.0) == {}


async def test_late_sources_are_left_out() -> None:
    assert await facts_of(DesktopSession.WAYLAND, {}, 0.0) == {}
