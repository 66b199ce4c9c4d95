import os

import pytest
from Xlib.protocol.event import SelectionNotify

from app.insertion.outcome import Reason
from app.insertion.x11_clipboard import Press, X11Clipboard
from app.insertion.x11_connection import Connection
from app.insertion.x11_contents import Contents, Value
from app.insertion.x11_selection import SelectionOwner
from tests.helpers.desktop import Desktop
from tests.helpers.waiting import wait_until_sync

US = os.getpid()


def presses(reason: Reason | None) -> Press:
    """As a screen that lets press, or does not."""

    def press(pressed: object) -> Reason | None:
        assert callable(pressed)
        if reason is None:
            pressed()
        return reason

    return press


def test_a_key_that_was_not_pressed_changes_nothing(screen: Desktop, connection: Connection) -> None:
    screen.copy(b"copied before")
    clipboard = X11Clipboard(connection)
    selections = clipboard.selections(primary=False)
    assert clipboard.paste("text", selections, US, presses(Reason.FOCUS_MOVED)) is Reason.FOCUS_MOVED
    (selection,) = selections
    assert clipboard.owner.contents(selection) is not None
    value = Value(connection.atom("UTF8_STRING"), 8, b"copied before")
    assert clipboard.owner.contents(selection) == Contents({value.kind: value})
    assert clipboard.settled()


def test_who_copies_meanwhile_keeps_what_was_copied(connection: Connection, other: Connection) -> None:
    clipboard = X11Clipboard(connection)
    selections = clipboard.selections(primary=False)
    theirs = Contents({1: Value(1, 8, b"theirs")})

    def copies(pressed: object) -> Reason | None:
        assert callable(pressed)
        pressed()
        assert SelectionOwner(other).own(selections[0], theirs)
        return None

    assert clipboard.paste("text", selections, US, copies) is Reason.CLIPBOARD_BUSY
    assert connection.display.get_selection_owner(selections[0]).id == other.window.id


@pytest.mark.parametrize("answer", ["TARGETS", "UTF8_STRING"])
def test_what_changes_while_it_is_read_is_read_again(screen: Desktop, connection: Connection, answer: str) -> None:
    """After the first answer of its owner, or the last."""
    screen.copy(b"first")
    clipboard = X11Clipboard(connection)
    (selection,) = clipboard.selections(primary=False)
    at, picture = connection.atom(answer), connection.atom("image/png")
    copies = [b"second"]

    def meanwhile(event: object) -> None:
        if isinstance(event, SelectionNotify) and event.target == at and copies:
            screen.copy(copies.pop(), "image/png")

    connection.handlers.append(meanwhile)
    assert clipboard.paste("text", (selection,), US, presses(Reason.FOCUS_MOVED)) is Reason.FOCUS_MOVED
    assert clipboard.owner.contents(selection) == Contents({picture: Value(picture, 8, b"second")})


def test_what_cannot_be_kept_is_not_touched(connection: Connection, other: Connection) -> None:
    """Its owner does not answer."""
    clipboard = X11Clipboard(connection)
    (selection,) = clipboard.selections(primary=False)
    other.window.set_selection_owner(selection, other.server_time())
    other.display.sync()
    assert clipboard.paste("text", (selection,), US, presses(None)) is Reason.CLIPBOARD_BUSY
    assert connection.display.get_selection_owner(selection).id == other.window.id


def test_nothing_is_left_where_nothing_was(screen: Desktop, connection: Connection) -> None:
    clipboard = X11Clipboard(connection)
    selections = clipboard.selections(primary=True)
    assert len(selections) == 2
    assert clipboard.paste("text", selections, US, presses(Reason.FOCUS_MOVED)) is Reason.FOCUS_MOVED
    wait_until_sync(lambda: screen.copied("TARGETS") == b"", "nothing is there")
    clipboard.close()


def test_what_was_given_back_is_handed_on_at_the_end(connection: Connection, other: Connection) -> None:
    """Clipboard manager specification of freedesktop.org."""
    manager = connection.atom("CLIPBOARD_MANAGER")
    saved = connection.atom("SAVE_TARGETS")
    asked: list[int] = []
    theirs = SelectionOwner(other)
    theirs.asked = lambda program: asked.append(program)
    theirs.own(connection.atom("CLIPBOARD"), Contents())
    theirs.own(manager, Contents({saved: Value(saved, 8, b"")}))
    clipboard = X11Clipboard(connection)
    selections = clipboard.selections(primary=False)
    clipboard.owner.own(selections[0], Contents({1: Value(1, 8, b"kept")}))
    clipboard.close()
    other.wait(lambda: bool(asked), 10)
    assert asked == [US]
