"""Monitor of a gateway: follows its feed while the monitor is visible, and posts a view once a second.

    async with Monitoring(locate, post) as monitoring:
        monitoring.follow(True)       # the monitor is visible
        monitoring.follow(False)      # hidden: the connection closes, the figures stay

``monitoring.observe`` records this app's own takes at all times. Everything here belongs to one loop, and returns
at once.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import aclosing
from typing import Final

from app.core.problem_notes import note_of
from app.core.segment_observer import SegmentEvent
from app.monitoring.model import MonitorModel
from app.monitoring.view import MonitorView, WatchMonitor
from client.connection import Locate
from client.errors import GatewayError
from client.monitor import WatchSettings, watch
from runtime.tasks import Closing, Tasks

REFRESH_S: Final = 1.0
AGAIN_S: Final = 15.0
"""Pause after a refusal, in which the key may be corrected."""

Post = Callable[[MonitorView], None]


class Monitoring(Closing):
    """Monitor of a gateway.

    ``locate`` runs before each connection; ``post`` gets views only while visible.
    """

    def __init__(
        self,
        locate: Locate,
        post: Post,
        settings: WatchSettings | None = None,
        clock: Callable[[], float] = time.monotonic,
        refresh_s: float = REFRESH_S,
    ) -> None:
        self._locate = locate
        self._post = post
        self._settings = settings
        self._clock = clock
        self._refresh_s = refresh_s
        self._model = MonitorModel(time.time() - clock())
        self._tasks = Tasks("monitoring")
        self._following: list[asyncio.Task[None]] = []

    async def close(self) -> None:
        """Stop for good; repeated calls are harmless."""
        self.follow(False)
        await self._tasks.close()

    def ask(self, action: WatchMonitor) -> None:
        """Start or stop following the feed because the user shows or hides the monitor."""
        self.follow(action.on)

    def follow(self, on: bool) -> None:
        """Start or stop following the feed; repeated calls are harmless."""
        if on and not self._following:
            self._model.begin()
            self._following = [
                self._tasks.keep(self._follow, "follow"),
                self._tasks.keep(self._publish, "publish"),
            ]
        elif not on:
            for task in self._following:
                task.cancel()
            self._following = []

    def observe(self, event: SegmentEvent) -> None:
        """Record a step of this app's own segments."""
        self._model.utterances.observe(event, self._clock())

    def reconnect(self) -> None:
        """Reconnect, because the gateway or its key has changed."""
        if self._following:
            self.follow(False)
            self.follow(True)

    async def _follow(self) -> None:
        while True:
            try:
                async with aclosing(watch(self._locate, self._settings)) as events:
                    async for event in events:
                        before = self._model.link
                        self._model.take(event, self._clock())
                        if self._model.link is not before:
                            self._show()
            except GatewayError as error:
                self._model.show_refusal(note_of(error))
                self._show()
            await asyncio.sleep(AGAIN_S)

    async def _publish(self) -> None:
        while True:
            self._show()
            await asyncio.sleep(self._refresh_s)

    def _show(self) -> None:
        self._post(self._model.view(self._clock()))
