"""Timeline of one segment on one clock: the speaker's, else the gateway's, else the broker's. Pure.

Spans are measured by a process. Gaps between them, from the end of speech to the text, are short transmission
times, or unexplained by the logs.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

from app.diagnostics.timeline.segment_facts import RETURNED, JobClaim, LoggedEvent, SegmentFacts
from runtime.event_names import LogEvent


def difference(received: Sequence[float | None], sent: float | None = None) -> float | None:
    """Return the amount to add to the remote clock, from causality: a message arrives after it was sent.

    Every duration is measured on one clock, by one process. Each message from a remote computer limits how far its
    clock may be behind; the fastest message counts as instantaneous. If none arrived, one in the other
    direction decides. A computer's time of day is used for its own lines only.

    ``received``: per received message, local arrival time minus remote sending time. ``sent``: for a sent message,
    local sending time minus remote arrival time.
    """
    known = [one for one in received if one is not None]
    return min(known) if known else sent


def subtract(one: float | None, other: float | None) -> float | None:
    """Return ``one - other``, or ``None`` if either is unknown."""
    return None if one is None or other is None else one - other


def typical(samples: Sequence[float]) -> float:
    """Return the median of the samples from single lines; 0 without samples."""
    return median(samples) if samples else 0.0


class SpanKind(StrEnum):
    """Kinds of spans in a segment's timeline."""

    SPOKEN = "spoken"
    SENDING = "sending"
    HANDING = "handing"
    QUEUED = "queued"
    AGAIN = "again"
    ELSEWHERE = "elsewhere"
    SILENT = "silent"
    WAITING = "waiting"
    DECODING = "decoding"
    STORING = "storing"
    KEEPING = "keeping"
    INSERTING = "inserting"
    AWAY = "away"
    BROKER_AWAY = "broker_away"


@dataclass(frozen=True)
class TimeSpan:
    """Span of time in ms.

    ``who``: the worker concerned, if any. ``other``: the worker that took over.
    """

    what: SpanKind
    start: float
    end: float
    who: str = ""
    other: str = ""

    @property
    def ms(self) -> float:
        """Duration of the span."""
        return max(0.0, self.end - self.start)


@dataclass(frozen=True)
class SegmentTimeline:
    """Timeline of one segment.

    ``began``, ``ended``, ``text``, ``inserted``: on the report's clock; ``None``: unknown. ``broker``: offset
    from the broker's clock to the report's. ``gateway``: time on the report's clock to which the offsets in
    ``conclusion`` are relative.
    """

    facts: SegmentFacts
    began: float | None
    ended: float | None
    text: float | None
    inserted: float | None
    spans: tuple[TimeSpan, ...]
    conclusion: LoggedEvent | None = None
    gateway: float | None = None
    broker: float | None = None

    @property
    def winner(self) -> JobClaim | None:
        """Assignment that produced the result."""
        return next((claim for claim in self.facts.claims if claim.delivered), None)

    def sum(self, *whats: SpanKind) -> float:
        """Return the ms of these spans after the end of speech; overlaps count once."""
        total, at = 0.0, self.ended or 0.0
        for span in sorted((span for span in self.spans if span.what in whats), key=lambda span: span.start):
            total += max(0.0, span.end - max(span.start, at))
            at = max(at, span.end)
        return total

    def holes(self, outages: Sequence[TimeSpan] = ()) -> list[TimeSpan]:
        """Return the gaps between the end of speech and its text, without outages."""
        if self.ended is None or self.text is None:
            return []
        holes, at = list[TimeSpan](), self.ended
        covers = sorted((*self.spans, *outages), key=lambda span: span.start)
        for span in covers:
            if span.what in (SpanKind.SPOKEN, SpanKind.INSERTING):
                continue
            if span.start > at:
                holes.append(TimeSpan(span.what, at, min(span.start, self.text)))
            at = max(at, span.end)
            if at >= self.text:
                break
        if at < self.text:
            holes.append(TimeSpan(SpanKind.KEEPING, at, self.text))
        return [hole for hole in holes if hole.end > hole.start]


