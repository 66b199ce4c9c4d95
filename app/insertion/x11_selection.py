"""Owning a selection: whoever asks is answered, in pieces where it is much. ICCCM 2.0, section 2."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from Xlib import X
from Xlib.error import XError
from Xlib.protocol.event import SelectionClear, SelectionNotify, SelectionRequest
from Xlib.protocol.request import SetSelectionOwner

from app.insertion.x11_connection import Connection
from app.insertion.x11_contents import Contents, Value

PIECE_BYTES: Final = 2**16
_TRANSFER_DEADLINE_S: Final = 10.0
_MOST_TRANSFERS: Final = 64
_MOST_PAIRS: Final = 32


@dataclass
class _Transfer:
    """To one property of one window. ``pieces``: what is to come after what is there now."""

    requestor: Any
    program: int
    value: Value
    pieces: Iterator[bytes | Sequence[int]]
    taken: Callable[[], None] | None
    ends_s: float


class SelectionOwner:
    """Owns selections for us. ``refuses``: whether this program (a number) gets nothing now.

    ``asked`` hears of each answer and each piece of one, and gives what is to be called once the contents in it
    were taken, or None; ``lost`` is told which selection another program owns now.
    """

    def __init__(self, connection: Connection) -> None:
        self.refuses: Callable[[int], bool] = lambda program: False
        self.asked: Callable[[int], Callable[[], None] | None] = lambda program: None
        self.lost: Callable[[int], None] = lambda selection: None
        self._connection = connection
        self._owned: dict[int, Contents] = {}
        self._since: dict[int, int] = {}
        self._transfers: dict[tuple[int, int], _Transfer] = {}
        connection.handlers.append(self._handle)

    def contents(self, selection: int) -> Contents | None:
        """What we serve there; None: it is not ours."""
        return self._owned.get(selection)

    def own(self, selection: int, contents: Contents, stamp: int = 0) -> bool:
        """Serve this from now on, and return whether it is ours. ``stamp``: the server's time."""
        stamp = stamp or self._connection.server_time()
        self._connection.window.set_selection_owner(selection, stamp)
        if self._connection.display.get_selection_owner(selection) != self._connection.window:
            self._owned.pop(selection, None)
            return False
        self._owned[selection], self._since[selection] = contents, stamp
        return True

    def disown(self, selection: int) -> None:
        """Nothing is there any more, unless it is another program's."""
        if self._owned.pop(selection, None) is not None:
            server = self._connection.display.display
            SetSelectionOwner(server, window=X.NONE, selection=selection, time=self._since[selection])
            self._connection.display.flush()

    def withdraw(self, taken: Callable[[], None]) -> None:
        """Nobody gets any more of what ``taken`` would be called for, even if it was answered."""
        for (_, place), transfer in list(self._transfers.items()):
            if transfer.taken == taken:
                self._forget(transfer.requestor, place)
                transfer.requestor.delete_property(place)
                self._connection.display.flush()

    # -- requests ------------------------------------------------------------------------------------------

    def _handle(self, event: Any) -> None:
        if isinstance(event, SelectionRequest):
            self._answer(event)
        elif isinstance(event, SelectionClear):
            self._cleared(int(event.atom), int(event.time))
        elif event.type == X.PropertyNotify and event.state == X.PropertyDelete:
            transfer = self._transfers.get((event.window.id, int(event.atom)))
            if transfer is not None:
                self._go_on(transfer, int(event.atom))

    def _cleared(self, selection: int, stamp: int) -> None:
        if selection in self._owned and stamp >= self._since[selection]:  # an older one is about an earlier time
            del self._owned[selection]
            self.lost(selection)

    def _answer(self, event: Any) -> None:
        place = int(event.property) or int(event.target)  # an obsolete client names none
        contents = self._owned.get(int(event.selection))
        program = self._connection.program(event.requestor.id)
        given = False
        if contents is not None and not self.refuses(program):
            if int(event.target) == self._connection.atom("MULTIPLE"):
                given = self._give_several(event, contents, place, program)
            else:
                given = self._give(event, contents, int(event.target), place, program)
        answer = SelectionNotify(
            time=event.time,
            requestor=event.requestor,
            selection=event.selection,
            target=event.target,
            property=place if given else X.NONE,
        )
        event.requestor.send_event(answer)
        self._connection.display.flush()

    def _give_several(self, event: Any, contents: Contents, place: int, program: int) -> bool:
        """ICCCM 2.6.2: pairs of target and property; those that cannot be given lose their property."""
        try:
            found = event.requestor.get_property(place, X.AnyPropertyType, 0, 2 * _MOST_PAIRS)
        except XError:
            return False
        if found is None or found.format != 32:
            return False
        atoms = [int(atom) for atom in found.value]
        pairs = list(zip(atoms[::2], atoms[1::2], strict=False))
        done = [(t, p if self._give(event, contents, t, p, program) else X.NONE) for t, p in pairs]
        flat = [atom for pair in done for atom in pair]
        event.requestor.change_property(place, self._connection.atom("ATOM_PAIR"), 32, flat)
        return True

    def _give(self, event: Any, contents: Contents, target: int, place: int, program: int) -> bool:
        requestor = event.requestor
        if target == self._connection.atom("TARGETS"):
            targets = [*self._own_targets(), *(t for t in contents.values if t not in self._own_targets())]
            requestor.change_property(place, self._connection.atom("ATOM"), 32, targets)
            self.asked(program)
            return True
        if target == self._connection.atom("TIMESTAMP"):
            stamp = self._since[int(event.selection)]
            requestor.change_property(place, self._connection.atom("INTEGER"), 32, [stamp])
            return True
        value = contents.values.get(target)
        if value is None or place == X.NONE:
            return False
        return self._give_value(requestor, program, value, place)

    def _own_targets(self) -> Iterable[int]:
        return [self._connection.atom(name) for name in ("TARGETS", "MULTIPLE", "TIMESTAMP")]

    # -- transfers -----------------------------------------------------------------------------------------

    def _give_value(self, requestor: Any, program: int, value: Value, place: int) -> bool:
        self._forget_old()
        taken = self.asked(program)
        watched = taken is not None
        much = value.size > PIECE_BYTES
        if len(self._transfers) >= _MOST_TRANSFERS and (much or watched):
            return False
        if much or watched:
            # Told before it is written, so that its deletion is not missed.
            requestor.change_attributes(event_mask=X.PropertyChangeMask)
            pieces = _pieces(value) if much else iter(())
            ends = time.monotonic() + _TRANSFER_DEADLINE_S
            self._transfers[requestor.id, place] = _Transfer(requestor, program, value, pieces, taken, ends)
        if much:
            requestor.change_property(place, self._connection.atom("INCR"), 32, [value.size])
        else:
            requestor.change_property(place, value.kind, value.format, value.data)
        return True

    def _go_on(self, transfer: _Transfer, place: int) -> None:
        """ICCCM 2.7.2: each piece once the one before is deleted, then an empty one."""
        transfer.ends_s = time.monotonic() + _TRANSFER_DEADLINE_S
        if transfer.taken is not None:
            self.asked(transfer.program)
        piece = next(transfer.pieces, None)
        if piece is not None:
            transfer.requestor.change_property(place, transfer.value.kind, transfer.value.format, piece)
            self._connection.display.flush()
            return
        self._forget(transfer.requestor, place)
        if transfer.taken is not None:
            transfer.taken()

    def _forget_old(self) -> None:
        now = time.monotonic()
        for (_, place), transfer in list(self._transfers.items()):
            if transfer.ends_s < now:
                self._forget(transfer.requestor, place)

    def _forget(self, requestor: Any, place: int) -> None:
        self._transfers.pop((requestor.id, place), None)
        if not any(window == requestor.id for window, _ in self._transfers):
            requestor.change_attributes(event_mask=X.NoEventMask)
            self._connection.display.flush()


def _pieces(value: Value) -> Iterator[bytes | Sequence[int]]:
    count = PIECE_BYTES // (value.format // 8)
    for start in range(0, len(value.data), count):
        yield value.data[start : start + count]
    yield value.data[:0]
