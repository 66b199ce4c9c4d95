"""The clipboard of X11, lent to a text and restored once the target has read it.

This code is used instead of Qt's because the owner of a selection sees which window asks. So a clipboard manager,
which reads every new text at once, is not mistaken for the target.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from Xlib import X
from Xlib.ext import xfixes

from app.insertion.clipboard import HISTORY_HINT, MOST_STEPS, text_contents
from app.insertion.helper.kept_contents import KeptContents
from app.insertion.outcome import HoldReason
from app.insertion.paste_watch import LATE_S, READ_DEADLINE_S, PasteState, PasteWatch
from app.insertion.x11.paste_keys import UsersPasteKeys
from app.insertion.x11.selection_owner import SelectionOwner
from app.insertion.x11.selection_reader import Contents, ContentsReader, Value
from app.x11.connection import X11Connection

_WHY = {
    PasteState.TAKEN: HoldReason.CLIPBOARD_BUSY,
    PasteState.NOT_READ: HoldReason.NOT_READ,
    PasteState.WAITING: HoldReason.NOT_READ,
}
_SAVE_DEADLINE_S = 1.0
_MOST_TRIES = 3
_KINDS = {"TEXT": "UTF8_STRING", HISTORY_HINT: "UTF8_STRING"}  # types of formats that are not their own type
MOST_LATE = 16
_ALL_CHANGES = (
    xfixes.XFixesSetSelectionOwnerNotifyMask
    | xfixes.XFixesSelectionWindowDestroyNotifyMask
    | xfixes.XFixesSelectionClientCloseNotifyMask
)

# Presses the keys, calling its argument just before; returns the reason for a failure.
Press = Callable[[Callable[[], None]], HoldReason | None]
KeptSelections = KeptContents[int, Contents]


def kept_contents(descriptor: int | None) -> KeptSelections:
    """Return the stored contents of selections in this memory file; ``None`` stores nothing."""
    return KeptContents(descriptor, dict[int, Contents])


class X11Clipboard:
    """The clipboard and, for old terminals, the selected text (PRIMARY). Targets must read within ``deadline_s``.

    ``kept`` stores lent and served contents, in case this process is killed. ``gave_up`` is called with each paste
    that was not read; a late answer to it may come for ``late_s``.
    """

    def __init__(
        self,
        connection: X11Connection,
        deadline_s: float = READ_DEADLINE_S,
        kept: KeptSelections | None = None,
        late_s: float = LATE_S,
    ) -> None:
        self.gave_up: Callable[[PasteWatch], None] = lambda watch: None
        self._connection = connection
        self._deadline_s, self._late_s = deadline_s, late_s
        self._kept = kept or kept_contents(None)
        self.owner = SelectionOwner(connection)
        self._reader = ContentsReader(connection)
        self._before: dict[int, Contents] = {}  # old contents of lent selections, and unchanged ones already read
        self._changes: Counter[int] = Counter()  # changes by other programs
        self._lent: set[int] = set()
        self._watch: PasteWatch | None = None
        self._given_up: list[PasteWatch] = []  # at most one per program
        self._hears = self._listen()
        self._users_keys = UsersPasteKeys(connection, self._user_pastes)
        self.owner.refuses = self._refuses
        self.owner.asked = self._text_requested
        self.owner.lost = self._ownership_lost

    def selections(self, *, primary: bool) -> tuple[int, ...]:
        """Return the selections that a paste key may read. In old terminals, the user's settings choose one."""
        names = ("CLIPBOARD", "PRIMARY") if primary else ("CLIPBOARD",)
        return tuple(self._connection.atom(name) for name in names)

    def refuse(self, program: int) -> None:
        """Refuse the late requests of a program for a key that a killed process pressed."""
        watch = PasteWatch(program, self._deadline_s, self._late_s)
        watch.pressed(time.monotonic())
        watch.give_up(time.monotonic())
        self.gave_up(watch)
        self._given_up.append(watch)

    def recover(self) -> None:
        """Serve the contents that a killed process had lent or served."""
        for selection, contents in self._kept.read().items():
            with self._connection.hold_server():
                if self._connection.display.get_selection_owner(selection) == X.NONE:
                    self.owner.own(selection, contents)
        self._store()

    def keep(self, selections: Iterable[int]) -> bool:
        """Save the contents of these selections. Return False if that is impossible."""
        return all(self._keep(selection) for selection in selections)

    def paste(self, text: str, selections: Iterable[int], program: int, press: Press) -> HoldReason | None:
        """Offer ``text``, ``press`` the keys and wait until it is read; return the reason for a failure.

        The old contents return a little later.
        """
        late = self._late()
        if any(watch.late(program, time.monotonic()) for watch in late) or len(late) >= MOST_LATE:
            return HoldReason.NOT_READ  # an earlier key is still pending and would get this text
        watch = self._watch = PasteWatch(program, self._deadline_s, self._late_s)
        self._users_keys.watch(on=False)  # the next key is ours
        if not self._lend(text, tuple(selections)):
            self._give_back()
            return HoldReason.CLIPBOARD_BUSY
        reason = press(lambda: watch.pressed(time.monotonic()))
        if reason is None:
            verdict = self._verdict(watch)
            if verdict is PasteState.READ:
                self._give_back_when_settled(watch)
                return None
            reason = _WHY[verdict]
            if verdict is PasteState.TAKEN and self._is_echoed(text, tuple(selections)):
                reason = HoldReason.UNCERTAIN
        watch.give_up(time.monotonic())
        self.gave_up(watch)
        self._given_up = [*self._late(), watch]
        self._give_back()
        return reason

    @property
    def lends(self) -> bool:
        """True while the last text is still offered."""
        return bool(self._lent)

    def offers(self) -> bool:
        """Return whether no other program has copied anything since the text was offered."""
        return all(self.owner.contents(selection) is not None for selection in self._lent)

    @property
    def was_pressed(self) -> bool:
        """True if the key of the last paste was pressed."""
        return self._watch is not None and self._watch.was_pressed

    def is_settled(self) -> bool:
        """Return whether no further request for the last text is likely."""
        return self._watch is None or not self._lent or time.monotonic() >= self._watch.quiet_s()

    def close(self) -> None:
        """Restore the contents at once.

        If a clipboard manager runs, hand it contents that would otherwise be lost.
        """
        self._give_back()
        clipboard = self._connection.atom("CLIPBOARD")
        if self.owner.contents(clipboard):
            self._save(clipboard)

    # -- reads by the target -------------------------------------------------------------------------------

    def _verdict(self, watch: PasteWatch) -> PasteState:
        """Wait for the verdict on a paste."""
        end = time.monotonic() + MOST_STEPS * self._deadline_s
        while True:
            left = min(end, watch.ends_s()) - time.monotonic()
            self._connection.wait(lambda: watch.verdict(time.monotonic()) is not PasteState.WAITING, left)
            if watch.verdict(time.monotonic()) is PasteState.READ:
                return PasteState.READ
            verdict = self._last_check(watch, is_last=time.monotonic() >= end)
            if verdict is not PasteState.WAITING:
                return verdict

    def _last_check(self, watch: PasteWatch, *, is_last: bool) -> PasteState:
        """Handle pending requests, then withdraw a text that is still unread, so that it cannot be read later.

        The server is grabbed, so that the target cannot take the text in between.
        """
        with self._connection.hold_server():
            self._connection.display.sync()
            self._connection.handle_pending()
            verdict = watch.verdict(time.monotonic())
            if verdict is PasteState.WAITING and is_last:
                verdict = PasteState.NOT_READ
            if verdict in (PasteState.NOT_READ, PasteState.TAKEN):
                self.owner.withdraw(watch.received)
            return verdict

    def _is_echoed(self, text: str, selections: Iterable[int]) -> bool:
        """Return whether a program that synchronises clipboards offers the same text: the target may have it."""
        kind = self._connection.atom("UTF8_STRING")
        found = [self._reader.ask(selection, kind, _SAVE_DEADLINE_S) for selection in selections]
        return any(value is not None and value.data == text.encode() for value in found)

    def _late(self) -> list[PasteWatch]:
        """Return the pastes whose key a program may still have to process."""
        now = time.monotonic()
        self._given_up = [watch for watch in self._given_up if watch.may_be_late(now)]
        return self._given_up

    # -- saved contents ------------------------------------------------------------------------------------

    def _keep(self, selection: int) -> bool:
        if selection in self._lent or (self._hears and selection in self._before):
            return True
        for _ in range(_MOST_TRIES):
            changes = self._changes[selection]
            ours = self.owner.contents(selection)
            contents = ours if ours is not None else self._reader.read(selection)
            if contents is None:
                return False
            if self._changes[selection] == changes:
                self._before[selection] = contents
                return True
        return False

    def _listen(self) -> bool:
        """Subscribe to changes by other programs, and return whether that works.

        Then contents need not be read again at the last moment.
        """
        display = self._connection.display
        if not display.has_extension(xfixes.extname):
            return False
        display.xfixes_query_version()
        for selection in self.selections(primary=True):
            display.xfixes_select_selection_input(self._connection.window, selection, _ALL_CHANGES)
        self._connection.handlers.append(self._owner_changed)
        return True

    def _owner_changed(self, event: Any) -> None:
        changed = isinstance(event, xfixes.SelectionNotify) and event.owner != self._connection.window
        if changed:
            self._changes[int(event.selection)] += 1
        if changed and int(event.selection) not in self._lent:
            self._before.pop(int(event.selection), None)

    # -- lending -------------------------------------------------------------------------------------------

    def _lend(self, text: str, selections: tuple[int, ...]) -> bool:
        contents = self._contents_of(text)
        for _ in range(_MOST_TRIES):
            if not self.keep(selections):
                return False
            self._store(selections)
            if self._offer(contents, selections):
                return True
        return False

    def _offer(self, contents: Contents, selections: tuple[int, ...]) -> bool:
        """Offer contents unless another program has copied since the last read. The server grab covers both."""
        with self._connection.hold_server():
            stamp = self._connection.server_time()  # also handles all earlier events
            if not all(selection in self._before for selection in selections):
                return False
            self._lent.update(selections)
            return all([self.owner.own(selection, contents, stamp) for selection in selections])

    def _contents_of(self, text: str) -> Contents:
        atom, named = self._connection.atom, text_contents(text).items()
        return Contents({atom(name): Value(atom(_KINDS.get(name, name)), 8, data) for name, data in named})

    def _give_back_when_settled(self, watch: PasteWatch) -> None:
        def settle() -> None:
            if self._watch is not watch:
                return  # the next text is offered and will restore the contents
            if time.monotonic() < watch.settles_s():
                self._connection.at(watch.settles_s(), settle)
            else:
                self._give_back()

        self._users_keys.watch(on=True)
        self._connection.at(watch.settles_s(), settle)

    def _user_pastes(self) -> None:
        """Restore the old contents for the user's own paste, unless the target may still read for our key.

        A selection that was empty has nothing to paste.
        """
        copied = all(self._before.get(selection, Contents()).values for selection in self._lent)
        if copied and self._watch is not None and time.monotonic() >= self._watch.quiet_s():
            self._give_back()

    def _give_back(self) -> None:
        """Restore the old contents.

        A selection that had been empty stays owned while late answers must be refused.
        """
        lent, self._lent = self._lent, set()
        self._users_keys.watch(on=False)
        for selection in lent:
            self.owner.replace(selection, self._before.get(selection, Contents()))  # before any event is handled
        for selection in lent:
            before = self._before.pop(selection, Contents())
            if self.owner.contents(selection) is None:
                continue  # another program owns it now
            if before.values or self._late():
                self.owner.own(selection, before)
            else:
                self.owner.disown(selection)
            if not before.values:
                self._connection.at(time.monotonic() + LATE_S, partial(self._leave_empty, selection))
        self._store()

    def _store(self, to_lend: tuple[int, ...] = ()) -> None:
        """Store the contents that are lent, about to be lent, or served."""
        found: dict[int, Contents] = {}
        for selection in self.selections(primary=True):
            lent = selection in self._lent or selection in to_lend
            contents = self._before.get(selection) if lent else self.owner.contents(selection)
            if contents is not None and contents.values:
                found[selection] = contents
        self._kept.write(found)

    def _leave_empty(self, selection: int) -> None:
        contents = self.owner.contents(selection)
        if contents is not None and not contents.values:
            self.owner.disown(selection)

    def _save(self, clipboard: int) -> None:
        """Ask the clipboard manager to take over, as freedesktop.org specifies for programs that end."""
        manager = self._connection.atom("CLIPBOARD_MANAGER")
        if self._connection.display.get_selection_owner(manager) == X.NONE:
            return
        self._reader.ask(manager, self._connection.atom("SAVE_TARGETS"), _SAVE_DEADLINE_S)

    # -- callbacks of the selection owner ------------------------------------------------------------------

    def _refuses(self, program: int) -> bool:
        return any(watch.refuses(program, time.monotonic()) for watch in self._late())

    def _text_requested(self, program: int) -> Callable[[], None] | None:
        watch = self._watch
        if not self._lent or watch is None or not watch.text_requested(program, time.monotonic()):
            return None
        return watch.received

    def _ownership_lost(self, selection: int) -> None:
        self._before.pop(selection, None)
        if selection in self._lent and self._watch is not None:
            self._watch.owner_changed()