def timeline(facts: SegmentFacts) -> SegmentTimeline:
    """Build the timeline of a segment from its facts."""
    app, conclusion = facts.app, _conclusion(facts)
    origin = subtract(app.at_ms, app.ms("kept")) if app else None
    gateway = _gateway_clock(app, origin, conclusion)
    broker = _broker_clock(facts, app, origin, conclusion, gateway)
    began = origin if origin is not None else gateway
    ended = _at(origin, app, "ended") or _at(gateway, conclusion, "complete")
    text = app.at_ms if app else _at(gateway, conclusion, "told")
    spans = [
        *_app_spans(app, origin),
        *_gateway_spans(conclusion, gateway),
        *_worker_spans(facts, conclusion, gateway, broker),
    ]
    inserted = None
    if facts.inserted is not None and app is not None and facts.inserted.event == LogEvent.TEXT_INSERTED:
        inserted = facts.inserted.at_ms
        spans.append(TimeSpan(SpanKind.INSERTING, app.at_ms, inserted))
    return SegmentTimeline(facts, began, ended, text, inserted, tuple(spans), conclusion, gateway, broker)


def _conclusion(facts: SegmentFacts) -> LoggedEvent | None:
    """Return what the last gateway with the whole segment logged at its end; others only forwarded its result."""
    whole = [line for line in facts.gateway if line.ms("complete") is not None]
    return whole[-1] if whole else None


def _at(clock: float | None, line: LoggedEvent | None, name: str) -> float | None:
    if clock is None or line is None or (offset := line.ms(name)) is None:
        return None
    return clock + offset


def _queue_time(conclusion: LoggedEvent | None) -> float | None:
    """Return when the job that was recognised was queued."""
    if conclusion is None:
        return None
    return conclusion.ms("queued") if conclusion.ms("requeued") is None else conclusion.ms("requeued")


def _gateway_clock(app: LoggedEvent | None, origin: float | None, conclusion: LoggedEvent | None) -> float | None:
    if conclusion is None:
        return None
    if app is None or origin is None:
        return subtract(conclusion.at_ms, conclusion.ms("told"))
    received = [subtract(_at(origin, app, "final"), conclusion.ms("told"))]
    if conclusion.fields.get("early") is not True:
        received.append(subtract(_at(origin, app, "queued"), _queue_time(conclusion)))
    return difference(received, subtract(_at(origin, app, "sent"), conclusion.ms("complete")))


def _broker_clock(
    facts: SegmentFacts,
    app: LoggedEvent | None,
    origin: float | None,
    conclusion: LoggedEvent | None,
    gateway: float | None,
) -> float | None:
    claim = next((one for one in facts.claims if one.delivered), facts.claims[-1] if facts.claims else None)
    if claim is None:
        return None
    concluded_at, queued = _at(gateway, conclusion, "told"), _queue_time(conclusion)
    queued_at = gateway + queued if gateway is not None and queued is not None else _at(origin, app, "queued")
    received = [subtract(_at(origin, app, "final") if concluded_at is None else concluded_at, claim.ended)]
    queue = subtract(queued_at, claim.entry)
    if conclusion is not None and conclusion.fields.get("early") is True:  # queued long before it was reported
        return difference([queue], difference(received))
    found = difference([*received, queue])
    return 0.0 if found is None else found  # no other source: the broker's clock becomes the reference


def _app_spans(app: LoggedEvent | None, origin: float | None) -> Iterator[TimeSpan]:
    if app is None or origin is None:
        return
    at = {name: _at(origin, app, name) for name in ("ended", "sent", "final", "kept")}
    if at["ended"] is not None:
        yield TimeSpan(SpanKind.SPOKEN, origin, at["ended"])
        if at["sent"] is not None:
            yield TimeSpan(SpanKind.SENDING, at["ended"], at["sent"])
    if at["final"] is not None and at["kept"] is not None:
        yield TimeSpan(SpanKind.KEEPING, at["final"], at["kept"])


