"""Progress of utterances from own takes and reports of the gateway."""

from uuid import UUID

import pytest

from app.core.segment_observer import SegmentEvent, SegmentStep
from app.core.states import State
from app.core.transcript import TranscriptSegment
from app.monitoring.utterances import MOST, Utterances
from app.monitoring.view import UtteranceRow, UtteranceStage
from protocol.monitor import Recent
from protocol.recognition import Timing

TIMING = Timing(upload=2_000, queue=100, decode=300, deliver=50)
TEXT = TranscriptSegment(0, 0, 2_000, "kia ora", model="m", timing=TIMING)
S, T = UUID(int=1), UUID(int=2)
ALL = ("began", "completed", "queued", "recognised", "inserted")


def tell(
    known: Utterances,
    step: str,
    now: float = 0.0,
    segment: int = 0,
    result: TranscriptSegment = TEXT,
    session: UUID = S,
) -> None:
    """Record a step of a segment, or of its take."""
    output = SegmentStep[step.upper()]
    if output in (SegmentStep.CANCELLED, SegmentStep.CLOSED, SegmentStep.DISCARDED):
        known.observe(SegmentEvent(output, session), now)
    else:
        known.observe(SegmentEvent(output, session, segment, result if step == "recognised" else None), now)


def row(known: Utterances, now: float = 20.0, hosts: dict[str, str] | None = None) -> UtteranceRow:
    """Return the only row."""
    (only,) = known.rows(now, 0.0, hosts or {})
    return only


def spans(known: Utterances, now: float = 20.0) -> dict[UtteranceStage, tuple[float, float]]:
    return {span.stage: (round(span.start_s, 3), round(span.end_s, 3)) for span in row(known, now).spans}


def spoken(*steps: str, segment: TranscriptSegment = TEXT) -> Utterances:
    """Return an utterance after these steps.

    It began at 8 s, was complete at 10, queued at 10.1, recognised at 11 and inserted at 11.5.
    """
    known = Utterances()
    times = dict(zip(ALL, (8.0, 10.0, 10.1, 11.0, 11.5), strict=True))
    for step in steps:
        tell(known, step, times.get(step, 12.0), result=segment)
    return known


@pytest.mark.parametrize(
    ("steps", "state"),
    [
        (ALL[:1], State.LISTENING),
        (ALL[:2], State.SENDING),
        (ALL[:3], State.WAITING),
        (ALL[:4], State.INSERTING),
        (ALL, State.DONE),
        ((*ALL[:4], "held"), State.HELD),
        ((*ALL[:4], "held", "inserted"), State.DONE),
        (("began", "recognised"), State.INSERTING),
        *(((*ALL[:done], "cancelled", *ALL[done:4], "closed"), State.CANCELLED) for done in range(5)),
        ((*ALL[:4], "held", "cancelled", "closed"), State.CANCELLED),
        ((*ALL, "cancelled", "closed"), State.DONE),
        ((*ALL[:4], "cancelled", "inserted", "closed"), State.DONE),
        (("cancelled", "closed", "began"), State.LISTENING),
    ],
)
def test_utterance_follows_states_of_app(steps: tuple[str, ...], state: State) -> None:
    assert row(spoken(*steps)).state is state


def test_failed_and_silent_utterances_end() -> None:
    failed = TranscriptSegment(0, 0, 2_000, error="the engine died (engine_died)", timing=TIMING)
    assert row(spoken(*ALL[:3], "recognised", segment=failed)).state is State.FAILED
    silent = TranscriptSegment(0, 0, 2_000, " ", timing=TIMING)
    assert row(spoken(*ALL[:3], "recognised", segment=silent)).state is State.DONE


def test_unfinished_stage_lasts_until_now() -> None:
    assert (row(spoken("began"), 9.5).spoken_s, row(spoken("began"), 9.5).spans) == (1.5, ())
    assert spans(spoken(*ALL[:2]), 10.5) == {UtteranceStage.SENT: (0.0, 0.5)}
    waiting = spans(spoken(*ALL[:3]), 12.0)
    assert waiting == {UtteranceStage.SENT: (0.0, 0.1), UtteranceStage.QUEUED: (0.1, 2.0)}
    assert spans(spoken(*ALL[:4]), 13.0)[UtteranceStage.INSERTED] == (1.0, 3.0)


def test_spans_use_durations_of_gateway() -> None:
    assert spans(spoken(*ALL)) == {
        UtteranceStage.SENT: (0.0, 0.55),
        UtteranceStage.QUEUED: (0.55, 0.65),
        UtteranceStage.DECODED: (0.65, 0.95),
        UtteranceStage.DELIVERED: (0.95, 1.0),
        UtteranceStage.INSERTED: (1.0, 1.5),
    }
    assert row(spoken(*ALL)).total_s == pytest.approx(1.5)


def test_decoding_before_end_of_speech_is_not_waiting() -> None:
    early = TranscriptSegment(0, 0, 2_000, "kia ora", timing=Timing(queue=3_000, decode=800, deliver=400))
    found = spans(spoken(*ALL[:3], "recognised", segment=early), 11.0)
    assert found[UtteranceStage.DECODED] == (0.0, 0.6) and found[UtteranceStage.QUEUED] == (0.0, 0.0)


