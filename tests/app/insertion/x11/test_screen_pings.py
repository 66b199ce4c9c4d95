import signal

from app.insertion.outcome import Target
from app.insertion.x11.connection import X11Connection
from app.insertion.x11.screen import Pings
from tests.helpers.desktop import Desktop, Terminal, TextField


def test_program_answers_a_ping_when_it_processes_events(screen: Desktop, connection: X11Connection) -> None:
    pings = Pings(connection)
    target = Target(int(TextField(screen, "pinged").focus()))
    assert pings.answered(target) and pings.reached(target, 10)
    screen.processes[-1].send_signal(signal.SIGSTOP)
    try:
        assert not pings.reached(target, 0.05)
    finally:
        screen.processes[-1].send_signal(signal.SIGCONT)
    assert pings.reached(target, 10)


def test_program_may_not_answer_pings(screen: Desktop, connection: X11Connection) -> None:
    pings = Pings(connection)
    assert not pings.answered(Target(int(Terminal(screen, "silent").focus())))
    assert not pings.answered(Target(12345))
