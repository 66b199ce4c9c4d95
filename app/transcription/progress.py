"""Show a transcription's progress on standard error: a live line on a terminal, otherwise a line per change."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.status import Status
from rich.text import Text

from app.core.sentences import Sentences
from app.core.states import State
from app.core.transcript import TranscriptSegment
from app.transcription.pipeline import RecordingObserver
from client.events import ClientEvent, Connected, Disconnected, Retrying
from protocol.session import Busy
from runtime.terminal import printable

_BACKLOG_S = 10.0
_ENGLISH: Final = Sentences()
_READING: Final = "Reading"  # a file is read, not listened to
_BUSY = {
    "no_worker": "no worker is ready yet",
    "load": "this takes a while",
    "broker": "the gateway's broker is away; `kikipounamu doctor` looks for the cause",
}


def state_of(unsent_s: float, *, over: bool, finished: bool) -> State:
    """Return the state of a transcription.

    ``over``: all audio has been processed. While audio still arrives, only a backlog counts as sending.
    """
    if finished:
        return State.DONE
    if unsent_s > (0.0 if over else _BACKLOG_S):
        return State.SENDING
    return State.WAITING if over else State.LISTENING


def note_of(event: ClientEvent) -> str | None:
    """Return a note about an event: empty if the previous note no longer applies, ``None`` if nothing changes.

    Every connection attempt gives the same note. The reason of the failure is reported once, by the final error.
    """
    match event:
        case Connected():
            return ""
        case Disconnected():
            return AWAY
        case Busy(reason):
            return _BUSY[reason]
        case Retrying(segment, attempt, code):
            return f"segment {segment} failed ({code}): attempt {attempt + 1}"
    return None


AWAY: Final = "the gateway does not answer: trying again, and nothing is lost"


class ProgressDisplay(RecordingObserver):
    """A view of the progress with a file. ``said`` receives each result."""

    def __init__(
        self, console: Console, name: str, said: Callable[[TranscriptSegment], None] = lambda segment: None
    ) -> None:
        self.unsent_s: Callable[[], float] = lambda: 0.0
        self._console = console
        self._status: Status | None = None
        self._name = printable(name)
        self._said = said
        self._listened = 0.0
        self._recognised = 0
        self._over = False
        self._note = ""
        self._retry = ""
        self._printed = "", ""
        self._shown = ""
        self._end = _ENGLISH(State.DONE.key)

    @contextmanager
    def shown(self) -> Iterator["ProgressDisplay"]:
        """Show the progress within the context.

        Ends with "Done" unless an error was raised.
        """
        if self._console.is_terminal:
            self._status = self._console.status(self._name)
            self._status.start()
        try:
            yield self
            self._show(finished=True)
        finally:
            if self._status:
                self._status.stop()

    def processed(self, seconds: float) -> None:
        """Show how many seconds of audio have been processed."""
        self._listened = seconds
        self._show()

    def audio_ended(self) -> None:
        """Show that all audio has been processed."""
        self._over = True
        self._show()

    def received(self, event: ClientEvent) -> None:
        """Show what the event means for the user."""
        note = note_of(event)
        self._note = self._note if note is None else note
        if isinstance(event, Connected | Disconnected):
            self._retry = _retry(event) if isinstance(event, Disconnected) else ""
        self._show()

    def truncated(self) -> None:
        """Show at the end that the recording breaks off."""
        self._end = "breaks off"

    def recognised(self, segment: TranscriptSegment) -> None:
        """Count a result and pass it to ``said``."""
        self._recognised += 1
        self._note = self._retry = ""
        self._said(segment)
        self._show()

    def _show(self, *, finished: bool = False) -> None:
        now = state_of(self.unsent_s(), over=self._over, finished=finished)
        state = self._end if finished else _READING if now is State.LISTENING else _ENGLISH(now.key)
        counted = f"{self._name}: {state}, {self._listened:.0f} s heard, {_segments(self._recognised)} recognised"
        note = f" ({self._note})" if self._note and not finished else ""
        if self._status:
            self._status.update(Text(f"{counted}{note}{self._retry}"))
        if (self._status and not finished) or (state, note) == self._printed:
            return
        new = "" if note == self._printed[1] else note  # printed once, even if the state changes
        line = counted if finished else f"{self._name}: {state}{new}"
        self._printed = state, note
        if line != self._shown:
            self._shown = line
            self._console.print(Text(line), soft_wrap=True)


def _retry(event: Disconnected) -> str:
    return f" ({event.reason}; next try in {event.retry_in_s:.1f} s)"


def _segments(count: int) -> str:
    return "1 segment" if count == 1 else f"{count} segments"
