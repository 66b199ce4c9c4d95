"""The state of a take, computed from its events. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from app.core.transcript import RecordingTranscript
from app.core.transcript import TranscriptSegment as Recognised
from app.journal.damage import Fault
from app.journal.events import (
    Begin,
    Cancelled,
    Dismissed,
    Edited,
    End,
    Event,
    Finished,
    Inserted,
    Inserting,
    Mended,
    Opened,
    Recut,
    Replaced,
    Reran,
    Wanted,
    started_s,
)
from client.events import Outcome
from protocol.audio import samples_to_ms
from protocol.recognition import Options
from protocol.session import PLAIN, Failed, Final, Queued, SegmentDetails, details_of


class TakeState(StrEnum):
    """The state of a take. Only the last four mean that all its speech was recognised."""

    LIVE = "live"  # a process works on it
    INTERRUPTED = "interrupted"  # its recording ended in a crash
    DAMAGED = "damaged"  # the take cannot be read completely
    WAITING = "waiting"  # segments have no result yet
    FAILED = "failed"  # every segment has a result, but not every one a text
    CANCELLED = "cancelled"  # cancelled by the user; its texts are for the history
    HELD = "held"  # a text was not inserted, or possibly not
    DONE = "done"
    EMPTY = "empty"


TRANSCRIBED = frozenset({TakeState.CANCELLED, TakeState.HELD, TakeState.DONE, TakeState.EMPTY})


@dataclass
class TakeSegment:
    """The state of one segment. ``samples`` is ``None`` until it ends.

    ``details``: as they were when it began. ``replaced``: its text after replacement rules. ``recut``: its
    audio was cut again under other numbers.
    """

    at: int
    details: SegmentDetails = PLAIN
    samples: int | None = None
    outcome: Outcome | None = None
    replaced: str | None = None
    cancelled: bool = False
    queued: bool = False
    inserting: bool = False
    inserted: bool = False
    dismissed: bool = False
    recut: bool = False

    @property
    def open(self) -> bool:
        """True if insertion began and its success is unknown."""
        return self.inserting and not self.inserted and not self.dismissed

    @property
    def settled(self) -> bool:
        """True if nothing is left to do: the segment has a text or was cancelled."""
        return self.cancelled or isinstance(self.outcome, Final)

    @property
    def text(self) -> str:
        """The text of the segment; empty if it was cancelled."""
        return "" if self.cancelled else self.says

    @property
    def says(self) -> str:
        """The recognised text after replacement rules."""
        return self.recognised if self.replaced is None else self.replaced

    @property
    def recognised(self) -> str:
        """The recognised text before replacement rules."""
        return self.outcome.text.strip() if isinstance(self.outcome, Final) else ""


@dataclass
class Take:
    """The state of a take, folded from its events.

    ``wanted``: texts are to be inserted. ``cancelled``: the user cancelled the take. ``edited``: the user's
    text, if edited. ``runs``: results of recognising it again. ``heard``: samples, as stated at the end of the
    journal. ``line_faults`` end with ``Mended``, ``file_faults`` do not. ``faults_found``: faults in lines,
    mended ones included. ``doubtful``: segments whose boundaries contradict others. ``lost``: lines missing
    after the last ``Begin``. ``following``: the number of the next line.
    """

    options: Options = Options()
    started_s: float = 0.0
    mode: str = ""
    finished: bool = False
    wanted: bool = False
    cancelled: bool = False
    edited: str = ""
    runs: list[Reran] = field(default_factory=list)
    segments: dict[int, TakeSegment] = field(default_factory=dict)
    heard: int = 0
    opened: bool = field(default=False, compare=False)
    line_faults: list[Fault] = field(default_factory=list, compare=False)
    file_faults: list[Fault] = field(default_factory=list, compare=False)
    faults_found: int = field(default=0, compare=False)
    doubtful: set[int] = field(default_factory=set)
    lost: int = field(default=0, compare=False)
    following: int = field(default=0, compare=False)

    @classmethod
    def of(cls, events: Iterable[Event]) -> "Take":
        """Return the take described by these events."""
        take = cls()
        for event in events:
            take.apply(event)
        return take

    def apply(self, event: Event) -> None:
        """Apply one event. Events of a segment without a known beginning are ignored."""
        match event:
            case Opened():
                self.options, self.started_s, self.mode = event.options, started_s(event), event.mode
                self.opened = True
            case Wanted():
                self.wanted = event.inserted
                self.cancelled = self.cancelled or event.cancelled
            case Edited():
                self.edited = event.text
            case Reran():
                self.runs.append(event)
            case Finished():
                self.finished, self.heard = True, max(self.heard, event.samples)
            case Mended():
                self.heard = max(self.heard, event.samples)
                self.line_faults, self.doubtful = [], set()
            case Begin():
                self.segments.setdefault(event.segment, TakeSegment(event.at, details_of(event)))
            case _ if spoken := self.segments.get(event.segment):
                _apply(event, spoken)

    def state(self, samples: int, live: bool = False) -> TakeState:
        """Return the state of the take, given its samples of audio on disk."""
        spoken = self.segments.values()
        if live:
            return TakeState.LIVE
        if self.damage:
            return TakeState.DAMAGED
        if not self.finished:
            return TakeState.INTERRUPTED if samples or spoken else TakeState.EMPTY
        if any(segment.outcome is None and not segment.cancelled for segment in spoken):
            return TakeState.WAITING
        if any(not segment.settled for segment in spoken):
            return TakeState.FAILED
        if self.cancelled:
            return TakeState.CANCELLED
        if not self.edited and (self.held or any(segment.open for segment in spoken)):
            return TakeState.HELD
        return TakeState.DONE if spoken else TakeState.EMPTY

    @property
    def damage(self) -> tuple[Fault, ...]:
        """Faults on disk that have not been mended."""
        return (*self.line_faults, *self.file_faults)

    @property
    def spoken_until(self) -> int:
        """Samples that must exist, according to all segments whose boundaries are certain."""
        certain = (
            each for number, each in self.segments.items() if number not in self.doubtful and not each.recut
        )
        return max((each.at + (each.samples or 0) for each in certain), default=0)

    @property
    def held(self) -> tuple[int, ...]:
        """Segments whose texts are to be inserted and may not have arrived.

        Empty for an edited take: its text is used from the history.
        """
        spoken = sorted(self.segments.items()) if self.wanted and not self.edited else ()
        over = (number for number, segment in spoken if segment.inserted or segment.dismissed)
        return tuple(sorted({number for number, segment in spoken if segment.text} - set(over)))

    @property
    def inserted(self) -> bool:
        """True if at least one of its texts was inserted."""
        return any(segment.inserted for segment in self.segments.values())

    def says(self, final: Final) -> str:
        """Return the current text of the segment of ``final``: its first text, after replacement rules."""
        spoken = self.segments.get(final.segment)
        return spoken.says if spoken and isinstance(spoken.outcome, Final) else final.text.strip()

    def transcript(self, samples: int) -> RecordingTranscript:
        """Return everything recognised so far, of a take of ``samples``."""
        in_order = sorted(self.segments.items(), key=lambda each: (each[1].at, each[0]))
        wanted = [number for number, spoken in in_order if not spoken.cancelled]
        return RecordingTranscript(
            tuple(self.recognised(number, samples) for number in wanted), samples_to_ms(samples)
        )

    def recognised(self, number: int, samples: int) -> Recognised:
        """Return the result of one segment, of a take of ``samples``."""
        spoken = self.segments[number]
        end = samples if spoken.samples is None else spoken.at + spoken.samples
        start_ms, end_ms = samples_to_ms(spoken.at), samples_to_ms(end)
        match spoken.outcome:
            case Final(_, _, language, words, model, _, timing):
                said = Recognised(number, start_ms, end_ms, spoken.says, language, words, model, timing)
                return said.of(spoken.recognised)
            case Failed(_, code, message):
                return Recognised(number, start_ms, end_ms, error=f"{message} ({code})")
        return Recognised(number, start_ms, end_ms, error="not recognised yet")


def _apply(event: Event, spoken: TakeSegment) -> None:
    match event:
        case End(_, samples) if spoken.samples is None or spoken.cancelled:
            spoken.samples = samples
        case Cancelled(_, samples) if not spoken.settled:
            spoken.cancelled = True
            spoken.samples = samples if spoken.samples is None else spoken.samples
        case Queued():
            spoken.queued = True
        case Final() | Failed() if not spoken.settled:
            spoken.outcome = event
        case Replaced(_, text) if isinstance(spoken.outcome, Final) and spoken.replaced is None:
            spoken.replaced = text
        case Inserting():
            spoken.inserting = True
        case Inserted():
            spoken.inserted = True
        case Dismissed():
            spoken.dismissed = True
        case Recut():
            spoken.recut = spoken.cancelled = spoken.dismissed = True
