"""Insertion by one thread. ``tests/end_to_end/test_insertion.py`` has whole insertions."""

import signal
import threading
from collections.abc import Callable

import pytest

from app.insertion.helper.frames import LateKey
from app.insertion.outcome import HoldReason, Insertion, InsertionResult, held_insertion
from app.insertion.paste_watch import QUIET_S
from app.insertion.plan import SHIFT_INSERT, Rules
from app.insertion.x11.inserter import X11Strategies
from app.x11.connection import X11Connection
from tests.helpers.desktop import PATIENT_S, Desktop, TextField
from tests.helpers.waiting import wait_until_sync

_LOOK_AGAIN_S = 0.02


def serve_until(connection: X11Connection, predicate: Callable[[], bool]) -> None:
    """Answer requests until ``predicate`` holds, even if no event of X arrives."""
    wait_until_sync(lambda: connection.wait(predicate, _LOOK_AGAIN_S), "it is so")


def test_target_process_is_reported_before_keys_are_pressed(screen: Desktop, connection: X11Connection) -> None:
    strategies = X11Strategies(connection, PATIENT_S)
    pressing: list[int] = []
    strategies.screen.pressing = pressing.append
    field = TextField(screen, "told before")
    target = strategies.screen.target()
    assert target is not None
    assert strategies.insert("text", target, Rules()) == Insertion(InsertionResult.PASTED)
    assert pressing == [target.process]
    serve_until(connection, lambda: field.text == "text")
    TextField(screen, "another one")
    assert strategies.insert("text", target, Rules()) == held_insertion(HoldReason.FOCUS_MOVED)
    assert pressing == [target.process]
    strategies.close()


def test_next_text_waits_until_last_target_has_handled_its_key(
    screen: Desktop, connection: X11Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No fixed time is enough: a busy target may need longer between two requests for one paste."""
    monkeypatch.setattr("app.insertion.x11.inserter._LAST_S", PATIENT_S)
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
    serve_until(connection, lambda: field.text == text)
    strategies.close()


def test_text_is_typed_when_another_program_takes_the_clipboard_before_the_key(
    screen: Desktop, connection: X11Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    strategies = X11Strategies(connection, PATIENT_S)
    monkeypatch.setattr(strategies.clipboard, "offers", lambda: False)
    field = TextField(screen, "taken")
    target = strategies.screen.target()
    assert target is not None
    composing = Rules(input_method=True)
    assert strategies.insert("text", target, composing) == held_insertion(HoldReason.CLIPBOARD_BUSY)
    assert strategies.insert("text", target, Rules()) == Insertion(InsertionResult.TYPED)
    serve_until(connection, lambda: field.text == "text")
    assert field.pastes == []
    strategies.close()


def test_text_is_pasted_if_no_layout_has_the_letter_of_the_paste_key(
    screen: Desktop, connection: X11Connection
) -> None:
    field = TextField(screen, "russian")
    screen.start("setxkbmap", "ru").wait(30)
    try:
        strategies = X11Strategies(connection, PATIENT_S)
        target = strategies.screen.target()
        assert target is not None
        serve_until(connection, lambda: strategies._keys(target) == SHIFT_INSERT)  # it has the new layout
        assert strategies.insert("Привет", target, Rules()) == Insertion(InsertionResult.PASTED)
        serve_until(connection, lambda: field.text == "Привет")
        strategies.close()
    finally:
        screen.start("setxkbmap", "us").wait(30)


def test_hung_target_never_pastes_the_old_copy_for_our_key(screen: Desktop, connection: X11Connection) -> None:
    """No fixed time is enough: it may hang for longer. Here the time for late answers is over at once."""
    screen.copy(b"copied before")
    strategies = X11Strategies(connection, QUIET_S, late_s=0.0)
    field = TextField(screen, "hung")
    target = strategies.screen.target()
    assert target is not None
    process = screen.processes[-1]
    process.send_signal(signal.SIGSTOP)
    assert strategies.insert("lost ", target, Rules()) == held_insertion(HoldReason.NOT_READ)
    assert strategies.insert("too early ", target, Rules()) == held_insertion(HoldReason.NOT_READ)
    process.send_signal(signal.SIGCONT)
    screen.xdotool("key", "z")
    serve_until(connection, lambda: field.text.endswith("z"))
    assert field.text == "z"
    again = Insertion(InsertionResult.PASTED)
    serve_until(connection, lambda: strategies.insert("next", target, Rules()) == again)
    serve_until(connection, lambda: field.text == "znext")
    strategies.close()
    screen.xdotool("key", "ctrl+v")
    serve_until(connection, lambda: field.text == "znextcopied before")


def test_hung_target_of_a_killed_helper_gets_no_second_key(screen: Desktop, connection: X11Connection) -> None:
    strategies = X11Strategies(connection, QUIET_S, late_s=0.0)
    pressing: list[int] = []
    strategies.screen.pressing = pressing.append
    field = TextField(screen, "still hung")
    target = strategies.screen.target()
    assert target is not None
    process = screen.processes[-1]
    process.send_signal(signal.SIGSTOP)
    strategies.recover([LateKey(target.process, target.window)])
    assert strategies.insert("too early ", target, Rules()) == held_insertion(HoldReason.NOT_READ)
    assert pressing == []
    process.send_signal(signal.SIGCONT)
    again = Insertion(InsertionResult.PASTED)
    serve_until(connection, lambda: strategies.insert("next", target, Rules()) == again)
    serve_until(connection, lambda: field.text == "next")
    strategies.close()
