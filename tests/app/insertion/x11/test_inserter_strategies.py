"""Insertion by one thread. ``tests/end_to_end/test_insertion.py`` has whole insertions."""

import signal
import threading

from app.insertion.outcome import HoldReason, Insertion, InsertionResult, held
from app.insertion.paste_watch import QUIET_S
from app.insertion.plan import Rules
from app.insertion.x11.connection import X11Connection
from app.insertion.x11.inserter import X11Strategies
from tests.helpers.desktop import PATIENT_S, Desktop, TextField
from tests.helpers.waiting import DEADLINE_S, wait_until_sync


def test_target_process_is_reported_before_keys_are_pressed(screen: Desktop, connection: X11Connection) -> None:
    strategies = X11Strategies(connection, PATIENT_S)
    pressing: list[int] = []
    strategies.screen.pressing = pressing.append
    field = TextField(screen, "told before")
    target = strategies.screen.target()
    assert target is not None
    assert strategies.insert("text", target, Rules()) == Insertion(InsertionResult.PASTED)
    assert pressing == [target.process]
    assert connection.wait(lambda: field.text == "text", DEADLINE_S)
    TextField(screen, "another one")
    assert strategies.insert("text", target, Rules()) == held(HoldReason.FOCUS_MOVED)
    assert pressing == [target.process]
    strategies.close()


def test_next_text_waits_until_last_target_has_handled_its_key(screen: Desktop, connection: X11Connection) -> None:
    """No fixed time is enough: a busy target may need longer between two requests for one paste."""
    strategies = X11Strategies(connection, PATIENT_S)
    field = TextField(screen, "busy")
    target = strategies.screen.target()
    assert target is not None
    assert strategies.insert("one ", target, Rules()) == Insertion(InsertionResult.PASTED)
    process = screen.processes[-1]
    process.send_signal(signal.SIGSTOP)
    waking = threading.Timer(2 * QUIET_S, process.send_signal, (signal.SIGCONT,))
    waking.start()
    strategies.close()
    waking.join()
    wait_until_sync(lambda: field.text == "one ", "its second question was answered too")


def test_text_with_too_many_table_changes_is_pasted(screen: Desktop, connection: X11Connection) -> None:
    strategies = X11Strategies(connection, PATIENT_S)
    field = TextField(screen, "costly")
    target = strategies.screen.target()
    assert target is not None
    text = "".join(chr(code) for code in range(0x5E00, 0x5E00 + 40))
    assert strategies.insert(text, target, Rules()) == Insertion(InsertionResult.PASTED)
    assert connection.wait(lambda: field.text == text, DEADLINE_S)
    strategies.close()


def test_hung_target_never_pastes_the_old_copy_for_our_key(screen: Desktop, connection: X11Connection) -> None:
    """No fixed time is enough: it may hang for longer. Here the time for late answers is over at once."""
    screen.copy(b"copied before")
    strategies = X11Strategies(connection, QUIET_S, late_s=0.0)
    field = TextField(screen, "hung")
    target = strategies.screen.target()
    assert target is not None
    process = screen.processes[-1]
    process.send_signal(signal.SIGSTOP)
    assert strategies.insert("lost ", target, Rules()) == held(HoldReason.NOT_READ)
    assert strategies.insert("too early ", target, Rules()) == held(HoldReason.NOT_READ)
    process.send_signal(signal.SIGCONT)
    screen.xdotool("key", "z")
    assert connection.wait(lambda: field.text.endswith("z"), DEADLINE_S)
    assert field.text == "z"
    again = Insertion(InsertionResult.PASTED)
    assert connection.wait(lambda: strategies.insert("next", target, Rules()) == again, DEADLINE_S)
    assert connection.wait(lambda: field.text == "znext", DEADLINE_S)
    strategies.close()
    screen.xdotool("key", "ctrl+v")
    assert connection.wait(lambda: field.text == "znextcopied before", DEADLINE_S)
