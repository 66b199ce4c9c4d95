import signal
from functools import partial

from Xlib import X

from app.insertion.outcome import Target
from app.insertion.x11.screen import Pings
from app.x11.connection import X11Connection
from tests.helpers.desktop import Desktop, Terminal, TextField
from tests.helpers.waiting import DEADLINE_S


def test_program_answers_a_ping_when_it_processes_events(screen: Desktop, connection: X11Connection) -> None:
    pings = Pings(connection)
    target = Target(int(TextField(screen, "pinged").focus()))
    assert pings.are_supported(target) and pings.until_answered(target, DEADLINE_S)
    screen.processes[-1].send_signal(signal.SIGSTOP)
    try:
        assert not pings.until_answered(target, 0.05)
    finally:
        screen.processes[-1].send_signal(signal.SIGCONT)
    assert pings.until_answered(target, DEADLINE_S)


def test_program_may_not_answer_pings(screen: Desktop, connection: X11Connection) -> None:
    pings = Pings(connection)
    assert not pings.are_supported(Target(int(Terminal(screen, "silent").focus())))
    assert not pings.are_supported(Target(12345))


def test_closed_window_waits_for_no_events(connection: X11Connection, other: X11Connection) -> None:
    """A program that hung may close the window before it answers, and continue to run."""
    pings, ended = Pings(connection), list[str]()
    first, second = (other.root.create_window(0, 0, 1, 1, 0, X.CopyFromParent) for _ in range(2))
    other.display.sync()
    for window, name in ((first, "first"), (second, "second")):
        pings.send(Target(window.id), partial(ended.append, name), DEADLINE_S)
    first.destroy()
    other.display.flush()
    assert connection.wait(lambda: bool(ended), DEADLINE_S)
    assert ended == ["first"]
