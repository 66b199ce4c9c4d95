"""Tests that ``PowerEvents`` reports rests and sleeps, and leaves no task behind."""

import asyncio
from dataclasses import replace
from datetime import datetime

from app.core.errors import Note
from app.local_services.power_events import PowerEvents
from app.local_services.worker_limits import WorkerLimits
from app.system.sleep_detector import times
from tests.helpers.waiting import wait_until


async def test_power_events_reports_sleeps_and_rests() -> None:
    now = [times()]
    rests: list[Note | None] = []
    slept: list[float] = []
    async with PowerEvents(rests.append, slept.append, lambda: now[0]) as events:
        now[0] = replace(now[0], always_s=now[0].always_s + 60.0)
        await wait_until(lambda: slept, "the sleep is told")
        events.allow(WorkerLimits(hours=_other_hours()))
        await wait_until(lambda: rests, "it is to rest")
        events.allow(WorkerLimits())
        await wait_until(lambda: rests[-1] is None, "it may work")
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("power events")]


def _other_hours() -> str:
    """Return working hours that exclude the current time."""
    hour = (datetime.now().hour + 12) % 24
    return f"{hour:02}:00-{hour:02}:01"
