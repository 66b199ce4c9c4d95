"""Learn what the desktop supports, and keep the lines for its keys as the settings want them."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Self

from app.core.daemon_thread import aside
from app.core.errors import Note
from app.desktop.abilities import abilities
from app.desktop.configuration import added, removed
from app.desktop.found import Found, look_at_desktop
from app.desktop.key_lines import ConfigurationRefused, change, key_lines, lines_for, places_of, read
from app.desktop.view import DesktopAction, DesktopView, WriteKeyLines
from app.hotkeys.compositor_lines import Compositor
from app.insertion.portal.permission import NAME, ask_again
from runtime.folders import folders
from runtime.tasks import Tasks

Learn = Callable[[str, Mapping[str, str]], Awaitable[Found]]


class DesktopService:
    """Service of the desktop's abilities. ``post`` receives a ``DesktopView`` after each look.

    ``often``: the action whose key belongs to the app only at times.
    """

    def __init__(
        self,
        post: Callable[[DesktopView], None],
        often: str,
        environment: Mapping[str, str] = os.environ,
        learn: Learn = look_at_desktop,
    ) -> None:
        self._post, self._often, self._environment, self._learn = post, often, environment, learn
        self._bindings: Mapping[str, str] = {}
        self._problem: Note | None = None
        self._tasks = Tasks("desktop")
        self._one = asyncio.Lock()
        self._open = False

    async def __aenter__(self) -> Self:
        self._open = True
        return self

    async def __aexit__(self, *_: object) -> None:
        self._open = False
        await self._tasks.close()

    def use(self, bindings: Mapping[str, str]) -> None:
        """Take the keys by action from the settings; ignored before entering and after leaving."""
        if self._open and bindings != self._bindings:
            self._bindings = dict(bindings)
            self._tasks.start(self._look(), "look")

    def ask(self, action: DesktopAction) -> None:
        """Start a user's action and return at once."""
        work = self._write(on=action.on) if isinstance(action, WriteKeyLines) else self._look_again()
        self._tasks.start(work, "ask")

    async def _look_again(self) -> None:
        """Look, and let the desktop ask again at the next text whether the app may press keys."""
        await aside(partial(ask_again, folders().config / NAME))
        await self._look()

    async def _look(self) -> None:
        async with self._one:
            found = await self._learn(sys.platform, self._environment)
            supports = abilities(found)
            wanted = partial(key_lines, found, self._bindings, self._often, self._environment)
            lines = await aside(wanted)
            if lines is not None and self._problem is not None:
                lines = replace(lines, problem=self._problem)
            self._post(DesktopView(supports, lines))

    async def _write(self, *, on: bool) -> None:
        found = await self._learn(sys.platform, self._environment)
        if found.compositor is not None:
            self._problem = await aside(partial(self._written, found.compositor, on=on))
        await self._look()

    def _written(self, compositor: Compositor, *, on: bool) -> Note | None:
        """Write or remove the lines, and return why that is refused. Blocks."""
        where = places_of(compositor, self._environment)
        if where is None:
            return None
        try:
            before = read(where)
            wanted = lines_for(compositor, self._bindings, self._often).lines
            change(where, before, added(before, where, wanted) if on else removed(before, where))
        except ConfigurationRefused as error:
            return error.note
        return None
