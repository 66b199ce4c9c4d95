"""The state of a take, computed from its events."""

from uuid import UUID

import pytest

from app.core.transcript import TranscriptSegment
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
    Replaced,
    Reran,
    Wanted,
    opened_event,
)
from app.journal.take import TRANSCRIBED, TakeState
from protocol.errors import ErrorCode
from protocol.recognition import Options
from protocol.session import Failed, Final, Queued
from tests.app.journal.files import take_of

SAID = (Begin(0, 1600), End(0, 3200))
FAILED = Failed(0, ErrorCode.ENGINE_FAILED, "no")


@pytest.mark.parametrize(
    ("events", "samples", "state"),
    [
        ((), 0, TakeState.EMPTY),
        ((), 1, TakeState.INTERRUPTED),
        ((Begin(0, 0),), 0, TakeState.INTERRUPTED),
        ((*SAID, Final(0, "a")), 9, TakeState.INTERRUPTED),
        ((Finished(9),), 9, TakeState.EMPTY),
        ((*SAID, Finished(9)), 9, TakeState.WAITING),
        ((*SAID, Queued(0), Finished(9)), 9, TakeState.WAITING),
        ((*SAID, Finished(9), FAILED), 9, TakeState.FAILED),
        ((*SAID, Finished(9), Final(0, "a")), 9, TakeState.DONE),
        ((*SAID, Finished(9), FAILED, Final(0, "a")), 9, TakeState.DONE),
        ((*SAID, Finished(9), Cancelled(0, 5)), 9, TakeState.DONE),
        ((*SAID, Finished(9), Final(0, "a"), Inserting(0)), 9, TakeState.DONE),
        ((Wanted(True), *SAID, Finished(9), Final(0, "a"), Inserting(0)), 9, TakeState.HELD),
        ((*SAID, Finished(9), Final(0, "a"), Inserting(0), Inserted(0)), 9, TakeState.DONE),
        ((Wanted(True), *SAID, Finished(9), Final(0, "a")), 9, TakeState.HELD),
        ((Wanted(True), *SAID, Finished(9), Final(0, "a"), Wanted(False)), 9, TakeState.DONE),
        ((Wanted(True), *SAID, Finished(9), Final(0, "a"), Inserting(0), Wanted(False)), 9, TakeState.DONE),
    ],
)
def test_state_of_a_take_follows_from_its_events(
    events: tuple[Event, ...], samples: int, state: TakeState
) -> None:
    take = take_of(events)
    assert take.state(samples) is state
    assert take.state(samples, live=True) is TakeState.LIVE


def test_transcribed_states_need_no_more_work() -> None:
    needed = {TakeState.LIVE, TakeState.INTERRUPTED, TakeState.DAMAGED, TakeState.WAITING, TakeState.FAILED}
    assert set(TakeState) - TRANSCRIBED == needed


def test_text_is_held_when_it_is_wanted_and_may_not_have_arrived() -> None:
    events: list[Event] = [
        *(event for number in range(5) for event in (Begin(number, 9 * number), End(number, 9))),
        *(Final(0, "there"), Inserting(0), Inserted(0), Final(1, "perhaps"), Inserting(1)),
        *(Final(2, "never"), Final(3, " "), Failed(4, ErrorCode.ENGINE_DIED, "it died"), Finished(45)),
    ]
    take = take_of([Wanted(True), *events])
    assert take.held == {1: "perhaps", 2: "never"}
    assert take_of(events).held == take_of([Wanted(True), *events, Wanted(False)]).held == {}


def test_only_the_rest_of_a_partly_inserted_text_is_held() -> None:
    partly = (Wanted(True), *SAID, Finished(9), Final(0, "said"), Inserting(0), Inserting(0, rest="aid"))
    assert take_of(partly).held == take_of((*partly, Inserting(0, "editor"))).held == {0: "aid"}
    assert take_of((*partly, Inserting(0, rest="d"))).held == {0: "d"}
    assert take_of(partly).transcript(9).text == "said"


