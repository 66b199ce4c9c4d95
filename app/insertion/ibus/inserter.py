"""Insert texts through IBus: our engine replaces the user's, commits the text in pieces, and makes way again.

When an engine disconnects that was registered at run time, IBus drops the global engine. So ours is registered for
each text, and the user's is selected again once ours is gone. ``KeptEngine`` stores its name in case this process
is killed.

X11 programs with the old protocol XIM get a text in legacy character sets. Observed with ibus-x11 1.5.32 and xterm
398: more than 500 characters at once arrive as zeros, and a character outside these sets is lost next to one of
another language. Alone or next to ASCII it arrives.
"""

import asyncio
import unicodedata
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final, Self

from app.bus.errors import BusError, BusMissing, BusRefused, BusSilent
from app.insertion.errors import InsertionUnavailable, ScreenGone
from app.insertion.ibus.address import ibus_address
from app.insertion.ibus.own_engine import OwnEngine
from app.insertion.ibus.values import ENGINE, NO_CLIENT, PASSWORD_PURPOSES, TERMINAL_PURPOSE, XIM
from app.insertion.ibus.watch import IBusWatch
from app.insertion.outcome import (
    Focus,
    HeldInserter,
    HoldReason,
    Insertion,
    InsertionResult,
    Target,
    has_focus,
    held_insertion,
)
from app.insertion.plan import Rules, to_paste
from runtime.tasks import close_on_error, complete
from runtime.whole_file import read_regular

_SETS: Final = (
    *("latin-1", "iso8859-2", "iso8859-7", "iso8859-8", "iso8859-9", "koi8-r"),
    *("gb2312", "euc-kr", "shift-jis"),
)
_FOREIGN: Final = frozenset("—―‖～∥−·")
"""Characters that Python assigns to one of these sets and X11 does not."""
_XIM_PIECE: Final = 100
_PIECE_BYTES: Final = 4000  # the limit of text-input-v3: older compositors disconnect a client that gets more


def pieces(text: str, *, xim: bool) -> list[str]:
    """Return the pieces of a text, in order."""
    return list(_xim_pieces(text) if xim else _limited(text))


def arrives_by_xim(text: str) -> bool:
    """Return whether a program with XIM gets this text exactly, and confirms it.

    Combining marks and joiners have no width: they move no cursor, and are lost next to their letter. Some
    characters arrive only next to ASCII.
    """
    marks = any(unicodedata.category(char) in ("Mn", "Me", "Mc", "Cf") for char in text)
    return not marks and _FOREIGN.isdisjoint(_xim_pieces(text))


def _limited(text: str) -> Iterator[str]:
    """Yield pieces within the limit of bytes. A lone surrogate becomes a question mark."""
    raw = text.encode(errors="replace")
    start = 0
    while start < len(raw):
        piece = raw[start : start + _PIECE_BYTES].decode(errors="ignore")
        yield piece
        start += len(piece.encode())


def _xim_pieces(text: str) -> Iterator[str]:
    piece, common = "", frozenset[str]()
    for char in text:
        own = _sets_of(char)
        shared = own if not piece or piece.isascii() else common if char.isascii() else own & common
        if piece and (len(piece) == _XIM_PIECE or not (shared or char.isascii() or piece.isascii())):
            yield piece
            piece, shared = "", own
        piece, common = piece + char, shared
    if piece:
        yield piece


def _sets_of(char: str) -> frozenset[str]:
    """Return the sets that have this character."""
    return frozenset() if char in _FOREIGN else frozenset(name for name in _SETS if _encodes(name, char))


def _encodes(name: str, char: str) -> bool:
    try:
        char.encode(name)
    except UnicodeEncodeError:
        return False
    return True


PATIENCE_S: Final = 1.0
COMPOSING_S: Final = 2.0
_PACE_S: Final = 0.15


class IBusMissing(InsertionUnavailable):
    """An error: no IBus runs in this session."""


class KeptEngine:
    """A file with the name of the user's engine. It exists only while ours may be active."""

    def __init__(self, place: Path) -> None:
        self._place = place

    def keep(self, engine: str) -> None:
        """Write the name before ours is active."""
        self._place.write_text(engine)

    def read(self) -> str:
        """Return the name that a killed process left; empty if there is none."""
        try:
            return read_regular(self._place).decode().strip()
        except (OSError, UnicodeDecodeError):
            return ""

    def forget(self) -> None:
        """Delete the name: the user's engine is active."""
        with suppress(FileNotFoundError):
            self._place.unlink()


