"""A text waits for a pause in the user's typing, but not for long."""

from collections.abc import AsyncIterator

import pytest

from app.bus.connection import BUS_PROGRAM, Answer, BusConnection, MethodCall
from app.bus.errors import BusError
from app.insertion.ibus.watch import MONITOR, UserInput
from tests.helpers.message_bus import RunningBus


class FakeMonitor:
    """GNOME's monitor of input. ``idle_ms``: what it answers, one after the other; the last one for ever."""

    def __init__(self, bus: BusConnection) -> None:
        self.idle_ms = [60_000]
        self.bus = bus
        self.asked = 0

    async def serve(self) -> None:
        """Take the monitor's name."""
        self.bus.serve(self._answer)
        await self.bus.call(BUS_PROGRAM, "RequestName", "su", MONITOR.program, 0)

    def _answer(self, call: MethodCall) -> Answer | None:
        if call.member != "GetIdletime":
            return None
        self.asked += 1
        return "t", (self.idle_ms.pop(0) if len(self.idle_ms) > 1 else self.idle_ms[0],)


@pytest.fixture
async def monitor(bus: RunningBus) -> AsyncIterator[FakeMonitor]:
    """Run a fake monitor."""
    monitor = FakeMonitor(await BusConnection.open(bus.address))
    await monitor.serve()
    yield monitor
    await monitor.bus.close()


async def test_pause_ends_the_wait(monitor: FakeMonitor, bus: RunningBus) -> None:
    users = await UserInput.open({"DBUS_SESSION_BUS_ADDRESS": bus.address})
    monitor.idle_ms, monitor.asked = [0, 40, 3, 120], 0
    await users.until_paused()
    assert monitor.asked == 4
    await users.close()


async def test_typing_without_a_pause_does_not_hold_a_text_back(monitor: FakeMonitor, bus: RunningBus) -> None:
    users = await UserInput.open({"DBUS_SESSION_BUS_ADDRESS": bus.address})
    monitor.idle_ms = [0]
    await users.until_paused()
    assert monitor.asked > 2
    await users.close()


async def test_lost_monitor_does_not_hold_a_text_back(monitor: FakeMonitor, bus: RunningBus) -> None:
    users = await UserInput.open({"DBUS_SESSION_BUS_ADDRESS": bus.address})
    await monitor.bus.close()
    await users.until_paused()
    await users.close()


async def test_desktop_without_a_monitor_is_refused(bus: RunningBus) -> None:
    with pytest.raises(BusError):
        await UserInput.open({"DBUS_SESSION_BUS_ADDRESS": bus.address})
