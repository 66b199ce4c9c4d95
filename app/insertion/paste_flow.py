"""Lend a clipboard to one text after another, and give it back a little later."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from app.insertion.clipboard import Clipboard
from app.insertion.outcome import HoldReason
from app.insertion.paste_watch import READ_DEADLINE_S, SETTLED_S
from runtime.tasks import Tasks

# The clipboard stays empty for so long, because a hanging program would paste the old contents.
EMPTY_S: Final = 2.0


class PasteFlow:
    """Pastes through ``clipboard``, which must be read within ``patience_s``. Calls must not overlap."""

    def __init__(self, clipboard: Clipboard, patience_s: float = READ_DEADLINE_S) -> None:
        self._clipboard = clipboard
        self._patience_s = patience_s
        self._tasks = Tasks("insertion")
        self._giving_back: asyncio.Task[None] | None = None

    async def paste(
        self, text: str, press: Callable[[], Awaitable[HoldReason | None]], *, primary: bool = False
    ) -> HoldReason | None:
        """Offer ``text`` and ``press`` the keys; return the reason for a failure.

        ``press`` returns a reason if it has pressed nothing.
        """
        if self._giving_back is not None:
            self._giving_back.cancel()  # the clipboard is lent to this text now
        if not await self._clipboard.keep(primary=primary):
            return HoldReason.CLIPBOARD_BUSY  # no typing instead: its arrival cannot be verified
        reason: HoldReason | None = HoldReason.CLIPBOARD_BUSY
        read = False
        try:
            if await self._clipboard.offer(text, primary=primary):
                reason = await press()
            if reason is None:
                read = await self._clipboard.read(self._patience_s)
                reason = None if read else HoldReason.NOT_READ
                if not read:
                    await self._clipboard.offer("", primary=primary)
        finally:
            wait_s = SETTLED_S if read else EMPTY_S * (reason is HoldReason.NOT_READ)
            self._giving_back = self._tasks.start(self._give_back(wait_s), "give back")
        return reason

    async def close(self) -> None:
        """Restore the clipboard at once. Safe to call twice."""
        await self._tasks.close()
        if self._giving_back is not None:
            self._giving_back = None
            await self._clipboard.give_back()

    async def _give_back(self, wait_s: float) -> None:
        await asyncio.sleep(wait_s)
        await self._clipboard.give_back()
        self._giving_back = None
