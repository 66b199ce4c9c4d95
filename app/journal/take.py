"""The state of a take, computed from its events. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from app.core.span_preference import prefers_span
from app.core.transcript import RecordingTranscript
from app.core.transcript import TranscriptSegment as Recognised
from app.core.word_times import with_later_texts
from app.journal.events import (
    USUAL,
    Begin,
    Cancelled,
    Chosen,
    Cutting,
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
from app.journal.lines import Fault
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
    HELD = "held"  # a text that is to be inserted was not, or possibly not
    DONE = "done"
    EMPTY = "empty"


TRANSCRIBED = frozenset({TakeState.CANCELLED, TakeState.HELD, TakeState.DONE, TakeState.EMPTY})


@dataclass
class TakeSegment:
    """The state of one segment. ``samples`` is ``None`` until it ends.

    ``details``: as they were when it began. ``program``: where insertion began. ``replaced``: its text after
    replacement rules. ``recut``: its audio was cut again under other numbers. ``chosen``: for a span, whether its
    text is used. ``begun`` and ``arrived``: when its insertion began and ended, as positions among those of the
    take. ``rest``: what is missing after a part of the text was inserted. ``missing``: nothing of it was inserted.
    ``known``: revision of the take that has its text first.
    """

    at: int
    details: SegmentDetails = PLAIN
    samples: int | None = None
    outcome: Outcome | None = None
    replaced: str | None = None
    cancelled: bool = False
    queued: bool = False
    inserting: bool = False
    program: str = ""
    rest: str = ""
    missing: bool = False
    known: int = field(default=0, compare=False)
    inserted: bool = False
    begun: int = field(default=0, compare=False)
    arrived: int = field(default=0, compare=False)
    dismissed: bool = False
    recut: bool = False
    chosen: bool | None = None

    @property
    def awaited(self) -> bool:
        """True unless its text was inserted or dismissed."""
        return not (self.inserted or self.dismissed)

    @property
    def settled(self) -> bool:
        """True if nothing is left to do: the segment has a text or was cancelled."""
        return self.cancelled or isinstance(self.outcome, Final)

    @property
    def text(self) -> str:
        """The text of the segment; empty if it was cancelled."""
        return "" if self.cancelled else self.rewritten

    @property
    def rewritten(self) -> str:
        """The recognised text after replacement rules."""
        return self.recognised if self.replaced is None else self.replaced

    @property
    def recognised(self) -> str:
        """The recognised text before replacement rules."""
        return self.outcome.text.strip() if isinstance(self.outcome, Final) else ""


@dataclass
class Take:
    """The state of a take, folded from its events.

    ``wanted``: texts are to be inserted. ``cancelled``: the user cancelled the take. ``edit``: the user's
    text, if edited. ``edit_is_whole``: it began as the text of the whole take, from one of the ``runs`` (results
    of recognising it again). ``heard``: samples, as stated at the end of the journal. ``line_faults`` end
    with ``Mended``, ``file_faults`` do not. ``faults_found``: faults in lines, mended ones included.
    ``doubtful``: segments whose boundaries contradict others. ``lost``: lines missing after the last ``Begin``.
    ``following``: the number of the next line. ``revision``: how many texts and edits the take has so far; it
    identifies the version that a reader has seen.
    """

    options: Options = Options()
    started_s: float = 0.0
    cutting: Cutting = USUAL
    finished: bool = False
    wanted: bool = False
    cancelled: bool = False
    edit: str = ""
    edit_is_whole: bool = False
    runs: list[Reran] = field(default_factory=list)
    segments: dict[int, TakeSegment] = field(default_factory=dict)
    heard: int = 0
    opened: bool = field(default=False, compare=False)
    by_pause: bool = field(default=True, compare=False)
    line_faults: list[Fault] = field(default_factory=list, compare=False)
    file_faults: list[Fault] = field(default_factory=list, compare=False)
    faults_found: int = field(default=0, compare=False)
    doubtful: set[int] = field(default_factory=set)
    lost: int = field(default=0, compare=False)
    following: int = field(default=0, compare=False)
    revision: int = field(default=0, compare=False)
    _deliveries: int = field(default=0, compare=False)
    _edit_at: int = field(default=0, compare=False)
    _run_texts: set[str] = field(default_factory=set, compare=False)

    def apply(self, event: Event) -> None:
        """Apply one event. Events of a segment without a known beginning are ignored."""
        match event:
            case Opened():
                self.options, self.started_s = event.options, started_s(event)
                self.cutting = Cutting(event.mode, event.needs_context)
                self.opened, self.by_pause = True, event.by_pause
            case Wanted():
                self.wanted = event.inserted
                self.cancelled = self.cancelled or event.cancelled
            case Edited():
                self.edit_is_whole = self.is_whole(event.text)
                self.revision += 1
                self.edit, self._edit_at = event.text, self.revision
            case Reran():
                self.runs.append(event)
                self._run_texts.add(event.text.strip())
            case Finished():
                self.finished, self.heard = True, max(self.heard, event.samples)
            case Mended():
                self.heard = max(self.heard, event.samples)
                self.line_faults, self.doubtful = [], set()
            case Begin():
                self.segments.setdefault(event.segment, TakeSegment(event.at, details_of(event)))
            case Inserting() | Inserted() if spoken := self.segments.get(event.segment):
                self._deliveries += 1
                _apply_delivery(event, spoken, self._deliveries)
            case _ if spoken := self.segments.get(event.segment):
                self.revision += isinstance(event, Final)
                _apply(event, spoken, self.revision)

    def state(self, samples: int, *, live: bool = False) -> TakeState:
        """Return the state of the take, given its samples of audio on disk."""
        counted = self.counted.values()
        if live:
            return TakeState.LIVE
        if self.damage:
            return TakeState.DAMAGED
        if not self.finished:
            return TakeState.INTERRUPTED if samples or self.segments else TakeState.EMPTY
        if any(segment.outcome is None and not segment.cancelled for segment in counted):
            return TakeState.WAITING
        if any(not segment.settled for segment in counted):
            return TakeState.FAILED
        if self.cancelled:
            return TakeState.CANCELLED
        if self.held:
            return TakeState.HELD
        return TakeState.DONE if self.segments else TakeState.EMPTY

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
    def counted(self) -> dict[int, TakeSegment]:
        """The segments whose texts count: either a span or the segments that it replaces."""
        replaced, known = self.replaced, tuple(self.segments.items())
        used = set(replaced.values())
        return {n: each for n, each in known if n not in replaced and (n in used or not each.details.replaces)}

    @property
    def replaced(self) -> dict[int, int]:
        """Segments whose texts do not count, each with the span that replaces it."""
        spans = [(n, each) for n, each in tuple(self.segments.items()) if each.details.replaces]
        return {piece: n for n, span in spans if self._prefers(span) for piece in span.details.replaces}

    def _prefers(self, span: TakeSegment) -> bool:
        """Return whether a span replaces its segments: as recorded, otherwise if its text is plausible."""
        if span.cancelled or span.samples is None or not isinstance(span.outcome, Final):
            return False
        if span.chosen is not None:
            return span.chosen
        pieces = [self.segments[number] for number in span.details.replaces if number in self.segments]
        texts = [None if piece.outcome is None else piece.recognised for piece in pieces]
        return prefers_span(span.recognised, texts, self.options.languages)

    @property
    def held(self) -> dict[int, str]:
        """Texts that are to be inserted and may not have arrived, by the number under which they are inserted.

        A span uses the number of its first segment. Empty for an edited take: its text is used from the history.
        """
        if not self.wanted or self.edit:
            return {}
        first = self._first_pieces
        texts = {first.get(number, number): each.text for number, each in self.counted.items() if each.text}
        known = {n: self.segments.get(n, TakeSegment(0)) for n in texts}
        return {n: known[n].rest or text for n, text in sorted(texts.items()) if known[n].awaited}

    @property
    def doubted(self) -> dict[int, str]:
        """Held texts that may have arrived all the same, each with the program if it is known."""
        known = {n: each for n in self.held if (each := self.segments.get(n)) is not None}
        return {n: each.program for n, each in known.items() if each.inserting and not each.missing}

    def offered(self, samples: int) -> dict[int, str]:
        """Return the held texts that are offered after a restart, if the take has its ``samples`` on disk.

        Texts of a take that a crash interrupted only go to the history.
        """
        return self.held if self.state(samples) in (TakeState.HELD, TakeState.FAILED) else {}

    @property
    def _first_pieces(self) -> dict[int, int]:
        """The first segment of each span that is used: the number under which its text is inserted."""
        return {span: piece for piece, span in sorted(self.replaced.items(), reverse=True)}

    @property
    def edited(self) -> str:
        """The user's text, with what was recognised after the edit; empty if the take is not edited."""
        if not self.edit or self.edit_is_whole:
            return self.edit
        return self.with_later(self.edit, self._edit_at)

    def is_whole(self, text: str) -> bool:
        """Return whether an edit with this text covers the whole take: it is a run's text, or began as one."""
        return bool(text) and (self.edit_is_whole or text.strip() in self._run_texts)

    def with_later(self, text: str, revision: int) -> str:
        """Return an edit of the text of this revision, with all later texts in their places.

        If the revision had texts of only some segments of a span, all its segments are used instead of the span.
        """
        results = [(n, each) for n, each in tuple(self.segments.items()) if isinstance(each.outcome, Final)]
        known, counted = {n for n, each in results if each.known <= revision}, self.counted
        for number, span in tuple(counted.items()):
            pieces = {n: self.segments.get(n, TakeSegment(0)) for n in span.details.replaces}
            apart = number not in known and known.intersection(pieces)
            if apart and all(n in known or each.text for n, each in pieces.items()):
                del counted[number]
                counted |= pieces
        if all(number in known or not each.text for number, each in counted.items()):
            return text
        return with_later_texts(self._transcript(self.heard, counted), text, known)

    @property
    def inserted(self) -> bool:
        """True if at least one of its texts was inserted."""
        return any(segment.inserted for segment in self.segments.values())

    @property
    def program(self) -> str:
        """The program that received its first inserted text; empty if none did or it is unknown."""
        received = (each.program for _, each in sorted(self.segments.items()) if each.inserted)
        return next(filter(None, received), "")

    def text_of(self, final: Final) -> str:
        """Return the current text of the segment of ``final``: its first text, after replacement rules."""
        spoken = self.segments.get(final.segment)
        return spoken.rewritten if spoken and isinstance(spoken.outcome, Final) else final.text.strip()

    def transcript(self, samples: int) -> RecordingTranscript:
        """Return everything recognised so far, of a take of ``samples``."""
        return self._transcript(samples, self.counted)

    def _transcript(self, samples: int, counted: Mapping[int, TakeSegment]) -> RecordingTranscript:
        in_order = sorted(counted.items(), key=lambda each: (each[1].at, each[0]))
        wanted = [number for number, spoken in in_order if not spoken.cancelled]
        texts = [self.recognised_segment(number, samples) for number in wanted]
        after = self._after_written([each.index for each in texts if each.text])
        placed = tuple(replace(each, after_written=True) if each.index in after else each for each in texts)
        return RecordingTranscript(placed, samples_to_ms(samples), by_pause=self.by_pause)

    def _after_written(self, numbers: Sequence[int]) -> set[int]:
        """Return the segments whose insertion began after the text before them had arrived."""
        first = self._first_pieces
        delivered = [self.segments.get(first.get(number, number), TakeSegment(0)) for number in numbers]
        return {
            number
            for number, before, each in zip(numbers[1:], delivered, delivered[1:], strict=False)
            if 0 < before.arrived < each.begun
        }

    def recognised_segment(self, number: int, samples: int) -> Recognised:
        """Return the result of one segment, of a take of ``samples``."""
        spoken = self.segments[number]
        end = samples if spoken.samples is None else spoken.at + spoken.samples
        start_ms, end_ms = samples_to_ms(spoken.at), samples_to_ms(end)
        match spoken.outcome:
            case Final(_, _, language, words, model, _, timing):
                said = Recognised(number, start_ms, end_ms, spoken.rewritten, language, words, model, timing)
                return said.of(spoken.recognised)
            case Failed(_, code, message):
                return Recognised(number, start_ms, end_ms, error=f"{message} ({code})")
        return Recognised(number, start_ms, end_ms, error="not recognised yet")


