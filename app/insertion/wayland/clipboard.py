"""The clipboard of compositors with data-control, lent to a text and restored once the target has read it.

A source learns the format of each request, never the program. So the text is offered for a moment before the key:
clipboard managers read every new text at once, and only reads after the key count. On a busy computer they are
late, so the key waits for as many reads as came before the last key, but at most half a second. A later read
counts unless a program other than the target has the pipe (``is_read_elsewhere``). If the target's process is
unknown, such a program is mistaken for it; the hint in ``text_contents`` makes histories skip the text.

This process serves restored contents; once it has ended, ``clipboard_keeper`` does.

Sources: wayland-protocols "ext data control v1", wlr-protocols "wlr data control unstable v1".
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Final, Self

from app.insertion.clipboard import EMPTY_S, WatchedClipboard, text_contents
from app.insertion.errors import ScreenGone
from app.insertion.helper.kept_contents import KeptContents
from app.insertion.paste_watch import READ_DEADLINE_S, PasteWatch
from app.insertion.wayland.clipboard_keeper import SET_REQUESTS, hand_over
from app.insertion.wayland.contents import (
    Contents,
    ContentsSource,
    is_read_elsewhere,
    is_text,
    read_contents,
)
from app.wayland.connection import WaylandConnection, WaylandObject
from app.wayland.errors import CompositorGone
from app.wayland.interfaces import DATA_CONTROL_MANAGERS, SEAT
from runtime.tasks import Tasks, close_on_error, holds_within, loop_time

MANAGERS_S: Final = 0.05
"""Time for clipboard managers to read a new text before the key."""
_LATE_MANAGERS_S: Final = 0.5
"""Longest time for the managers that have read the last text before its key."""
_ECHO_S: Final = 0.5

_ANY: Final = 1  # data-control names no reader: all are taken for the target
_NOTHING: Final[Contents] = {}


class Selection(StrEnum):
    """The clipboard, and the selected text."""

    CLIPBOARD = "clipboard"
    PRIMARY = "primary"


Kept = KeptContents[str, Contents]


def kept_contents(descriptor: int | None) -> Kept:
    """Return the stored contents of selections in this memory file; ``None`` stores nothing."""
    return KeptContents(descriptor, dict[str, dict[str, bytes]])


@dataclass
class _Slot:
    """A selection. ``own``: our source, while it owns the selection. ``before``: the user's contents, if known."""

    offer: WaylandObject | None = None
    own: ContentsSource | None = None
    before: Contents | None = None
    lent: bool = False


