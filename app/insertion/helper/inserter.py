"""Insertion through a helper process, which is replaced whenever it ends.

If no key was pressed for the text in progress, the next helper inserts it. Otherwise its outcome is unknown, and
it is held.
"""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final, Self

import msgspec

from app.core.child_process import restart_pause
from app.insertion.errors import HelperEnded, HelperFailed, InsertionUnavailable
from app.insertion.helper.frames import LateKey, OpenRequest
from app.insertion.helper.kept_contents import memory_file
from app.insertion.helper.process import HelperProcess
from app.insertion.outcome import HoldReason, Insertion, Target, held_insertion
from app.insertion.paste_watch import READ_DEADLINE_S
from app.insertion.plan import Rules, Strategy, rules_for
from app.x11.grab_guard import GRAB_DEADLINE_S
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.programs import module_command
from runtime.tasks import Tasks, loop_time

log = loggers.APP_INSERTION_HELPER_INSERTER

X11_COMMAND: Final = (*module_command("app.insertion.helper.main"), "x11")
WAYLAND_COMMAND: Final = (*module_command("app.insertion.helper.main"), "wayland")

_FIND_S: Final = 1.5
_READY_S: Final = 5.0
_STEADY_S: Final = 10.0

Start = Callable[[tuple[LateKey, ...]], Awaitable[HelperProcess]]
"""Starts a helper that refuses the clipboard to programs that process these late keys."""


class HelperInserter:
    """An ``Inserter`` that asks helpers. Texts are inserted one after another."""

    def __init__(self, start: Start, rules: Rules, kept: int | None) -> None:
        self.rules = rules
        self._start = start
        self._kept = kept
        self._helper: HelperProcess | None = None
        self._ready = asyncio.Event()
        self._closed = False
        self._turn = asyncio.Lock()
        self._tasks = Tasks("insertion")

    @classmethod
    async def on_x11(
        cls,
        display: str | None = None,
        rules: Rules | None = None,
        patience_s: float = READ_DEADLINE_S,
        grab_s: float = GRAB_DEADLINE_S,
        command: Sequence[str] = X11_COMMAND,
    ) -> Self:
        """Connect to this display, or to that of the environment. Raises ``InsertionUnavailable``.

        ``patience_s``: how long a target may take to answer before it counts as hanging. ``grab_s``: how long
        the server may stay grabbed before the helper is killed. ``command`` starts a helper.
        """
        return await cls._launch(OpenRequest(display, patience_s, os.getpid()), [*command, str(grab_s)], rules)

    @classmethod
    async def on_wayland(
        cls,
        environment: Mapping[str, str],
        rules: Rules | None = None,
        patience_s: float = READ_DEADLINE_S,
        command: Sequence[str] = WAYLAND_COMMAND,
    ) -> Self:
        """Connect to the desktop of this environment. Raises ``InsertionUnavailable``.

        ``patience_s`` and ``command``: as for X11. The helper outlives the app until the clipboard is restored.
        """
        opening = OpenRequest(None, patience_s, os.getpid())
        return await cls._launch(opening, command, rules, environment, signal.SIGTERM)

    @classmethod
    async def _launch(
        cls,
        opening: OpenRequest,
        command: Sequence[str],
        rules: Rules | None,
        environment: Mapping[str, str] | None = None,
        when_app_dies: signal.Signals | None = None,
    ) -> Self:
        """Return a started inserter. Each helper gets ``opening`` with the late keys of the helper before it."""
        kept = memory_file()
        inserter = cls(
            lambda late: HelperProcess.start(
                msgspec.structs.replace(opening, late=late), kept, command, environment, when_app_dies
            ),
            rules or Rules(),
            kept,
        )
        await inserter.start()
        return inserter

    async def start(self) -> None:
        """Start the first helper, and replace each that ends. Raises ``InsertionUnavailable``."""
        try:
            self._use(await self._start(()))
        except HelperEnded as error:  # ``_keep`` tries again
            log.warning(LogEvent.INSERTION_HELPER_MISSING, reason=str(error))
        except BaseException:
            await self.close()
            raise
        self._tasks.keep(self._keep, "keep")

    @property
    def helper(self) -> HelperProcess | None:
        """The running helper, or ``None``."""
        return None if self._helper is None or self._helper.over else self._helper

    async def target(self) -> Target | None:
        """Return the focused window. The helper then saves the clipboard, off the critical path."""
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
            return held_insertion(HoldReason.NO_TARGET)
        rules = rules_for(target, self.rules)
        if rules.hold:
            return held_insertion(HoldReason.PROGRAM_RULE)
        if target.own:  # typed letters would press our own buttons
            rules = replace(rules, strategy=Strategy.PASTE)
        async with self._turn:
            insertion = await self._insert(text, target, rules)
            if insertion.reason == HoldReason.INTERRUPTED:
                # A busy computer can keep a helper from working while the server is grabbed, so that it is killed.
                insertion = await self._insert(text, target, rules)
            return insertion

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
            return held_insertion(HoldReason.TARGET_UNKNOWN)
        try:
            async with asyncio.timeout(_READY_S):
                helper = await self._running()
        except TimeoutError:
            return held_insertion(HoldReason.INTERRUPTED)
        try:
            return await helper.insert(text, target, rules)
        except (HelperEnded, HelperFailed) as error:
            if isinstance(error, HelperFailed):
                log.error(LogEvent.INSERTION_FAILED, reason=str(error))
            return held_insertion(HoldReason.UNCERTAIN if error.pressed else HoldReason.INTERRUPTED)
        except asyncio.CancelledError:
            helper.kill()  # the caller holds the text now: it must not arrive later
            raise

    async def _running(self) -> HelperProcess:
        while True:
            await self._ready.wait()
            if self._helper is not None and not self._helper.over:
                return self._helper
            self._ready.clear()  # until ``_keep`` has started the next helper

    def _use(self, helper: HelperProcess) -> None:
        self._helper = helper
        self._ready.set()

    async def _keep(self) -> None:
        """Replace the helper whenever it has ended: at once at first, then after growing pauses."""
        late: tuple[LateKey, ...] = ()
        failures, started = 0, loop_time()
        while True:
            if (helper := self._helper) is not None:
                await helper.until_ended()
                late = helper.late
                failures = 0 if loop_time() - started >= _STEADY_S else failures
            self._ready.clear()
            while not self._ready.is_set():
                await asyncio.sleep(restart_pause(failures) if failures else 0.0)
                failures += 1
                try:
                    self._use(await self._start(late))
                except (HelperEnded, InsertionUnavailable) as error:
                    log.warning(LogEvent.INSERTION_HELPER_MISSING, reason=str(error))
            started = loop_time()
