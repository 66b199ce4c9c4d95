import os
import time
from collections.abc import Callable, Iterator

import pytest
from Xlib import X
from Xlib.protocol.event import SelectionNotify

from app.insertion.helper.kept_contents import memory_file
from app.insertion.outcome import HoldReason
from app.insertion.x11.clipboard import MOST_LATE, KeptSelections, Press, X11Clipboard, kept_contents
from app.insertion.x11.selection_owner import SelectionOwner
from app.insertion.x11.selection_reader import Contents, Value
from app.x11.connection import X11Connection
from tests.helpers.desktop import PATIENT_S, Desktop
from tests.helpers.waiting import wait_until_sync

US = os.getpid()
DEADLINE_S = 0.2


def presses(reason: HoldReason | None) -> Press:
    """Return a key press that succeeds, or fails with ``reason``."""

    def press(pressed: object) -> HoldReason | None:
        assert callable(pressed)
        if reason is None:
            pressed()
        return reason

    return press


def test_clipboard_is_restored_when_the_key_was_not_pressed(screen: Desktop, connection: X11Connection) -> None:
    screen.copy(b"copied before")
    clipboard = X11Clipboard(connection)
    selections = clipboard.selections(primary=False)
    assert clipboard.paste("text", selections, US, presses(HoldReason.FOCUS_MOVED)) is HoldReason.FOCUS_MOVED
    (selection,) = selections
    assert clipboard.owner.contents(selection) is not None
    value = Value(connection.atom("UTF8_STRING"), 8, b"copied before")
    assert clipboard.owner.contents(selection) == Contents({value.kind: value})
    assert clipboard.is_settled()


def test_copy_of_another_program_during_a_paste_is_kept(connection: X11Connection, other: X11Connection) -> None:
    clipboard = X11Clipboard(connection)
    selections = clipboard.selections(primary=False)
    theirs = Contents({1: Value(1, 8, b"theirs")})

    def copies(pressed: object) -> HoldReason | None:
        assert callable(pressed)
        pressed()
        assert SelectionOwner(other).own(selections[0], theirs)
        return None

    assert clipboard.paste("text", selections, US, copies) is HoldReason.CLIPBOARD_BUSY
    assert connection.display.get_selection_owner(selections[0]).id == other.window.id


def test_paste_is_uncertain_when_another_program_offers_the_same_text(
    screen: Desktop, connection: X11Connection
) -> None:
    """Programs that synchronise clipboards offer it too; the target then reads the text from them."""
    clipboard = X11Clipboard(connection)

    def synchronises(pressed: object) -> HoldReason | None:
        assert callable(pressed)
        pressed()
        place = screen.folder / "synchronised"
        place.write_text("text")
        screen.start("xclip", "-quiet", "-selection", "clipboard", "-target", "UTF8_STRING", str(place))
        assert connection.wait(lambda: not clipboard.offers(), PATIENT_S)
        return None

    selections = clipboard.selections(primary=False)
    assert clipboard.paste("text", selections, US, synchronises) is HoldReason.UNCERTAIN


class Slow:
    """A target whose key is ``press``.

    Its request is noticed only after its deadline, because this process was busy.
    """

    def __init__(self, us: X11Connection, it: X11Connection) -> None:
        self.taken: list[bytes | None] = []
        self.clipboard = X11Clipboard(us, DEADLINE_S)
        self.selections = self.clipboard.selections(primary=False)
        self._us, self._it = us, it
        self._place = us.atom("PLACE")

    def press(self, pressed: Callable[[], None]) -> None:
        pressed()
        text = self._us.atom("UTF8_STRING")
        self._it.window.convert_selection(self.selections[0], text, self._place, X.CurrentTime)
        self._it.display.sync()
        self._it.wait(lambda: False, DEADLINE_S)

    def press_and_take(self, pressed: Callable[[], None]) -> None:
        """Press the key; the target takes the text as soon as it arrives."""
        self.press(pressed)
        self._us.at(time.monotonic(), self._look)

    def take(self) -> None:
        """Take the value that is present now."""
        found = self._it.window.get_full_property(self._place, X.AnyPropertyType)
        self.taken.append(None if found is None else bytes(found.value))
        self._it.window.delete_property(self._place)
        self._it.display.sync()

    def _look(self) -> None:
        if self._it.window.get_property(self._place, X.AnyPropertyType, 0, 1) is not None:
            self.take()
        else:
            self._us.at(time.monotonic(), self._look)


def test_target_answered_late_has_time_to_take_the_text(connection: X11Connection, other: X11Connection) -> None:
    target = Slow(connection, other)
    assert target.clipboard.paste("text", target.selections, US, target.press_and_take) is None
    assert target.taken == [b"text"]


def test_held_text_can_no_longer_be_taken(connection: X11Connection, other: X11Connection) -> None:
    """The target got its answer, but did not take it in time."""
    target = Slow(connection, other)
    assert target.clipboard.paste("text", target.selections, US, target.press) is HoldReason.NOT_READ
    target.take()
    assert target.taken == [None]


def test_text_can_no_longer_be_taken_after_another_copy(connection: X11Connection, other: X11Connection) -> None:
    target = Slow(connection, other)
    theirs = SelectionOwner(other)

    def copies(pressed: Callable[[], None]) -> None:
        target.press(pressed)
        theirs.own(target.selections[0], Contents())

    assert target.clipboard.paste("text", target.selections, US, copies) is HoldReason.CLIPBOARD_BUSY
    target.take()
    assert target.taken == [None]


