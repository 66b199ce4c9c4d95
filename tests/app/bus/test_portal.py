"""Requests and sessions of a desktop portal on a real message bus."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from app.bus.connection import BUS_PROGRAM, BusConnection, Signal
from app.bus.errors import BusError, BusMissing, BusRefused, BusSilent, PortalDenied, PortalRefused
from app.bus.portal import Portal, variants
from tests.helpers.desktop_portal import CANCELLED, GRANTED, REFUSED, SILENT, DesktopPortal
from tests.helpers.message_bus import running_bus
from tests.helpers.waiting import wait_until

ASK = "Screenshot.Take"


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Return the environment of a session with a message bus."""
    with running_bus(tmp_path) as bus:
        yield {"DBUS_SESSION_BUS_ADDRESS": bus.address}


@pytest.fixture
async def desktop(environment: dict[str, str]) -> AsyncIterator[DesktopPortal]:
    """Return a running portal."""
    async with await DesktopPortal.start(environment["DBUS_SESSION_BUS_ADDRESS"], {"Screenshot": 3}) as desktop:
        yield desktop


@pytest.fixture
async def portal(environment: dict[str, str], desktop: DesktopPortal) -> AsyncIterator[Portal]:
    """Return our connection to the running portal."""
    async with await Portal.open(environment, "a.b") as portal:
        yield portal


async def test_app_is_registered_before_anything_else(portal: Portal, desktop: DesktopPortal) -> None:
    assert await portal.version("Screenshot") == 3 and await portal.version("Camera") == 0
    assert [(call.method, call.values) for call in desktop.calls] == [("Registry.Register", ("a.b", {}))]


async def test_registration_is_tolerated_where_it_is_missing(
    environment: dict[str, str], desktop: DesktopPortal
) -> None:
    desktop.errors["Registry.Register"] = "org.freedesktop.DBus.Error.UnknownMethod"
    async with await Portal.open(environment) as portal:
        assert await portal.version("Screenshot") == 3
    assert len(desktop.calls) == 1


async def test_registration_is_tried_again_until_the_desktop_file_is_seen(
    environment: dict[str, str], desktop: DesktopPortal
) -> None:
    desktop.errors["Registry.Register"] = "org.freedesktop.portal.Error.Failed"
    async with await Portal.open(environment) as portal:
        assert await portal.version("Screenshot") == 3
    assert len(desktop.calls) == 3


async def test_granted_request_returns_plain_results(portal: Portal, desktop: DesktopPortal) -> None:
    desktop.answers[ASK] = (GRANTED, {"uri": ("s", "file:///a"), "all": ("a{sv}", variants({"n": ("u", 2)}))})
    results = await portal.request(ASK, "sa{sv}", "window", options={"modal": ("b", True)})
    assert results == {"uri": "file:///a", "all": {"n": 2}}
    (call,) = desktop.calls_of(ASK)
    assert call.values[0] == "window" and call.values[1]["modal"].value is True


@pytest.mark.parametrize(("code", "kind"), [(CANCELLED, PortalDenied), (REFUSED, PortalRefused)])
async def test_refused_request_is_a_typed_error(
    portal: Portal, desktop: DesktopPortal, code: int, kind: type[PortalRefused]
) -> None:
    desktop.answers[ASK] = (code, {})
    with pytest.raises(PortalRefused) as error:
        await portal.request(ASK, "a{sv}")
    assert type(error.value) is kind


async def test_unanswered_request_is_withdrawn_at_the_deadline(portal: Portal, desktop: DesktopPortal) -> None:
    desktop.answers[ASK] = (SILENT, {})
    with pytest.raises(BusSilent, match="nobody answered"):
        await portal.request(ASK, "a{sv}", deadline_s=0.1)
    assert desktop.calls_of("Request.Close")


async def test_failed_request_is_reported_at_once(portal: Portal, desktop: DesktopPortal) -> None:
    desktop.errors[ASK] = "org.freedesktop.portal.Error.NotAllowed"
    with pytest.raises(BusRefused, match="NotAllowed"):
        await portal.request(ASK, "a{sv}")


async def test_session_ends_when_the_portal_closes_it(portal: Portal, desktop: DesktopPortal) -> None:
    session = await portal.session("Screenshot")
    await desktop.emit("Session", "Closed", "", path=f"{session.path}0")
    await desktop.end_session()
    await wait_until(session.closed.is_set, "the end is noticed")
    await session.close()
    assert not desktop.calls_of("Session.Close")


async def test_session_is_closed_once(portal: Portal, desktop: DesktopPortal) -> None:
    session = await portal.session("Screenshot")
    await session.close()
    await session.close()
    assert len(desktop.calls_of("Session.Close")) == 1 and session.closed.is_set()


async def test_portal_that_ends_ends_its_sessions_and_requests(portal: Portal, desktop: DesktopPortal) -> None:
    session = await portal.session("Screenshot")
    desktop.answers[ASK] = (SILENT, {})
    asked = asyncio.ensure_future(portal.request(ASK, "a{sv}", deadline_s=30))
    await wait_until(lambda: bool(desktop.calls_of(ASK)), "the request arrives")
    await desktop.stop()
    with pytest.raises(BusError):
        await asked
    assert session.closed.is_set()


async def test_app_is_registered_again_with_a_restarted_portal(
    portal: Portal, desktop: DesktopPortal, environment: dict[str, str]
) -> None:
    await desktop.stop()
    with pytest.raises(BusRefused):
        await portal.session("Screenshot")
    async with await DesktopPortal.start(environment["DBUS_SESSION_BUS_ADDRESS"], {}) as again:
        await portal.session("Screenshot")
        assert [call.method for call in again.calls] == ["Registry.Register", "Screenshot.CreateSession"]


async def test_end_of_the_bus_ends_sessions(portal: Portal) -> None:
    session = await portal.session("Screenshot")
    await portal.bus.close()
    await wait_until(session.closed.is_set, "the end is noticed")


async def test_signals_of_the_portal_are_passed_on_and_others_are_not(
    portal: Portal, desktop: DesktopPortal, environment: dict[str, str]
) -> None:
    heard = list[Signal]()
    portal.listen(heard.append)
    async with await BusConnection.open(environment["DBUS_SESSION_BUS_ADDRESS"]) as other:
        await DesktopPortal(other, {}).emit("Screenshot", "Taken", "s", "false")
        await other.call(BUS_PROGRAM, "GetId")
    await desktop.emit("Screenshot", "Taken", "s", "x")
    await wait_until(lambda: bool(heard), "the signal arrives")
    assert [(one.member, one.values) for one in heard] == [("Taken", ("x",))]


async def test_missing_bus_is_reported() -> None:
    with pytest.raises(BusMissing):
        await Portal.open({})
