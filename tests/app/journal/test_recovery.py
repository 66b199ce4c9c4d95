"""Plans for completing a take, for every way in which it can have ended."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.journal.events import Begin, Cancelled, End, Event, Finished, Recut
from app.journal.recovery import (
    PassOver,
    RecoveryPlan,
    Replay,
    Resume,
    SampleRange,
    Skip,
    certain_spans,
    gaps_between,
    plan,
)
from app.journal.take_reader import LONGEST
from protocol.errors import ErrorCode
from protocol.session import Failed, Final
from tests.app.journal.files import take_of

FIRST = (Begin(0, 100), End(0, 400))
SECOND = (Begin(1, 600), End(1, 300))


def planned(*events: Event, samples: int = 1_000) -> RecoveryPlan:
    return plan(take_of(events), samples)


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ((), RecoveryPlan((), 0)),
        (FIRST, RecoveryPlan((Replay(0, 100, 400),), 500)),
        ((*FIRST, Final(0, "a")), RecoveryPlan((Skip(0, 100),), 500)),
        ((*FIRST, Failed(0, ErrorCode.BUSY, "")), RecoveryPlan((Replay(0, 100, 400),), 500)),
        ((*FIRST, Begin(1, 600)), RecoveryPlan((Replay(0, 100, 400), Resume(1, 600)), 600)),
        ((*FIRST, *SECOND, Finished(1_000)), RecoveryPlan((Replay(0, 100, 400), Replay(1, 600, 300)), None)),
        ((*FIRST, *SECOND, Final(1, "b")), RecoveryPlan((Replay(0, 100, 400), Skip(1, 600)), 900)),
        ((Begin(0, 100), Cancelled(0, 200)), RecoveryPlan((Skip(0, 100),), 300)),
    ],
)
def test_plan_keeps_boundaries_and_cuts_the_rest(events: tuple[Event, ...], expected: RecoveryPlan) -> None:
    assert planned(*events) == expected


def test_plan_is_idle_only_for_a_finished_take_with_all_texts() -> None:
    assert planned(*FIRST, Final(0, "a"), Finished(1_000)).idle
    assert planned(*FIRST, Cancelled(0, 400), Finished(1_000)).idle
    assert planned(samples=0).idle
    assert not planned(*FIRST, Final(0, "a")).idle
    assert not planned(*FIRST, Finished(1_000)).idle
    assert not planned(Begin(0, 100), End(0, 0), Finished(1_000)).idle, "no audio, but no result either"
    assert not planned(*FIRST, Finished(1_000), samples=50).idle


def test_segment_beyond_the_end_of_the_audio_is_shortened() -> None:
    assert planned(*FIRST, samples=300) == RecoveryPlan((Replay(0, 100, 200),), None)
    assert planned(*FIRST, samples=100) == RecoveryPlan((Skip(0, 100, lost=True),), None)
    assert planned(*FIRST, Begin(1, 600), samples=600).steps[1] == Skip(1, 600, empty=True)


def test_plan_has_no_gap_in_segment_numbers_after_damaged_lines() -> None:
    without_begin = planned(*FIRST, *(Begin(2, 700), End(2, 100)))
    assert without_begin.steps == (Replay(0, 100, 400), PassOver(1), Replay(2, 700, 100))
    without_end = planned(Begin(0, 100), *SECOND)
    assert without_end.steps == (Replay(0, 100, 500), Replay(1, 600, 300))


@pytest.mark.parametrize(("distance", "certain"), [(LONGEST, True), (LONGEST + 1, False)])
def test_missing_end_is_where_the_next_segment_begins_if_that_is_near(distance: int, certain: bool) -> None:
    spans = certain_spans(take_of([Begin(0, LONGEST), Begin(1, LONGEST + distance)]))
    assert spans == ({0: SampleRange(LONGEST, 2 * LONGEST)} if certain else {})


def test_missing_end_stays_where_the_next_segment_began_once_that_is_cut_again() -> None:
    cut = (Begin(0, 100), Final(0, "a"), *SECOND, Recut(1))
    assert certain_spans(take_of([*cut, Begin(2, 600)])) == {0: SampleRange(100, 600)}
    again = (Begin(2, 600), Begin(3, 900), End(3, 100))
    assert certain_spans(take_of([*cut, Begin(1, 600), *again]))[2] == SampleRange(600, 900)
    assert planned(*cut, *again, Finished(1_000), samples=1_000).gaps == ()


def test_segment_that_replaces_others_has_a_span_only_with_its_text() -> None:
    joined = (*FIRST, *SECOND, Begin(2, 100, replaces=(0, 1)), End(2, 800))
    assert set(certain_spans(take_of(joined))) == {0, 1}
    assert set(certain_spans(take_of([*joined, Final(2, "a")]))) == {0, 1, 2}


def test_gaps_are_found_by_position_not_by_number() -> None:
    spans = {0: SampleRange(500, 600), 1: SampleRange(0, 100)}
    assert [*gaps_between(spans, 1_000)] == [SampleRange(100, 500), SampleRange(600, 1_000)]
    assert [*gaps_between(spans, 300)] == [SampleRange(100, 300)]
    replaced = {2: SampleRange(200, 300), 3: SampleRange(0, 600)}
    assert [*gaps_between({**spans, **replaced}, 1_000)] == [SampleRange(600, 1_000)]


def test_mending_keeps_certain_segments_with_texts_and_cuts_the_others_again() -> None:
    """The end of a segment is missing in a take that heard less than is on disk."""
    events = (*FIRST, Begin(1, 600), Finished(900))
    gaps = (SampleRange(0, 100), SampleRange(500, 1_000))
    kept = planned(*events, Final(0, "a"))
    assert kept == RecoveryPlan((Skip(0, 100), PassOver(1)), None, gaps, recut=(1,), mends=True)
    again = planned(*events)
    assert (again.steps, again.again) == ((PassOver(0), PassOver(1)), (SampleRange(100, 500),))
    assert (again.gaps, again.recut) == (gaps, (0, 1))


def test_mending_sends_again_in_spoken_order() -> None:
    """A segment that was cut again has a higher number than those after it."""
    recut = (Begin(0, 600), End(0, 300), Begin(1, 100), End(1, 400), Begin(2, 920), Finished(950))
    assert planned(*recut).again == (SampleRange(100, 500), SampleRange(600, 900))


def test_doubtful_boundaries_are_cut_again() -> None:
    take = take_of((*FIRST, Final(0, "a"), *SECOND, Final(1, "b"), Finished(900)))
    take.doubtful.add(1)
    assert certain_spans(take) == {0: SampleRange(100, 500)}
    assert plan(take, 1_000).gaps == (SampleRange(0, 100), SampleRange(500, 1_000))


def test_mending_sends_neither_empty_segments_nor_those_replaced_by_a_text() -> None:
    replaced = (*FIRST, *SECOND, Begin(2, 100, replaces=(0, 1)), End(2, 800), Final(2, "a"))
    mended = planned(*replaced, Begin(3, 900), End(3, 0), Finished(900))
    assert mended.mends and mended.again == ()


@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(1, 50), st.sampled_from("oofc")), max_size=8),
    st.integers(0, 30),
    st.integers(0, 500),
    st.booleans(),
)
def test_plan_sends_or_cuts_every_needed_sample(
    segments: list[tuple[int, int, str]], cut: int, samples: int, finished: bool
) -> None:
    """Segments with gaps, with or without a text, after a crash between any two events."""
    events: list[Event] = []
    at = 0
    for number, (gap, length, how) in enumerate(segments):
        events += [Begin(number, at + gap), End(number, length)]
        if how != "o":
            events.append(Final(number, "x") if how == "f" else Cancelled(number, length))
        at += gap + length
    events = [*events, Finished(at)] if finished else events[:cut]
    samples = min(samples, at) if finished else samples
    take = take_of(events)
    todo = plan(take, samples)
    sent = {n for step in todo.steps if isinstance(step, Replay) for n in range(step.at, step.at + step.samples)}
    rest = set(range(samples if todo.rest is None else todo.rest, samples))
    assert [step.segment for step in todo.steps] == list(range(len(todo.steps)))
    assert len(todo.steps) == len(take.segments)
    for spoken in take.segments.values():
        needed = range(spoken.at, min(samples, spoken.at + (spoken.samples or samples)))
        if not spoken.settled:
            assert set(needed) <= sent | rest
        elif spoken.samples is not None:
            assert not set(needed) & (sent | rest)
    assert not sent & rest


@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(1, 50), st.sampled_from("oefr")), max_size=8),
    st.integers(0, 500),
    st.booleans(),
)
@example([(0, 40, "e"), (0, 20, "r"), (0, 30, "o")], 90, False).via("its number and the next one's are apart")
@example([(0, 20, "r"), (5, 40, "e"), (5, 30, "o")], 100, True)
def test_plan_sends_no_sample_twice_when_any_end_is_missing(
    segments: list[tuple[int, int, str]], samples: int, finished: bool
) -> None:
    """Segments without their ends, although no line is damaged; spans have numbers between theirs."""
    events, needed, at, number = list[Event](), set[int](), 0, 0
    for gap, length, how in segments:
        at += gap
        if how == "r":
            events.append(Begin(number, at, replaces=tuple(range(number))))
            number += 1
        events += [Begin(number, at), *([] if how in "er" else [End(number, length)])]
        if how == "f":
            events.append(Final(number, "x"))
        else:
            needed |= set(range(at, at + length))
        at, number = at + length, number + 1
    samples = at if finished else min(samples, at)
    todo = plan(take_of([*events, Finished(at)] if finished else events), samples)
    parts = [(step.at, step.at + step.samples) for step in todo.steps if isinstance(step, Replay)]
    parts += [*todo.gaps, *todo.again, *([] if todo.rest is None else [(todo.rest, samples)])]
    sent = [sample for begin, end in parts for sample in range(begin, end)]
    assert len(sent) == len(set(sent))
    assert needed & set(range(samples)) <= set(sent)
