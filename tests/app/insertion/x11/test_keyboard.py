from collections.abc import Sequence

import pytest
from Xlib import XK, X

from app.insertion.outcome import HoldReason, Insertion, InsertionResult, Target, held_insertion
from app.insertion.plan import ORDINARY, SHIFT_INSERT, TERMINAL
from app.insertion.x11.keyboard import MOST_KEYS_AT_ONCE, X11Keyboard
from app.insertion.x11.screen import Pings, X11Screen
from app.x11.connection import X11Connection
from tests.helpers.desktop import Desktop, TextField


@pytest.fixture
def keyboard(connection: X11Connection) -> X11Keyboard:
    return X11Keyboard(connection, X11Screen(connection), Pings(connection))


def test_chords_consist_of_modifiers_and_key(connection: X11Connection, keyboard: X11Keyboard) -> None:
    def names(codes: Sequence[int]) -> list[str]:
        return [str(XK.keysym_to_string(connection.display.keycode_to_keysym(code, 0))) for code in codes]

    control, v = keyboard.chord(ORDINARY)
    assert connection.display.keycode_to_keysym(control, 0) == XK.XK_Control_L and names([v]) == ["v"]
    assert len(keyboard.chord(TERMINAL)) == 3
    assert connection.display.keycode_to_keysym(keyboard.chord(SHIFT_INSERT)[-1], 0) == XK.XK_Insert


def typed(keyboard: X11Keyboard, text: str, target: Target, *, shift_return: bool = False) -> Insertion:
    pieces = keyboard.plan(text, target, shift_return=shift_return)
    assert pieces is not None
    return keyboard.type(pieces, target)


class Distracting(Pings):
    """Pings after which another window takes the focus, once the first keys were typed."""

    def __init__(self, connection: X11Connection, window: int) -> None:
        super().__init__(connection)
        self._other = connection.display.create_resource_object("window", window)
        self._count = 0

    def until_answered(self, target: Target, deadline_s: float) -> bool:
        found = super().until_answered(target, deadline_s)
        self._count += 1
        if self._count == 2:  # the first ping precedes all keys
            self._other.set_input_focus(X.RevertToParent, X.CurrentTime)
        return found


async def test_typing_stops_when_the_focus_moves(screen: Desktop, connection: X11Connection) -> None:
    """The missing rest is exact to the character."""
    first, second = TextField(screen, "first"), TextField(screen, "second")
    pings = Distracting(connection, int(second.focus()))
    target = Target(int(first.focus()))
    text = "".join(f"{number} " for number in range(60))
    done = typed(X11Keyboard(connection, X11Screen(connection), pings), text, target)
    assert done == held_insertion(HoldReason.PARTLY_TYPED, text[MOST_KEYS_AT_ONCE:])
    await first.shows(text[:MOST_KEYS_AT_ONCE])
    assert second.text == ""


class Hanging(Pings):
    """Pings of a program that hangs once it has answered the first one."""

    _hangs = False

    def until_answered(self, target: Target, deadline_s: float) -> bool:
        hangs, self._hangs = self._hangs, True
        return not hangs and super().until_answered(target, deadline_s)


def test_keys_of_a_program_that_hangs_may_still_arrive(screen: Desktop, connection: X11Connection) -> None:
    field = TextField(screen, "hangs")
    keyboard = X11Keyboard(connection, X11Screen(connection), Hanging(connection))
    assert typed(keyboard, "text", Target(int(field.focus()))) == held_insertion(HoldReason.UNCERTAIN)


async def test_line_break_is_typed_as_return_or_shift_return(
    screen: Desktop, connection: X11Connection, keyboard: X11Keyboard
) -> None:
    field = TextField(screen, "lines")
    target = Target(int(field.focus()))
    for shift in (False, True):
        assert typed(keyboard, "line\n", target, shift_return=shift) == Insertion(InsertionResult.TYPED)
    await field.shows("line\nline\n")


def test_keyboard_table_is_restored_on_close(
    screen: Desktop, connection: X11Connection, keyboard: X11Keyboard
) -> None:
    first = connection.display.display.info.min_keycode

    def table() -> list[list[int]]:
        return [list(row) for row in connection.display.get_keyboard_mapping(first, 255 - first)]

    before = table()
    target = Target(int(TextField(screen, "lent").focus()))
    assert typed(keyboard, "汉字", target) == Insertion(InsertionResult.TYPED)
    assert table() != before
    keyboard.close()
    assert table() == before