class DataControlClipboard(WatchedClipboard):
    """A ``LentClipboard``. ``kept`` stores lent and served contents, in case this process is killed.

    Raises ``InterfaceMissing``. ``patience_s``: how long each step of a target may last.
    """

    def __init__(
        self,
        wayland: WaylandConnection,
        environment: Mapping[str, str],
        kept: Kept,
        patience_s: float = READ_DEADLINE_S,
    ) -> None:
        super().__init__(patience_s)
        kinds = [kind for kind in DATA_CONTROL_MANAGERS if kind.name in wayland.globals]
        self._wayland, self._environment, self._kept = wayland, environment, kept
        self._manager = wayland.bind(kinds[0] if kinds else DATA_CONTROL_MANAGERS[0])
        self._device = self._manager.request("get_data_device", wayland.bind(SEAT))
        self._device.on("data_offer", self._record_offer)
        self._device.on("selection", partial(self._selection_changed, Selection.CLIPBOARD))
        self._device.on("primary_selection", partial(self._selection_changed, Selection.PRIMARY))
        self._slots = {each: _Slot() for each in Selection}
        self._formats: dict[WaylandObject, list[str]] = {}
        self._early = 0  # reads of the offered text before its key
        self._usual = 0  # the same for the text before
        self._target = 0  # process of the program that gets the key, if known
        self._tasks = Tasks("clipboard")

    @classmethod
    async def open(cls, environment: Mapping[str, str], kept: Kept, patience_s: float = READ_DEADLINE_S) -> Self:
        """Connect to the compositor of this environment. Raises ``WaylandError``."""
        wayland = await WaylandConnection.open(environment)
        async with close_on_error(wayland.close):
            made = cls(wayland, environment, kept, patience_s)
            await wayland.roundtrip()
        return made

    @property
    def gone(self) -> asyncio.Event:
        """Set once the connection has ended."""
        return self._wayland.gone

    async def recover(self, *, late: bool) -> None:
        """Serve the contents that a killed process had lent or served, unless another program has copied since.

        ``late``: a target may still have to process its key. It then gets nothing, as the clipboard stays empty
        for a while.
        """
        await self._await_compositor()
        for name, contents in self._kept.read().items():
            slot = self._slots[Selection(name)]
            if slot.offer is None:
                slot.lent, slot.before = late, contents
                self._serve(Selection(name), text_contents("") if late else contents)
        self._store()
        if late:
            self._tasks.start(self._restore_later(EMPTY_S), "recover")

    # -- lending -------------------------------------------------------------------------------------------

    async def keep(self, *, primary: bool = False) -> bool:
        """Save all contents. Return False if that is impossible; then nothing may be offered."""
        try:
            return all([await self._keep(self._slots[each]) for each in _used_selections(primary=primary)])
        except CompositorGone as error:
            raise ScreenGone from error

    async def offer(self, text: str, *, primary: bool = False) -> bool:
        """Offer ``text``; return False if another program has taken the clipboard.

        Clipboard managers have then had time to read it.
        """
        contents = text_contents(text)
        if self._watch is not None:
            await asyncio.sleep(max(0.0, self._watch.quiet_s() - loop_time()))  # the last target may ask again
        wanted = _used_selections(primary=primary)
        await self._await_compositor()
        if any(self._slots[each].before is None for each in wanted):
            return False
        for each in wanted:
            self._slots[each].lent = True
        self._store()
        for each in wanted:
            self._serve(each, contents)
        self._watch = PasteWatch(_ANY, self._patience_s)
        self._early = self._target = 0
        await self._await_compositor()
        if text:
            await asyncio.sleep(MANAGERS_S)
            await self._late_managers()
        return all(self._slots[each].own is not None for each in wanted)

    def expect_read(self, process: int = 0) -> None:
        """Note that the key is about to be pressed, and how many reads came before it."""
        self._usual, self._target = self._early, process
        super().expect_read()

    async def is_echoed(self, text: str) -> bool:
        """Return whether a program that synchronises clipboards offers the same text: the target may have it."""
        data, names = text.encode(), text_contents(text).keys()
        for slot in self._slots.values():
            if slot.own is not None or (offer := slot.offer) is None:
                continue
            format_ = [name for name in self._formats[offer] if name in names and is_text(name)][:1]
            if data in (await read_contents(offer, format_, _ECHO_S, len(data)) or {}).values():
                return True
        return False

    async def close(self) -> None:
        """Restore the saved contents at once, and let a keeper serve them from now on. Safe to call twice."""
        await self._tasks.close()
        await self._restore()
        if self.served_contents() and not self._wayland.gone.is_set():
            await hand_over(self._environment, self.served_contents)
        await self._wayland.close()

    def served_contents(self) -> Mapping[str, Contents]:
        """Return the restored contents that this process serves, by selection."""
        return {
            name.value: slot.before
            for name, slot in self._slots.items()
            if slot.own is not None and not slot.lent and slot.before
        }

    async def _keep(self, slot: _Slot) -> bool:
        if slot.before is not None:
            return True
        await self._await_compositor()
        offer = slot.offer
        before = _NOTHING if offer is None else await read_contents(offer, self._formats[offer])
        if slot.offer is not offer:
            return False  # another program has copied since
        slot.before = before
        return before is not None

    async def _late_managers(self) -> None:
        """Wait for the clipboard managers that have read the last text before its key."""

        def over() -> bool:
            return self._early >= self._usual or not all(slot.own for slot in self._slots.values() if slot.lent)

        await holds_within(over, self._news, _LATE_MANAGERS_S)

    async def _withdraw(self) -> None:
        """Replace the lent text by nothing: a target that hangs would otherwise paste it much later."""
        for each, slot in self._slots.items():
            if slot.lent and slot.own is not None:
                self._serve(each, text_contents(""), counted=False)
        await self._await_compositor()

    async def _restore_later(self, wait_s: float) -> None:
        await asyncio.sleep(wait_s)
        if self._watch is None:  # else the next text is offered and will restore the contents
            await self._restore()

    async def _restore(self) -> None:
        lent = [each for each, slot in self._slots.items() if slot.lent]
        if not lent or self._wayland.gone.is_set():
            return
        self._watch = None
        await self._await_compositor()  # another program may have copied just now
        for each in lent:
            slot = self._slots[each]
            slot.lent = False
            if slot.own is None or slot.before is None:
                continue
            if slot.before:
                self._serve(each, slot.before)
            else:
                slot.own = None
                self._device.request(SET_REQUESTS[each], None)
        self._store()
        await self._await_compositor()

    def _serve(self, name: Selection, contents: Contents, *, counted: bool = True) -> None:
        """Own a selection and serve ``contents``; ``counted``: reads are answers to the key."""
        slot = self._slots[name]
        source = ContentsSource(self._manager, contents)
        if slot.lent and counted:
            source.asked = self._text_requested
        else:
            slot.before = slot.before if slot.lent else contents
        source.lost = partial(self._source_lost, slot, source)
        slot.own = source
        self._device.request(SET_REQUESTS[name], source.object)

    def _store(self) -> None:
        """Store the contents that are lent, or served."""
        found = {name.value: slot.before for name, slot in self._slots.items() if slot.lent or slot.own}
        self._kept.write({name: contents for name, contents in found.items() if contents})

    async def _await_compositor(self) -> None:
        try:
            await self._wayland.roundtrip()
        except CompositorGone as error:
            raise ScreenGone from error

    # -- what others do ------------------------------------------------------------------------------------

    def _record_offer(self, offer: WaylandObject) -> None:
        names = self._formats[offer] = []
        offer.on("offer", names.append)

    def _selection_changed(self, name: Selection, offer: WaylandObject | None) -> None:
        """Note the present offer of a selection, perhaps our own."""
        slot = self._slots[name]
        old, slot.offer = slot.offer, offer
        if old is not None and old is not offer:
            self._formats.pop(old, None)
            old.destroy()
        if slot.own is None:
            slot.before = None

    def _source_lost(self, slot: _Slot, source: ContentsSource) -> None:
        """Note that another program has copied, unless our own next source has replaced this one."""
        if slot.own is not source:
            return
        slot.own, slot.before = None, None
        if slot.lent and self._watch is not None:
            self._watch.owner_changed()
        slot.lent = False
        self._store()
        self._news.set()

    def _text_requested(self, name: str, pipe: int) -> Callable[[], None] | None:
        watch = self._watch
        if watch is None or not is_text(name):
            return None
        self._news.set()
        if self._target and is_read_elsewhere(pipe, self._target, self._wayland.compositor):
            return None
        if not watch.text_requested(_ANY, loop_time()):
            self._early += 1
            return None
        return partial(self._text_received, watch)

    def _text_received(self, watch: PasteWatch) -> None:
        watch.received()
        self._news.set()


def _used_selections(*, primary: bool) -> tuple[Selection, ...]:
    return tuple(Selection) if primary else (Selection.CLIPBOARD,)
