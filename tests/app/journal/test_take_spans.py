"""Spans in a journal: either the span or its pieces count, wherever a crash cuts the journal off."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.journal.events import (
    Begin,
    Cancelled,
    Chosen,
    Dismissed,
    End,
    Event,
    Finished,
    Inserted,
    Inserting,
    Replaced,
    Wanted,
    encode_line,
    sealed,
)
from app.journal.recovery import Replay, Resume, Skip, plan
from app.journal.take import Take, TakeState
from app.journal.take_reader import read_take
from protocol.audio import BYTES_PER_SAMPLE
from protocol.errors import ErrorCode
from protocol.session import Failed, Final, Queued
from tests.app.journal.files import take_of

PIECES = (Begin(0, 100), End(0, 400), Begin(1, 600), End(1, 300))
SPAN = (Begin(2, 100, replaces=(0, 1)), End(2, 800))
TEXTS = (Final(0, "I went home."), Final(1, "Because it rained."))
WHOLE = Final(2, "I went home because it rained.")
APART = "I went home. Because it rained."
HELD = {0: "I went home.", 1: "Because it rained."}
REFUSED = Failed(2, ErrorCode.BUSY, "too slow")


def taken(*events: Event) -> Take:
    return take_of((Wanted(True), *PIECES, *SPAN, *events, Finished(1_000)))


@pytest.mark.parametrize(
    ("events", "text", "held"),
    [
        ((*TEXTS, WHOLE), WHOLE.text, {0: WHOLE.text}),
        ((WHOLE,), WHOLE.text, {0: WHOLE.text}),
        ((WHOLE, Chosen(2, True)), WHOLE.text, {0: WHOLE.text}),
        ((*TEXTS, WHOLE, Chosen(2, False)), APART, HELD),
        ((*TEXTS, Chosen(2, False), WHOLE), APART, HELD),
        ((*TEXTS, REFUSED), APART, HELD),
        ((*TEXTS, Cancelled(2, 800)), APART, HELD),
        (TEXTS, APART, HELD),
        ((*TEXTS, Final(2, "")), APART, HELD),
        ((TEXTS[0], Failed(1, ErrorCode.ENGINE_DIED, ""), WHOLE), WHOLE.text, {0: WHOLE.text}),
        ((*TEXTS, WHOLE, Chosen(2, True), Chosen(2, False)), WHOLE.text, {0: WHOLE.text}),
        ((*TEXTS, WHOLE, Chosen(2, True), Inserting(0)), WHOLE.text, {0: WHOLE.text}),
        ((*TEXTS, WHOLE, Chosen(2, True), Inserting(0), Inserted(0)), WHOLE.text, {}),
        ((*TEXTS, WHOLE, Chosen(2, True), Dismissed(0)), WHOLE.text, {}),
        (
            (*TEXTS, Chosen(2, False), Inserting(0), Inserted(0)),
            "I went home. Because it rained.",
            {1: "Because it rained."},
        ),
        ((WHOLE, Replaced(2, "Home!")), "Home!", {0: "Home!"}),
    ],
)
def test_exactly_one_variant_counts_in_text_and_held_texts(
    events: tuple[Event, ...], text: str, held: dict[int, str]
) -> None:
    take = taken(*events)
    assert take.transcript(1_000).text == text
    assert take.held == held
    assert take.state(1_000) is (TakeState.HELD if held else TakeState.DONE)


def test_span_without_result_does_not_keep_a_take_waiting() -> None:
    assert taken(*TEXTS, Queued(2)).state(1_000) is TakeState.HELD
    assert taken(TEXTS[0]).state(1_000) is TakeState.WAITING
    assert taken(TEXTS[0], REFUSED).state(1_000) is TakeState.WAITING
    assert taken(TEXTS[0], Failed(1, ErrorCode.ENGINE_DIED, ""), REFUSED).state(1_000) is TakeState.FAILED


def test_transcript_has_the_times_of_the_span() -> None:
    (said,) = taken(*TEXTS, WHOLE).transcript(16_000).segments
    assert (said.index, said.start_ms, said.end_ms) == (2, 6, 56)


def test_cancelled_take_covers_both_variants() -> None:
    take = taken(*TEXTS, WHOLE, Chosen(2, True), Wanted(False, cancelled=True))
    assert (take.held, take.state(1_000)) == ({}, TakeState.CANCELLED)


@pytest.mark.parametrize("events", [(WHOLE,), (TEXTS[0], WHOLE), (*TEXTS, WHOLE, Chosen(2, True))])
def test_pieces_of_a_used_span_are_not_sent_again(events: tuple[Event, ...]) -> None:
    todo = plan(taken(*events), 1_000)
    assert todo.steps == (Skip(0, 100), Skip(1, 600), Skip(2, 100)) and todo.idle


def test_span_without_text_is_withdrawn_and_its_pieces_are_sent() -> None:
    assert plan(taken(TEXTS[0]), 1_000).steps == (Skip(0, 100), Replay(1, 600, 300), Skip(2, 100))
    assert plan(take_of((*PIECES, SPAN[0])), 1_000).steps == (
        Replay(0, 100, 400),
        Replay(1, 600, 300),
        Skip(2, 100),
    )
    assert plan(taken(*TEXTS), 1_000).idle


def test_segment_that_had_begun_before_a_span_is_resumed() -> None:
    todo = plan(take_of((*PIECES, Begin(2, 950), Begin(3, 100, replaces=(0, 1)), End(3, 800))), 2_000)
    assert todo.steps[2:] == (Resume(2, 950), Skip(3, 100))
    assert (todo.rest, todo.unended) == (950, 2)


def test_journal_with_a_span_has_no_damage() -> None:
    events: list[Event] = [Wanted(True), *PIECES, *SPAN, *TEXTS, WHOLE, Chosen(2, True), Finished(1_000)]
    lines = b"".join(sealed(encode_line(event), number) for number, event in enumerate(events))
    take = read_take(lines, 1_000 * BYTES_PER_SAMPLE)
    assert [fault.what for fault in take.damage] == ["the line that begins the recording is missing"]
    assert take.transcript(1_000).text == WHOLE.text


@dataclass(frozen=True)
class Story:
    """A take as it may have happened: its events, and which segments replace which."""

    events: tuple[Event, ...]
    samples: int


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """Draw a take with up to three spans, whose results arrive in any order, and a crash at any event."""
    timeline: list[tuple[float, Event]] = []
    number = at = 0
    for _ in range(draw(st.integers(1, 3))):
        pieces: list[tuple[int, int, int]] = []
        for _ in range(draw(st.integers(1, 3))):
            length = draw(st.integers(1, 20))
            timeline += [(number, Begin(number, at)), (number + 0.5, End(number, length))]
            pieces.append((number, at, length))
            at += length + draw(st.integers(0, 5))
            number += 1
        for piece, _, length in pieces:
            timeline += drawn_outcome(draw, piece, length, f"piece {piece}.")
        if len(pieces) > 1 and draw(st.booleans()):
            first, last = pieces[0], pieces[-1]
            length = last[1] + last[2] - first[1]
            begin = Begin(number, first[1], replaces=tuple(piece for piece, _, _ in pieces))
            timeline += [(number, begin), (number + 0.5, End(number, length))]
            timeline += drawn_outcome(draw, number, length, draw(st.sampled_from(["", "x", "a whole sentence."])))
            if draw(st.booleans()):
                timeline.append((number + draw(st.integers(1, 9)), Chosen(number, draw(st.booleans()))))
            number += 1
    ordered = [event for _, event in sorted(timeline, key=lambda each: each[0])]
    ended = draw(st.booleans())
    events = (*ordered, Finished(at)) if ended else ordered[: draw(st.integers(0, len(ordered)))]
    return Story((Wanted(True), *events), at)


def drawn_outcome(draw: st.DrawFn, number: int, samples: int, text: str) -> list[tuple[float, Event]]:
    """Draw how and when a segment ends, if at all."""
    at = number + 0.75 + draw(st.integers(0, 9))
    match draw(st.sampled_from("nffx")):
        case "f":
            return [(at, Final(number, text))]
        case "x":
            return [(at, Failed(number, ErrorCode.ENGINE_DIED, ""))]
    return []


@given(stories())
def test_every_sample_counts_once_at_every_crash(story: Story) -> None:
    take = take_of(story.events)
    heard = [n for each in take.counted.values() for n in range(each.at, each.at + (each.samples or 0))]
    assert len(heard) == len(set(heard)), "no sample counts twice"
    spoken = {n for each in take.segments.values() for n in range(each.at, each.at + (each.samples or 0))}
    gaps = spoken - set(heard)
    assert all(not in_piece(take, sample) for sample in gaps), "every sample of a piece counts"
    pieces = {number for number, each in take.segments.items() if not each.details.replaces}
    assert set(take.held) <= pieces
    assert sorted(take.held.values()) == sorted(each.text for each in take.counted.values() if each.text)


@given(stories())
def test_recovery_sends_what_counts_and_has_no_text_at_every_crash(story: Story) -> None:
    take = take_of(story.events)
    todo = plan(take, story.samples)
    assert [step.segment for step in todo.steps] == list(range(len(todo.steps))) == sorted(take.segments)
    sent = [n for step in todo.steps if isinstance(step, Replay) for n in range(step.at, step.at + step.samples)]
    rest = [] if todo.rest is None else list(range(todo.rest, story.samples))
    assert len({*sent, *rest}) == len(sent) + len(rest), "nothing is sent twice"
    for each in take.counted.values():
        needed = set(range(each.at, each.at + (each.samples or story.samples - each.at)))
        if not each.settled:
            assert needed <= {*sent, *rest}
        else:
            assert not needed & {*sent, *rest}


def in_piece(take: Take, sample: int) -> bool:
    """Return whether a piece has this sample."""
    pieces = (each for each in take.segments.values() if not each.details.replaces)
    return any(piece.at <= sample < piece.at + (piece.samples or 0) for piece in pieces)
