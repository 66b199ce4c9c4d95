"""What a person sees of a transcription."""

import io

import pytest
from rich.console import Console

from app.progress import Display, state_of
from app.states import State
from app.transcript import Segment
from client.events import Connected, Disconnected, Retrying
from protocol.errors import ErrorCode
from protocol.session import Busy


@pytest.mark.parametrize(
    ("over", "unsent_s", "finished", "state"),
    [
        (False, 0.0, False, State.LISTENING),
        (False, 9.9, False, State.LISTENING),
        (False, 10.1, False, State.SENDING),
        (True, 0.1, False, State.SENDING),
        (True, 0.0, False, State.WAITING),
        (True, 5.0, True, State.DONE),
    ],
)
def test_states(over: bool, unsent_s: float, finished: bool, state: State) -> None:
    assert state_of(over, unsent_s, finished) is state


def console(terminal: bool) -> tuple[Console, io.StringIO]:
    out = io.StringIO()
    return Console(file=out, force_terminal=terminal, width=200, highlight=False), out


def test_without_a_terminal_each_change_is_one_line() -> None:
    screen, out = console(terminal=False)
    said: list[Segment] = []
    with Display(screen, "a[b].wav", said.append).shown() as display:
        display.listened(1.0)
        display.listened(2.0)
        display.unsent_s = lambda: 11.0
        display.listened(3.0)
        display.unsent_s = lambda: 0.0
        display.over()
        display.recognised(Segment(0, 0, 10, "x"))
    assert out.getvalue().splitlines() == [
        "a[b].wav: listening",
        "a[b].wav: sending",
        "a[b].wav: waiting",
        "a[b].wav: done, 3 s heard, 1 segment recognised",
    ]
    assert said == [Segment(0, 0, 10, "x")]


def test_what_goes_wrong_is_shown_until_it_is_right_again() -> None:
    screen, out = console(terminal=False)
    with Display(screen, "a").shown() as display:
        display.heard(Disconnected("the gateway is away", 2.0))
        display.heard(Connected("g", True))
        display.heard(Busy("no_worker"))
        display.heard(Retrying(3, 1, ErrorCode.ENGINE_DIED))
        display.recognised(Segment(0, 0, 10, "x"))
    assert out.getvalue().splitlines()[:5] == [
        "a: listening (the gateway is away; next try in 2.0 s)",
        "a: listening",
        "a: listening (no worker is ready yet)",
        "a: listening (segment 3 failed (engine_died): attempt 2)",
        "a: listening",
    ]


def test_a_failure_does_not_say_done() -> None:
    screen, out = console(terminal=False)
    with pytest.raises(RuntimeError), Display(screen, "a").shown():
        raise RuntimeError
    assert "done" not in out.getvalue()


def test_on_a_terminal_there_is_a_live_line_and_a_last_one() -> None:
    screen, out = console(terminal=True)
    with Display(screen, "a[b].wav").shown() as display:
        display.listened(2.0)
    lines = out.getvalue()
    assert "a[b].wav: done, 2 s heard, 0 segments recognised" in lines
