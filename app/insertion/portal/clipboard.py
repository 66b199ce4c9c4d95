"""The clipboard of a RemoteDesktop session, lent to a text and restored once the target has read it.

The portal names formats, never readers. GNOME reads each new text once by itself. That may take a while, so the
key waits for this read, and only later reads count. When a session closes, GNOME keeps only plain text. So the
session stays open while it serves restored contents in other formats. An empty clipboard becomes a space. A
clipboard without an owner must not be read: the portal of GNOME 48 ends then.

Source: XDG Desktop Portal documentation, "Clipboard"; GNOME 48 as tried.
"""

import asyncio
from contextlib import suppress
from typing import Any, Final

from app.bus.connection import CALL_S, Signal
from app.bus.errors import BusError
from app.bus.portal import variants
from app.insertion.clipboard import HISTORY_HINT, WatchedClipboard, text_contents
from app.insertion.errors import InsertionUnavailable
from app.insertion.paste_watch import READ_DEADLINE_S, PasteWatch
from app.insertion.portal.session import RemoteSession
from app.insertion.wayland.contents import (
    MOST_BYTES,
    MOST_FORMATS,
    Contents,
    TooMuch,
    is_text,
    read_all,
    write_all,
)
from runtime.tasks import Tasks, is_set_within, loop_time, within

INTERFACE: Final = "Clipboard"
MANAGERS_S: Final = 0.05
"""Time for clipboard managers to read a new text before the key."""
DESKTOP_S: Final = 2.0
"""Longest wait of the key for the desktop's own read, which would otherwise be taken for the target's."""
_READ_S: Final = 2.0
_RESTORE_S: Final = 120.0
"""Time for which the contents are offered again to a desktop that does not take them."""
_AGAIN_S: Final = 0.5
_ANY: Final = 1  # the portal names no reader: all are taken for the target
_KEPT: Final = frozenset({"text/plain;charset=utf-8", "text/plain", "UTF8_STRING", "TEXT", "STRING"})


_OWN_FORMATS: Final = frozenset(text_contents(" "))
# The portal cannot clear the clipboard. GNOME keeps no empty text, and would restore the text before it.
_NOTHING: Final = text_contents(" ")


