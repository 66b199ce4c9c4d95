"""The clipboard, lent to one text after another and given back a little later.

X11 has its own implementation: ``x11/clipboard.py``.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, Protocol

from app.insertion.errors import ScreenGone
from app.insertion.outcome import HoldReason
from app.insertion.paste_watch import READ_DEADLINE_S, SETTLED_S, PasteState, PasteWatch
from runtime.tasks import Tasks, is_set_within, loop_time

# After a failed paste the clipboard stays empty for this long: a hanging program would paste the old contents.
EMPTY_S: Final = 2.0
# Targets of X programs that are requests to the owner or facts about its contents, not contents.
NO_CONTENTS: Final = frozenset(
    {"TARGETS", "MULTIPLE", "TIMESTAMP", "SAVE_TARGETS", "DELETE", "INSERT_SELECTION", "INSERT_PROPERTY"}
)
HISTORY_HINT: Final = "x-kde-passwordManagerHint"
"""Clipboard histories skip contents with this format, whose value is ``secret`` (KDE's convention)."""

MOST_STEPS: Final = 5  # steps of a target that keeps asking, each within its deadline


def text_contents(text: str) -> Mapping[str, bytes]:
    """Return a text in the formats that programs ask for, with a hint that histories skip it."""
    data = text.encode()
    names = ("text/plain;charset=utf-8", "text/plain", "UTF8_STRING", "TEXT")
    latin = {"STRING": text.encode("latin-1")} if text.isascii() else {}
    return {name: data for name in names} | latin | {HISTORY_HINT: b"secret"}


class Clipboard(Protocol):
    """A clipboard that can be lent to a text: ``keep``, ``offer``, press the key, ``until_read``, ``give_back``.

    ``primary``: the selected text (PRIMARY) is lent too, where there is one.
    """

    async def keep(self, *, primary: bool = False) -> bool:
        """Save all contents. Return False if that is impossible; then nothing may be offered."""

    async def offer(self, text: str, *, primary: bool = False) -> bool:
        """Put ``text`` on the clipboard, so that histories skip it; return False if that is impossible now."""

    def expect_read(self, process: int = 0) -> None:
        """Note that the key is about to be pressed: only later reads count.

        ``process``: of the target, 0 if unknown. Where programs can be distinguished, only its reads count.
        """

    async def until_read(self, deadline_s: float) -> bool:
        """Wait until the text is read, at most until the deadline; return whether it was."""

    async def give_back(self) -> None:
        """Restore the saved contents, unless another program has copied something since."""


class LentClipboard(Clipboard, Protocol):
    """A clipboard that must be closed, because this process serves it."""

    async def is_echoed(self, text: str) -> bool:
        """Return whether another program offers the same text: the target may have it from there."""

    async def close(self) -> None:
        """Restore the saved contents at once. Safe to call twice."""


class Copier(Protocol):
    """A clipboard, or a substitute, that accepts a text for the user."""

    async def copy(self, text: str) -> bool:
        """Leave ``text`` for the user to paste. Return False if that is impossible now."""


class WholeClipboard(Clipboard, Copier, Protocol):
    """A clipboard that can be lent to a text, and can keep a text for the user."""


class WatchedClipboard(ABC):
    """The part of a lent clipboard that waits for the target's reads. ``patience_s``: how long each may take.

    A subclass sets ``_watch`` when it offers a text, and ``_news`` after each read.
    """

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self._watch: PasteWatch | None = None
        self._news = asyncio.Event()

    def expect_read(self, process: int = 0) -> None:
        """Note that the key is about to be pressed: only later reads count."""
        if self._watch is not None:
            self._watch.pressed(loop_time())

    async def until_read(self, deadline_s: float) -> bool:
        """Wait until the text is read, at most until the deadline; return whether it was.

        A text that is not read is withdrawn, so that it cannot be read later.
        """
        if (watch := self._watch) is None:
            return False
        end = loop_time() + MOST_STEPS * deadline_s
        while watch.verdict(loop_time()) is PasteState.WAITING and loop_time() < end and self._is_connected:
            self._news.clear()
            await is_set_within(self._news, min(end, watch.ends_s()) - loop_time())
        if watch.verdict(loop_time()) is not PasteState.READ:
            await self._withdraw()
        return watch.verdict(loop_time()) is PasteState.READ

    async def give_back(self) -> None:
        """Restore the saved contents once the target stops reading, unless another program has copied since.

        The wait is limited, so that a program that reads again and again cannot prevent it.
        """
        end = loop_time() + MOST_STEPS * SETTLED_S
        while (watch := self._watch) is not None and watch.verdict(loop_time()) is PasteState.READ:
            if loop_time() >= min(end, watch.settles_s()):
                break
            await asyncio.sleep(watch.settles_s() - loop_time())
        await self._restore()

    async def is_echoed(self, text: str) -> bool:
        """Return False: only some clipboards can tell."""
        return False

    @property
    def _is_connected(self) -> bool:
        return True

    @abstractmethod
    async def _withdraw(self) -> None: ...

    @abstractmethod
    async def _restore(self) -> None: ...


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
        owed, wait_s = self._giving_back is not None, EMPTY_S
        if self._giving_back is not None:
            self._giving_back.cancel()  # the clipboard is lent to this text now
        reason: HoldReason | None = HoldReason.CLIPBOARD_BUSY
        try:
            if not await self._clipboard.keep(primary=primary):
                return reason  # no typing instead: its arrival cannot be verified
            owed, wait_s = True, 0.0
            if await self._clipboard.offer(text, primary=primary):
                reason = await press()
            if reason is None and await self._clipboard.until_read(self._patience_s):
                wait_s = SETTLED_S
            elif reason is None:
                reason, wait_s = HoldReason.NOT_READ, EMPTY_S
                await self._clipboard.offer("", primary=primary)
        finally:
            if owed:  # the clipboard is lent to this text, or still to the last one
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
        while True:
            try:
                await self._clipboard.give_back()
                break
            except ScreenGone:  # the screen hangs; had it ended, this process would have ended too
                await asyncio.sleep(EMPTY_S)
        self._giving_back = None
