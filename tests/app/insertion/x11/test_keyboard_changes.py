"""Test typing while the user changes the keyboard layout or holds keys."""

from collections.abc import Iterator

import pytest

from app.insertion.outcome import HoldReason, Insertion, InsertionResult, Target, held_insertion
from app.insertion.plan import ORDINARY
from app.insertion.x11.keyboard import MOST_KEYS_AT_ONCE, Chord, X11Keyboard
from app.insertion.x11.screen import Pings, X11Screen
from app.x11.connection import X11Connection
from tests.helpers.desktop import Desktop, TextField

TYPED = Insertion(InsertionResult.TYPED)
LONG = "".join(f"{number} quick brown foxes. " for number in range(9))


@pytest.fixture(autouse=True)
def usual_layout(screen: Desktop) -> Iterator[None]:
    yield
    lay_out(screen, "us")


def lay_out(screen: Desktop, *layout: str) -> None:
    assert screen.start("setxkbmap", *layout).wait(30) == 0


class ChangingLayout(Pings):
    """Pings that change the layout once the first keys were typed."""

    def __init__(self, connection: X11Connection, screen: Desktop, *layout: str) -> None:
        super().__init__(connection)
        self._screen, self._layout = screen, layout
        self._count = 0

    def until_answered(self, target: Target, deadline_s: float) -> bool:
        found = super().until_answered(target, deadline_s)
        self._count += 1
        if self._count == 2:  # the first ping precedes all keys
            lay_out(self._screen, *self._layout)
        return found


def typed(keyboard: X11Keyboard, text: str, target: Target) -> Insertion:
    pieces = keyboard.plan(text, target, shift_return=True)
    assert pieces is not None
    return keyboard.type(pieces, target)


async def test_text_stays_unchanged_when_the_layout_changes(screen: Desktop, connection: X11Connection) -> None:
    field = TextField(screen, "layouts")
    keyboard = X11Keyboard(connection, X11Screen(connection), ChangingLayout(connection, screen, "us", "dvorak"))
    assert typed(keyboard, LONG, Target(int(field.focus()))) == TYPED
    await field.shows(LONG)


async def test_rest_is_held_when_the_new_layout_lacks_too_many_letters(
    screen: Desktop, connection: X11Connection
) -> None:
    text = LONG + "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    field = TextField(screen, "other letters")
    keyboard = X11Keyboard(connection, X11Screen(connection), ChangingLayout(connection, screen, "ru"))
    done = typed(keyboard, text, Target(int(field.focus())))
    assert done == held_insertion(HoldReason.LAYOUT_CHANGED, text[MOST_KEYS_AT_ONCE:])
    await field.shows(text[:MOST_KEYS_AT_ONCE])


async def test_characters_are_lent_again_when_a_new_layout_took_their_codes(
    screen: Desktop, connection: X11Connection
) -> None:
    field = TextField(screen, "lent again")
    target = Target(int(field.focus()))
    keyboard = X11Keyboard(connection, X11Screen(connection), Pings(connection))
    assert typed(keyboard, "汉字", target) == TYPED
    await field.shows("汉字")
    lay_out(screen, "us", "dvorak")
    assert typed(keyboard, "汉字", target) == TYPED
    await field.shows("汉字汉字")
    keyboard.close()


async def test_text_waits_while_one_of_its_keys_is_held(screen: Desktop, connection: X11Connection) -> None:
    """The server drops the press of a key that another keyboard holds."""
    field = TextField(screen, "held key")
    target = Target(int(field.focus()))
    queries = X11Screen(connection, release_deadline_s=0.05)
    keyboard = X11Keyboard(connection, queries, Pings(connection))
    for key in ("e", "Caps_Lock"):
        screen.xdotool("keydown", key)
        assert typed(keyboard, "text", target) == held_insertion(HoldReason.MODIFIERS_HELD)
        screen.xdotool("keyup", key)
    screen.xdotool("key", "Caps_Lock")
    before = "e" * len(field.text)
    assert typed(keyboard, "text", target) == TYPED
    await field.shows(before + "text")


def test_text_is_pasted_by_the_key_of_the_layout_at_that_moment(
    screen: Desktop, connection: X11Connection
) -> None:
    keyboard = X11Keyboard(connection, X11Screen(connection), Pings(connection))
    chord = Chord(keyboard, ORDINARY)
    before = chord.codes()
    lay_out(screen, "us", "dvorak")
    assert chord.codes() == keyboard.chord(ORDINARY) != before
    chord.offered = lambda: False
    assert chord.codes() is HoldReason.CLIPBOARD_BUSY


def test_text_is_not_pasted_while_its_key_is_held(screen: Desktop, connection: X11Connection) -> None:
    queries = X11Screen(connection, release_deadline_s=0.05)
    chord = Chord(X11Keyboard(connection, queries, Pings(connection)), ORDINARY)
    target = Target(int(TextField(screen, "held v").focus()))
    screen.xdotool("keydown", "v")
    assert queries.press(target, chord) is HoldReason.MODIFIERS_HELD
    screen.xdotool("keyup", "v")
    assert queries.press(target, chord) is None
