"""Pings and transfers of a selection that concern the same window, as of Emacs, which asks with its own window."""

from collections.abc import Callable

from Xlib import X

from app.insertion.outcome import Target
from app.insertion.x11.screen import Pings
from app.insertion.x11.selection_owner import PIECE_BYTES, SelectionOwner
from app.x11.connection import X11Connection
from tests.app.insertion.x11.test_selection_owner import Asking, contents_of
from tests.helpers.waiting import DEADLINE_S


def test_transfer_goes_on_when_its_window_is_pinged(connection: X11Connection, other: X11Connection) -> None:
    owner, pings, clipboard = SelectionOwner(connection), Pings(connection), connection.atom("CLIPBOARD")
    pinged, taken = list[int](), list[int]()

    def asked(program: int) -> Callable[[], None]:
        pinged.append(program)
        if len(pinged) == 3:  # in the middle
            pings.send(Target(other.window.id), lambda: None, DEADLINE_S)
        return lambda: taken.append(program)

    owner.asked = asked
    owner.own(clipboard, contents_of(connection, b"x" * 5 * PIECE_BYTES))
    value = Asking(other, connection).ask(clipboard, connection.atom("UTF8_STRING"), DEADLINE_S)
    assert value is not None and value.size == 5 * PIECE_BYTES
    assert connection.wait(lambda: bool(taken), DEADLINE_S)


def test_end_of_a_pinged_window_is_noticed_after_a_transfer(
    connection: X11Connection, other: X11Connection
) -> None:
    owner, pings, clipboard = SelectionOwner(connection), Pings(connection), connection.atom("CLIPBOARD")
    ended, taken, place = list[str](), list[str](), connection.atom("PLACE")
    owner.asked = lambda program: lambda: taken.append("text")
    owner.own(clipboard, contents_of(connection, b"text"))
    frame = other.root.create_window(0, 0, 1, 1, 0, X.CopyFromParent)  # of the window manager
    window = frame.create_window(0, 0, 1, 1, 0, X.CopyFromParent)
    other.display.sync()
    pings.send(Target(window.id), lambda: ended.append("ping"), DEADLINE_S)
    window.convert_selection(clipboard, connection.atom("UTF8_STRING"), place, X.CurrentTime)
    other.display.sync()

    def taken_by(window: object) -> bool:
        other.display.flush()
        assert hasattr(window, "delete_property")
        window.delete_property(place)
        other.display.flush()
        return bool(taken)

    assert connection.wait(lambda: taken_by(window), DEADLINE_S)
    window.destroy()
    other.display.flush()
    assert connection.wait(lambda: bool(ended), DEADLINE_S)
