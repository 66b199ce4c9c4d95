"""What a person sees while dictating: texts as they come, what may still change, and how it goes.

Texts go to standard output. On a terminal a live part below them shows partials and the state; elsewhere each
change of the state is a line on standard error, so that standard output has texts alone.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from app.capture.backlog import Keeping
from app.capture.microphone import Change, MicrophoneChange
from app.live_text import Line, LiveText, Span
from app.progress import note_of, state_of
from app.states import SHAPES, State
from app.transcript import Segment
from client.events import ClientEvent, Disconnected
from protocol.audio import samples_to_seconds
from protocol.session import Partial
from runtime.terminal import LINES, printable

_REFRESH_S: Final = 0.1
_LOWEST_DBFS: Final = -60.0
_METER: Final = "▁▂▃▄▅▆▇█"
_CHANGES: Final = {
    Change.LOST: "the microphone {device} is gone: another one is looked for, until there is one",
    Change.FELL_BACK: "the microphone is now {device}",
    Change.CAME_BACK: "the microphone {device} is back",
    Change.DROPPED: "this computer was too slow for the microphone {device}",
}
_DISK: Final = {
    Keeping.WRITING: "",
    Keeping.WAITING: "the disk takes nothing: what is said waits in memory, for a minute at most",
    Keeping.FULL: "the disk takes nothing and memory is full: make room",
}


class Heard(Protocol):
    """What the screen asks of a microphone."""

    @property
    def device(self) -> str: ...
    @property
    def level_dbfs(self) -> float: ...


@dataclass(frozen=True)
class View:
    """How it goes at one moment."""

    state: State = State.ARMING
    seconds: float = 0.0
    unsent_s: float = 0.0
    device: str = ""
    level_dbfs: float = _LOWEST_DBFS
    note: str = ""


def meter(level_dbfs: float) -> str:
    """One block, the higher the louder; 0 dBFS is the highest."""
    share = min(1.0, max(0.0, 1 - level_dbfs / _LOWEST_DBFS))
    return _METER[round(share * (len(_METER) - 1))]


def status_line(view: View) -> str:
    """State, time, what is unsent, where the sound comes from, and what else a person would want to know."""
    parts = [f"{SHAPES[view.state]} {view.state} {view.seconds:.0f} s"]
    if round(view.unsent_s):
        parts.append(f"{view.unsent_s:.0f} s unsent")
    if view.device and view.state in (State.ARMING, State.LISTENING, State.SENDING):
        parts.append(f"{meter(view.level_dbfs)} {view.device}")
    if view.note:
        parts.append(view.note)
    return printable(" · ".join(parts))


def last_lines(spans: tuple[Span, ...], console: Console, most: int) -> Text:
    """As much of the end as fits into ``most`` lines of the console; wide characters count twice."""
    text = Text.assemble(*((printable(span.text, LINES), "" if span.stable else "dim") for span in spans))
    lines = text.wrap(console, console.width)
    return Text("\n").join(lines[-most:])


class Screen:
    """A ``pipeline.Watcher`` for dictation. What it shows of others is asked for when it is drawn."""

    def __init__(self, out: Console, err: Console) -> None:
        self.unsent_s: Callable[[], float] = lambda: 0.0
        self.keeping: Callable[[], Keeping] = lambda: Keeping.WRITING
        self.microphone: Heard | None = None
        self._out = out
        self._err = err
        self._text = LiveText()
        self._seconds = 0.0
        self._over = False
        self._finished = False
        self._note = ""
        self._shown = ""
        self._live: Live | None = None

    @contextmanager
    def shown(self) -> Iterator["Screen"]:
        """On the terminal, if there is one, for as long as the context."""
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
        """Draw again and again, until cancelled."""
        while True:
            self.refresh()
            await asyncio.sleep(_REFRESH_S)

    def refresh(self) -> None:
        """Show how it is now."""
        view = self._view()
        if self._live:
            console = self._live.console
            text = last_lines(self._text.spans, console, max(1, console.height - 2))
            line = Text(status_line(view), "bold", no_wrap=True, overflow="ellipsis")
            self._live.update(Group(text, line) if text else line, refresh=True)
            return
        line_of_log = f"{view.state}{f' ({view.note})' if view.note else ''}"
        if line_of_log != self._shown:
            self._shown = line_of_log
            self.tell(line_of_log)

    def tell(self, line: str) -> None:
        """A line that stays, and is no text that was said."""
        console = self._err if self._live is None else self._live.console
        console.print(Text(printable(line), "dim"), soft_wrap=True)

    # -- what is watched -----------------------------------------------------------------------------------

    def listened(self, seconds: float) -> None:
        """So much has been taken in."""
        self._seconds = seconds

    def over(self) -> None:
        """All of it has been taken in."""
        self._over = True
        self.refresh()

    def heard(self, event: ClientEvent) -> None:
        """Partials, and how the client stands with its gateway."""
        if isinstance(event, Partial):
            self._text.partial(event)
        if isinstance(event, Disconnected):  # without the seconds, so that hours without a gateway are one line
            self._note = f"{event.reason}; it is tried again and again"
        elif (note := note_of(event)) is not None:
            self._note = note

    def recognised(self, segment: Segment) -> None:
        """Write what can be written now."""
        self._note = ""
        lines = self._text.ended(segment)
        self.refresh()  # first, so that no partial is seen below its text
        for line in lines:
            self._write(line)

    def changed(self, change: MicrophoneChange) -> None:
        """Tell of the microphone."""
        lost_s = samples_to_seconds(change.lost_samples)
        lost = f"; {lost_s:.1f} s were not heard" if change.lost_samples else ""
        self.tell(_CHANGES[change.change].format(device=change.device) + lost)

    def finished(self) -> None:
        """Everything has ended."""
        self._finished = True
        self.refresh()

    def _view(self) -> View:
        unsent_s, microphone = self.unsent_s(), self.microphone
        state = state_of(self._over, unsent_s, self._finished)
        if state is State.LISTENING and not self._seconds:
            state = State.ARMING
        note = "" if self._finished else _DISK[self.keeping()] or self._note
        if microphone is None:
            return View(state, self._seconds, unsent_s, note=note)
        return View(state, self._seconds, unsent_s, microphone.device, microphone.level_dbfs, note)

    def _write(self, line: Line) -> None:
        if self._out.is_terminal:
            self._out.print(Text(printable(line.text, LINES), "red" if line.failed else ""), soft_wrap=True)
        elif line.failed:
            self.tell(line.text)
        else:  # exactly: it is no terminal that would obey it
            self._out.file.write(f"{line.text}\n")
            self._out.file.flush()
