"""Tests of how a transcription's progress is shown to the user."""

import io

import pytest

from app.core.console import Console
from app.core.states import State
from app.core.transcript import TranscriptSegment
from app.transcription.progress import ProgressDisplay, state_of
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
def test_state_of_follows_audio_and_backlog(over: bool, unsent_s: float, finished: bool, state: State) -> None:
    assert state_of(unsent_s, over=over, finished=finished) is state


def console(terminal: bool) -> tuple[Console, io.StringIO]:
    out = io.StringIO()
    return Console(file=out, force_terminal=terminal, width=200), out


def test_display_prints_line_per_change_without_terminal() -> None:
    screen, out = console(terminal=False)
    said: list[TranscriptSegment] = []
    with ProgressDisplay(screen, "a[b].wav", said.append).shown() as display:
        display.processed(1.0)
        display.processed(2.0)
        display.unsent_s = lambda: 11.0
        display.processed(3.0)
        display.unsent_s = lambda: 0.0
        display.audio_ended()
        display.recognised(TranscriptSegment(0, 0, 10, "x"))
    assert out.getvalue().splitlines() == [
        "a[b].wav: Reading",
        "a[b].wav: Sending",
        "a[b].wav: Recognising",
        "a[b].wav: Done, 3 s heard, 1 segment recognised",
    ]
    assert said == [TranscriptSegment(0, 0, 10, "x")]


def test_display_shows_problem_until_it_is_solved() -> None:
    screen, out = console(terminal=False)
    with ProgressDisplay(screen, "a").shown() as display:
        for retry_in_s in (0.5, 1.0, 2.0):
            display.received(Disconnected("nothing listens there", retry_in_s))
        display.audio_ended()  # a change of state does not repeat the note
        display.received(Connected("g", True))
        display.received(Busy("no_worker"))
        display.received(Retrying(3, 1, ErrorCode.ENGINE_DIED))
        display.recognised(TranscriptSegment(0, 0, 10, "x"))
    assert out.getvalue().splitlines()[:4] == [
        "a: Reading (the gateway does not answer: trying again, and nothing is lost)",
        "a: Recognising",
        "a: Recognising (no worker is ready yet)",
        "a: Recognising (segment 3 failed (engine_died): attempt 2)",
    ]


def test_display_reports_truncated_recording() -> None:
    screen, out = console(terminal=False)
    with ProgressDisplay(screen, "a").shown() as display:
        display.truncated()
    assert out.getvalue() == "a: breaks off, 0 s heard, 0 segments recognised\n"


def test_display_updates_a_dead_gateway_in_place_on_a_terminal() -> None:
    screen, out = console(terminal=True)
    with pytest.raises(RuntimeError), ProgressDisplay(screen, "a").shown() as display:
        for retry_in_s in (0.5, 1.0, 2.0):
            display.received(Disconnected("nothing listens\x1b[2J there", retry_in_s))
        raise RuntimeError
    assert out.getvalue().count("\n") <= 1 and "listens\x1b[2J there" not in out.getvalue()


def test_display_does_not_print_done_after_failure() -> None:
    screen, out = console(terminal=False)
    with pytest.raises(RuntimeError), ProgressDisplay(screen, "a").shown():
        raise RuntimeError
    assert "Done" not in out.getvalue()


def test_display_ends_with_final_line_on_terminal() -> None:
    screen, out = console(terminal=True)
    with ProgressDisplay(screen, "a[b].wav").shown() as display:
        display.processed(2.0)
    lines = out.getvalue()
    assert "a[b].wav: Done, 2 s heard, 0 segments recognised" in lines
