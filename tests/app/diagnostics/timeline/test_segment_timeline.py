"""Timeline of one segment: spans and gaps."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.diagnostics.timeline.segment_facts import gather
from app.diagnostics.timeline.segment_timeline import (
    SegmentTimeline,
    SpanKind,
    TimeSpan,
    difference,
    subtract,
    timeline,
    typical,
)
from tests.app.diagnostics.timeline.world import GATEWAY_S, ONE, TWO, Ways, World, name_of, taken_over, usual


def of(world: World) -> SegmentTimeline:
    return timeline(gather(world.lines)[0])


def spans(one: SegmentTimeline) -> list[tuple[SpanKind, int, str]]:
    return [(span.what, round(span.ms), span.who) for span in one.spans if span.ms > 5]


def test_timeline_of_normal_segment_has_queue_and_decoding() -> None:
    world = World()
    usual(world)
    one = of(world)
    assert spans(one) == [
        (SpanKind.SPOKEN, 2_000, ""),
        (SpanKind.QUEUED, 203, ""),
        (SpanKind.DECODING, 1_000, name_of(ONE)),
    ]
    assert one.winner is not None and one.winner.worker == name_of(ONE)
    assert one.sum(SpanKind.DECODING) == pytest.approx(1_000) and one.sum(SpanKind.SPOKEN) == 0


def test_timeline_of_takeover_has_last_sign_of_first_worker() -> None:
    world = World()
    taken_over(world)
    assert spans(of(world)) == [
        (SpanKind.SPOKEN, 2_000, ""),
        (SpanKind.QUEUED, 203, ""),
        (SpanKind.DECODING, 400, name_of(ONE)),
        (SpanKind.SILENT, 10_000, name_of(ONE)),
        (SpanKind.DECODING, 1_000, name_of(TWO)),
    ]


def test_decoding_before_end_of_speech_is_not_counted() -> None:
    world = World()
    world.client.note_begin(0, world.now)
    world.now += 1.5
    early = world.now + GATEWAY_S
    entry = world.broker_ms()
    delivery = world.takes(ONE, 0, entry)
    world.decodes(ONE, delivery, Ways(decode=0.3))
    world.now += 0.3
    world.client.note_complete(0, world.now)
    world.client.note_sent(0, world.now)
    world.now += 0.002
    course_complete = world.now + GATEWAY_S
    world.delivers(0, course_complete, early, delivery, ONE, Ways(decode=0.3))
    world.raw = [(raw.replace(b'"told"', b'"early": true, "told"'), where) for raw, where in world.raw]
    one = of(world)
    assert one.sum(SpanKind.DECODING) == 0 and one.text is not None and one.ended is not None
    assert one.text - one.ended == pytest.approx(7, abs=2)
    assert sum(hole.ms for hole in one.holes()) == pytest.approx(6, abs=2)


def test_holes_exclude_spans_and_outages() -> None:
    facts = gather([])
    assert facts == {}
    world = World()
    usual(world, ways=Ways(network=0.5))
    one = of(world)
    assert one.ended is not None and one.text is not None
    holes = one.holes()
    assert sum(hole.ms for hole in holes) == pytest.approx(1_500, abs=3)
    assert one.holes([TimeSpan(SpanKind.AWAY, one.ended, one.text)]) == []


def test_timeline_uses_only_the_last_attempt() -> None:
    world = World()
    usual(world)
    world.raw = [(raw.replace(b'"attempt": 0', b'"attempt": 1'), where) for raw, where in world.raw]
    stale = World(broker_skew=-5.0)
    usual(stale)
    world.raw += [(raw, where) for raw, where in stale.raw if where == ONE]
    one = of(world)
    assert len(one.facts.claims) == 2 and [span.what for span in one.spans].count(SpanKind.DECODING) == 1


TIMES = some.floats(-1e6, 1e6)
WAYS = some.lists(some.floats(0, 1e3), min_size=1)


@given(TIMES, WAYS)
def test_difference_errs_by_the_fastest_message(skew: float, ways: list[float]) -> None:
    found = difference([skew + way for way in ways], skew - 1.0)
    assert found is not None and abs(found - skew) <= min(ways) + 1e-3


def test_difference_uses_sent_message_when_none_came() -> None:
    assert difference([None, None], 2.0) == 2.0
    assert difference([None, 3.0], 2.0) == 3.0
    assert difference([]) is None


def test_unknown_times_stay_unknown() -> None:
    assert (subtract(None, 1.0), subtract(1.0, None), subtract(3.0, 1.0)) == (None, None, 2.0)
    assert (typical([]), typical([5.0, 1.0, 2.0])) == (0.0, 2.0)
