"""Sentences about one segment: when it was spoken, what it waited for, who recognised it. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from app.diagnostics.timeline.segment_facts import JobClaim
from app.diagnostics.timeline.segment_timeline import SegmentTimeline, SpanKind, TimeSpan
from app.diagnostics.timeline.sentences import lasting, named

NOTABLE_MS: Final = 50.0
"""Shorter waits appear only in the table."""

Told = tuple[float, str, str]


def segment_entries(
    one: SegmentTimeline, outages: Sequence[TimeSpan], workers: Mapping[str, str]
) -> Iterator[Told]:
    """Yield (time, program, sentence) for each step of a segment.

    ``workers``: their short names.
    """
    index = one.facts.index
    if one.began is not None and one.facts.app is not None:
        yield one.began, "app", f"segment {index} begins"
    if one.ended is not None:
        yield one.ended, "app" if one.facts.app else "gateway", f"segment {index} is complete{_length(one)}"
    yield from _sent(one, outages)
    yield from _queued(one)
    for span in sorted(one.spans, key=lambda span: span.start):
        yield from _worked(one, span, workers)
    yield from _holes(one, outages)
    yield from _text(one)


def _length(one: SegmentTimeline) -> str:
    cut, told = one.facts.cut, one.told
    audio = cut.ms("audio_ms") if cut else told.ms("audio_ms") if told else None
    silence = cut.ms("silence_ms") if cut else None
    waited = f", the last {lasting(silence)} of it the silence by which its end was known" if silence else ""
    return f": {lasting(audio)}{waited}" if audio else ""


def _sent(one: SegmentTimeline, outages: Sequence[TimeSpan]) -> Iterator[Told]:
    for span in one.spans:
        if span.what is SpanKind.SENDING and span.ms >= NOTABLE_MS:
            met = [outage for outage in outages if outage.start < span.end and span.start < outage.end]
            away = [outage for outage in met if outage.what is SpanKind.AWAY]
            lost = lasting(max((outage.ms for outage in away), default=0.0))
            why = f"no gateway for {lost}; its audio waited here" if away else "audio before it went first"
            app = one.facts.app
            sends = round((app.ms("sends") if app else None) or 1)
            often = f", {sends} times in all" if sends > 1 else ""
            late = f"{lasting(span.ms)} after its end{often}"
            yield span.end, "app", f"segment {one.facts.index} is sent {late}: {why}"


def _queued(one: SegmentTimeline) -> Iterator[Told]:
    told = one.told
    if told is None or one.gateway is None or (queued := told.ms("queued")) is None:
        return
    at, behind, index = one.gateway + queued, told.ms("ahead_s"), one.facts.index
    if one.broker is not None and one.facts.claims:  # the broker had it before the gateway knew
        at = min(at, one.facts.claims[0].entry + one.broker)
    ahead = f" behind {behind:.1f} s of audio" if behind else ""
    if told.fields.get("early") is True:
        yield at, "gateway", f"segment {index} may end here: it is queued already{ahead}"
        return
    waited = queued - (told.ms("complete") or 0.0)
    late = f", {lasting(waited)} after it was complete here" if waited >= NOTABLE_MS else ""
    yield at, "gateway", f"segment {index} is queued{ahead}{late}"
    if (again := told.ms("requeued")) is not None:
        yield one.gateway + again, "gateway", f"segment {index} is queued again: the broker had lost it"


def _worked(one: SegmentTimeline, span: TimeSpan, workers: Mapping[str, str]) -> Iterator[Told]:
    index, name = one.facts.index, named(span.who, workers)
    match span.what:
        case SpanKind.QUEUED | SpanKind.AGAIN if span.ms >= NOTABLE_MS:
            what = "in the queue" if span.what is SpanKind.QUEUED else "until it was tried again"
            yield span.end, "gateway", f"segment {index} waited {lasting(span.ms)} {what}"
        case SpanKind.ELSEWHERE if span.ms >= NOTABLE_MS:
            yield span.end, name, f"segment {index} was in the queue or with this worker for {lasting(span.ms)}"
        case SpanKind.SILENT:
            yield from _taken_over(one, span, workers)
        case SpanKind.WAITING if span.ms >= NOTABLE_MS:
            yield (
                span.end,
                name,
                f"segment {index} waited {lasting(span.ms)} for those that came before it",
            )
        case SpanKind.DECODING:
            yield span.start, name, f"segment {index} is decoded{_how(one, span)}"
        case SpanKind.STORING if span.ms >= NOTABLE_MS:
            yield span.end, name, f"the result of segment {index} took {lasting(span.ms)} into the broker"


def _how(one: SegmentTimeline, span: TimeSpan) -> str:
    claim = _claim(one, span)
    if claim is None or claim.delivered:
        return f" in {lasting(span.ms)}"
    if claim.ended is None:
        return f"; the last sign of it {lasting(span.ms)} later, then nothing"
    return f" for {lasting(span.ms)}, in vain"


def _claim(one: SegmentTimeline, span: TimeSpan) -> JobClaim | None:
    broker = one.broker or 0.0
    near = [t for t in one.facts.claims if t.worker == span.who and t.taken + broker <= span.start + 1.0]
    return near[-1] if near else None


def _taken_over(one: SegmentTimeline, span: TimeSpan, workers: Mapping[str, str]) -> Iterator[Told]:
    index, dead, name = one.facts.index, named(span.who, workers), named(span.other, workers)
    claim = next((claim for claim in one.facts.claims if claim.worker == span.other), None)
    if claim is not None and claim.borrowed:
        why = f"of which nothing was heard for {lasting(span.ms)}; this one had nothing else to do"
        yield span.end, name, f"decodes segment {index} in the place of {dead}, {why}"
        return
    why = f"seen {lasting(span.ms)} after its last sign, when its lease had run out"
    yield span.end, name, f"takes segment {index} over from {dead}, which died or was cut off ({why})"


def _holes(one: SegmentTimeline, outages: Sequence[TimeSpan]) -> Iterator[Told]:
    for hole in one.holes(outages):
        if hole.ms >= NOTABLE_MS:
            yield hole.end, "", f"segment {one.facts.index}: of the {lasting(hole.ms)} before this nobody tells"


def _text(one: SegmentTimeline) -> Iterator[Told]:
    index = one.facts.index
    if one.text is not None and one.ended is not None:
        app = one.facts.app
        line = app or one.told
        good = line is not None and line.text("outcome") == "final"
        after = lasting(max(0.0, one.text - one.ended))
        what = "the text of" if good else "that there is no text of"
        verb = "is there" if app else "is told"
        yield one.text, "app" if app else "gateway", f"{what} segment {index} {verb}, {after} after its end"
    if one.inserted is not None and one.text is not None:
        waited = lasting(max(0.0, one.inserted - one.text))
        yield one.inserted, "app", f"the text of segment {index} is where the cursor is, {waited} after it came"