def _gateway_spans(conclusion: LoggedEvent | None, gateway: float | None) -> Iterator[TimeSpan]:
    if conclusion is None or gateway is None:
        return
    complete, queued = conclusion.ms("complete"), _queue_time(conclusion)
    if complete is not None and queued is not None and queued > complete:
        yield TimeSpan(SpanKind.HANDING, gateway + complete, gateway + queued)


def _worker_spans(
    facts: SegmentFacts, conclusion: LoggedEvent | None, gateway: float | None, broker: float | None
) -> Iterator[TimeSpan]:
    claims = _chain(facts.claims)
    if claims and broker is not None:
        for span in _claim_spans(claims):
            yield TimeSpan(span.what, span.start + broker, span.end + broker, span.who, span.other)
    elif conclusion is not None and gateway is not None and (queued := _queue_time(conclusion)) is not None:
        start = gateway + queued  # without a worker's log: use the figures that the gateway received
        decoding = start + (conclusion.ms("queue_ms") or 0.0)
        worker = conclusion.text("worker")
        yield TimeSpan(SpanKind.QUEUED, start, decoding)
        yield TimeSpan(SpanKind.DECODING, decoding, decoding + (conclusion.ms("decode_ms") or 0.0), worker)


def _chain(claims: Sequence[JobClaim]) -> list[JobClaim]:
    """Return the assignments of the last attempt in order, up to the one with the result."""
    last = max((claim.attempt for claim in claims), default=0)
    chain = list[JobClaim]()
    for claim in claims:
        if claim.attempt == last:
            chain.append(claim)
            if claim.delivered:
                break
    return chain


def _claim_spans(claims: Sequence[JobClaim]) -> Iterator[TimeSpan]:
    """Yield the spans from the queue to the result, in ms of the broker's clock."""
    at, what = claims[0].entry, SpanKind.QUEUED
    for claim, following in zip(claims, (*claims[1:], None), strict=True):
        if claim.entry > at and what is not SpanKind.QUEUED:
            at, what = claim.entry, SpanKind.QUEUED  # its job was lost and queued again
        if claim.taken_from and claim.taken_from != RETURNED:
            yield from _before_takeover(claims, claim, at, what)
        else:
            yield TimeSpan(what, at, claim.taken)
        yield from _work_spans(claim, ends := _ends(claim, following))
        at, what = ends, SpanKind.AGAIN


def _before_takeover(claims: Iterable[JobClaim], claim: JobClaim, at: float, what: SpanKind) -> Iterator[TimeSpan]:
    """Yield the spans of the previous worker, as far as it or the broker reported them."""
    last_sign = max(at, claim.taken - claim.silent)
    if not any(one.worker == claim.taken_from for one in claims):
        yield TimeSpan(SpanKind.ELSEWHERE, at, last_sign, claim.taken_from)
    yield TimeSpan(SpanKind.SILENT, last_sign, claim.taken, claim.taken_from, claim.worker)


def _ends(claim: JobClaim, following: JobClaim | None) -> float:
    """Return when the worker's part ended; without a report, its last sign of life."""
    if claim.ended is not None:
        return claim.ended if following is None else min(claim.ended, following.taken)
    if following is not None and following.taken_from == claim.worker:
        return max(claim.seen, following.taken - following.silent)
    return claim.seen


def _work_spans(claim: JobClaim, ends: float) -> Iterator[TimeSpan]:
    if claim.ended is None:  # the worker fell silent or is still working
        yield TimeSpan(SpanKind.DECODING, claim.taken, ends, claim.worker)
        return
    decodes = claim.taken + claim.wait
    stores = decodes + claim.decode
    yield TimeSpan(SpanKind.WAITING, claim.taken, min(decodes, ends), claim.worker)
    yield TimeSpan(SpanKind.DECODING, decodes, min(stores, ends), claim.worker)
    yield TimeSpan(SpanKind.STORING, stores, min(claim.ended, ends), claim.worker)
