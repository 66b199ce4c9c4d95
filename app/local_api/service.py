"""The local port while the user wants it: opened, closed, moved, and tried again while another program has it.

    async with LocalApiService(post, locate) as service:
        service.use(on=True, port=9876)      # from now on ``post`` gets a ``LocalApiView``

Everything here belongs to one loop.
"""

import asyncio
from collections.abc import Callable
from typing import Final, Self

from app.core.problem_notes import note_of
from app.local_api.relay import PORT, PortTaken, local_api
from app.local_api.view import LocalApiState, LocalApiView
from client.connection import Locate
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.tasks import Tasks, is_set_within

log = loggers.APP_LOCAL_API

_AGAIN_S: Final = 5.0


class LocalApiService:
    """Owner of the port. ``locate``: the chosen gateway at this moment. ``again_s``: pause before another try."""

    def __init__(self, post: Callable[[LocalApiView], None], locate: Locate, again_s: float = _AGAIN_S) -> None:
        self._post, self._locate, self._again_s = post, locate, again_s
        self._on, self._port = False, PORT
        self._changed = asyncio.Event()
        self._tasks = Tasks("local-api")

    async def __aenter__(self) -> Self:
        self._tasks.start(self._keep(), "keep")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._tasks.close()

    def use(self, *, on: bool, port: int) -> None:
        """Take the settings: whether the port is open, and its number. Requests in progress break off."""
        if (on, port) != (self._on, self._port):
            self._on, self._port = on, port
            self._changed.set()

    async def _keep(self) -> None:
        while True:
            self._changed.clear()
            if not self._on:
                self._post(LocalApiView())
                await self._changed.wait()
                continue
            try:
                async with local_api(self._locate, self._port) as port:
                    self._post(LocalApiView(LocalApiState.OPEN, f"http://127.0.0.1:{port}/v1"))
                    await self._changed.wait()
            except PortTaken as error:
                log.warning(LogEvent.API_PORT_TAKEN, port=self._port)
                self._post(LocalApiView(LocalApiState.FAILED, note=note_of(error)))
                await is_set_within(self._changed, self._again_s)
