import ctypes
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest

from app.insertion.outcome import Insertion, InsertionResult, Target
from app.insertion.plan import ORDINARY
from app.insertion.x11.keyboard import Chord, X11Keyboard
from app.insertion.x11.screen import Pings, X11Screen
from app.x11.connection import X11Connection
from app.x11.key_filters import KeyFilters
from tests.helpers.desktop import Desktop, TextField

CORE_KEYBOARD = 0x100
SLOW_AND_BOUNCE = 1 << 1 | 1 << 2

Enable = Callable[[int], None]


@pytest.fixture
def enable(screen: Desktop) -> Iterator[Enable]:
    """Return what a desktop's settings do: switch these filters on, and the other ones off."""
    library = ctypes.CDLL("libX11.so.6")
    library.XOpenDisplay.restype = ctypes.c_void_p
    display = ctypes.c_void_p(library.XOpenDisplay(screen.display.encode()))

    def enabled(filters: int) -> None:
        library.XkbChangeEnabledControls(display, CORE_KEYBOARD, SLOW_AND_BOUNCE, filters)
        library.XSync(display, 0)

    yield enabled
    enabled(0)
    library.XCloseDisplay(display)


async def test_text_is_typed_whole_with_filters(
    screen: Desktop, connection: X11Connection, enable: Enable
) -> None:
    field = TextField(screen, "filtered")
    target = Target(int(field.focus()))
    keyboard = X11Keyboard(connection, X11Screen(connection), Pings(connection))
    enable(SLOW_AND_BOUNCE)
    pieces = keyboard.plan("hello little book", target, shift_return=True)
    assert pieces is not None and keyboard.type(pieces, target) == Insertion(InsertionResult.TYPED)
    await field.shows("hello little book")


async def test_paste_key_passes_filters(screen: Desktop, connection: X11Connection, enable: Enable) -> None:
    field = TextField(screen, "pasted")
    target = Target(int(field.focus()))
    queries = X11Screen(connection)
    screen.copy(b"copied")
    enable(SLOW_AND_BOUNCE)
    chord = Chord(X11Keyboard(connection, queries, Pings(connection)), ORDINARY)
    assert queries.press(target, chord) is None
    await field.shows("copied")


def test_filters_are_on_again_afterwards(connection: X11Connection, enable: Enable) -> None:
    filters = KeyFilters(connection.display)
    for each in (0, 1 << 1, 1 << 2, SLOW_AND_BOUNCE):
        enable(each)
        with filters.off():
            assert filters.enabled == 0
        assert filters.enabled == each


def test_server_without_the_extension_has_no_filters() -> None:
    filters = KeyFilters(SimpleNamespace(display=None, query_extension=lambda name: None))
    with filters.off():
        assert filters.enabled == 0