def test_text_pasted_later_adds_no_duration() -> None:
    known = spoken(*ALL[:4], "held")
    tell(known, "inserted", 900.0)
    assert row(known).state is State.DONE
    assert row(known).total_s == pytest.approx(1.0)


def test_own_utterance_gets_worker_from_gateway() -> None:
    known = spoken(*ALL)
    known.record(Recent(str(S), 0, "final", "m2", "w", TIMING, 2_000, 5.0), 12.0)
    seen = row(known, hosts={"w": "desktop-gpu"})
    assert (seen.own, seen.host, seen.model, seen.spoken_s) == (True, "desktop-gpu", "m2", 2.0)
    assert seen.total_s == pytest.approx(1.5)
    known.record(Recent(str(S), 0, "engine_died"), 13.0)
    assert row(known).reason == "engine_died"


def test_second_pass_over_own_utterances_is_not_shown() -> None:
    known = spoken("began", "completed", "queued", "recognised")
    known.record(Recent(str(S), 7, "final", "m", "w", TIMING, 2_000, 5.0), 12.0)
    assert row(known).state is State.INSERTING


def test_row_names_the_computer_of_a_worker_that_is_gone() -> None:
    known = Utterances()
    known.record(Recent("t", 4, "final", worker="desktop-gpu-4711-a8fd2b36"), 10.0)
    assert row(known).host == "desktop-gpu"


def test_foreign_utterance_has_only_durations() -> None:
    known = Utterances()
    known.record(Recent("t", 4, "final", "m", "w", TIMING, 3_000, 5.0), 20.0, ago_s=2.0)
    seen = row(known)
    assert (seen.own, seen.state, seen.host, seen.spoken_s) == (False, State.DONE, "w", 3.0)
    assert seen.at_s == pytest.approx(17.55, abs=0.06)
    assert spans(known) == {
        UtteranceStage.SENT: (0.0, 0.0),
        UtteranceStage.QUEUED: (0.0, 0.1),
        UtteranceStage.DECODED: (0.1, 0.4),
        UtteranceStage.DELIVERED: (0.4, 0.45),
    }


def test_repeated_report_changes_nothing() -> None:
    known = Utterances()
    known.record(Recent("t", 4, "final", at_s=5.0), 10.0)
    before = row(known)
    known.record(Recent("t", 4, "final", at_s=9.0), 15.0)
    assert row(known) == before


def test_failed_foreign_utterance_has_error_code() -> None:
    known = Utterances()
    known.record(Recent("t", 4, "decode_timeout"), 10.0)
    assert (row(known).state, row(known).reason) == (State.FAILED, "decode_timeout")


def test_events_out_of_order_change_nothing() -> None:
    known = Utterances()
    tell(known, "completed", 1.0)
    tell(known, "queued", 1.0)
    tell(known, "recognised", 1.0)
    tell(known, "inserted", 1.0)
    tell(known, "held")
    tell(known, "discarded")
    assert known.rows(2.0, 0.0, {}) == ()
    early = spoken("began")
    tell(early, "queued", 9.0)
    tell(early, "inserted", 9.0)
    assert row(early).state is State.LISTENING
    done = spoken(*ALL)
    tell(done, "recognised", 30.0)
    tell(done, "completed", 30.0)
    tell(done, "held")
    assert row(done).state is State.DONE
    assert row(done).total_s == pytest.approx(1.5)


def test_closing_take_ends_all_its_utterances() -> None:
    known = Utterances()
    for segment in range(3):
        tell(known, "began", 1.0 + segment, segment=segment)
    tell(known, "recognised", 5.0)
    tell(known, "began", 6.0, session=T)
    tell(known, "closed")
    states = {(one.session, one.segment): one.state for one in known.rows(9.0, 0.0, {})}
    assert states == {
        (str(S), 0): State.DONE,
        (str(S), 1): State.FAILED,
        (str(S), 2): State.FAILED,
        (str(T), 0): State.LISTENING,
    }


def test_discarded_take_is_not_shown() -> None:
    known = spoken(*ALL[:2])
    tell(known, "began", 11.0, session=T)
    tell(known, "discarded")
    assert row(known).session == str(T)


def test_rows_are_newest_first_and_bounded() -> None:
    known = Utterances()
    for segment in range(MOST + 50):
        known.record(Recent("t", segment, "final"), float(segment))
    tell(known, "began", 1_000.0)
    rows = known.rows(1_001.0, 0.0, {})
    assert len(rows) == MOST
    assert [one.segment for one in rows[:3]] == [0, MOST + 49, MOST + 48]


def test_row_time_is_relative_to_epoch() -> None:
    (seen,) = spoken("began", "completed").rows(20.0, 1_700_000_000.0, {})
    assert seen.at_s == 1_700_000_010.0


def test_ended_returns_recent_utterances_with_text() -> None:
    known = spoken(*ALL)
    tell(known, "began", 11.0, session=T)
    known.record(Recent("u", 0, "engine_died"), 11.0)
    assert [one.session for one in known.ended_since(0.0)] == [str(S)]
    assert list(known.ended_since(11.5)) == []
