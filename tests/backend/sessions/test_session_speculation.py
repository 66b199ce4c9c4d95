"""The session state machine with speculative decoding and partials."""

from typing import Any

import pytest
from msgspec.structs import replace

from backend.broker.records import Attachment, JobQueued, NothingToPromote, Record, SessionGone
from backend.sessions.ledger import run_steps
from backend.sessions.segments import AttachAgain, Hypothesise, Output, Promote, Speculate, Submit, Withdraw
from backend.sessions.session import GatewaySession
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
from tests.backend.session_steps import ID, NAME, NOW, PCM, queued, receiving, session, submitted, texts

JOB = Job(NAME, 0, PCM, 100)
GUESS = Job(NAME, 0, PCM, 100, kind=JobKind.SPECULATE)
PROMOTE = Promote(0, 0, 100)
FINAL = Record(end=Ended(EndState.FINAL, 0), outcome=Result(NAME, 0, "hi", queue_ms=5, decode_ms=70))
SECOND = bytes(32_000)
WANTED = Options(partials=True)


def speculated(pcm: bytes = PCM) -> GatewaySession:
    made = receiving(pcm)
    made.receive(SegmentSpeculate(0, len(pcm) // 2), NOW)
    return made


def promoting() -> GatewaySession:
    made = speculated()
    assert made.receive(SegmentEnd(0, 100), NOW + 0.4) == [PROMOTE]
    return made


class TestSpeculate:
    def test_held_audio_is_decoded_while_more_arrives(self) -> None:
        made = receiving()
        assert made.receive(SegmentSpeculate(0, 100), NOW) == [Speculate(GUESS)]
        assert made.receive(SegmentSpeculate(0, 100), NOW) == ()
        made.frame(encode_frame(0, 100, PCM), NOW)
        longer = Job(NAME, 0, PCM + PCM, 200, kind=JobKind.SPECULATE)
        assert made.receive(SegmentSpeculate(0, 200), NOW) == [Speculate(longer)]

    def test_speculation_needs_held_audio_of_open_segment(self) -> None:
        assert receiving().receive(SegmentSpeculate(0, 101), NOW) == ()
        assert receiving().receive(SegmentSpeculate(0, 0), NOW) == ()
        assert submitted().receive(SegmentSpeculate(0, 50), NOW) == ()
        assert queued().receive(SegmentSpeculate(0, 50), NOW) == ()
        with pytest.raises(OutOfOrder):
            session().receive(SegmentSpeculate(0, 50), NOW)

    def test_speculation_is_invisible_to_reconnecting_client(self) -> None:
        welcome, *rest = run_steps(speculated().attached(Attachment(2, {}), Welcome(ID, "g", durable=True), NOW))
        assert isinstance(welcome, Welcome) and welcome.segments.receiving == {0: 100}
        assert rest == []


class TestEnd:
    def test_matching_end_promotes_and_keeps_audio_until_reply(self) -> None:
        made = promoting()
        assert made.unqueued == 100
        assert made.promoted(PROMOTE, JobQueued(16_000), NOW + 0.5) == [Queued(0, 1.0)]
        assert made.unqueued == 0
        assert texts(made.noticed(Result(NAME, 0, "hi"), NOW + 1)) == ["hi"]

    def test_finished_speculation_is_final_at_once(self) -> None:
        (final,) = promoting().promoted(PROMOTE, FINAL, NOW + 0.45)
        assert isinstance(final, Final) and final.text == "hi"
        assert final.timing == Timing(upload=400, queue=5, decode=70, deliver=50)

    def test_promoted_job_counts_queue_time_from_speculation(self) -> None:
        made = promoting()
        made.promoted(PROMOTE, JobQueued(0), NOW + 0.5)
        (final,) = made.noticed(Result(NAME, 0, "hi", queue_ms=100, decode_ms=450), NOW + 0.6)
        assert isinstance(final, Final)
        assert final.timing == Timing(upload=400, queue=100, decode=450, deliver=50)

    def test_different_end_submits_instead_of_promoting(self) -> None:
        made = speculated()
        assert made.receive(SegmentEnd(0, 99), NOW) == [Submit(Job(NAME, 0, PCM[:198], 99))]
        assert made.promoted(Promote(0, 0, 99), NothingToPromote(), NOW) == []

    @pytest.mark.parametrize("details", [{"language": "zh"}, {"gain_db": 6}])
    def test_speculation_is_not_promoted_when_segment_is_described_again(self, details: dict[str, Any]) -> None:
        made = speculated()
        assert made.receive(SegmentBegin(0, **details), NOW) == ()
        (submit,) = made.receive(SegmentEnd(0, 100), NOW)
        assert isinstance(submit, Submit)
        described = submit.job.options.language, submit.job.gain_db
        assert described == (details.get("language", "auto"), details.get("gain_db", 0))

    def test_speculation_is_not_promoted_when_session_is_resumed_with_other_options(self) -> None:
        made, other = speculated(), Options(language="mi", hotwords=("kiki",))
        made.resumed_with(Options())
        assert made.live[0].speculation is not None
        made.resumed_with(other)
        assert made.receive(SegmentEnd(0, 100), NOW) == [Submit(replace(JOB, options=other))]

    def test_kept_audio_is_submitted_when_nothing_matches(self) -> None:
        made = promoting()
        assert made.promoted(PROMOTE, NothingToPromote(), NOW) == [Submit(JOB)]
        assert made.promoted(PROMOTE, NothingToPromote(), NOW) == []
        assert made.unqueued == 100
        assert made.submitted(0, 0, JobQueued(0), NOW) == [Queued(0)]
        assert made.unqueued == 0

    @pytest.mark.parametrize(("accepted", "effect"), [(True, PROMOTE), (False, Submit(JOB))])
    def test_only_a_speculation_that_the_broker_took_is_promoted(self, accepted: bool, effect: Output) -> None:
        made = speculated()
        made.speculated(GUESS, made=accepted)
        assert made.receive(SegmentEnd(0, 100), NOW) == [effect]

    def test_replies_to_older_speculation_are_ignored(self) -> None:
        made = speculated()
        made.frame(encode_frame(0, 100, PCM), NOW)
        made.receive(SegmentSpeculate(0, 200), NOW)
        made.speculated(GUESS, made=False)
        assert made.receive(SegmentEnd(0, 200), NOW) == [Promote(0, 0, 200)]
        made = promoting()
        made.speculated(GUESS, made=False)
        assert made.promoted(PROMOTE, JobQueued(0), NOW) == [Queued(0)]

    def test_promotion_attaches_again_when_broker_forgot_session(self) -> None:
        made = promoting()
        assert made.promoted(PROMOTE, SessionGone(), NOW) == [AttachAgain(), Missing(0, 0)]
        assert made.unqueued == 0

    def test_lost_promotion_requests_audio_again(self) -> None:
        made = promoting()
        assert made.unsubmitted(0, 0) == [Missing(0, 0)]
        assert made.promoted(PROMOTE, JobQueued(0), NOW) == []

    def test_result_may_arrive_before_promotion_reply(self) -> None:
        made = promoting()
        assert texts(made.noticed(Result(NAME, 0, "hi"), NOW)) == ["hi"]
        assert made.promoted(PROMOTE, FINAL, NOW) == []
        assert made.unqueued == 0

    def test_cancelled_promotion_is_withdrawn(self) -> None:
        made = promoting()
        assert made.receive(SegmentCancel(0), NOW) == [Withdraw(0, 0)]
        assert made.promoted(PROMOTE, NothingToPromote(), NOW) == []

    def test_new_attempt_ignores_earlier_speculation(self) -> None:
        made = speculated()
        made.receive(SegmentBegin(0, attempt=1), NOW)
        made.frame(encode_frame(0, 0, PCM), NOW)
        assert made.receive(SegmentEnd(0, 100), NOW) == [Submit(Job(NAME, 0, PCM, 100, 1))]


def speaking(options: Options = WANTED) -> GatewaySession:
    """Return a session with one segment that has begun."""
    made = session(options=options)
    made.receive(SegmentBegin(0), NOW)
    return made


def say(made: GatewaySession, seconds: int, now: float, index: int = 0) -> list[Job]:
    """Send ``seconds`` of audio and return the requested hypotheses."""
    asked: list[Job] = []
    held = made._ledger.segment(index).held
    for at in range(seconds):
        outputs = made.frame(encode_frame(index, held + 16_000 * at, SECOND), now)
        asked += [output.job for output in outputs if isinstance(output, Hypothesise)]
    return asked


class TestPartials:
    def test_hypothesis_covers_whole_segment_and_becomes_partial(self) -> None:
        made = speaking()
        (asked,) = say(made, 1, NOW)
        assert (asked.kind, asked.samples, asked.pcm) == (JobKind.HYPOTHESISE, 16_000, SECOND)
        assert say(made, 1, NOW + 0.5) == []
        assert made.noticed(Hypothesis(NAME, 0, "so it", 0, 16_000), NOW + 0.5) == [Partial(0, 1, "so it")]
        assert made.noticed(Hypothesis(NAME, 0, "so it", 0, 16_000), NOW + 0.5) == []
        (asked,) = say(made, 1, NOW + 2)
        assert asked.pcm == 3 * SECOND
        answer = Hypothesis(NAME, 0, "so it goes", 0, 48_000)
        assert made.noticed(answer, NOW + 2.5) == [Partial(0, 2, "so it goes", 5)]

    @pytest.mark.parametrize("options", [Options(), Options(partials=True, priority="bulk")])
    def test_partials_are_only_for_interactive_clients_that_want_them(self, options: Options) -> None:
        made = speaking(options)
        assert say(made, 1, NOW) == []
        assert made.noticed(Hypothesis(NAME, 0, "so", 0, 16_000), NOW) == []

    def test_partials_pause_while_a_final_is_pending(self) -> None:
        made = speaking()
        made.receive(SegmentEnd(0, 0), NOW)
        made.receive(SegmentBegin(1), NOW)
        assert say(made, 1, NOW, index=1) == []
        made.submitted(0, 0, JobQueued(0), NOW)
        assert say(made, 1, NOW, index=1) == []
        made.noticed(Result(NAME, 0, "hi"), NOW)
        assert len(say(made, 1, NOW, index=1)) == 1

    def test_partials_pause_until_speech_continues(self) -> None:
        made = speaking()
        say(made, 1, NOW)
        made.noticed(Hypothesis(NAME, 0, "so", 0, 16_000), NOW)
        half = len(SECOND) // 2
        made.frame(encode_frame(0, 16_000, SECOND[:half]), NOW + 9)
        made.receive(SegmentSpeculate(0, 24_000), NOW + 9)
        assert not made.frame(encode_frame(0, 24_000, SECOND[:half]), NOW + 10), "0.5 s are too little"
        assert len(say(made, 1, NOW + 10)) == 1

    def test_partials_of_complete_segment_or_old_attempt_are_dropped(self) -> None:
        made = speaking()
        say(made, 1, NOW)
        assert made.noticed(Hypothesis(NAME, 0, "so", 1, 16_000), NOW) == []
        made.receive(SegmentEnd(0, 16_000), NOW)
        assert made.noticed(Hypothesis(NAME, 0, "so", 0, 16_000), NOW) == []
        assert made.noticed(Hypothesis(NAME, 7, "so", 0, 16_000), NOW) == []

    def test_partials_pause_after_declined_request(self) -> None:
        made = speaking()
        (asked,) = say(made, 1, NOW)
        made.declined(asked, NOW)
        assert say(made, 1, NOW + 0.2) == []
        assert len(say(made, 1, NOW + 0.4)) == 1

    def test_declined_request_of_earlier_connection_is_ignored_without_partials(self) -> None:
        made = speaking()
        (asked,) = say(made, 1, NOW)
        made.resumed_with(Options())
        run_steps(made.attached(Attachment(2, {}), Welcome(ID, "g", durable=True), NOW))
        assert made.declined(asked, NOW) == ()

    def test_partials_restart_with_new_connection(self) -> None:
        made = speaking()
        say(made, 1, NOW)
        made.noticed(Hypothesis(NAME, 0, "so", 0, 16_000), NOW)
        run_steps(made.attached(Attachment(2, {}), Welcome(ID, "g", durable=True), NOW))
        assert len(say(made, 1, NOW)) == 1
        assert made.noticed(Hypothesis(NAME, 0, "so", 0, 32_000), NOW) == [Partial(0, 1, "so")]