class IBusInserter:
    """A ``DesktopInserter`` through IBus. Calls of ``insert`` must not overlap.

    ``focus``: finds no window until it is set. ``paused``: waits for a pause in the user's typing. ``pressing``:
    called just before a text may arrive.
    """

    def __init__(self, address: str, watch: IBusWatch, kept: KeptEngine) -> None:
        self.watch = watch
        self.focus: Focus = HeldInserter()
        self.paused: Callable[[], Awaitable[None]] = _at_once
        self.pressing: Callable[[Target], None] = lambda target: None
        self._address, self._kept = address, kept

    @classmethod
    async def open(cls, environment: Mapping[str, str], kept: Path) -> Self:
        """Connect to the session's IBus, and restore the user's engine if a killed process has left ours active.

        ``kept``: the file for its name. Raises ``IBusMissing``.
        """
        address = ibus_address(environment)
        if not address:
            raise IBusMissing("no IBus runs in this session")
        try:
            watch = await IBusWatch.open(address)
            inserter = cls(address, watch, KeptEngine(kept))
            async with close_on_error(watch.close):
                await inserter._recover()
        except BusError as error:
            raise IBusMissing(f"the IBus of this session does not answer: {error}") from error
        return inserter

    @property
    def gone(self) -> asyncio.Event:
        """Set once IBus has ended."""
        return self.watch.gone

    async def target(self) -> Target | None:
        """Return the focused window."""
        return await self.focus.target()

    async def prepare(self, target: Target) -> None:
        """Do nothing: no clipboard is needed."""

    async def insert(self, text: str, target: Target, rules: Rules) -> Insertion:
        """Insert ``text`` if ``target`` has the focus. Raises ``ScreenGone`` if IBus has ended.

        ``rules``: not used, as nothing is typed or pasted.
        """
        try:
            return await self._insert(text, target)
        except BusMissing as error:
            raise ScreenGone from error
        except BusError:  # before the commit, and nothing is left that could commit later
            return held_insertion(HoldReason.TARGET_UNKNOWN)

    async def close(self) -> None:
        """End the connections. Safe to call twice."""
        await self.focus.close()
        await self.watch.close()

    async def _recover(self) -> None:
        kept = self._kept.read()
        if kept and await self.watch.engine() in ("", ENGINE):
            await self.watch.until_own_engine_gone()
            await self.watch.use(kept)
        self._kept.forget()

    async def _insert(self, text: str, target: Target) -> Insertion:
        if not await self.watch.until_composed(COMPOSING_S):
            return held_insertion(HoldReason.COMPOSING)
        await self.paused()  # GNOME Shell may drop a key that arrives while the engine changes
        await self.watch.until_settled()
        moves = self.watch.moves
        if not await has_focus(self.focus, target):
            return held_insertion(HoldReason.FOCUS_MOVED)
        users = await self.watch.engine()
        if users in ("", ENGINE):
            users = self._kept.read()  # it could not be given back the last time
        self._kept.keep(users)
        own = await OwnEngine.open(self._address)
        try:
            if not await self.watch.use(ENGINE):
                return held_insertion(HoldReason.TARGET_UNKNOWN)
            return await self._commit(own, text, target, moves)
        finally:
            with suppress(BusRefused, BusSilent):  # the text may have arrived; the next text restores the engine
                await complete(self._give_back(own, users))

    async def _commit(self, own: OwnEngine, text: str, target: Target, moves: int) -> Insertion:
        """Commit the text once."""
        focused = await own.until_focused(PATIENCE_S) and own.client != NO_CLIENT
        if not focused and await self._stays(moves):
            return held_insertion(HoldReason.NO_TARGET)
        if own.purpose in PASSWORD_PURPOSES:
            return held_insertion(HoldReason.PASSWORD)
        await own.until_text_known()
        if not await self._stays(moves) or own.left:
            return held_insertion(HoldReason.FOCUS_MOVED)
        # XIM reports no purpose: where a line break might run a command, it becomes a space.
        terminal = target.terminal or own.purpose == TERMINAL_PURPOSE or own.client == XIM
        clean = to_paste(text, replace(target, terminal=terminal))
        if own.client == XIM and not arrives_by_xim(clean):
            return held_insertion(HoldReason.NOT_READ)
        self.pressing(target)
        return await self._send(own, pieces(clean, xim=own.client == XIM), moves)

    async def _send(self, own: OwnEngine, parts: Sequence[str], moves: int) -> Insertion:
        """Commit one piece after the other while the focus stays: IBus passes each on to whatever has it."""
        confirmed = True
        for place, piece in enumerate(parts):
            if place and not await self._goes_on(own, moves):
                return _stopped(parts, place, confirmed=confirmed)
            own.commit(piece)
            last = place == len(parts) - 1
            paced = own.client == XIM and not last  # a terminal's cursor does not move at the end of a line
            confirmed = await own.until_arrived(_PACE_S if paced else PATIENCE_S)
            if not confirmed and (own.left or not paced):
                return _stopped(parts, place + 1, confirmed=False)
            if not last:
                await own.until_quiet()  # Qt drops a text that arrives while it confirms the one before
        return Insertion(InsertionResult.TYPED)

    async def _goes_on(self, own: OwnEngine, moves: int) -> bool:
        """Return whether it is certain that the focus has not moved since the first piece."""
        with suppress(BusRefused, BusSilent):
            return not own.left and await self._stays(moves)
        return False

    async def _stays(self, moves: int) -> bool:
        """Return whether the focus has not moved since ``moves`` was read."""
        await self.watch.engine()  # with the answer, all moves before it are known
        return self.watch.moves == moves

    async def _give_back(self, own: OwnEngine, users: str) -> None:
        """Remove our engine from IBus. Select the user's again, or the one that the user has chosen since."""
        try:
            now = await self.watch.engine()
        finally:
            await own.close()
        await self.watch.until_own_engine_gone()
        wanted = users if now in ("", ENGINE) else now
        if not wanted or await self.watch.use(wanted):
            self._kept.forget()


async def _at_once() -> None:
    """Return without waiting, as nothing is known of the user's typing."""


def _stopped(parts: Sequence[str], sent: int, *, confirmed: bool) -> Insertion:
    """Return the outcome after ``sent`` pieces. ``confirmed``: the last one arrived; otherwise it may have."""
    if confirmed:
        return held_insertion(HoldReason.PARTLY_TYPED, "".join(parts[sent:]))
    return held_insertion(HoldReason.UNCERTAIN, "".join(parts[sent - 1 :]) if sent > 1 else "")
