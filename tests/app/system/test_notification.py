"""Notifications over a bus of the session."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from app.core.identity import APP_ID
from app.system.notification import notify
from tests.helpers.bus_service import NOTIFICATIONS, bus_program, notifier
from tests.helpers.message_bus import running_bus


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    with running_bus(tmp_path) as bus:
        yield bus.address


def is_of_a_file(uri: str) -> bool:
    return Path(unquote(urlsplit(uri).path)).is_file()


async def test_notification_is_shown_by_desktop(address: str) -> None:
    with bus_program(address, NOTIFICATIONS, notifier()) as desktop:
        assert await notify("No tray", "Do this.", {"DBUS_SESSION_BUS_ADDRESS": address})
        (call,) = desktop.calls
    assert call.member == "Notify" and call.values[3:5] == ("No tray", "Do this.")


async def test_notification_names_the_app_and_its_icon(address: str) -> None:
    with bus_program(address, NOTIFICATIONS, notifier()) as desktop:
        await notify("No tray", "Do this.", {"DBUS_SESSION_BUS_ADDRESS": address})
        (call,) = desktop.calls
    icon, hints = call.values[2], call.values[6]
    assert is_of_a_file(icon)
    assert hints == {"desktop-entry": APP_ID}


async def test_notification_fails_without_program_or_bus(address: str, tmp_path: Path) -> None:
    assert not await notify("x", "y", {"DBUS_SESSION_BUS_ADDRESS": address})
    assert not await notify("x", "y", {"XDG_RUNTIME_DIR": str(tmp_path / "none")})
    assert not await notify("x", "y", {"DBUS_SESSION_BUS_ADDRESS": "tcp:host=localhost"})
