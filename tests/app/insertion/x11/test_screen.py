from Xlib import X

from app.insertion.outcome import HoldReason, Target
from app.insertion.x11.screen import X11Screen
from app.x11.connection import X11Connection
from tests.helpers.desktop import Desktop, Terminal, TextField
from tests.helpers.waiting import DEADLINE_S, wait_until_sync


class Recorded:
    """Keys that note when they are pressed."""

    def __init__(self, pressed: list[int], number: int) -> None:
        self._pressed, self._number = pressed, number

    def codes(self) -> tuple[int, ...]:
        return ()

    def press(self) -> None:
        self._pressed.append(self._number)


def test_target_is_the_focused_window(screen: Desktop, connection: X11Connection) -> None:
    queries = X11Screen(connection)
    wait_until_sync(lambda: queries.target() is None, "no window is there")
    field = TextField(screen, "looked at")
    assert queries.target() == Target(int(field.focus()), "text_field.py", process=screen.processes[-1].pid)
    terminal = Terminal(screen, "and a terminal")
    assert queries.target() == Target(int(terminal.focus()), "XTerm", True, process=screen.processes[-1].pid)
    assert queries.names(int(terminal.focus())) == ("xterm", "XTerm")
    assert queries.names(1) == ()


def test_target_has_its_position_and_owner(
    screen: Desktop, connection: X11Connection, other: X11Connection
) -> None:
    queries = X11Screen(connection)
    window = TextField(screen, "of another program").focus()
    screen.xdotool("windowsize", "--sync", window, "300", "200", "windowmove", "--sync", window, "600", "400")
    target = queries.target()
    assert target is not None and target.area is not None and not target.own
    assert abs(target.area.x - 600) < 30 and abs(target.area.y - 400) < 30, "but for the frame"
    assert (target.area.width, target.area.height) == (300, 200)
    ours = other.root.create_window(0, 0, 90, 90, 0, X.CopyFromParent)
    ours.set_wm_name("ours")
    ours.map()
    other.display.sync()
    screen.focus("ours")
    target = queries.target()
    assert target is not None and (target.window, target.own) == (ours.id, True)
    ours.destroy()


def test_keys_are_pressed_only_for_the_focused_target(screen: Desktop, connection: X11Connection) -> None:
    queries, pressed = X11Screen(connection), list[int]()
    target = Target(int(TextField(screen, "target").focus()))
    assert queries.press(target, Recorded(pressed, 1)) is None
    assert queries.press(Target(12345), Recorded(pressed, 2)) is HoldReason.FOCUS_MOVED
    assert pressed == [1]


def test_new_window_with_a_reused_number_is_not_the_old_target(screen: Desktop, connection: X11Connection) -> None:
    """The server assigns the lowest free numbers, and the same program creates the same windows."""
    queries, pressed = X11Screen(connection), list[int]()
    Terminal(screen, "the first")
    first = queries.target()
    assert first is not None
    ended = screen.processes.pop()
    ended.terminate()
    ended.wait(DEADLINE_S)
    wait_until_sync(lambda: queries.names(first.window) == (), "its number is free")
    Terminal(screen, "the second")
    second = queries.target()
    assert second is not None
    assert first.window == second.window and first != second
    assert queries.press(first, Recorded(pressed, 1)) is HoldReason.FOCUS_MOVED
    assert queries.press(second, Recorded(pressed, 2)) is None
    assert pressed == [2]


def test_no_key_is_pressed_while_the_keyboard_is_grabbed(
    screen: Desktop, connection: X11Connection, other: X11Connection
) -> None:
    """Examples are a menu, a locked screen, or a shortcut that is held down."""
    queries = X11Screen(connection, release_deadline_s=0.05)
    target = Target(int(TextField(screen, "under a menu").focus()))
    other.root.grab_keyboard(False, X.GrabModeAsync, X.GrabModeAsync, X.CurrentTime)
    assert queries.ready(target) is HoldReason.KEYBOARD_GRABBED
    other.display.ungrab_keyboard(X.CurrentTime)
    other.display.sync()
    assert queries.ready(target) is None


def test_lock_keys_do_not_count_as_held_modifiers(screen: Desktop, connection: X11Connection) -> None:
    queries = X11Screen(connection)
    target = Target(int(TextField(screen, "with locks").focus()))
    screen.xdotool("key", "Num_Lock", "key", "Caps_Lock")
    assert queries.caps_lock() and queries.group() == 0
    assert queries.ready(target) is None
    screen.xdotool("key", "Num_Lock", "key", "Caps_Lock")
    assert not queries.caps_lock()
