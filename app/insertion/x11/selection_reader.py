"""Read the contents of a selection (clipboard or selected text) from its owner. ICCCM 2.0, section 2."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from Xlib import X
from Xlib.error import XError
from Xlib.protocol.event import SelectionNotify

from app.insertion.clipboard import NO_CONTENTS
from app.x11.connection import X11Connection

MOST_BYTES: Final = 64 * 2**20
READ_DEADLINE_S: Final = 2.0
_ANSWER_DEADLINE_S: Final = 0.5
_MOST_TARGETS: Final = 64
_LONGS_AT_ONCE: Final = 2**18  # 1 MiB
# A copy is useless without these formats. Others are read as far as time and memory allow.
# If an owner offers none of these, all of its formats are essential.
_ESSENTIAL: Final = ("UTF8_STRING", "text/html", "image/png", "text/uri-list", "x-special/gnome-copied-files")


@dataclass(frozen=True)
class Value:
    """The value of a property. ``kind``: an atom. ``format``: 8, 16 or 32 bits. ``data``: bytes or integers."""

    kind: int
    format: int
    data: bytes | Sequence[int]

    @property
    def size(self) -> int:
        """The size of the data in bytes."""
        return len(self.data) * (self.format // 8)


@dataclass(frozen=True)
class Contents:
    """The contents of a selection: ``values`` by target (an atom: the format), in the owner's order.

    No values: the selection is empty.
    """

    values: Mapping[int, Value] = field(default_factory=dict)


class _NotGiven(Exception):
    """An error: the owner did not answer within the limits of time or memory."""


class ContentsReader:
    """A reader of selections. ``deadline_s`` and ``most_bytes`` limit each whole selection."""

    def __init__(
        self, connection: X11Connection, deadline_s: float = READ_DEADLINE_S, most_bytes: int = MOST_BYTES
    ) -> None:
        self._connection = connection
        self._deadline_s, self._most_bytes = deadline_s, most_bytes
        self._answers: dict[int, Any] = {}  # events by property
        self._new: set[int] = set()  # properties written since they were last read
        self._asked = 0
        self._target, self._place = X.NONE, X.NONE  # of the last request
        connection.handlers.append(self._handle)

    def read(self, selection: int) -> Contents | None:
        """Return all contents, or ``None`` if the owner exceeds the limits for an essential format."""
        if self._connection.display.get_selection_owner(selection) == X.NONE:
            return Contents()
        end = time.monotonic() + self._deadline_s
        names = self._targets(selection, end)
        if not names:
            return Contents()
        essential = {target for target, name in names.items() if name in _ESSENTIAL} or set(names)
        values: dict[int, Value] = {}
        left = self._most_bytes
        for target in sorted(names, key=lambda target: (target not in essential, _importance(names[target]))):
            patience = self._deadline_s if target in essential else _ANSWER_DEADLINE_S
            try:
                value = self._ask(selection, target, min(end, time.monotonic() + patience), left)
            except _NotGiven:
                if target in essential:
                    return None
                continue
            if value is not None:
                values[target] = value
                left -= value.size
        return Contents({target: values[target] for target in names if target in values}) if values else None

    def ask(self, selection: int, target: int, deadline_s: float) -> Value | None:
        """Request one target from the owner, for its value or for its side effect."""
        try:
            return self._ask(selection, target, time.monotonic() + deadline_s, self._most_bytes)
        except _NotGiven:
            return None

    def _targets(self, selection: int, end_s: float) -> dict[int, str]:
        """Return the formats that the owner offers; plain text if it does not say."""
        value = self.ask(selection, self._connection.atom("TARGETS"), end_s - time.monotonic())
        if value is None or value.format != 32:
            return {self._connection.atom(name): name for name in ("UTF8_STRING", "STRING")}
        atoms: Iterable[int] = dict.fromkeys(int(atom) for atom in list(value.data)[:_MOST_TARGETS])
        names = {atom: self._name(atom) for atom in atoms}
        return {atom: name for atom, name in names.items() if name and name not in NO_CONTENTS}

    def _name(self, atom: int) -> str:
        try:
            return str(self._connection.display.get_atom_name(atom))
        except (XError, UnicodeDecodeError):
            return ""

    def _ask(self, selection: int, target: int, end_s: float, most: int) -> Value | None:
        """Request one value; ``None`` if the owner has none. Raises ``_NotGiven``."""
        if time.monotonic() >= end_s:
            raise _NotGiven
        # Each request has its own property, so a late answer is not mistaken for the next one's.
        self._asked = (self._asked + 1) % 32
        place = self._connection.atom(f"_KIKIPOUNAMU_READ_{self._asked}")
        self._target, self._place = target, place
        self._answers.pop(place, None)
        window = self._connection.window
        window.delete_property(place)
        window.convert_selection(selection, target, place, X.CurrentTime)
        if not self._wait(lambda: place in self._answers, end_s):
            raise _NotGiven
        if self._answers.pop(place).property == X.NONE:
            return None
        self._new.discard(place)
        first = self._take(place, most)
        if first is None or first.kind != self._connection.atom("INCR"):
            return first
        return self._in_pieces(place, end_s, most)

    def _in_pieces(self, place: int, end_s: float, most: int) -> Value | None:
        """Read a value in pieces (ICCCM 2.7.2).

        The owner writes each piece when the one before is deleted; an empty piece is the end.
        """
        pieces: list[Value] = []
        size = 0
        while self._wait(lambda: place in self._new, end_s):
            self._new.discard(place)
            piece = self._take(place, most - size)
            if piece is None or not piece.size:
                return _joined(pieces, piece or Value(X.NONE, 8, b""))
            pieces.append(piece)
            size += piece.size
        raise _NotGiven

    def _take(self, place: int, most: int) -> Value | None:
        """Read and delete the property; ``None`` if there is none. Raises ``_NotGiven`` above ``most`` bytes."""
        parts: list[Value] = []
        offset = 0
        while True:
            found = self._connection.window.get_property(place, X.AnyPropertyType, offset, _LONGS_AT_ONCE)
            if found is None:
                return None
            parts.append(Value(int(found.property_type), int(found.format), _plain(found.value)))
            offset += _LONGS_AT_ONCE
            if found.bytes_after == 0 or 4 * offset + found.bytes_after > most:
                break
        self._connection.window.delete_property(place)
        self._connection.display.flush()
        whole = _joined(parts, parts[0])
        if found.bytes_after or whole.size > most:
            raise _NotGiven
        return whole

    def _wait(self, predicate: Any, end_s: float) -> bool:
        return self._connection.wait(predicate, max(0.0, end_s - time.monotonic()))

    def _handle(self, event: Any) -> None:
        if isinstance(event, SelectionNotify):
            place = int(event.property)
            if place == X.NONE and int(event.target) == self._target:
                place = self._place  # a refusal names only its target, not its request
            self._answers[place] = event
        elif event.type == X.PropertyNotify and event.state == X.PropertyNewValue:
            self._new.add(int(event.atom))


def _importance(name: str) -> int:
    if name in _ESSENTIAL:
        return _ESSENTIAL.index(name)
    return len(_ESSENTIAL) + (name.startswith("image/") or name == "COMPOUND_TEXT")


def _plain(data: Any) -> bytes | list[int]:
    return data if isinstance(data, bytes) else [int(number) for number in data]


def _joined(pieces: Sequence[Value], last: Value) -> Value:
    """Join the pieces of a value; ``last`` gives the kind and format if there are none."""
    like = pieces[0] if pieces else last
    if like.format == 8:
        return Value(like.kind, 8, b"".join(bytes(piece.data) for piece in pieces))
    return Value(like.kind, like.format, [number for piece in pieces for number in piece.data])
