"""Requests come from another connection, which the same thread serves in turn."""

import os
import time
from collections.abc import Callable

import pytest
from Xlib import X

from app.insertion.x11.selection_owner import PIECE_BYTES, SelectionOwner
from app.insertion.x11.selection_reader import Contents, ContentsReader, Value
from app.x11.connection import X11Connection
from tests.helpers.waiting import DEADLINE_S


class Asking(ContentsReader):
    """A reader that lets the owner answer while it waits."""

    def __init__(self, connection: X11Connection, owner: X11Connection) -> None:
        super().__init__(connection, deadline_s=DEADLINE_S)
        self._both = owner

    def _wait(self, predicate: object, end_s: float) -> bool:
        assert callable(predicate)
        end_s = time.monotonic() + DEADLINE_S
        while not self._connection.wait(predicate, 0.002):
            if time.monotonic() >= end_s:
                return False
            self._both.handle_pending()
            self._both.display.flush()
        return True


def contents_of(connection: X11Connection, data: bytes) -> Contents:
    kind = connection.atom("UTF8_STRING")
    return Contents({kind: Value(kind, 8, data), connection.atom("NUMBERS"): Value(kind, 32, [1, 2**31])})


@pytest.mark.parametrize("size", [0, 3, PIECE_BYTES, PIECE_BYTES + 1, 5 * PIECE_BYTES])
def test_owner_serves_contents_of_any_size(connection: X11Connection, other: X11Connection, size: int) -> None:
    owner, clipboard = SelectionOwner(connection), connection.atom("CLIPBOARD")
    taken: list[int] = []
    owner.asked = lambda program: lambda: taken.append(program)
    served = contents_of(connection, b"x" * size)
    assert owner.own(clipboard, served)
    assert Asking(other, connection).read(clipboard) == served
    connection.wait(lambda: len(taken) == 2, DEADLINE_S)
    assert len(taken) == 2


def test_owner_reports_each_piece_of_a_transfer(connection: X11Connection, other: X11Connection) -> None:
    owner, clipboard = SelectionOwner(connection), connection.atom("CLIPBOARD")
    asked: list[int] = []

    def hears(program: int) -> Callable[[], None]:
        asked.append(program)
        return lambda: None

    owner.asked = hears
    owner.own(clipboard, contents_of(connection, b"x" * 5 * PIECE_BYTES))
    asking = Asking(other, connection)
    asking.ask(clipboard, connection.atom("TARGETS"), DEADLINE_S)
    assert asked == [os.getpid()]
    asking.ask(clipboard, connection.atom("UTF8_STRING"), DEADLINE_S)
    assert len(asked) > 1 + 5 and set(asked) == {os.getpid()}


def test_withdrawn_answer_can_no_longer_be_taken(connection: X11Connection, other: X11Connection) -> None:
    owner, clipboard = SelectionOwner(connection), connection.atom("CLIPBOARD")
    taken: list[str] = []
    text, place = connection.atom("UTF8_STRING"), connection.atom("PLACE")
    owner.asked = lambda program: taken_once
    owner.own(clipboard, contents_of(connection, b"text"))

    def taken_once() -> None:
        taken.append("once")

    def there() -> bool:
        return other.window.get_property(place, X.AnyPropertyType, 0, 1) is not None

    other.window.convert_selection(clipboard, text, place, X.CurrentTime)
    other.display.sync()
    assert connection.wait(there, DEADLINE_S)
    owner.withdraw(lambda: None)  # belongs to another answer
    assert there()
    owner.withdraw(taken_once)
    connection.display.sync()  # the server has handled it before it answers the other connection
    assert not there()
    connection.handle_pending()
    assert not taken


def test_owner_answers_several_targets_at_once(connection: X11Connection, other: X11Connection) -> None:
    """Requests with the target MULTIPLE: ICCCM 2.6.2."""
    owner, clipboard = SelectionOwner(connection), connection.atom("CLIPBOARD")
    owner.own(clipboard, contents_of(connection, b"text"))
    pairs = [connection.atom(name) for name in ("UTF8_STRING", "ONE", "image/png", "TWO", "TIMESTAMP", "THREE")]
    place, pair = connection.atom("PAIRS"), connection.atom("ATOM_PAIR")
    other.window.change_property(place, pair, 32, pairs)
    other.window.convert_selection(clipboard, connection.atom("MULTIPLE"), place, 0)
    other.display.sync()

    def found(name: str) -> object:
        connection.display.flush()  # the answer is given, but perhaps not sent
        value = other.window.get_full_property(connection.atom(name), 0)
        return None if value is None else value.value

    assert connection.wait(lambda: found("THREE") is not None, DEADLINE_S)
    assert found("ONE") == b"text" and found("TWO") is None
    assert (
        list(other.window.get_full_property(place, 0).value)[3] == 0
    )  # a target that cannot be served loses its property


def test_refused_program_gets_no_contents(connection: X11Connection, other: X11Connection) -> None:
    owner, clipboard = SelectionOwner(connection), connection.atom("CLIPBOARD")
    owner.own(clipboard, contents_of(connection, b"text"))
    owner.refuses = lambda program: program == other.program(other.window.id)
    assert Asking(other, connection).ask(clipboard, connection.atom("UTF8_STRING"), 10) is None
    owner.refuses = lambda program: False
    value = Asking(other, connection).ask(clipboard, connection.atom("UTF8_STRING"), DEADLINE_S)
    assert value is not None and value.data == b"text"


def test_another_owner_is_noticed_and_keeps_the_selection(connection: X11Connection, other: X11Connection) -> None:
    owner, clipboard = SelectionOwner(connection), connection.atom("CLIPBOARD")
    lost: list[int] = []
    owner.lost = lost.append
    owner.own(clipboard, Contents())
    theirs = SelectionOwner(other)
    assert theirs.own(clipboard, contents_of(other, b"theirs"))
    connection.wait(lambda: bool(lost), DEADLINE_S)
    assert lost == [clipboard] and owner.contents(clipboard) is None
    owner.disown(clipboard)
    assert connection.display.get_selection_owner(clipboard).id == other.window.id
    theirs.disown(clipboard)
    other.display.sync()
    assert connection.display.get_selection_owner(clipboard) == 0
