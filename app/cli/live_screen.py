"""Show dictation on the terminal: texts as they arrive, partials, and the state.

Texts go to standard output. On a terminal, a live area below them shows partials and the state. Without one, each
change of state is a line on standard error, so that standard output contains only texts.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from app.capture.microphone import MicrophoneChange, MicrophoneChangeKind
from app.core.live_text import LiveText, TextLine, TextSpan
from app.core.sentences import Sentences, TextLookup
from app.core.states import LOWEST_DBFS, SHAPES, State
from app.core.transcript import TranscriptSegment
from app.journal.backlog import DiskState
from app.transcription.listening import MOST_SEGMENTS, DictationObserver, MicrophoneStatus
from app.transcription.progress import note_of, state_of
from client.events import ClientEvent, Disconnected
from protocol.audio import samples_to_seconds
from protocol.session import Partial
from runtime.terminal import LINES, printable, reason

_ENGLISH: Final = Sentences()
_REFRESH_S: Final = 0.1
_METER: Final = "▁▂▃▄▅▆▇█"
_CHANGES: Final = {
    MicrophoneChangeKind.LOST: "the microphone {device} was disconnected: waiting for another one",
    MicrophoneChangeKind.FELL_BACK: "the microphone is now {device}",
    MicrophoneChangeKind.CAME_BACK: "the microphone {device} is back",
    MicrophoneChangeKind.DROPPED: "this computer was too slow for the microphone {device}",
    MicrophoneChangeKind.SILENT: "no sound arrives from the microphone {device}: check whether it is muted",
    MicrophoneChangeKind.HEARD: "sound arrives from the microphone {device} again",
}
_DISK: Final = {
    DiskState.WRITING: "",
    DiskState.WAITING: "the disk takes nothing: what is said waits in memory, for a minute at most",
    DiskState.READ_ONLY: "the disk is read-only or gone: stop within a minute, check it; what is said is not kept",
    DiskState.FULL: "the disk takes nothing and memory is full: make room",
}


@dataclass(frozen=True)
class ScreenView:
    """The displayed values at one moment."""

    state: State = State.ARMING
    seconds: float = 0.0
    unsent_s: float = 0.0
    device: str = ""
    level_dbfs: float = LOWEST_DBFS
    note: str = ""


def meter(level_dbfs: float) -> str:
    """Return one block character, taller for louder sound; 0 dBFS is the tallest."""
    share = min(1.0, max(0.0, 1 - level_dbfs / LOWEST_DBFS))
    return _METER[round(share * (len(_METER) - 1))]


def status_line(view: ScreenView, words: TextLookup) -> str:
    """Return a line with state, time, unsent audio, microphone and note, in the language of the windows."""
    parts = [f"{SHAPES[view.state]} {words(view.state.key)} {view.seconds:.0f} s"]
    if round(view.unsent_s):
        parts.append(words("overlay.unsent", seconds=f"{view.unsent_s:.0f}"))
    if view.device and view.state in (State.ARMING, State.LISTENING, State.SENDING):
        parts.append(f"{meter(view.level_dbfs)} {view.device}")
    if view.note:
        parts.append(view.note)
    return printable(" · ".join(parts))


def last_lines(spans: tuple[TextSpan, ...], console: Console, most: int) -> Text:
    """Return the end of the text that fits into ``most`` lines of the console; wide characters take two cells."""
    text = Text.assemble(*((printable(span.text, LINES), "" if span.stable else "dim") for span in spans))
    lines = text.wrap(console, console.width)
    return Text("\n").join(lines[-most:])


class LiveScreen(DictationObserver):
    """The screen of a dictation in a terminal.

    Each redraw reads the values of other components. ``refused``: why a text could not be written; empty if all
    were. ``stop`` ends the recording.
    """

    def __init__(self, out: Console, err: Console, words: TextLookup = _ENGLISH) -> None:
        self._words = words
        self.unsent_s: Callable[[], float] = lambda: 0.0
        self.disk_state: Callable[[], DiskState] = lambda: DiskState.WRITING
        self.microphone: MicrophoneStatus | None = None
        self._out = out
        self._err = err
        self._text = LiveText()
        self._seconds = 0.0
        self._over = False
        self._finished = False
        self._note = ""
        self._last_state = ""
        self._live: Live | None = None
        self.refused = ""
        self.stop: Callable[[], None] = lambda: None

    @contextmanager
    def shown(self) -> Iterator["LiveScreen"]:
        """Show the live area within the context, if standard output or standard error is a terminal."""
        console = self._out if self._out.is_terminal else self._err
        if console.is_terminal and not console.is_dumb_terminal:
            self._live = Live(
                console=console,
                auto_refresh=False,
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._live.start()
        try:
            yield self
        finally:
            if self._live:
                self._live.update("", refresh=True)
                self._live.stop()
                self._live = None

    async def refreshing(self) -> None:
        """Redraw periodically until cancelled."""
        while True:
            self.refresh()
            await asyncio.sleep(_REFRESH_S)

    def refresh(self) -> None:
        """Redraw the current state."""
        view = self._view()
        if self._live:
            console = self._live.console
            text = last_lines(self._text.spans, console, max(1, console.height - 2))
            line = Text(status_line(view, self._words), "bold", no_wrap=True, overflow="ellipsis")
            self._live.update(Group(text, line) if text else line, refresh=True)
            return
        word = self._words(view.state.key)
        state_line = f"{word} ({view.note})" if view.note else word
        if state_line != self._last_state:
            self._last_state = state_line
            self.print_line(state_line)

    def print_line(self, line: str) -> None:
        """Print a lasting line that is not dictated text."""
        console = self._err if self._live is None else self._live.console
        console.print(Text(printable(line), "dim"), soft_wrap=True)

    # -- observed events -----------------------------------------------------------------------------------

    def began(self, segment: int) -> None:
        """End the recording before its session has too many segments."""
        if segment == MOST_SEGMENTS:
            self.print_line("the recording has reached its maximum length and stops: start another one")
            self.stop()

    def processed(self, seconds: float) -> None:
        """Record how many seconds of audio have been processed."""
        self._seconds = seconds

    def audio_ended(self) -> None:
        """Record that all audio has been processed."""
        self._over = True
        self.refresh()

    def received(self, event: ClientEvent) -> None:
        """Process partials and changes of the connection to the gateway."""
        if isinstance(event, Partial):
            self._text.partial(event)
        if isinstance(event, Disconnected):  # without the seconds, so that a long outage stays one line
            self._note = f"{event.reason}; retrying"
        elif (note := note_of(event)) is not None:
            self._note = note

    def recognised(self, segment: TranscriptSegment) -> None:
        """Write the texts that are ready to be written."""
        self._note = ""
        lines = self._text.add_result(segment)
        self.refresh()  # first remove the partial, so that it is not shown below its text
        for line in lines:
            self._write(line)

    def changed(self, change: MicrophoneChange) -> None:
        """Report a change of the microphone."""
        lost_s = samples_to_seconds(change.lost_samples)
        lost = f"; {lost_s:.1f} s were not heard" if change.lost_samples else ""
        self.print_line(_CHANGES[change.change].format(device=change.device) + lost)

    def finished(self) -> None:
        """Record that everything has ended."""
        self._finished = True
        self.refresh()

    def _view(self) -> ScreenView:
        unsent_s, microphone = self.unsent_s(), self.microphone
        state = state_of(unsent_s, over=self._over, finished=self._finished)
        if state is State.LISTENING and not self._seconds:
            state = State.ARMING
        note = "" if self._finished else _DISK[self.disk_state()] or self._note
        if microphone is None:
            return ScreenView(state, self._seconds, unsent_s, note=note)
        return ScreenView(state, self._seconds, unsent_s, microphone.device, microphone.level_dbfs, note)

    def _write(self, line: TextLine) -> None:
        """Write a text. If that fails, report it once; the recording continues and stores the text."""
        try:
            self._print_text(line)
        except OSError as error:
            if not self.refused:
                self.refused = f"texts cannot be written to standard output: {reason(error)}"
                self.print_line(f"{self.refused}; recording goes on, and keeps them")

    def _print_text(self, line: TextLine) -> None:
        if self._out.is_terminal:
            self._out.print(Text(printable(line.text, LINES), "red" if line.failed else ""), soft_wrap=True)
        elif line.failed:
            self.print_line(line.text)
        else:  # unescaped, because no terminal interprets it
            self._out.file.write(f"{line.text}\n")
            self._out.file.flush()