def test_program_with_a_late_key_is_refused_after_the_next_paste(
    connection: X11Connection, other: X11Connection
) -> None:
    hung, hung_too = 12345, 23456
    target = Slow(connection, other)
    clipboard, selections = target.clipboard, target.selections
    assert clipboard.paste("one", selections, hung, presses(None)) is HoldReason.NOT_READ
    assert clipboard.paste("two", selections, hung_too, presses(None)) is HoldReason.NOT_READ
    assert clipboard.paste("three", selections, US, target.press_and_take) is None
    assert target.taken == [b"three"]
    pressed: list[int] = []
    assert clipboard.paste("four", selections, hung, lambda _: pressed.append(1)) is HoldReason.NOT_READ
    assert not pressed
    assert clipboard.owner.refuses(hung) and clipboard.owner.refuses(hung_too)
    assert not clipboard.owner.refuses(US)


def test_no_text_is_offered_when_too_many_programs_hang(connection: X11Connection) -> None:
    clipboard = X11Clipboard(connection, 0.0)
    selections = clipboard.selections(primary=False)
    for number in range(MOST_LATE):
        assert clipboard.paste("text", selections, number, presses(None)) is HoldReason.NOT_READ
    pressed: list[int] = []
    assert clipboard.paste("text", selections, US, lambda _: pressed.append(1)) is HoldReason.NOT_READ
    assert not pressed and all(clipboard.owner.refuses(number) for number in range(MOST_LATE))


@pytest.mark.parametrize("answer", ["TARGETS", "UTF8_STRING"])
def test_clipboard_is_read_again_when_it_changes_meanwhile(
    screen: Desktop, connection: X11Connection, answer: str
) -> None:
    """The change happens after the first answer of the owner, or after the last."""
    screen.copy(b"first")
    clipboard = X11Clipboard(connection)
    (selection,) = clipboard.selections(primary=False)
    at, picture = connection.atom(answer), connection.atom("image/png")
    copies = [b"second"]

    def meanwhile(event: object) -> None:
        if isinstance(event, SelectionNotify) and event.target == at and copies:
            screen.copy(copies.pop(), "image/png")

    connection.handlers.append(meanwhile)
    assert clipboard.paste("text", (selection,), US, presses(HoldReason.FOCUS_MOVED)) is HoldReason.FOCUS_MOVED
    assert clipboard.owner.contents(selection) == Contents({picture: Value(picture, 8, b"second")})


def test_clipboard_is_not_touched_when_its_owner_does_not_answer(
    connection: X11Connection, other: X11Connection
) -> None:
    clipboard = X11Clipboard(connection)
    (selection,) = clipboard.selections(primary=False)
    other.window.set_selection_owner(selection, other.server_time())
    other.display.sync()
    assert clipboard.paste("text", (selection,), US, presses(None)) is HoldReason.CLIPBOARD_BUSY
    assert connection.display.get_selection_owner(selection).id == other.window.id


def test_empty_clipboard_is_empty_again_after_a_paste(screen: Desktop, connection: X11Connection) -> None:
    clipboard = X11Clipboard(connection)
    selections = clipboard.selections(primary=True)
    assert len(selections) == 2
    assert clipboard.paste("text", selections, US, presses(HoldReason.FOCUS_MOVED)) is HoldReason.FOCUS_MOVED
    wait_until_sync(lambda: screen.copied("TARGETS") == b"", "nothing is there")
    clipboard.close()


def test_restored_contents_go_to_the_clipboard_manager_on_close(
    connection: X11Connection, other: X11Connection
) -> None:
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
    other.wait(lambda: bool(asked), DEADLINE_S)
    assert asked == [US]


@pytest.fixture
def kept() -> Iterator[KeptSelections]:
    place = memory_file()
    assert place is not None
    yield kept_contents(place)
    os.close(place)


def test_contents_lent_by_a_killed_process_are_served_again(
    screen: Desktop, connection: X11Connection, other: X11Connection, kept: KeptSelections
) -> None:
    screen.copy(b"copied before")
    killed = X11Clipboard(other, kept=kept)
    (selection,) = killed.selections(primary=False)
    seen: list[dict[int, Contents]] = []

    def press(pressed: object) -> HoldReason:
        seen.append(kept.read())
        return HoldReason.FOCUS_MOVED

    assert killed.paste("text", (selection,), US, press) is HoldReason.FOCUS_MOVED
    utf8 = connection.atom("UTF8_STRING")
    copied = {selection: Contents({utf8: Value(utf8, 8, b"copied before")})}
    assert seen == [copied] and kept.read() == copied, "while it is lent, and once it is given back"
    killed.owner.disown(selection)  # like the server when a client ends
    other.display.sync()
    clipboard = X11Clipboard(connection, kept=kept)
    clipboard.recover()
    assert clipboard.owner.contents(selection) == copied[selection]


def test_copy_made_after_a_process_was_killed_stays(
    connection: X11Connection, other: X11Connection, kept: KeptSelections
) -> None:
    clipboard = X11Clipboard(connection, kept=kept)
    (selection,) = clipboard.selections(primary=False)
    kept.write({selection: Contents({1: Value(1, 8, b"before")})})
    theirs = SelectionOwner(other)
    assert theirs.own(selection, Contents())
    clipboard.recover()
    assert connection.display.get_selection_owner(selection).id == other.window.id
    assert kept.read() == {}
    theirs.disown(selection)


def test_late_key_of_a_killed_process_is_refused(connection: X11Connection) -> None:
    clipboard = X11Clipboard(connection)
    for program in (12345, 54321):
        clipboard.refuse(program)
    clipboard.recover()
    pressed: list[int] = []
    selections = clipboard.selections(primary=False)
    assert clipboard.paste("text", selections, 12345, lambda _: pressed.append(1)) is HoldReason.NOT_READ
    assert not pressed
    assert clipboard.owner.refuses(12345) and clipboard.owner.refuses(54321)
    assert not clipboard.owner.refuses(US)
