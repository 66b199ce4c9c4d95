"""Insertion on X11 through a helper process: a process that draws must not grab the server (``x11_main``).

The helper is killed when it grabs the server for too long, and replaced whenever it has ended. A text in progress
is then held: once keys may have been pressed, its outcome is unknown.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final, Self

import structlog

from app.core.child_process import restart_pause
from app.insertion.errors import HelperEnded, InsertionUnavailable
from app.insertion.outcome import HoldReason, Insertion, Target, held
from app.insertion.paste_watch import READ_DEADLINE_S
from app.insertion.plan import Rules, Strategy, rules_for
from app.insertion.x11.frames import OpenRequest
from app.insertion.x11.grab_guard import GRAB_DEADLINE_S
from app.insertion.x11.helper import COMMAND, Helper, memory_file
from runtime import logger_names
from runtime.event_names import LogEvent
from runtime.tasks import Tasks

log = structlog.get_logger(logger_names.APP_INSERTION_X11)

_FIND_S: Final = 1.5
_READY_S: Final = 5.0
_STEADY_S: Final = 10.0

Start = Callable[[int], Awaitable[Helper]]
"""Starts a helper that refuses the late key of this program; 0 for none."""


class X11Inserter:
    """An ``Inserter`` for X11. Texts are inserted one after another."""

    def __init__(self, start: Start, rules: Rules, kept: int | None) -> None:
        self.rules = rules
        self._start = start
        self._kept = kept
        self._helper: Helper | None = None
        self._ready = asyncio.Event()
        self._closed = False
        self._turn = asyncio.Lock()
        self._tasks = Tasks("insertion")

    @classmethod
    async def open(
        cls,
        display: str | None = None,
        rules: Rules | None = None,
        patience_s: float = READ_DEADLINE_S,
        grab_s: float = GRAB_DEADLINE_S,
        command: Sequence[str] = COMMAND,
    ) -> Self:
        """Connect to this display, or to that of the environment. Raises ``InsertionUnavailable``.

        ``patience_s``: how long a target may take to answer before it counts as hanging. ``grab_s``: how long
        the server may stay grabbed before the helper is killed. ``command`` starts a helper.
        """
        kept = memory_file()

        async def start(late: int) -> Helper:
            return await Helper.start(OpenRequest(display, patience_s, os.getpid(), late), kept, grab_s, command)

        inserter = cls(start, rules or Rules(), kept)
        try:
            inserter._use(await start(0))
        except HelperEnded as error:  # ``_keep`` tries again
            log.warning(LogEvent.INSERTION_HELPER_MISSING, reason=str(error))
        except BaseException:
            await inserter.close()
            raise
        inserter._tasks.start(inserter._keep(), "keep")
        return inserter

    @property
    def helper(self) -> Helper | None:
        """The running helper, or ``None``."""
        return None if self._helper is None or self._helper.over else self._helper

    async def target(self) -> Target | None:
        """Return the focused window. Meanwhile the helper reads the clipboard, off the critical path."""
        try:
            async with asyncio.timeout(_FIND_S):
                while not self._closed:
                    with suppress(HelperEnded):  # the next helper can answer too
                        return await (await self._running()).find()
        except TimeoutError:
            log.warning(LogEvent.INSERTION_HELPER_SILENT, inserting=self._turn.locked())
            if self._helper is not None and not self._turn.locked():
                self._helper.kill()
        return None

    async def insert(self, text: str, target: Target | None) -> Insertion:
        """Insert ``text`` into ``target`` if that has the focus, in the order of the calls."""
        if target is None:
            return held(HoldReason.NO_TARGET)
        rules = rules_for(target, self.rules)
        if rules.hold:
            return held(HoldReason.PROGRAM_RULE)
        if target.own:  # typed letters would press our own buttons
            rules = replace(rules, strategy=Strategy.PASTE)
        async with self._turn:
            return await self._insert(text, target, rules)

    async def close(self) -> None:
        """Restore the clipboard and end the helper. Safe to call twice."""
        self._closed = True
        await self._tasks.close()
        helper, self._helper = self._helper, None
        if helper is not None:
            await helper.close()
        kept, self._kept = self._kept, None
        if kept is not None:
            os.close(kept)

    async def _insert(self, text: str, target: Target, rules: Rules) -> Insertion:
        if self._closed:
            return held(HoldReason.TARGET_UNKNOWN)
        try:
            async with asyncio.timeout(_READY_S):
                helper = await self._running()
        except TimeoutError:
            return held(HoldReason.INTERRUPTED)
        try:
            return await helper.insert(text, target, rules)
        except HelperEnded as error:
            return held(HoldReason.UNCERTAIN if error.pressed else HoldReason.INTERRUPTED)
        except asyncio.CancelledError:
            helper.kill()  # the caller holds the text now: it must not arrive later
            raise

    async def _running(self) -> Helper:
        while True:
            await self._ready.wait()
            if self._helper is not None and not self._helper.over:
                return self._helper
            self._ready.clear()  # until ``_keep`` has started the next helper

    def _use(self, helper: Helper) -> None:
        self._helper = helper
        self._ready.set()

    async def _keep(self) -> None:
        """Replace the helper whenever it has ended: at once at first, then after growing pauses."""
        clock = asyncio.get_running_loop().time
        failures, late, started = 0, 0, clock()
        while True:
            if (helper := self._helper) is not None:
                await helper.ended()
                late = helper.late
                failures = 0 if clock() - started >= _STEADY_S else failures
            self._ready.clear()
            while not self._ready.is_set():
                await asyncio.sleep(restart_pause(failures) if failures else 0.0)
                failures += 1
                try:
                    self._use(await self._start(late))
                except (HelperEnded, InsertionUnavailable) as error:
                    log.warning(LogEvent.INSERTION_HELPER_MISSING, reason=str(error))
            started = clock()
