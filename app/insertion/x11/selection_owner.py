"""Own a selection and answer requests for it, in pieces if it is large. ICCCM 2.0, section 2."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from Xlib import X
from Xlib.error import XError
from Xlib.protocol.event import SelectionClear, SelectionNotify, SelectionRequest
from Xlib.protocol.request import SetSelectionOwner

from app.insertion.x11.selection_reader import Contents, Value
from app.x11.connection import X11Connection

PIECE_BYTES: Final = 2**16
_TRANSFER_DEADLINE_S: Final = 10.0
_MOST_TRANSFERS: Final = 64
_MOST_PAIRS: Final = 32


@dataclass
class _Transfer:
    """A transfer to one property of one window. ``pieces``: the data after the present piece."""

    requestor: Any
    program: int
    value: Value
    pieces: Iterator[bytes | Sequence[int]]
    taken: Callable[[], None] | None
    ends_s: float


class SelectionOwner:
    """An owner of selections. ``refuses``: returns whether this program (a number) gets nothing now.

    ``asked`` is called with the program for each answer and each piece. It returns a function to call once the
    contents were taken, or ``None``. ``lost`` is called with a selection that another program owns now.
    """

    def __init__(self, connection: X11Connection) -> None:
        self.refuses: Callable[[int], bool] = lambda program: False
        self.asked: Callable[[int], Callable[[], None] | None] = lambda program: None
        self.lost: Callable[[int], None] = lambda selection: None
        self._connection = connection
        self._owned: dict[int, Contents] = {}
        self._since: dict[int, int] = {}
        self._transfers: dict[tuple[int, int], _Transfer] = {}
        connection.handlers.append(self._handle)

    def contents(self, selection: int) -> Contents | None:
        """Return the contents served for a selection; ``None`` if it is not ours."""
        return self._owned.get(selection)

    def own(self, selection: int, contents: Contents, stamp: int = 0) -> bool:
        """Serve these contents from now on; return whether we own the selection. ``stamp``: server time."""
        stamp = stamp or self._connection.server_time()
        self._connection.window.set_selection_owner(selection, stamp)
        if self._connection.display.get_selection_owner(selection) != self._connection.window:
            self._owned.pop(selection, None)
            return False
        self._owned[selection], self._since[selection] = contents, stamp
        return True

    def replace(self, selection: int, contents: Contents) -> None:
        """Serve other contents for a selection at once, if it is ours; ``own`` tells other programs."""
        if selection in self._owned:
            self._owned[selection] = contents

    def disown(self, selection: int) -> None:
        """Clear a selection, unless another program owns it."""
        if self._owned.pop(selection, None) is not None:
            server = self._connection.display.display
            SetSelectionOwner(server, window=X.NONE, selection=selection, time=self._since[selection])
            self._connection.display.flush()

    def withdraw(self, taken: Callable[[], None]) -> None:
        """Withdraw answers for which ``taken`` would be called, even those already written."""
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
            self._selection_cleared(int(event.atom), int(event.time))
        elif event.type == X.PropertyNotify and event.state == X.PropertyDelete:
            transfer = self._transfers.get((event.window.id, int(event.atom)))
            if transfer is not None:
                self._send_next_piece(transfer, int(event.atom))

    def _selection_cleared(self, selection: int, stamp: int) -> None:
        # Older events concern an earlier ownership.
        if selection in self._owned and stamp >= self._since[selection]:
            del self._owned[selection]
            self.lost(selection)

    def _answer(self, event: Any) -> None:
        place = int(event.property) or int(event.target)  # obsolete clients name no property
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
        """Answer pairs of target and property (ICCCM 2.6.2); failed ones lose their property."""
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
            # Select events before writing, so that the deletion is not missed.
            self._forget(requestor, place)
            self._connection.listen(requestor, X.PropertyChangeMask)
            pieces = _pieces(value) if much else iter(())
            ends = time.monotonic() + _TRANSFER_DEADLINE_S
            self._transfers[requestor.id, place] = _Transfer(requestor, program, value, pieces, taken, ends)
        if much:
            requestor.change_property(place, self._connection.atom("INCR"), 32, [value.size])
        else:
            requestor.change_property(place, value.kind, value.format, value.data)
        return True

    def _send_next_piece(self, transfer: _Transfer, place: int) -> None:
        """Send the next piece once the one before is deleted, and finally an empty one (ICCCM 2.7.2)."""
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
        if self._transfers.pop((requestor.id, place), None) is not None:
            self._connection.unlisten(requestor, X.PropertyChangeMask)


def _pieces(value: Value) -> Iterator[bytes | Sequence[int]]:
    count = PIECE_BYTES // (value.format // 8)
    for start in range(0, len(value.data), count):
        yield value.data[start : start + count]
    yield value.data[:0]
