"""The session core and segments that may end before it is said that they do."""

import pytest

from backend.ledger import finished
from backend.records import Attachment, JobQueued, NothingToPromote, Record, SessionGone
from backend.segments import AttachAgain, Hypothesise, Promote, Speculate, Submit, Withdraw
from backend.session import Session
from protocol.audio import encode_frame
from protocol.errors import OutOfOrder
from protocol.job import Ended, EndState, Hypothesis, Job, JobKind, Result
from protocol.recognition import Options, Timing
from protocol.session import (
    Final,
    Missing,
    Partial,
    Queued,
    SegmentBegin,
    SegmentCancel,
    SegmentEnd,
    SegmentSpeculate,
    Welcome,
)
from tests.backend.sessions import ID, NAME, NOW, PCM, queued, receiving, session, submitted, texts

JOB = Job(NAME, 0, PCM, 100)
GUESS = Job(NAME, 0, PCM, 100, kind=JobKind.SPECULATE)
PROMOTE = Promote(0, 0, 100)
FINAL = Record(end=Ended(EndState.FINAL, 0), outcome=Result(NAME, 0, "hi", queue_ms=5, decode_ms=70))
SECOND = bytes(32_000)
WANTED = Options(partials=True)


def speculated(pcm: bytes = PCM) -> Session:
    made = receiving(pcm)
    made.receive(SegmentSpeculate(0, len(pcm) // 2), NOW)
    return made


def promoting() -> Session:
    made = speculated()
    assert made.receive(SegmentEnd(0, 100), NOW + 0.4) == [PROMOTE]
    return made


class TestSpeculate:
    def test_what_is_held_may_be_decoded_and_audio_goes_on(self) -> None:
        made = receiving()
        assert made.receive(SegmentSpeculate(0, 100), NOW) == [Speculate(GUESS)]
        assert made.receive(SegmentSpeculate(0, 100), NOW) == ()
        made.frame(encode_frame(0, 100, PCM), NOW)
        longer = Job(NAME, 0, PCM + PCM, 200, kind=JobKind.SPECULATE)
        assert made.receive(SegmentSpeculate(0, 200), NOW) == [Speculate(longer)]

    def test_not_what_is_not_here_or_is_nothing_or_is_complete(self) -> None:
        assert receiving().receive(SegmentSpeculate(0, 101), NOW) == ()
        assert receiving().receive(SegmentSpeculate(0, 0), NOW) == ()
        assert submitted().receive(SegmentSpeculate(0, 50), NOW) == ()
        assert queued().receive(SegmentSpeculate(0, 50), NOW) == ()
        with pytest.raises(OutOfOrder):
            session().receive(SegmentSpeculate(0, 50), NOW)

    def test_it_means_nothing_to_a_client_that_comes_back(self) -> None:
        welcome, *rest = finished(speculated().attached(Attachment(2, {}), Welcome(ID, "g", durable=True), NOW))
        assert isinstance(welcome, Welcome) and welcome.segments.receiving == {0: 100}
        assert rest == []


class TestEnd:
    def test_the_very_end_promotes_and_the_audio_is_kept_until_the_reply(self) -> None:
        made = promoting()
        assert made.unqueued == 100
        assert made.promoted(PROMOTE, JobQueued(16_000), NOW + 0.5) == [Queued(0, 1.0)]
        assert made.unqueued == 0
        assert texts(made.noticed(Result(NAME, 0, "hi"), NOW + 1)) == ["hi"]

    def test_what_is_decoded_already_is_the_final_at_once(self) -> None:
        (final,) = promoting().promoted(PROMOTE, FINAL, NOW + 0.45)
        assert isinstance(final, Final) and final.text == "hi"
        assert final.timing == Timing(upload=400, queue=5, decode=70, deliver=50)

    def test_what_was_promoted_was_in_the_broker_since_it_was_speculated(self) -> None:
        made = promoting()
        made.promoted(PROMOTE, JobQueued(0), NOW + 0.5)
        (final,) = made.noticed(Result(NAME, 0, "hi", queue_ms=100, decode_ms=450), NOW + 0.6)
        assert isinstance(final, Final)
        assert final.timing == Timing(upload=400, queue=100, decode=450, deliver=50)

    def test_another_end_submits(self) -> None:
        made = speculated()
        assert made.receive(SegmentEnd(0, 99), NOW) == [Submit(Job(NAME, 0, PCM[:198], 99))]
        assert made.promoted(Promote(0, 0, 99), NothingToPromote(), NOW) == []

    def test_where_there_is_nothing_to_promote_the_kept_audio_is_submitted(self) -> None:
        made = promoting()
        assert made.promoted(PROMOTE, NothingToPromote(), NOW) == [Submit(JOB)]
        assert made.promoted(PROMOTE, NothingToPromote(), NOW) == []
        assert made.unqueued == 100
        assert made.submitted(0, 0, JobQueued(0), NOW) == [Queued(0)]
        assert made.unqueued == 0

    def test_one_that_was_not_made_costs_no_question(self) -> None:
        made = speculated()
        made.speculated(GUESS, made=False)
        assert made.receive(SegmentEnd(0, 100), NOW) == [Submit(JOB)]

    def test_news_of_an_older_one_are_not_of_this_one(self) -> None:
        made = speculated()
        made.frame(encode_frame(0, 100, PCM), NOW)
        made.receive(SegmentSpeculate(0, 200), NOW)
        made.speculated(GUESS, made=False)
        assert made.receive(SegmentEnd(0, 200), NOW) == [Promote(0, 0, 200)]
        made = promoting()
        made.speculated(GUESS, made=False)
        assert made.promoted(PROMOTE, JobQueued(0), NOW) == [Queued(0)]

    def test_a_broker_that_forgot_the_session_is_told_again(self) -> None:
        made = promoting()
        assert made.promoted(PROMOTE, SessionGone(), NOW) == [AttachAgain(), Missing(0, 0)]
        assert made.unqueued == 0

    def test_a_reply_that_never_came_makes_the_audio_come_again(self) -> None:
        made = promoting()
        assert made.unsubmitted(0, 0) == [Missing(0, 0)]
        assert made.promoted(PROMOTE, JobQueued(0), NOW) == []

    def test_a_result_may_come_before_the_reply(self) -> None:
        made = promoting()
        assert texts(made.noticed(Result(NAME, 0, "hi"), NOW)) == ["hi"]
        assert made.promoted(PROMOTE, FINAL, NOW) == []
        assert made.unqueued == 0

    def test_a_cancelled_one_is_withdrawn(self) -> None:
        made = promoting()
        assert made.receive(SegmentCancel(0), NOW) == [Withdraw(0, 0)]
        assert made.promoted(PROMOTE, NothingToPromote(), NOW) == []

    def test_a_new_attempt_knows_nothing_of_it(self) -> None:
        made = speculated()
        made.receive(SegmentBegin(0, attempt=1), NOW)
        made.frame(encode_frame(0, 0, PCM), NOW)
        assert made.receive(SegmentEnd(0, 100), NOW) == [Submit(Job(NAME, 0, PCM, 100, 1))]


def speaking(options: Options = WANTED) -> Session:
    """A segment that has begun."""
    made = session(options=options)
    made.receive(SegmentBegin(0), NOW)
    return made


def say(made: Session, seconds: int, now: float, index: int = 0) -> list[Job]:
    """More of it; what is asked about it."""
    asked: list[Job] = []
    held = made._ledger.known(index).held
    for at in range(seconds):
        outputs = made.frame(encode_frame(index, held + 16_000 * at, SECOND), now)
        asked += [output.job for output in outputs if isinstance(output, Hypothesise)]
    return asked


class TestPartials:
    def test_the_whole_segment_is_asked_about_and_what_comes_is_told(self) -> None:
        made = speaking()
        (asked,) = say(made, 1, NOW)
        assert (asked.kind, asked.samples, asked.pcm) == (JobKind.HYPOTHESISE, 16_000, SECOND)
        assert say(made, 1, NOW + 1) == []
        assert made.noticed(Hypothesis(NAME, 0, "so it", 0, 16_000), NOW + 1) == [Partial(0, 1, "so it")]
        assert made.noticed(Hypothesis(NAME, 0, "so it", 0, 16_000), NOW + 1) == []
        (asked,) = say(made, 1, NOW + 2)
        assert asked.pcm == 3 * SECOND
        answer = Hypothesis(NAME, 0, "so it goes", 0, 48_000)
        assert made.noticed(answer, NOW + 2.5) == [Partial(0, 2, "so it goes", 5)]

    @pytest.mark.parametrize("options", [Options(), Options(partials=True, priority="bulk")])
    def test_nobody_is_asked_for_who_did_not_want_it_or_does_not_watch(self, options: Options) -> None:
        made = speaking(options)
        assert say(made, 1, NOW) == []
        assert made.noticed(Hypothesis(NAME, 0, "so", 0, 16_000), NOW) == []

    def test_none_while_a_final_is_waited_for(self) -> None:
        made = speaking()
        made.receive(SegmentEnd(0, 0), NOW)
        made.receive(SegmentBegin(1), NOW)
        assert say(made, 1, NOW, index=1) == []
        made.submitted(0, 0, JobQueued(0), NOW)
        assert say(made, 1, NOW, index=1) == []
        made.noticed(Result(NAME, 0, "hi"), NOW)
        assert len(say(made, 1, NOW, index=1)) == 1

    def test_none_while_it_may_be_decoded_already(self) -> None:
        made = speaking()
        say(made, 1, NOW)
        made.noticed(Hypothesis(NAME, 0, "so", 0, 16_000), NOW)
        made.receive(SegmentSpeculate(0, 16_000), NOW)
        assert say(made, 1, NOW + 0.5) == []
        assert len(say(made, 1, NOW + 1)) == 1

    def test_none_of_a_segment_that_is_complete_or_of_another_attempt(self) -> None:
        made = speaking()
        say(made, 1, NOW)
        assert made.noticed(Hypothesis(NAME, 0, "so", 1, 16_000), NOW) == []
        made.receive(SegmentEnd(0, 16_000), NOW)
        assert made.noticed(Hypothesis(NAME, 0, "so", 0, 16_000), NOW) == []
        assert made.noticed(Hypothesis(NAME, 7, "so", 0, 16_000), NOW) == []

    def test_where_nobody_has_time_it_waits_a_while(self) -> None:
        made = speaking()
        (asked,) = say(made, 1, NOW)
        made.declined(asked, NOW)
        assert say(made, 1, NOW + 1) == []
        assert len(say(made, 1, NOW + 2)) == 1

    def test_a_new_connection_begins_anew(self) -> None:
        made = speaking()
        say(made, 1, NOW)
        made.noticed(Hypothesis(NAME, 0, "so", 0, 16_000), NOW)
        finished(made.attached(Attachment(2, {}), Welcome(ID, "g", durable=True), NOW))
        assert len(say(made, 1, NOW)) == 1
        assert made.noticed(Hypothesis(NAME, 0, "so", 0, 32_000), NOW) == [Partial(0, 1, "so")]
