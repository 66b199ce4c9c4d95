"""Key events on their way from the thread that hears them to the event loop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final

import structlog

from app.hotkeys.errors import HotkeysUnavailable
from app.hotkeys.events import KeyEvent
from runtime import logger_names

log = structlog.get_logger(logger_names.APP_HOTKEYS_EVENT_QUEUE)

MOST_QUEUED: Final = 1_000
"""When nobody takes events, those that come later are dropped: whoever listens asks the keyboard as well."""


class EventQueue:
    """Made in the loop whose events they are; ended by ``None`` or an error, which is never dropped."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._events: asyncio.Queue[KeyEvent | HotkeysUnavailable | None] = asyncio.Queue()

    def post(self, event: KeyEvent | HotkeysUnavailable | None) -> None:
        """From any thread."""
        with suppress(RuntimeError):  # the loop has ended: nobody is interested
            self._loop.call_soon_threadsafe(self.put, event)

    def put(self, event: KeyEvent | HotkeysUnavailable | None) -> None:
        """From the loop."""
        if isinstance(event, KeyEvent) and self._events.qsize() >= MOST_QUEUED:
            log.warning("nobody takes the key events: one is dropped")
            return
        self._events.put_nowait(event)

    async def events(self) -> AsyncIterator[KeyEvent]:
        """As ``Hotkeys.events``."""
        while (event := await self._events.get()) is not None:
            if isinstance(event, HotkeysUnavailable):
                raise event
            yield event
