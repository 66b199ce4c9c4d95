"""Follows a gateway's feed while somebody looks, and tells once a second what there is to see.

    async with Monitoring(locate, post) as monitoring:
        monitoring.look(True)       # a window shows the monitor
        monitoring.look(False)      # nobody does: the gateway is left alone, what was seen stays

``monitoring.takes`` is told of this app's own takes whether somebody looks or not. Everything here belongs to one
loop, and returns at once.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import aclosing
from typing import Final, Self
from uuid import UUID

from app.monitoring.model import MonitorModel
from app.monitoring.utterances import Utterances
from app.monitoring.view import MonitorView
from app.transcript import Segment
from client.connection import Locate
from client.errors import GatewayError
from client.monitor import WatchSettings, watch
from runtime.tasks import Tasks

REFRESH_S: Final = 1.0
AGAIN_S: Final = 15.0
"""After a refusal: somebody may have changed the key meanwhile."""

Post = Callable[[MonitorView], None]


class OwnTakes:
    """A ``Witness`` of dictation: notes for each segment when it happened."""

    def __init__(self, utterances: Utterances, clock: Callable[[], float]) -> None:
        self._utterances = utterances
        self._clock = clock

    def began(self, session: UUID, segment: int) -> None:
        """Somebody speaks."""
        self._utterances.began(str(session), segment, self._clock())

    def completed(self, session: UUID, segment: int) -> None:
        """Its last word was spoken."""
        self._utterances.completed(str(session), segment, self._clock())

    def queued(self, session: UUID, segment: int) -> None:
        """The broker has it."""
        self._utterances.queued(str(session), segment, self._clock())

    def recognised(self, session: UUID, segment: Segment) -> None:
        """It has ended."""
        self._utterances.recognised(str(session), segment, self._clock())

    def inserted(self, session: UUID, segment: int) -> None:
        """Its text arrived."""
        self._utterances.inserted(str(session), segment, self._clock())

    def held(self, session: UUID, segment: int) -> None:
        """Its text is kept, to be pasted."""
        self._utterances.held(str(session), segment)

    def cancelled(self, session: UUID) -> None:
        """The user gave the take up."""
        self._utterances.cancelled(str(session))

    def closed(self, session: UUID) -> None:
        """Nothing more of the take is inserted by itself."""
        self._utterances.closed(str(session))

    def discarded(self, session: UUID) -> None:
        """The take never was."""
        self._utterances.discarded(str(session))


class Monitoring:
    """``locate`` is asked before each connection; ``post`` is told from the loop, only while somebody looks."""

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
        self._looking: list[asyncio.Task[None]] = []
        self.takes = OwnTakes(self._model.utterances, clock)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Look away for good. Safe to call twice."""
        self.look(False)
        await self._tasks.close()

    def look(self, on: bool) -> None:
        """Whether somebody sees it. Safe to say twice."""
        if on and not self._looking:
            self._model.begin()
            self._looking = [
                self._tasks.start(self._follow(), "follow"),
                self._tasks.start(self._tell(), "tell"),
            ]
        elif not on:
            for task in self._looking:
                task.cancel()
            self._looking = []

    def again(self) -> None:
        """The gateway is another one now, or its key."""
        if self._looking:
            self.look(False)
            self.look(True)

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
                self._model.refused(str(error))
                self._show()
            await asyncio.sleep(AGAIN_S)

    async def _tell(self) -> None:
        while True:
            self._show()
            await asyncio.sleep(self._refresh_s)

    def _show(self) -> None:
        self._post(self._model.view(self._clock()))
