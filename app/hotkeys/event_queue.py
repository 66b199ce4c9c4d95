"""A queue of key events, from the listening thread to the event loop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final

from app.hotkeys.errors import HotkeysUnavailable
from app.hotkeys.events import KeyEvent
from runtime import loggers
from runtime.event_names import LogEvent

log = loggers.APP_HOTKEYS_EVENT_QUEUE

MOST_QUEUED: Final = 1_000
"""Newer events are dropped above this limit. Readers also query the keyboard, so they recover."""


class KeyEventQueue:
    """A queue created in the loop that reads it. ``None`` or an error ends it and is never dropped."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._events: asyncio.Queue[KeyEvent | HotkeysUnavailable | None] = asyncio.Queue()

    def post(self, event: KeyEvent | HotkeysUnavailable | None) -> None:
        """Add an event, from any thread."""
        with suppress(RuntimeError):  # the loop has ended: drop the event
            self._loop.call_soon_threadsafe(self.put, event)

    def put(self, event: KeyEvent | HotkeysUnavailable | None) -> None:
        """Add an event, from the loop."""
        if isinstance(event, KeyEvent) and self._events.qsize() >= MOST_QUEUED:
            log.warning(LogEvent.HOTKEYS_EVENT_DROPPED)
            return
        self._events.put_nowait(event)

    async def events(self) -> AsyncIterator[KeyEvent]:
        """Yield the events, like ``Hotkeys.events``."""
        while (event := await self._events.get()) is not None:
            if isinstance(event, HotkeysUnavailable):
                raise event
            yield event