def test_dismissed_text_is_no_longer_held() -> None:
    take = take_of([Wanted(True), *SAID, Finished(9), Final(0, "said"), Inserting(0)])
    assert take.held == {0: "said"}
    over = take_of([Wanted(True), *SAID, Finished(9), Final(0, "said"), Inserting(0), Dismissed(0)])
    assert over.held == {} and over.state(9) is TakeState.DONE
    assert over.transcript(9).text == "said"


def test_first_text_of_a_segment_stays() -> None:
    take = take_of([*SAID, Final(0, "first"), Final(0, "second"), FAILED, Cancelled(0, 1)])
    assert take.segments[0].outcome == Final(0, "first")
    assert not take.segments[0].cancelled


def test_segment_has_the_replaced_text_and_the_recognised_text() -> None:
    take = take_of([Replaced(0, "early"), *SAID, Replaced(0, "early"), Final(0, " teh "), Replaced(0, "the")])
    spoken = take.segments[0]
    assert (spoken.text, spoken.recognised) == ("the", "teh")
    assert take.recognised_segment(0, 9).text == "the" and take.recognised_segment(0, 9).recognised == "teh"
    take.apply(Replaced(0, "again"))
    assert take.text_of(Final(0, "another")) == "the"
    assert take_of(SAID).text_of(Final(0, " as it is ")) == "as it is"
    assert take.transcript(9).text == "the"


def test_text_emptied_by_rules_is_not_held() -> None:
    take = take_of([Wanted(True), *SAID, Finished(9), Final(0, "um"), Replaced(0, "")])
    assert take.held == {} and take.state(9) is TakeState.DONE
    assert take.recognised_segment(0, 9).error == "" and take.recognised_segment(0, 9).recognised == "um"


def test_first_boundaries_of_a_segment_stay() -> None:
    take = take_of([Begin(0, 1), Begin(0, 2), End(0, 3), End(0, 4)])
    assert (take.segments[0].at, take.segments[0].samples) == (1, 3)


def test_cancelled_segment_ends_with_its_audio() -> None:
    assert take_of([Begin(0, 1), Cancelled(0, 2)]).segments[0].samples == 2
    assert take_of([Begin(0, 1), Cancelled(0, 2), End(0, 9)]).segments[0].samples == 9
    assert take_of([*SAID, Cancelled(0, 2)]).segments[0].samples == 3200


def test_events_of_an_unknown_segment_are_ignored() -> None:
    take = take_of([End(3, 1), Final(3, "a"), Inserting(3)])
    assert take.segments == {}


def test_opened_event_sets_options_and_start_time() -> None:
    options = Options(language="zh", model="m")
    take = take_of([opened_event(UUID(int=1), options, 12.0)])
    assert (take.options, take.started_s) == (options, 12.0)


def test_last_edit_counts_and_leaves_the_recognised_text() -> None:
    events: list[Event] = [Begin(0, 0), End(0, 16_000), Final(0, "yes"), Finished(16_000)]
    take = take_of([*events, Edited("no"), Edited("yes and no")])
    assert (take.edited, take.transcript(16_000).text) == ("yes and no", "yes")
    assert take.state(16_000) is TakeState.DONE
    assert take_of([*events, Edited("no"), Edited("")]).edited == ""


def test_text_recognised_after_an_edit_is_added_to_it() -> None:
    spoken: list[Event] = [Begin(0, 0), End(0, 16_000), Begin(1, 32_000), End(1, 16_000), Finished(48_000)]
    events: list[Event] = [*spoken, Final(1, "it is late."), Edited("it's late.")]
    assert take_of(events).edited == "it's late."
    later = take_of([*events, Final(0, "Go home,")])
    assert later.edited == "Go home, it's late."
    assert take_of([*events, Final(0, "")]).edited == "it's late."
    assert take_of([*events, Final(0, "Go home,"), Edited("it's late.")]).edited == "it's late."


