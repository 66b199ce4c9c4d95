"""Notifications over a bus of the session."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.system.notification import notify
from tests.helpers.bus_service import NOTIFICATIONS, bus_program, notifier
from tests.helpers.message_bus import running_bus


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    with running_bus(tmp_path) as bus:
        yield bus.address


async def test_notification_is_shown_by_desktop(address: str) -> None:
    with bus_program(address, NOTIFICATIONS, notifier()) as desktop:
        assert await notify("No tray", "Do this.", {"DBUS_SESSION_BUS_ADDRESS": address})
        (call,) = desktop.calls
    assert call.member == "Notify" and call.values[3:5] == ("No tray", "Do this.")


async def test_notification_fails_without_program_or_bus(address: str, tmp_path: Path) -> None:
    assert not await notify("x", "y", {"DBUS_SESSION_BUS_ADDRESS": address})
    assert not await notify("x", "y", {"XDG_RUNTIME_DIR": str(tmp_path / "none")})
    assert not await notify("x", "y", {"DBUS_SESSION_BUS_ADDRESS": "tcp:host=localhost"})
