import asyncio

import pytest

from app.hotkeys.errors import HotkeysUnavailable
from app.hotkeys.events import MOST_QUEUED, KeyEvent, KeyEventQueue
from tests.helpers.logs import capture_logs

PRESS = KeyEvent("dictate", True, 1.0)


async def test_events_from_another_thread_arrive_in_order_until_the_end() -> None:
    queue = KeyEventQueue()
    release = KeyEvent("dictate", False, 2.0)

    def work() -> None:
        for event in (PRESS, release, None):
            queue.post(event)

    await asyncio.to_thread(work)
    assert [event async for event in queue.events()] == [PRESS, release]


async def test_full_queue_drops_events_but_delivers_the_final_error() -> None:
    queue = KeyEventQueue()
    with capture_logs() as logs:
        for _ in range(MOST_QUEUED + 3):
            queue.put(PRESS)
    queue.put(HotkeysUnavailable("on purpose"))
    assert len(logs) == 3
    count = 0
    with pytest.raises(HotkeysUnavailable, match="on purpose"):
        async for _ in queue.events():
            count += 1
    assert count == MOST_QUEUED


def test_post_to_a_closed_loop_has_no_effect() -> None:
    async def make() -> KeyEventQueue:
        return KeyEventQueue()

    asyncio.run(make()).post(PRESS)