def test_edit_from_a_rerun_replaces_the_whole_take() -> None:
    run = Reran("2024-01-01T00:00:00+00:00", Options(), True, "m", "Go home, it is late.")
    spoken: list[Event] = [Begin(0, 0), End(0, 16_000), Begin(1, 32_000), End(1, 16_000), Finished(48_000)]
    events: list[Event] = [*spoken, Final(1, "is late."), run, Edited(run.text)]
    assert take_of([*events, Final(0, "Go home")]).edited == run.text
    assert take_of([*events, Edited("Go home!"), Final(0, "Go home")]).edited == "Go home!"
    again: list[Event] = [*events, Edited(""), Edited("it's late."), Final(0, "Go home,")]
    assert take_of(again).edited == "Go home, it's late."


def test_reruns_are_kept_without_changing_the_text() -> None:
    runs = [Reran("2024-01-01T00:00:00+00:00", Options(), vad, "m", "other") for vad in (True, False)]
    take = take_of([Begin(0, 0), Final(0, "yes"), *runs])
    assert take.runs == runs
    assert take.transcript(0).text == "yes"


def test_transcript_has_all_segments_except_cancelled_ones() -> None:
    events: list[Event] = [
        *(Begin(2, 64_000), Begin(0, 0), End(0, 16_000), Begin(1, 32_000), End(1, 8_000)),
        *(Begin(3, 72_000), Cancelled(3, 10)),
        *(Final(0, " yes ", "en", model="m"), Failed(1, ErrorCode.ENGINE_DIED, "it died")),
    ]
    transcript = take_of(events).transcript(80_000)
    assert transcript.segments == (
        TranscriptSegment(0, 0, 1_000, "yes", "en", model="m"),
        TranscriptSegment(1, 2_000, 2_500, error="it died (engine_died)"),
        TranscriptSegment(2, 4_000, 5_000, error="not recognised yet"),
    )
    assert (transcript.text, transcript.duration_ms) == ("yes", 5_000)


@pytest.mark.parametrize(
    ("deliveries", "text"),
    [
        ((), "天气很好，我们去公园。"),
        ((Inserting(0), Inserting(1), Inserted(0), Inserted(1)), "天气很好，我们去公园。"),
        ((Inserting(0), Inserting(1), Inserted(0), Inserting(1, rest="园。")), "天气很好，我们去公园。"),
        ((Inserting(0), Inserted(0), Inserting(1), Inserted(1)), "天气很好。我们去公园。"),
        (
            (Inserting(0), Inserted(0), Inserting(1), Inserted(1), Inserting(0), Inserted(0)),
            "天气很好。我们去公园。",
        ),
    ],
)
def test_text_is_joined_as_it_was_inserted(deliveries: tuple[Event, ...], text: str) -> None:
    pieces = (Begin(0, 0), End(0, 16_000), Begin(1, 16_000), End(1, 16_000))
    texts = (Final(0, "天气很好。"), Final(1, "我们去公园。"))
    assert take_of([*pieces, *texts, *deliveries]).transcript(32_000).text == text


@pytest.mark.parametrize(
    ("events", "state", "held", "inserted"),
    [
        ((*SAID, Finished(9), Final(0, "a")), TakeState.CANCELLED, (), False),
        ((*SAID, Finished(9), Final(0, "a"), Inserting(0)), TakeState.CANCELLED, (), False),
        ((*SAID, Finished(9), Final(0, "a"), Inserting(0), Inserted(0)), TakeState.CANCELLED, (), True),
        ((*SAID, Finished(9)), TakeState.WAITING, (), False),
        (SAID, TakeState.INTERRUPTED, (), False),
    ],
)
def test_cancelled_take_stays_cancelled_and_unrecognised_segments_are_kept(
    events: tuple[Event, ...], state: TakeState, held: tuple[int, ...], inserted: bool
) -> None:
    take = take_of((Wanted(True), *events, Wanted(False, cancelled=True), Wanted(False)))
    assert (take.cancelled, take.state(9), tuple(take.held), take.inserted) == (True, state, held, inserted)
    assert take.state(9, live=True) is TakeState.LIVE


def test_edited_take_has_no_held_texts() -> None:
    events = (Wanted(True), *SAID, Finished(9), Final(0, "a"), Inserting(0))
    assert take_of(events).held == {0: "a"}
    edited = take_of((*events, Edited("b")))
    assert (edited.held, edited.state(9)) == ({}, TakeState.DONE)