class PortalClipboard(WatchedClipboard):
    """A ``LentClipboard`` of the desktop portal, which has no PRIMARY. ``patience_s``: the limit of each step."""

    def __init__(self, session: RemoteSession, patience_s: float = READ_DEADLINE_S) -> None:
        super().__init__(patience_s)
        self._session = session
        session.opening, session.on_signal = self._forget, self._handle_signal
        self._formats: tuple[str, ...] = ()
        self._own = self._overwritten = self._lent = False
        self._saved: Contents | None = None  # the user's contents, while they are lent or served by us
        self._served: Contents = {}
        self._seen = asyncio.Event()
        self._readers: set[asyncio.Task[None]] = set()
        self._tasks = Tasks("portal clipboard")

    async def keep(self, *, primary: bool = False) -> bool:
        """Save all contents. Return False if that is impossible; then nothing may be offered.

        Raises ``InsertionUnavailable`` if the user has not allowed it.
        """
        if primary:
            return False
        await self._session.open_session()
        if self._lent and not self._own:
            await self._restore()  # the session was closed and opened again
        if not self._own:
            self._overwritten = self._lent = False
            self._saved = await self._contents()
        return self._saved is not None

    async def offer(self, text: str, *, primary: bool = False) -> bool:
        """Offer ``text``; return False if another program has taken the clipboard."""
        if primary or self._saved is None or (self._lent and not self._own):
            return False  # the session was closed, or another program has copied
        self._lent = True
        self._session.keep_open(on=True)
        self._watch = PasteWatch(_ANY, self._patience_s)
        self._news.clear()
        if not await self._serve(text_contents(text)):
            return False
        return not text or await self._is_settled()

    async def _is_settled(self) -> bool:
        """Wait until the desktop and clipboard managers have read the text; return whether it is still offered."""
        if not await is_set_within(self._seen, DESKTOP_S):
            return False
        await asyncio.sleep(MANAGERS_S)
        return self._own

    async def give_back(self) -> None:
        """Restore the saved contents as ``WatchedClipboard`` does, and try again while the desktop is slow."""
        await super().give_back()
        end = loop_time() + _RESTORE_S
        while self._lent and self._watch is None and loop_time() < end:  # until then, no other text is lent
            await asyncio.sleep(_AGAIN_S)
            await self._restore()

    async def close(self) -> None:
        """Restore the saved contents at once. Safe to call twice."""
        await self._restore()
        await self._wait_for_readers()  # the desktop keeps a copy of the text
        await self._tasks.close()

    # -- contents ------------------------------------------------------------------------------------------

    @property
    def _is_connected(self) -> bool:
        return self._session.is_open

    async def _withdraw(self) -> None:
        if self._own:
            await self._serve(text_contents(""))

    async def _contents(self) -> Contents | None:
        """Return what another program has copied, or ``None`` if it cannot be read."""
        found: dict[str, bytes] = {}
        left, formats = MOST_BYTES, self._formats
        if len(formats) > MOST_FORMATS:
            return None
        async with within(_READ_S, TooMuch, BusError):
            for name in formats:
                if self._formats != formats:
                    return None  # its owner may be gone
                (pipe,) = await self._call("SelectionRead", "os", name)
                found[name] = await read_all(pipe, left)
                left -= len(found[name])
            return found
        # Our own empty text of an ended session: GNOME still lists its formats, but no process serves them.
        return {} if _OWN_FORMATS.issuperset(formats) and HISTORY_HINT in formats else None

    async def _serve(self, contents: Contents) -> bool:
        """Own the clipboard with these contents; return whether the portal allowed it."""
        await self._wait_for_readers()
        before, self._served = self._served, contents
        self._seen.clear()
        try:
            await self._call("SetSelection", "oa{sv}", variants({"mime_types": ("as", list(contents))}))
        except BusError:
            self._served = before
            return False
        self._own = True
        return True

    async def _wait_for_readers(self) -> None:
        """Wait until all reads are served: the portal of GNOME 48 ends when a read of a replaced source is."""
        if self._serves:
            async with within(DESKTOP_S):
                await self._seen.wait()
                while self._readers:
                    await asyncio.wait(set(self._readers))

    async def _restore(self) -> None:
        lent, self._lent, self._watch = self._lent, False, None
        before, text = self._saved, self._served
        owed = before if lent and not self._overwritten else None
        can = owed is not None and (self._serves or await self._can_serve_again(text))
        if can and not await self._serve(owed or _NOTHING):
            self._lent = True
        if not self._own and not self._lent:
            self._saved = None
        self._update_need()

    @property
    def _serves(self) -> bool:
        return self._own and self._session.is_open

    async def _can_serve_again(self, text: Contents) -> bool:
        """Open the ended session again; return whether the clipboard still has our text, or nothing.

        Until the session is open the contents stay owed, even if the next text comes.
        """
        self._lent = True
        try:
            await self._session.open_session()
            found = await self._contents()
            self._lent = False
        except InsertionUnavailable:
            found, self._lent = None, self._session.is_opening
        return found is not None and set(found.values()) <= set(text.values())

    def _update_need(self) -> None:
        """Let an idle session close, unless that would take formats from the clipboard."""
        self._session.keep_open(on=self._own and not _KEPT.issuperset(self._saved or {}))

    async def _call(self, member: str, signature: str, *values: Any) -> tuple[Any, ...]:
        return await self._session.call(INTERFACE, member, signature, *values, deadline_s=CALL_S)

    # -- signals -------------------------------------------------------------------------------------------

    def _forget(self) -> None:
        """Forget what was copied: at the start of a session, the portal names formats only if there are any."""
        self._formats, self._own = (), False

    def _handle_signal(self, signal: Signal) -> None:
        if signal.member == "SelectionOwnerChanged":
            self._owner_changed(signal.values[1])
        elif signal.member == "SelectionTransfer":
            _, name, serial = signal.values
            reader = self._tasks.start(self._transfer(str(name), int(serial)), "transfer")
            self._readers.add(reader)
            reader.add_done_callback(self._readers.discard)

    def _owner_changed(self, about: dict[str, Any]) -> None:
        (names,) = about.get("mime_types") or ((),)
        self._formats = tuple(names)
        if self._own and not about.get("session_is_owner", False):
            self._own, self._overwritten = False, True
            self._update_need()
            if self._watch is not None:
                self._watch.owner_changed()
                self._news.set()

    async def _transfer(self, name: str, serial: int) -> None:
        """Write the contents to a reader."""
        data, watch = self._served.get(name), self._watch
        counts = watch is not None and is_text(name) and watch.text_requested(_ANY, loop_time())
        done = False
        with suppress(BusError):
            if data is not None:
                (pipe,) = await self._call("SelectionWrite", "ou", serial)
                done = await write_all(pipe, data)
            await self._call("SelectionWriteDone", "oub", serial, done)
        self._seen.set()
        if done and counts and watch is not None:
            watch.received()
            self._news.set()
