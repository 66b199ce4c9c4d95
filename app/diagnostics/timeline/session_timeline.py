"""Report on a session: its events in order, and every second between speech and text. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from app.diagnostics.timeline.segment_facts import RETURNED, LoggedEvent, SegmentFacts, gather
from app.diagnostics.timeline.segment_sentences import segment_entries
from app.diagnostics.timeline.segment_timeline import SegmentTimeline, SpanKind, TimeSpan, timeline, typical
from app.diagnostics.timeline.sentences import sentence, short_names
from runtime.event_names import LogEvent

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
    timelines = [timeline(one) for _, one in sorted(facts.items())]
    skews = _skews(own, timelines)
    placed = [(line.at_ms + skews.get(line.computer, 0.0), line) for line in own]
    origin = min([one.began for one in timelines if one.began is not None] + [at for at, _ in placed])
    last = max(at for at, _ in placed)
    beside = [
        (at, line)
        for line in lines
        if not line.session
        and origin - _AROUND_MS <= (at := line.at_ms + skews.get(line.computer, 0.0)) <= last + _AROUND_MS
    ]
    outages = tuple(_outages((*placed, *beside)))
    claims = [claim for one in facts.values() for claim in one.claims]
    names = {t.worker for t in claims} | {t.taken_from for t in claims}
    names |= {line.text("worker") for one in facts.values() for line in one.gateway}
    workers = short_names(sorted(names - {"", RETURNED}))
    entries = list(_lines_alone(placed, beside, workers))
    for one in timelines:
        told = segment_entries(one, outages, workers)
        entries += [TimelineEntry(at, who, what, one.facts.index) for at, who, what in told]
    entries.sort(key=lambda entry: entry.at_ms)
    ordered = tuple(TimelineEntry(entry.at_ms - origin, entry.who, entry.what, entry.segment) for entry in entries)
    rows = tuple(_row(one, origin, outages) for one in timelines)
    named = {number: name for number, name in enumerate(computers)}
    notes = [*_notes(facts, own), *_corrections(skews, named)]
    return SessionTimeline(session, origin / 1000, ordered, rows, tuple(notes))


def _skews(own: Iterable[LoggedEvent], timelines: Sequence[SegmentTimeline]) -> dict[int, float]:
    """Return the correction for each computer's clock; the speaker's clock is the reference."""
    samples: dict[int, list[float]] = {line.computer: [] for line in own}
    for one in timelines:
        told = one.told
        if told is not None and one.gateway is not None and (offset := told.ms("told")) is not None:
            samples[told.computer].append(one.gateway + offset - told.at_ms)
        for claim in one.facts.claims:
            if one.broker is not None and claim.ended is not None:
                line = claim.told[-1]
                samples[line.computer].append(one.broker + claim.ended - line.at_ms)
    spoken = {one.facts.app.computer for one in timelines if one.facts.app is not None}
    return {computer: 0.0 if computer in spoken else typical(found) for computer, found in samples.items()}


def _outages(placed: Iterable[tuple[float, LoggedEvent]]) -> Iterator[TimeSpan]:
    for at, line in placed:
        if line.event in (LogEvent.GATEWAY_CONNECTED, LogEvent.GATEWAY_RECONNECTED):
            yield TimeSpan(SpanKind.AWAY, at - (line.ms("away_ms") or 0.0), at)
        elif line.event == LogEvent.BROKER_RECONNECTED:
            yield TimeSpan(SpanKind.BROKER_AWAY, at - (line.ms("away_s") or 0.0) * 1000, at)


_TOLD_WITH_SEGMENTS: Final = frozenset(
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
    beside: Iterable[tuple[float, LoggedEvent]],
    workers: dict[str, str],
) -> Iterator[TimelineEntry]:
    """Yield entries for lines that report more than the normal steps of a segment."""
    for at, line in (*placed, *beside):
        usual = line.event == LogEvent.SEGMENT_CONCLUDED and line.text("outcome") == "final"
        if usual or line.event in _TOLD_WITH_SEGMENTS:
            continue
        yield TimelineEntry(at, workers.get(line.text("worker"), line.who), sentence(line), line.segment)


def _row(one: SegmentTimeline, origin: float, outages: Sequence[TimeSpan]) -> SegmentRow:
    winner, ended, text = one.winner, one.ended, one.text
    told = one.told
    taken_in = None
    if one.gateway is not None and told is not None and (complete := told.ms("complete")) is not None:
        taken_in = one.gateway + complete
    done = one.broker + winner.taken + winner.wait + winner.decode if one.broker is not None and winner else None
    line = one.facts.app or (one.facts.gateway[-1] if one.facts.gateway else None)
    waits = (
        SpanKind.HANDING,
        SpanKind.QUEUED,
        SpanKind.AGAIN,
        SpanKind.ELSEWHERE,
        SpanKind.SILENT,
        SpanKind.WAITING,
    )
    decoded = one.sum(SpanKind.DECODING)
    return SegmentRow(
        one.facts.index,
        None if one.began is None else one.began - origin,
        None if ended is None else ended - origin,
        None if taken_in is None or ended is None else max(0.0, taken_in - ended),
        one.sum(*waits) if one.spans else None,
        decoded if one.spans else None,
        None if done is None or text is None else max(0.0, text - done),
        None if one.inserted is None or text is None else one.inserted - text,
        None if ended is None or text is None else (one.inserted or text) - ended,
        None if ended is None or text is None else sum(hole.ms for hole in one.holes(outages)),
        line.text("outcome") if line else "",
    )


def _notes(facts: dict[int, SegmentFacts], own: Sequence[LoggedEvent]) -> Iterator[str]:
    who = {line.who.partition(" ")[0] for line in own}
    if "app" not in who:
        yield "the log of whoever spoke is not here: the story begins at the gateway"
    if "gateway" not in who:
        yield "no log of a gateway is here: give its folder with --folder"
    if "worker" not in who:
        yield "no log of a worker is here: give its folder with --folder"
    missing = max(facts, default=-1) + 1 - len(facts)
    if missing:
        yield f"the logs have nothing of {missing} earlier segments: they do not reach back so far"


def _corrections(skews: dict[int, float], names: dict[int, str]) -> Iterator[str]:
    for computer, skew in sorted(skews.items()):
        if abs(skew) >= _NOTED_SKEW_MS:
            how = f"{skew / 1000:+.1f} s, by what was sent and when it came"
            yield f"the clock of the logs in {names.get(computer, computer)} is corrected by {how}"