def _apply(event: Event, spoken: TakeSegment, place: int) -> None:
    match event:
        case End(_, samples) if spoken.samples is None or spoken.cancelled:
            spoken.samples = samples
        case Cancelled(_, samples) if not spoken.settled:
            spoken.cancelled = True
            spoken.samples = samples if spoken.samples is None else spoken.samples
        case Queued():
            spoken.queued = True
        case Final() | Failed() if not spoken.settled:
            spoken.outcome, spoken.known = event, place
        case Replaced(_, text) if isinstance(spoken.outcome, Final) and spoken.replaced is None:
            spoken.replaced = text
        case Chosen(_, accepted) if spoken.chosen is None:
            spoken.chosen = accepted
        case Recut():
            spoken.recut = spoken.cancelled = spoken.dismissed = True
        case Dismissed():
            spoken.dismissed = True


def _apply_delivery(event: Inserting | Inserted, spoken: TakeSegment, place: int) -> None:
    match event:
        case Inserting():
            if not event.rest and (not spoken.inserting or event.program not in ("", spoken.program)):
                spoken.begun = place
            spoken.inserting, spoken.program = True, event.program or spoken.program
            spoken.rest, spoken.missing = event.rest or spoken.rest, event.missing
        case Inserted() if not spoken.inserted:
            spoken.inserted, spoken.arrived = True, place
