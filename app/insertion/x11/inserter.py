"""Insert texts on X11, pasted where possible, otherwise typed, by two threads that talk to the X server.

One thread inserts. The other finds the focused window, because an insertion may take seconds.

Pasting is the default for three reasons. An input method (ibus, fcitx) changes typed letters into other words. An
editor completes and indents them, and an undo takes back only some. Pasting also takes equally long for any text.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Final, Self

from app.insertion.errors import CannotType, ScreenMissing
from app.insertion.helper.frames import LateKey, OpenRequest
from app.insertion.outcome import HoldReason, Insertion, InsertionResult, Target, held_insertion
from app.insertion.paste_watch import HANGS_S, LATE_S, PasteWatch
from app.insertion.plan import (
    SHIFT_INSERT,
    Newline,
    PasteKeys,
    Rules,
    Strategy,
    may_type_instead,
    paste_keys,
    to_paste,
    to_type,
)
from app.insertion.x11.clicks import Clicks
from app.insertion.x11.clipboard import KeptSelections, X11Clipboard, kept_contents
from app.insertion.x11.keyboard import Batch, Chord, X11Keyboard
from app.insertion.x11.screen import Pings, X11Screen
from app.x11.connection import X11Connection, XThread
from app.x11.errors import X11Error, X11Gone
from app.x11.grab_guard import Grabs
from runtime.tasks import within

_LAST_S: Final = 2.0
"""Time for the last target at the close: it may ask once more for its text."""


class X11Strategies:
    """The insertion of texts by pasting or typing, for the thread of ``connection``."""

    def __init__(
        self,
        connection: X11Connection,
        patience_s: float,
        kept: KeptSelections | None = None,
        late_s: float = LATE_S,
    ) -> None:
        self._connection = connection
        self._patience_s = patience_s
        self.screen = X11Screen(connection)
        self.clipboard = X11Clipboard(connection, patience_s, kept, late_s)
        self.clipboard.gave_up = self._ping
        self._pings = Pings(connection)
        self.keyboard = X11Keyboard(connection, self.screen, self._pings, patience_s)
        self._last: Target | None = None  # the target of the last paste

    def recover(self, late: Sequence[LateKey] = ()) -> None:
        """Serve the contents that a killed process had lent, and refuse requests caused by its ``late`` keys.

        A program that supports pings is refused until it answers one, because it may hang for long.
        """
        for key in late:
            self._last = Target(key.window, "")
            self.clipboard.refuse(key.program)
        self.clipboard.recover()

    def close(self) -> None:
        """Restore all borrowed resources after the last target has taken its text."""
        self._last_has_ended(min(self._patience_s, _LAST_S))
        self.keyboard.close()
        self.clipboard.close()

    def prepare(self, target: Target) -> None:
        """Read the clipboard before its contents are needed."""
        self.clipboard.keep(self._selections(target))

    def insert(self, text: str, target: Target, rules: Rules) -> Insertion:
        """Insert a text as the rules say; texts that are costly to type are pasted anyway."""
        pieces = self._plan(text, target, rules) if rules.strategy is Strategy.TYPE else None
        if pieces is not None:
            return self.keyboard.type(pieces, target)
        reason = self.screen.ready(target)
        if reason is not None:
            return held_insertion(reason)
        if self.clipboard.keep(self._selections(target)):
            done = self._paste(text, target)
            if done.reason != HoldReason.CLIPBOARD_BUSY or self.clipboard.was_pressed:
                return done
        pieces = self._plan(text, target, rules) if may_type_instead(rules) else None
        return held_insertion(HoldReason.CLIPBOARD_BUSY) if pieces is None else self.keyboard.type(pieces, target)

    def _paste(self, text: str, target: Target) -> Insertion:
        try:
            chord = Chord(self.keyboard, self._keys(target))
        except CannotType:
            return held_insertion(HoldReason.TARGET_UNKNOWN)

        def press(pressed: Callable[[], None]) -> HoldReason | None:
            chord.pressed, chord.offered = pressed, self.clipboard.offers
            return self.screen.press(target, chord)

        if not self._last_has_ended(self._patience_s) and self._last == target:
            return held_insertion(HoldReason.NOT_READ)
        self._last = target
        program = self._connection.program(target.window)
        clean = to_paste(text, target)
        reason = self.clipboard.paste(clean, self._selections(target), program, press)
        return Insertion(InsertionResult.PASTED) if reason is None else held_insertion(reason)

    def _ping(self, watch: PasteWatch) -> None:
        """Ask the target of a paste that was not read to answer once it has processed the key."""
        target = self._last
        if target is not None and self._pings.are_supported(target) and watch.pinged(time.monotonic()):
            self._pings.send(target, lambda: watch.answered(time.monotonic()), HANGS_S)

    def _last_has_ended(self, patience_s: float) -> bool:
        """Wait until the last target has processed its key; return False if it does not answer in ``patience_s``.

        Programs ask several times for one paste. They must not get the next text, or the old contents, for the
        last key. An answered ping is proof. Silence counts only for programs that answer no pings, because the
        computer may be busy.
        """
        last = self._last
        if last is None or not self.clipboard.lends:
            return True
        if self._pings.are_supported(last):
            return self._pings.until_answered(last, patience_s)
        self._connection.wait(self.clipboard.is_settled, patience_s)
        return True

    def _plan(self, text: str, target: Target, rules: Rules) -> Sequence[Batch] | None:
        clean = to_type(text, target, rules.newline)
        return self.keyboard.plan(clean, target, shift_return=rules.newline is Newline.SHIFT_RETURN)

    def _selections(self, target: Target) -> tuple[int, ...]:
        return self.clipboard.selections(primary=self._keys(target).primary)

    def _keys(self, target: Target) -> PasteKeys:
        """Return the keys that paste there: Shift+Insert if no layout has the letter V, as with Russian only."""
        keys = paste_keys(*self.screen.names(target.window))
        with suppress(CannotType):
            self.keyboard.chord(keys)
            return keys
        return SHIFT_INSERT


_CLOSE_S: Final = 4.0


class X11Inserter:
    """A ``DesktopInserter`` for X11. ``gone`` is never set: the next call raises ``X11Gone`` instead."""

    def __init__(self, queries: XThread, works: XThread, parts: tuple[X11Screen, Clicks, X11Strategies]) -> None:
        self.gone = asyncio.Event()
        self._queries, self._works = queries, works
        self._screen, self._clicks, self._strategies = parts

    @classmethod
    async def open(
        cls, grabs: Grabs, kept: int | None, opening: OpenRequest, pressing: Callable[[int], None]
    ) -> Self:
        """Connect to the display. Raises ``ScreenMissing``."""
        display = opening.display
        queries, works = XThread(display, answer_s=None), XThread(display, grabs, answer_s=None)

        def strategies(connection: X11Connection) -> X11Strategies:
            made = X11Strategies(connection, opening.patience_s, kept_contents(kept))
            made.screen.pressing = pressing
            made.recover(opening.late)
            return made

        try:
            await queries.open()
            await works.open()
            screen = await queries.call(partial(X11Screen, ours=opening.app))
            return cls(queries, works, (screen, await queries.call(Clicks), await works.call(strategies)))
        except X11Error as error:
            raise ScreenMissing(f"{error}: start this program on a screen (see that DISPLAY names it)") from error

    async def target(self) -> Target | None:
        """Return the focused window."""
        return await self._queries.call(lambda _: self._target())

    def _target(self) -> Target | None:
        found = self._screen.target()
        return found and replace(found, clicked=self._clicks.last_in(found.area) if found.area else 0)

    async def prepare(self, target: Target) -> None:
        """Read the clipboard before its contents are needed."""
        await self._works.call(lambda _: self._strategies.prepare(target))

    async def insert(self, text: str, target: Target, rules: Rules) -> Insertion:
        """Insert ``text`` if ``target`` has the focus."""
        insertion = await self._works.call(lambda _: self._strategies.insert(text, target, rules))
        with suppress(X11Gone):  # the text has arrived all the same
            return replace(insertion, clicks=await self._queries.call(lambda _: self._clicks.count()))
        return insertion

    async def close(self) -> None:
        """Restore borrowed resources and end the connections."""
        async with within(_CLOSE_S, X11Gone):
            # Shielded: the thread may still restore the rest after this time.
            await asyncio.shield(self._works.call(lambda _: self._strategies.close()))
        await self._queries.close()
        await self._works.close()
