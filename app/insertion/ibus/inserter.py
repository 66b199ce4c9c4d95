"""Insert texts through IBus: our engine replaces the user's for a moment, commits the text, and makes way again.

IBus takes the global engine away when an engine leaves that was registered while it runs. So ours is registered
for each text, and the user's is chosen again once ours is gone. ``KeptEngine`` knows it if a process is killed.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final, Self

from app.bus.errors import BusError, BusMissing
from app.insertion.errors import InsertionUnavailable, ScreenGone
from app.insertion.ibus.address import ibus_address
from app.insertion.ibus.kept_engine import KeptEngine
from app.insertion.ibus.own_engine import OwnEngine
from app.insertion.ibus.values import ENGINE, NO_CLIENT, PASSWORD_PURPOSES, TERMINAL_PURPOSE, XIM
from app.insertion.ibus.watch import IBusWatch
from app.insertion.outcome import HoldReason, Insertion, InsertionResult, Target, held
from app.insertion.plan import Rules, to_paste

PATIENCE_S: Final = 1.0
COMPOSING_S: Final = 2.0
# Programs with the old protocol XIM mix up longer texts: xterm 398 replaces what follows 500 characters by zeros.
_XIM_PIECE: Final = 100
_PIECE: Final = 1000  # at most 4000 bytes, the limit of text-input-v3

HasFocus = Callable[[Target], Awaitable[bool]]
Pressing = Callable[[Target], None]


class IBusMissing(InsertionUnavailable):
    """An error: no IBus runs in this session."""


class IBusInserter:
    """An inserter through IBus. Calls of ``insert`` must not overlap.

    ``has_focus``: whether a window has the focus. ``pressing``: called just before a text may arrive.
    """

    def __init__(
        self, address: str, watch: IBusWatch, kept: KeptEngine, has_focus: HasFocus, pressing: Pressing
    ) -> None:
        self._address, self._watch, self._kept = address, watch, kept
        self._has_focus, self._pressing = has_focus, pressing

    @classmethod
    async def open(
        cls, environment: Mapping[str, str], kept: Path, has_focus: HasFocus, pressing: Pressing
    ) -> Self:
        """Connect to the session's IBus, and give back the user's engine if a killed process has left ours.

        ``kept``: the file for its name. Raises ``IBusMissing``.
        """
        address = ibus_address(environment)
        if not address:
            raise IBusMissing("no IBus runs in this session")
        try:
            inserter = cls(address, await IBusWatch.open(address), KeptEngine(kept), has_focus, pressing)
            await inserter._recover()
        except BusError as error:
            raise IBusMissing(f"the IBus of this session does not answer: {error}") from error
        return inserter

    async def insert(self, text: str, target: Target, rules: Rules) -> Insertion:
        """Insert ``text`` if ``target`` has the focus. Raises ``ScreenGone`` if IBus has ended.

        ``rules``: not used, as nothing is typed or pasted.
        """
        try:
            return await self._insert(text, target)
        except BusMissing as error:
            raise ScreenGone from error

    async def close(self) -> None:
        """End the connection. Safe to call twice."""
        await self._watch.close()

    async def _recover(self) -> None:
        kept = self._kept.read()
        if kept and await self._watch.engine() in ("", ENGINE):
            await self._watch.own_engine_gone()
            await self._watch.use(kept)
        self._kept.forget()

    async def _insert(self, text: str, target: Target) -> Insertion:
        if not await self._watch.composed(COMPOSING_S):
            return held(HoldReason.COMPOSING)
        await self._watch.settled()
        moves = self._watch.moves
        if not await self._has_focus(target):
            return held(HoldReason.FOCUS_MOVED)
        users = await self._watch.engine()
        self._kept.keep(users)
        own = await OwnEngine.open(self._address)
        try:
            if not await self._watch.use(ENGINE):
                return held(HoldReason.TARGET_UNKNOWN)
            reason = await self._commit(own, text, target, moves)
        finally:
            await self._give_back(own, users)
        return Insertion(InsertionResult.TYPED) if reason is None else held(reason)

    async def _commit(self, own: OwnEngine, text: str, target: Target, moves: int) -> HoldReason | None:
        """Commit the text once; return why it may not have arrived."""
        if not await own.focused(PATIENCE_S) or own.client == NO_CLIENT:
            return HoldReason.NO_TARGET
        if own.purpose in PASSWORD_PURPOSES:
            return HoldReason.PASSWORD
        await own.knows_text()
        await self._watch.engine()  # all moves of the focus up to now are known then
        if own.left or self._watch.moves != moves:
            return HoldReason.FOCUS_MOVED
        self._pressing(target)
        terminal = target.terminal or own.purpose == TERMINAL_PURPOSE
        for piece in pieces(to_paste(text, replace(target, terminal=terminal)), own.client):
            own.commit(piece)
            if not await own.arrived(PATIENCE_S):
                return HoldReason.UNCERTAIN
        return None

    async def _give_back(self, own: OwnEngine, users: str) -> None:
        """Take our engine out of IBus, and let it use the user's again, or the one chosen meanwhile."""
        now = await self._watch.engine()
        await own.close()
        await self._watch.own_engine_gone()
        if wanted := users if now in ("", ENGINE) else now:
            await self._watch.use(wanted)
        self._kept.forget()


def pieces(text: str, client: str) -> Iterator[str]:
    """Yield the parts of a text that a client takes at once, in order. Pure."""
    size = _XIM_PIECE if client == XIM else _PIECE
    for start in range(0, len(text), size):
        yield text[start : start + size]
