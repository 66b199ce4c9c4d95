"""Insertion through a clipboard that Qt serves: Windows and macOS. Not yet tested on them.

Such a clipboard does not reveal its readers: the first read after the key counts. A clipboard history may be that
reader, so the old contents return only a little later.
"""

import asyncio
import time
from typing import Final

from app.insertion.clipboard import Clipboard, PasteFlow
from app.insertion.outcome import HoldReason, Insertion, InsertionResult, Target, held
from app.insertion.plan import Newline, Rules, Strategy, rules_for, to_paste, to_type
from app.insertion.system_keys import SystemKeys

_RELEASE_DEADLINE_S: Final = 2.0
_CHECK_AGAIN_S: Final = 0.01


class PastingInserter:
    """An ``Inserter`` that pastes or types through the operating system."""

    def __init__(self, clipboard: Clipboard, keys: SystemKeys, rules: Rules) -> None:
        self.rules = rules
        self._clipboard = clipboard
        self._keys = keys
        self._flow = PasteFlow(clipboard)
        self._turn = asyncio.Lock()

    async def target(self) -> Target | None:
        """Return the focused window; on macOS the focused program."""
        return self._keys.target()

    async def insert(self, text: str, target: Target | None) -> Insertion:
        """Insert ``text`` if ``target`` has the focus, in the order of the calls."""
        if target is None:
            return held(HoldReason.NO_TARGET)
        rules = rules_for(target, self.rules)
        if rules.hold:
            return held(HoldReason.PROGRAM_RULE)
        async with self._turn:
            reason = await self._ready(target)
            if reason is not None:
                return held(reason)
            if rules.strategy is Strategy.TYPE and not target.own:  # typed letters would press our own buttons
                return self._type(text, target, rules.newline)
            return await self._paste(text, target)

    async def close(self) -> None:
        """Restore the clipboard at once. Safe to call twice."""
        await self._flow.close()

    async def _ready(self, target: Target) -> HoldReason | None:
        end = time.monotonic() + _RELEASE_DEADLINE_S
        while self._keys.modifiers_held():
            if time.monotonic() >= end:
                return HoldReason.MODIFIERS_HELD
            await asyncio.sleep(_CHECK_AGAIN_S)
        return None if self._has_focus(target) else HoldReason.FOCUS_MOVED

    def _has_focus(self, target: Target) -> bool:
        now = self._keys.target()
        return now is not None and now.window == target.window

    def _type(self, text: str, target: Target, newline: Newline) -> Insertion:
        # ``pynput`` types a line break as Return without Shift.
        pressed = Newline.RETURN if newline is Newline.RETURN else Newline.SPACE
        self._keys.type(to_type(text, target, pressed))
        return Insertion(InsertionResult.TYPED)

    async def _paste(self, text: str, target: Target) -> Insertion:
        async def press() -> HoldReason | None:
            if not self._has_focus(target):
                return HoldReason.FOCUS_MOVED
            self._clipboard.pressed()
            self._keys.paste(terminal=target.terminal)
            return None

        reason = await self._flow.paste(to_paste(text, target), press)
        return Insertion(InsertionResult.PASTED) if reason is None else held(reason)
