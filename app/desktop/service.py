"""Learn what the desktop supports, and keep the lines for its keys as the settings want them."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import Final, Self

from app.core.child_process import find_program
from app.core.daemon_thread import aside
from app.core.errors import ProgramMissing
from app.core.notes import Note
from app.desktop.abilities import Ability, Support, abilities
from app.desktop.actions import DesktopAction, WriteKeyLines
from app.desktop.configuration import Places, added, difference, is_plain, places, removed, usual_files
from app.desktop.found import Found
from app.desktop.key_files import ConfigurationRefused, change, existing, read
from app.desktop.look import look
from app.desktop.view import DesktopView, KeyLines, LinesState
from app.hotkeys.compositor_lines import Compositor, Lines, lines
from runtime.tasks import Tasks

_PROGRAM: Final = "kikipounamu"

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
        learn: Learn = look,
    ) -> None:
        self._post, self._often, self._environment, self._learn = post, often, environment, learn
        self._bindings: Mapping[str, str] = {}
        self._problem: Note | None = None
        self._tasks = Tasks("desktop")
        self._one = asyncio.Lock()
        self._open = False

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        self._open = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open = False
        await self._tasks.__aexit__(kind, error, trace)

    def use(self, bindings: Mapping[str, str]) -> None:
        """Take the keys by action from the settings; ignored before entering and after leaving."""
        if self._open and bindings != self._bindings:
            self._bindings = dict(bindings)
            self._tasks.start(self._look(), "look")

    def ask(self, action: DesktopAction) -> None:
        """Start a user's action and return at once."""
        self._tasks.start(self._write(on=action.on) if isinstance(action, WriteKeyLines) else self._look(), "ask")

    async def _look(self) -> None:
        async with self._one:
            found = await self._learn(sys.platform, self._environment)
            supports = abilities(found)
            self._post(DesktopView(supports, await aside(partial(self._key_lines, found, supports))))

    async def _write(self, *, on: bool) -> None:
        found = await self._learn(sys.platform, self._environment)
        if found.compositor is not None:
            self._problem = await aside(partial(self._written, found.compositor, on=on))
        await self._look()

    def _key_lines(self, found: Found, supports: tuple[Support, ...]) -> KeyLines | None:
        """Return the lines for a compositor that gives programs no keys. Blocks."""
        given = any(one.ability is Ability.HOTKEYS and one.means for one in supports)
        if found.compositor is None or given:
            return None
        wanted = self._lines(found.compositor)
        main = existing(usual_files(found.compositor, self._environment))
        shown = KeyLines(found.compositor, wanted.lines, wanted.missing, str(main or ""), problem=self._problem)
        where = places(found.compositor, main) if main else None
        return _with_state(shown, where) if where else shown

    def _written(self, compositor: Compositor, *, on: bool) -> Note | None:
        """Write or remove the lines, and return why that is refused. Blocks."""
        main = existing(usual_files(compositor, self._environment))
        where = places(compositor, main) if main else None
        if where is None:
            return None
        try:
            before = read(where)
            wanted = self._lines(compositor).lines
            change(where, before, added(before, where, wanted) if on else removed(before, where))
        except ConfigurationRefused as error:
            return error.note
        return None

    def _lines(self, compositor: Compositor) -> Lines:
        try:
            program = find_program(_PROGRAM)
        except ProgramMissing:
            program = _PROGRAM
        # Not every configuration can name such a folder, so the PATH must have the program.
        return lines(compositor, self._bindings, program if is_plain(program) else _PROGRAM, self._often)


def _with_state(shown: KeyLines, where: Places) -> KeyLines:
    """Return the lines with the state of their files. Blocks."""
    try:
        before = read(where)
    except ConfigurationRefused as error:
        return replace(shown, problem=shown.problem or error.note)
    after = added(before, where, shown.lines)
    written = before.own is not None and after.main == before.main
    state = LinesState.TO_WRITE
    if written:
        state = LinesState.WRITTEN if after == before else LinesState.OUTDATED
    return replace(shown, state=state, change=difference(before, after, where))
