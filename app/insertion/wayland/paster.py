"""Insert a text on Wayland with the parts that suit the desktop: focus, clipboard and keyboard."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from app.insertion.clipboard import LentClipboard, PasteFlow
from app.insertion.errors import InsertionUnavailable, PermissionMissing
from app.insertion.outcome import Focus, HoldReason, Insertion, InsertionResult, Target, has_focus, held_insertion
from app.insertion.paste_watch import LATE_S, READ_DEADLINE_S
from app.insertion.plan import ORDINARY, TERMINAL, PasteKeys, Rules, Strategy, paste_keys, to_paste
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.tasks import loop_time

log = loggers.APP_INSERTION_WAYLAND

UNKNOWN_PROCESS: Final = 1
"""Stands for a target's process that the desktop does not report: no program of the user has this number."""


class PasteKeyboard(Protocol):
    """A keyboard that presses the keys that paste."""

    async def press(self, keys: PasteKeys) -> None:
        """Press and release the keys; none stays held. Raises ``InsertionUnavailable``."""

    async def close(self) -> None:
        """Release everything. Safe to call twice."""


@dataclass(frozen=True)
class InsertionParts:
    """The parts that suit a desktop. ``gone``: set once the connection to the desktop has ended.

    ``keeps_early``: the clipboard may be saved whenever the focus is asked for, because the user does not notice.
    """

    focus: Focus
    keyboard: PasteKeyboard
    clipboard: LentClipboard
    gone: asyncio.Event
    keeps_early: bool = False


class WaylandPaster:
    """A ``DesktopInserter`` that pastes. Calls of ``insert`` must not overlap.

    ``pressing``: called with the target's process just before keys are pressed. ``late``: an earlier process has
    pressed a paste key that a target may still have to process.
    """

    def __init__(
        self,
        parts: InsertionParts,
        pressing: Callable[[int], None],
        patience_s: float = READ_DEADLINE_S,
        *,
        late: bool = False,
    ) -> None:
        self._parts = parts
        self._pressing = pressing
        self._flow = PasteFlow(parts.clipboard, patience_s)
        self._late_ends_s = loop_time() + LATE_S if late else 0.0

    @property
    def gone(self) -> asyncio.Event:
        """Set once the connection to the desktop has ended."""
        return self._parts.gone

    async def target(self) -> Target | None:
        """Return the focused window."""
        return await self._parts.focus.target()

    async def insert(self, text: str, target: Target, rules: Rules) -> Insertion:
        """Insert ``text`` if ``target`` has the focus. Raises ``ScreenGone``."""
        if rules.strategy is Strategy.TYPE:
            log.info(LogEvent.INSERTION_TYPES_NOTHING)  # texts are only pasted here: programs lose typed letters
        if not await has_focus(self._parts.focus, target):
            return held_insertion(HoldReason.FOCUS_MOVED)
        if loop_time() < self._late_ends_s:
            return held_insertion(HoldReason.NOT_READ)  # an earlier key is still pending and would get this text
        keys = keys_for(target)
        pressed = False

        async def press() -> HoldReason | None:
            nonlocal pressed
            if not await has_focus(self._parts.focus, target):
                return HoldReason.FOCUS_MOVED
            self._parts.clipboard.expect_read(target.process)
            self._pressing(target.process or UNKNOWN_PROCESS)
            try:
                await self._parts.keyboard.press(keys)
            except InsertionUnavailable as error:
                return _reason_of(error)
            pressed = True
            return None

        offered = to_paste(text, target)
        try:
            reason = await self._flow.paste(offered, press, primary=keys.primary)
            if reason is HoldReason.NOT_READ and await self._may_be_elsewhere(offered, target):
                reason = HoldReason.UNCERTAIN
        except InsertionUnavailable as error:  # the clipboard is not allowed either
            return held_insertion(_reason_of(error))
        if reason is not None and pressed:
            self._late_ends_s = loop_time() + LATE_S
        return Insertion(InsertionResult.PASTED) if reason is None else held_insertion(reason)

    async def _may_be_elsewhere(self, text: str, target: Target) -> bool:
        """Return whether another window may have got the key, or the target the text from another program."""
        return not await has_focus(self._parts.focus, target) or await self._parts.clipboard.is_echoed(text)

    async def prepare(self, target: Target) -> None:
        """Save the clipboard before a text for ``target`` comes, if the parts allow it. Raises ``ScreenGone``."""
        if self._parts.keeps_early:
            await self._parts.clipboard.keep(primary=keys_for(target).primary)

    async def close(self) -> None:
        """Restore the clipboard, and end all parts. Safe to call twice."""
        await self._flow.close()
        await self._parts.clipboard.close()  # before the keyboard: with a portal, both share a session
        await self._parts.keyboard.close()
        await self._parts.focus.close()


def keys_for(target: Target) -> PasteKeys:
    """Return the keys that paste into this window."""
    keys = paste_keys(target.program)
    return TERMINAL if target.terminal and keys is ORDINARY else keys


def _reason_of(error: InsertionUnavailable) -> HoldReason:
    return HoldReason.NOT_ALLOWED if isinstance(error, PermissionMissing) else HoldReason.TARGET_UNKNOWN
