"""Insertion on X11: pasted where that is possible, typed where it is not.

Pasting is the rule because an input method (ibus, fcitx) makes other words of typed letters, an editor completes
and indents them, and an undo takes back only some. It also takes equally long for any text.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Final, Self

from app.insertion.errors import CannotType, ScreenGone
from app.insertion.keyboard_layout import Batch
from app.insertion.outcome import How, Insertion, Reason, Target, held
from app.insertion.paste_watch import READ_DEADLINE_S
from app.insertion.plan import Newline, Rules, Strategy, may_type_instead, rules_for, to_paste, to_type
from app.insertion.programs import paste_keys
from app.insertion.x11_clipboard import X11Clipboard
from app.insertion.x11_connection import Connection, XThread
from app.insertion.x11_keyboard import X11Keyboard
from app.insertion.x11_pings import Pings
from app.insertion.x11_screen import X11Screen

_CLOSE_DEADLINE_S: Final = 3.0


class X11Inserter:
    """An ``Inserter``. Texts are inserted one after the other, by a thread of its own.

    Another one looks where the focus is: an insertion may take seconds, and the focus be elsewhere after it.
    """

    def __init__(self, threads: "_Threads", screen: X11Screen, hands: "_Hands", rules: Rules) -> None:
        self.rules = rules
        self._threads = threads
        self._screen = screen
        self._hands = hands
        self._preparing: Future[None] | None = None
        self._turn = asyncio.Lock()

    @classmethod
    async def open(
        cls, display: str | None = None, rules: Rules | None = None, patience_s: float = READ_DEADLINE_S
    ) -> Self:
        """Connect to this display, or to that of the environment. Raises ``InsertionUnavailable``.

        ``patience_s``: how long a target may need for what it is asked, before it is taken to hang.
        """
        threads = _Threads(looks=XThread(display), works=XThread(display))
        try:
            await threads.open()
            screen = await threads.looks.call(X11Screen)
            hands = await threads.works.call(lambda connection: _Hands(connection, patience_s))
        except BaseException:
            await threads.close()
            raise
        return cls(threads, screen, hands, rules or Rules())

    async def target(self) -> Target | None:
        """The window that has the focus now. What the clipboard holds is read meanwhile, off the critical path."""
        try:
            found = await self._threads.looks.call(lambda _: self._screen.target())
        except ScreenGone:
            return None
        if found is not None and (self._preparing is None or self._preparing.done()):
            self._preparing = self._threads.works.submit(lambda _: self._hands.prepare(found))
        return found

    async def insert(self, text: str, target: Target | None) -> Insertion:
        """Insert ``text`` into ``target``, if that has the focus; in the order of the calls."""
        if target is None:
            return held(Reason.NO_TARGET)
        rules = rules_for(target, self.rules)
        if rules.hold:
            return held(Reason.PROGRAM_RULE)
        if target.own:  # typed letters would press our own buttons
            rules = replace(rules, strategy=Strategy.PASTE)
        async with self._turn:
            try:
                return await self._threads.works.call(lambda _: self._hands.insert(text, target, rules))
            except ScreenGone:
                return held(Reason.TARGET_UNKNOWN)

    async def close(self) -> None:
        """Give the clipboard back. Safe to call twice."""
        closed = self._threads.works.submit(lambda _: self._hands.close())
        await asyncio.wait([asyncio.wrap_future(closed)], timeout=_CLOSE_DEADLINE_S)
        await self._threads.close()


@dataclass(frozen=True)
class _Threads:
    """Each has a connection of its own."""

    looks: XThread
    works: XThread

    async def open(self) -> None:
        """Both, or ``InsertionUnavailable``."""
        await self.looks.open()
        await self.works.open()

    async def close(self) -> None:
        """Safe to call twice."""
        await self.looks.close()
        await self.works.close()


class _Hands:
    """What the thread that inserts works with."""

    def __init__(self, connection: Connection, patience_s: float) -> None:
        self._connection = connection
        self._patience_s = patience_s
        self.screen = X11Screen(connection)
        self.clipboard = X11Clipboard(connection, patience_s)
        self._pings = Pings(connection)
        self.keyboard = X11Keyboard(connection, self.screen, self._pings, patience_s)
        self._last: Target | None = None  # the last one that was pasted into

    def close(self) -> None:
        """Give back all that is borrowed."""
        self.keyboard.close()
        self.clipboard.close()

    def prepare(self, target: Target) -> None:
        """Read what the clipboard holds before it is needed."""
        self.clipboard.keep(self._selections(target))

    def insert(self, text: str, target: Target, rules: Rules) -> Insertion:
        """In the way the rules say; what is costly to type is pasted all the same."""
        pieces = self._plan(text, target, rules) if rules.strategy is Strategy.TYPE else None
        if pieces is not None:
            return self.keyboard.type(pieces, target)
        reason = self.screen.ready(target)
        if reason is not None:
            return held(reason)
        if self.clipboard.keep(self._selections(target)):
            return self._paste(text, target)
        pieces = self._plan(text, target, rules) if may_type_instead(rules) else None
        return held(Reason.CLIPBOARD_BUSY) if pieces is None else self.keyboard.type(pieces, target)

    def _paste(self, text: str, target: Target) -> Insertion:
        try:
            codes = self.keyboard.chord(paste_keys(*self.screen.names(target.window)))
        except CannotType:
            return held(Reason.TARGET_UNKNOWN)

        def press(pressed: Callable[[], None]) -> Reason | None:
            def keys() -> None:
                pressed()
                self.keyboard.press(codes)

            return self.screen.press(target, keys)

        if not self._last_has_ended(target):
            return held(Reason.NOT_READ)
        self._last = target
        program = self._connection.program(target.window)
        clean = to_paste(text, target)
        reason = self.clipboard.paste(clean, self._selections(target), program, press)
        return Insertion(How.PASTED) if reason is None else held(reason)

    def _last_has_ended(self, target: Target) -> bool:
        """Programs ask several times for one paste: none may get this text for the last one."""
        last = self._last
        if last is None or self.clipboard.settled():
            return True
        if self._pings.answered(last):
            return self._pings.reached(last, self._patience_s) or last != target
        self._connection.wait(self.clipboard.settled, self._patience_s)
        return True

    def _plan(self, text: str, target: Target, rules: Rules) -> Sequence[Batch] | None:
        clean = to_type(text, target, rules.newline)
        return self.keyboard.plan(clean, target, shift_return=rules.newline is Newline.SHIFT_RETURN)

    def _selections(self, target: Target) -> tuple[int, ...]:
        return self.clipboard.selections(primary=paste_keys(*self.screen.names(target.window)).primary)
