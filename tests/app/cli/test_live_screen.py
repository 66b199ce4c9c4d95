"""Tests of how dictation is shown with and without a terminal."""

import errno
import io

import pytest
from rich.console import Console

from app.capture.microphone import MicrophoneChange, MicrophoneChangeKind
from app.cli.live_screen import LiveScreen, ScreenView, last_lines, meter, status_line
from app.core.live_text import TextSpan
from app.core.sentences import Sentences
from app.core.states import State
from app.core.transcript import TranscriptSegment
from app.journal.backlog import DiskState
from client.events import Connected, Disconnected
from protocol.session import Partial


class Desk:
    device = "desk"
    level_dbfs = -20.0


def console(*, terminal: bool, width: int = 60) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, width=width, height=8, highlight=False)


def written(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def segment(number: int, text: str = "", error: str = "") -> TranscriptSegment:
    return TranscriptSegment(number, 0, 900, text=text, error=error)


@pytest.mark.parametrize(
    ("view", "line"),
    [
        (ScreenView(), "○ Getting ready 0 s"),
        (ScreenView(State.LISTENING, 61.2, 0.4, "desk", 0.0), "● Listening 61 s · █ desk"),
        (ScreenView(State.SENDING, 9, 7, "desk", -99, "why"), "▲ Sending 9 s · 7 s not sent · ▁ desk · why"),
        (ScreenView(State.WAITING, 9, 0, "desk", -9), "◆ Recognising 9 s"),
        (ScreenView(State.DONE, 9), "✓ Done 9 s"),
    ],
)
def test_status_line_shows_state_and_values(view: ScreenView, line: str) -> None:
    assert status_line(view, Sentences()) == line


def test_meter_rises_with_level() -> None:
    assert "".join(meter(level) for level in range(-70, 10, 10)) == "▁▁▂▃▅▆▇█"


def test_last_lines_show_end_of_long_text() -> None:
    spans = (TextSpan("我们今天" * 20, True), TextSpan(" and then", False))
    lines = last_lines(spans, console(terminal=True, width=20), 3).plain.split("\n")
    assert len(lines) == 3
    assert lines[-1].endswith("and then")
    assert max(len(line.encode("gbk")) for line in lines) <= 20  # GBK has two bytes per wide character


def test_standard_output_has_only_texts_without_terminal() -> None:
    out, err = console(terminal=False), console(terminal=False, width=20)
    screen = LiveScreen(out, err, Sentences())
    screen.microphone = Desk()
    with screen.shown():
        screen.refresh()
        screen.processed(1.0)
        screen.received(Partial(0, 1, "first w", 5))
        screen.refresh()
        screen.recognised(segment(1, "[second] is long enough to be wrapped"))
        screen.recognised(segment(0, "first"))
        screen.recognised(segment(2, error="it died"))
        for pause_s in (2.0, 9.0):
            screen.received(Disconnected("nobody answers", pause_s))
            screen.refresh()
        screen.received(Connected("g", True))
        screen.audio_ended()
        screen.finished()
    assert written(out) == "first\n[second] is long enough to be wrapped\n"
    assert written(err).splitlines() == [
        "Getting ready",
        "Listening",
        "[no text: it died]",
        "Listening (nobody answers; retrying)",
        "Recognising",
        "Done",
    ]


def test_screen_shows_partials_and_state_on_terminal() -> None:
    out, err = console(terminal=True), console(terminal=True)
    screen = LiveScreen(out, err, Sentences())
    screen.microphone = Desk()
    screen.unsent_s = lambda: 3.0
    with screen.shown():
        screen.processed(2.0)
        screen.received(Partial(0, 1, "hel wor", 3))
        screen.refresh()
        screen.recognised(segment(0, "hello world"))
        screen.recognised(segment(1, error="it died"))
    shown = written(out)
    assert "hel" in shown
    assert "\x1b[2m wor" in shown  # text that may still change is dim
    assert "● Listening 2 s · 3 s not sent · ▆ desk" in shown
    assert "hello world\n" in shown
    assert "[no text: it died]" in shown
    assert written(err) == ""


def test_screen_reports_microphone_and_disk_problems() -> None:
    err = console(terminal=False, width=200)
    screen = LiveScreen(console(terminal=False), err, Sentences())
    screen.changed(MicrophoneChange(MicrophoneChangeKind.LOST, "usb", 16_000))
    screen.changed(MicrophoneChange(MicrophoneChangeKind.FELL_BACK, "desk", 16_000, 8_000))
    screen.changed(MicrophoneChange(MicrophoneChangeKind.SILENT, "desk", 16_000))
    screen.changed(MicrophoneChange(MicrophoneChangeKind.HEARD, "desk", 16_000))
    screen.disk_state = lambda: DiskState.WAITING
    screen.refresh()
    lost, now, silent, heard, disk = written(err).splitlines()
    assert "usb was disconnected" in lost
    assert "desk" in now and "0.5 s were not heard" in now
    assert "check whether it is muted" in silent
    assert "sound arrives" in heard
    assert "the disk takes nothing" in disk


@pytest.mark.parametrize("terminal", [False, True])
def test_screen_continues_when_output_refuses_texts(terminal: bool) -> None:
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    out = Console(file=Full(), force_terminal=terminal, width=60)
    err = console(terminal=False)
    screen = LiveScreen(out, err)
    screen.recognised(segment(0, "one"))
    screen.recognised(segment(1, "two"))
    assert screen.refused.endswith("standard output: No space left on device")
    assert written(err).count("recording goes on") == 1
