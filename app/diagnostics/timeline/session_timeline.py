"""Report on a session: its events, sentences about its segments, and every second up to the text. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from app.diagnostics.timeline.segment_facts import RETURNED, JobClaim, LoggedEvent, SegmentFacts, gather
from app.diagnostics.timeline.segment_timeline import SegmentTimeline, SpanKind, TimeSpan, timeline, typical
from app.diagnostics.timeline.sentences import lasting, sentence, short_names, worker_name
from runtime.event_names import LogEvent

NOTABLE_MS: Final = 50.0
"""Shorter waits appear only in the table."""

Step = tuple[float, str, str]


def segment_entries(
    segment: SegmentTimeline, outages: Sequence[TimeSpan], workers: Mapping[str, str]
) -> Iterator[Step]:
    """Yield (time, program, sentence) for each step of a segment.

    ``workers``: their short names.
    """
    index = segment.facts.index
    if segment.began is not None and segment.facts.app is not None:
        yield segment.began, "app", f"segment {index} begins"
    if segment.ended is not None:
        program = "app" if segment.facts.app else "gateway"
        yield segment.ended, program, f"segment {index} is complete{_length(segment)}"
    yield from _sending_steps(segment, outages)
    yield from _queue_steps(segment)
    for span in sorted(segment.spans, key=lambda span: span.start):
        yield from _worker_steps(segment, span, workers)
    yield from _holes(segment, outages)
    yield from _text(segment)


def _length(segment: SegmentTimeline) -> str:
    cut, conclusion = segment.facts.cut, segment.conclusion
    audio = cut.ms("audio_ms") if cut else conclusion.ms("audio_ms") if conclusion else None
    silence = cut.ms("silence_ms") if cut else None
    waited = f", including {lasting(silence)} of silence that ended it" if silence else ""
    return f": {lasting(audio)}{waited}" if audio else ""


def _sending_steps(segment: SegmentTimeline, outages: Sequence[TimeSpan]) -> Iterator[Step]:
    for span in segment.spans:
        if span.what is SpanKind.SENDING and span.ms >= NOTABLE_MS:
            met = [outage for outage in outages if outage.start < span.end and span.start < outage.end]
            away = [outage for outage in met if outage.what is SpanKind.AWAY]
            lost = lasting(max((outage.ms for outage in away), default=0.0))
            why = f"no gateway for {lost}; its audio waited here" if away else "audio before it went first"
            app = segment.facts.app
            sends = round((app.ms("sends") if app else None) or 1)
            often = f", {sends} times in all" if sends > 1 else ""
            late = f"{lasting(span.ms)} after its end{often}"
            yield span.end, "app", f"segment {segment.facts.index} is sent {late}: {why}"


def _queue_steps(segment: SegmentTimeline) -> Iterator[Step]:
    conclusion = segment.conclusion
    if conclusion is None or segment.gateway is None or (queued := conclusion.ms("queued")) is None:
        return
    at, behind, index = segment.gateway + queued, conclusion.ms("ahead_s"), segment.facts.index
    if segment.broker is not None and segment.facts.claims:  # the broker had it before the gateway knew
        at = min(at, segment.facts.claims[0].entry + segment.broker)
    ahead = f" behind {behind:.1f} s of audio" if behind else ""
    if conclusion.fields.get("early") is True:
        yield at, "gateway", f"segment {index} may end here: it is queued already{ahead}"
        return
    waited = queued - (conclusion.ms("complete") or 0.0)
    late = f", {lasting(waited)} after it was complete here" if waited >= NOTABLE_MS else ""
    yield at, "gateway", f"segment {index} is queued{ahead}{late}"
    if (again := conclusion.ms("requeued")) is not None:
        yield segment.gateway + again, "gateway", f"segment {index} is queued again: the broker had lost it"


def _worker_steps(segment: SegmentTimeline, span: TimeSpan, workers: Mapping[str, str]) -> Iterator[Step]:
    index, name = segment.facts.index, worker_name(span.who, workers)
    match span.what:
        case SpanKind.QUEUED | SpanKind.AGAIN if span.ms >= NOTABLE_MS:
            what = "in the queue" if span.what is SpanKind.QUEUED else "until it was tried again"
            yield span.end, "gateway", f"segment {index} waited {lasting(span.ms)} {what}"
        case SpanKind.ELSEWHERE if span.ms >= NOTABLE_MS:
            yield span.end, name, f"segment {index} was in the queue or with this worker for {lasting(span.ms)}"
        case SpanKind.SILENT:
            yield from _takeover_steps(segment, span, workers)
        case SpanKind.WAITING if span.ms >= NOTABLE_MS:
            yield (
                span.end,
                name,
                f"segment {index} waited {lasting(span.ms)} for the jobs before it",
            )
        case SpanKind.DECODING:
            yield span.start, name, f"segment {index} is decoded{_result_text(segment, span)}"
        case SpanKind.STORING if span.ms >= NOTABLE_MS:
            yield span.end, name, f"the result of segment {index} took {lasting(span.ms)} to store"


def _result_text(segment: SegmentTimeline, span: TimeSpan) -> str:
    claim = _claim(segment, span)
    if claim is None or claim.delivered:
        return f" in {lasting(span.ms)}"
    if claim.ended is None:
        return f"; its last sign of life came {lasting(span.ms)} later"
    return f" for {lasting(span.ms)}, without a result"


def _claim(segment: SegmentTimeline, span: TimeSpan) -> JobClaim | None:
    broker = segment.broker or 0.0
    near = [t for t in segment.facts.claims if t.worker == span.who and t.taken + broker <= span.start + 1.0]
    return near[-1] if near else None


def _takeover_steps(segment: SegmentTimeline, span: TimeSpan, workers: Mapping[str, str]) -> Iterator[Step]:
    index, dead, name = segment.facts.index, worker_name(span.who, workers), worker_name(span.other, workers)
    claim = next((claim for claim in segment.facts.claims if claim.worker == span.other), None)
    if claim is not None and claim.borrowed:
        why = f"which was silent for {lasting(span.ms)}; this one was idle"
        yield span.end, name, f"decodes segment {index} in place of {dead}, {why}"
        return
    why = f"seen {lasting(span.ms)} after its last sign, when its lease had run out"
    yield span.end, name, f"takes segment {index} over from {dead}, which died or was cut off ({why})"


def _holes(segment: SegmentTimeline, outages: Sequence[TimeSpan]) -> Iterator[Step]:
    index = segment.facts.index
    for hole in segment.holes(outages):
        if hole.ms >= NOTABLE_MS:
            yield hole.end, "", f"segment {index}: the {lasting(hole.ms)} before this are unexplained"


def _text(segment: SegmentTimeline) -> Iterator[Step]:
    index = segment.facts.index
    if segment.text is not None and segment.ended is not None:
        app = segment.facts.app
        line = app or segment.conclusion
        good = line is not None and line.text("outcome") == "final"
        after = f"{lasting(max(0.0, segment.text - segment.ended))} after its end"
        what, verb = "the text" if good else "the failure", "arrives" if app else "is sent"
        yield segment.text, "app" if app else "gateway", f"{what} of segment {index} {verb} {after}"
    if segment.inserted is not None and segment.text is not None:
        waited = f"{lasting(max(0.0, segment.inserted - segment.text))} after it arrived"
        yield segment.inserted, "app", f"the text of segment {index} is inserted {waited}"


_AROUND_MS: Final = 1_000.0
_NOTED_SKEW_MS: Final = 50.0


@dataclass(frozen=True)
class TimelineEntry:
    """Event in the report.

    ``at_ms``: time since the beginning of the report.
    """

    at_ms: float
    who: str
    what: str
    segment: int | None = None


@dataclass(frozen=True)
class SegmentRow:
    """Row of one segment in the table, in ms; ``None``: unknown.

    ``began`` and ``ended``: since the beginning of the report.
    """

    segment: int
    began: float | None
    ended: float | None
    uploaded: float | None
    queued: float | None
    decoded: float | None
    delivered: float | None
    typed: float | None
    whole: float | None
    unexplained: float | None
    outcome: str = ""


@dataclass(frozen=True)
class SessionTimeline:
    """Report on a session.

    ``began_s``: since 1970, on the speaker's clock. ``notes``: remarks for the reader.
    """

    session: str
    began_s: float
    entries: tuple[TimelineEntry, ...]
    rows: tuple[SegmentRow, ...]
    notes: tuple[str, ...] = ()

    @property
    def unexplained_ms(self) -> float:
        """Unexplained time of all segments."""
        return sum(row.unexplained or 0.0 for row in self.rows)

    @property
    def whole_ms(self) -> float:
        """Time from the end of speech to the text, of all segments."""
        return sum(row.whole or 0.0 for row in self.rows)


def timeline_of(session: str, lines: Sequence[LoggedEvent], computers: Sequence[str] = ()) -> SessionTimeline:
    """Return the timeline of a session.

    ``lines``: the session's lines, at least one, and process-level lines. ``computers``: names of the folders of
    logs.
    """
    own = [line for line in lines if line.session == session]
    facts = gather(own)
    timelines = [timeline(segment) for _, segment in sorted(facts.items())]
    skews = _skews(own, timelines)
    placed = [(line.at_ms + skews.get(line.computer, 0.0), line) for line in own]
    begins = [begin for segment in timelines if (begin := _begin(segment)) is not None]
    origin = min(begins + [at for at, _ in placed])
    last = max(at for at, _ in placed)
    around = [
        (at, line)
        for line in lines
        if not line.session
        and origin - _AROUND_MS <= (at := line.at_ms + skews.get(line.computer, 0.0)) <= last + _AROUND_MS
    ]
    outages = tuple(_outages((*placed, *around)))
    claims = [claim for segment in facts.values() for claim in segment.claims]
    names = {t.worker for t in claims} | {t.taken_from for t in claims}
    names |= {line.text("worker") for segment in facts.values() for line in segment.gateway}
    workers = short_names(sorted(names - {"", RETURNED}))
    entries = list(_lines_alone(placed, around, workers))
    for segment in timelines:
        steps = segment_entries(segment, outages, workers)
        entries += [TimelineEntry(at, who, what, segment.facts.index) for at, who, what in steps]
    entries.sort(key=lambda entry: entry.at_ms)
    ordered = tuple(TimelineEntry(entry.at_ms - origin, entry.who, entry.what, entry.segment) for entry in entries)
    rows = tuple(_row(segment, origin, outages) for segment in timelines)
    named = {number: name for number, name in enumerate(computers)}
    notes = [*_notes(facts, own), *_corrections(skews, named)]
    return SessionTimeline(session, origin / 1000, ordered, rows, tuple(notes))


def _begin(segment: SegmentTimeline) -> float | None:
    """Return the first known time of a segment. For submitted files, only workers log segments."""
    return min((span.start for span in segment.spans), default=None) if segment.began is None else segment.began


def _skews(own: Iterable[LoggedEvent], timelines: Sequence[SegmentTimeline]) -> dict[int, float]:
    """Return the correction for each computer's clock; the speaker's clock is the reference."""
    samples: dict[int, list[float]] = {line.computer: [] for line in own}
    for segment in timelines:
        line, gateway = segment.conclusion, segment.gateway
        if line is not None and gateway is not None and (offset := line.ms("told")) is not None:
            samples[line.computer].append(gateway + offset - line.at_ms)
        for claim in segment.facts.claims:
            if segment.broker is not None and claim.ended is not None:
                line = claim.lines[-1]
                samples[line.computer].append(segment.broker + claim.ended - line.at_ms)
    spoken = {segment.facts.app.computer for segment in timelines if segment.facts.app is not None}
    return {computer: 0.0 if computer in spoken else typical(found) for computer, found in samples.items()}


def _outages(placed: Iterable[tuple[float, LoggedEvent]]) -> Iterator[TimeSpan]:
    for at, line in placed:
        if line.event in (LogEvent.GATEWAY_CONNECTED, LogEvent.GATEWAY_RECONNECTED):
            yield TimeSpan(SpanKind.AWAY, at - (line.ms("away_ms") or 0.0), at)
        elif line.event == LogEvent.BROKER_RECONNECTED:
            yield TimeSpan(SpanKind.BROKER_AWAY, at - (line.ms("away_s") or 0.0) * 1000, at)


_STEPS_OF_SEGMENTS: Final = frozenset(
    {
        LogEvent.SEGMENT_ENDED,
        LogEvent.SEGMENT_CUT,
        LogEvent.TEXT_INSERTED,
        LogEvent.JOB_ENDED,
        LogEvent.JOB_RENEWED,
        LogEvent.JOB_BORROWED,
        LogEvent.JOB_TAKEN_OVER,
    }
)


def _lines_alone(
    placed: Iterable[tuple[float, LoggedEvent]],
    around: Iterable[tuple[float, LoggedEvent]],
    workers: dict[str, str],
) -> Iterator[TimelineEntry]:
    """Yield entries for lines that report more than the normal steps of a segment."""
    for at, line in (*placed, *around):
        usual = line.event == LogEvent.SEGMENT_CONCLUDED and line.text("outcome") == "final"
        if usual or line.event in _STEPS_OF_SEGMENTS:
            continue
        yield TimelineEntry(at, workers.get(line.text("worker"), line.who), sentence(line), line.segment)


def _row(segment: SegmentTimeline, origin: float, outages: Sequence[TimeSpan]) -> SegmentRow:
    winner, ended, text = segment.winner, segment.ended, segment.text
    broker, gateway, line = segment.broker, segment.gateway, segment.conclusion
    received = None
    if gateway is not None and line is not None and (complete := line.ms("complete")) is not None:
        received = gateway + complete
    done = broker + winner.taken + winner.wait + winner.decode if broker is not None and winner else None
    line = segment.facts.app or (segment.facts.gateway[-1] if segment.facts.gateway else None)
    waits = (
        SpanKind.HANDING,
        SpanKind.QUEUED,
        SpanKind.AGAIN,
        SpanKind.ELSEWHERE,
        SpanKind.SILENT,
        SpanKind.WAITING,
    )
    decoded = segment.sum(SpanKind.DECODING)
    return SegmentRow(
        segment.facts.index,
        None if segment.began is None else segment.began - origin,
        None if ended is None else ended - origin,
        None if received is None or ended is None else max(0.0, received - ended),
        segment.sum(*waits) if segment.spans else None,
        decoded if segment.spans else None,
        None if done is None or text is None else max(0.0, text - done),
        None if segment.inserted is None or text is None else segment.inserted - text,
        None if ended is None or text is None else (segment.inserted or text) - ended,
        None if ended is None or text is None else sum(hole.ms for hole in segment.holes(outages)),
        line.text("outcome") if line else winner.outcome if winner else "",
    )


def _notes(facts: dict[int, SegmentFacts], own: Sequence[LoggedEvent]) -> Iterator[str]:
    who = {line.who.partition(" ")[0] for line in own}
    if "app" not in who:
        yield "the log of the speaker's app is not here: the timeline begins at the gateway"
    if "gateway" not in who:
        yield "no log of a gateway is here: give its folder with --folder"
    if "worker" not in who:
        yield "no log of a worker is here: give its folder with --folder"
    missing = max(facts, default=-1) + 1 - len(facts)
    if missing:
        yield f"the logs lack {missing} earlier segments: they do not reach back far enough"


def _corrections(skews: dict[int, float], names: dict[int, str]) -> Iterator[str]:
    for computer, skew in sorted(skews.items()):
        if abs(skew) >= _NOTED_SKEW_MS:
            how = f"{skew / 1000:+.1f} s, derived from when messages were sent and received"
            yield f"the clock of the logs in {names.get(computer, computer)} is corrected by {how}"
