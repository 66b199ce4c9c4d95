"""Second passes of a session, through its state machine: segments that replace others."""

import pytest

from backend.broker.records import Attachment, JobQueued, Record, Reread
from backend.sessions.ledger import run_steps
from backend.sessions.segments import Hypothesise, Output, Promote, RefuseIfLate, Submit, Withdraw
from backend.sessions.session import GatewaySession
from protocol.audio import encode_frame
from protocol.errors import ErrorCode, OutOfOrder
from protocol.job import Ended, EndState, Failure, Result
from protocol.recognition import Options
from protocol.session import (
    Done,
    Failed,
    Final,
    Finish,
    Missing,
    SegmentBegin,
    SegmentCancel,
    SegmentEnd,
    SegmentSpeculate,
    Welcome,
)
from tests.backend.session_steps import ID, NAME, NOW, PCM, session

BOTH = PCM + PCM


def say(made: GatewaySession, index: int, pcm: bytes = PCM, begin: SegmentBegin | None = None) -> list[Output]:
    """Send a whole segment, and return what the session wants."""
    outputs = [*made.receive(begin or SegmentBegin(index), NOW)]
    outputs += made.frame(encode_frame(index, 0, pcm), NOW)
    return [*outputs, *made.receive(SegmentEnd(index, len(pcm) // 2), NOW)]


def hear(made: GatewaySession, index: int, text: str) -> list[Output]:
    """Let the broker take a segment and recognise it."""
    made.submitted(index, 0, JobQueued(0), NOW)
    return made.noticed(Result(NAME, index, text), NOW)


def pieces(texts: tuple[str, ...] = ("one", "two")) -> GatewaySession:
    """Return a session with recognised pieces."""
    made = session()
    for n, text in enumerate(texts):
        say(made, n)
        hear(made, n, text)
    return made


def done(made: GatewaySession, segments: int) -> str:
    """Finish the session and return its whole text."""
    (message, *_) = made.receive(Finish(segments), NOW)
    assert isinstance(message, Done)
    return message.text


SPAN = SegmentBegin(2, replaces=(0, 1))


class TestBegin:
    def test_span_is_submitted_with_the_segments_that_it_replaces(self) -> None:
        (submit,) = say(pieces(), 2, BOTH, SPAN)
        assert isinstance(submit, Submit)
        assert (submit.job.replaces, submit.job.samples, submit.due) == ((0, 1), 200, None)

    def test_due_span_is_judged_by_its_pieces_and_again_by_its_length(self) -> None:
        early, submit = say(pieces(), 2, BOTH + PCM, SegmentBegin(2, replaces=(0, 1), within_ms=500))
        assert early == RefuseIfLate(2, 0, 200, NOW + 0.5)
        assert isinstance(submit, Submit) and (submit.job.samples, submit.due) == (300, NOW + 0.5)

    def test_repeated_beginning_changes_nothing(self) -> None:
        made = pieces()
        begin = SegmentBegin(2, replaces=(0, 1), within_ms=500)
        assert made.receive(begin, NOW) == [RefuseIfLate(2, 0, 200, NOW + 0.5)]
        assert made.receive(begin, NOW + 1) == ()
        say(made, 2, BOTH, begin)
        assert made.receive(begin, NOW + 1) == ()
        hear(made, 2, "one two")
        assert made.receive(begin, NOW + 1) == ()

    @pytest.mark.parametrize("replaces", [(2,), (0, 3), (1, 0), (0, 0)])
    def test_wrong_order_is_an_error(self, replaces: tuple[int, ...]) -> None:
        made = pieces()
        with pytest.raises(OutOfOrder):
            made.receive(SegmentBegin(2, replaces=replaces), NOW)
        assert list(made.live) == []

    def test_span_of_unknown_segment_fails_and_session_continues(self) -> None:
        made = session()
        say(made, 1)
        (failed,) = made.receive(SegmentBegin(2, replaces=(0, 1)), NOW)
        assert isinstance(failed, Failed) and (failed.code, failed.retryable) == (ErrorCode.CONFLICT, False)
        assert made.frame(encode_frame(2, 0, BOTH), NOW) == ()
        assert made.receive(SegmentEnd(2, 200), NOW) == [failed]
        assert made.unqueued == 100

    def test_span_of_span_fails(self) -> None:
        made = pieces()
        say(made, 2, BOTH, SPAN)
        (failed,) = made.receive(SegmentBegin(3, replaces=(2,)), NOW)
        assert isinstance(failed, Failed) and failed.code is ErrorCode.CONFLICT

    def test_piece_has_one_span_at_a_time(self) -> None:
        made = pieces(("one", "two", "three"))
        say(made, 3, BOTH, SegmentBegin(3, replaces=(0, 1)))
        (failed,) = made.receive(SegmentBegin(4, replaces=(1, 2)), NOW)
        assert isinstance(failed, Failed) and failed.code is ErrorCode.CONFLICT
        made.receive(SegmentCancel(3), NOW)
        (submit,) = say(made, 5, BOTH, SegmentBegin(5, replaces=(1, 2)))
        assert isinstance(submit, Submit)
        hear(made, 5, "two three")
        assert done(made, 6) == "one two three"

    def test_session_has_no_more_spans_than_pieces(self) -> None:
        made = pieces(("one",))
        codes = []
        for n in range(1, 20):
            outputs = made.receive(SegmentBegin(n, replaces=(0,)), NOW)
            codes += [output.code for output in outputs if isinstance(output, Failed)]
            made.receive(SegmentCancel(n), NOW)
        assert codes == [ErrorCode.CONFLICT] * 18

    def test_refused_span_ends_without_broker(self) -> None:
        made = pieces()
        say(made, 2, BOTH, SPAN)
        (failed,) = made.refuse(2, 0, ErrorCode.BUSY, "late", NOW)
        assert failed == Failed(2, ErrorCode.BUSY, "late")
        assert (made.unqueued, made.history(2).refused) == (0, True)
        assert made.refuse(2, 0, ErrorCode.BUSY, "late", NOW) == []
        assert done(made, 3) == "one two"

    def test_accepted_span_is_not_refused_later(self) -> None:
        made = pieces()
        say(made, 2, BOTH, SPAN)
        made.submitted(2, 0, JobQueued(0), NOW)
        assert made.refuse(2, 0, ErrorCode.BUSY, "late", NOW) == []


class TestPriority:
    def test_span_displaces_speculation_of_its_session(self) -> None:
        made = pieces()
        made.receive(SegmentBegin(2), NOW)
        made.frame(encode_frame(2, 0, PCM), NOW)
        made.receive(SegmentSpeculate(2, 100), NOW)
        assert made.receive(SegmentBegin(3, replaces=(0, 1)), NOW) == [Promote(2, 0, 0)]
        assert made.promoted(Promote(2, 0, 0), JobQueued(0), NOW) == []
        assert made.receive(SegmentSpeculate(2, 50), NOW) == ()
        (submit,) = made.receive(SegmentEnd(2, 100), NOW)
        assert isinstance(submit, Submit)

    def test_span_leaves_a_speculation_that_becomes_the_job_of_its_segment(self) -> None:
        made = pieces()
        made.receive(SegmentBegin(2), NOW)
        made.frame(encode_frame(2, 0, PCM), NOW)
        made.receive(SegmentSpeculate(2, 100), NOW)
        assert made.receive(SegmentEnd(2, 100), NOW) == [Promote(2, 0, 100)]
        assert made.receive(SegmentBegin(3, replaces=(0, 1)), NOW) == []

    def test_no_hypothesis_is_wanted_while_a_span_lives(self) -> None:
        made = GatewaySession(ID, Options(partials=True), session()._limits)
        run_steps(made.attached(Attachment(1, {}), Welcome(ID, "g", durable=True), NOW))
        say(made, 0)
        hear(made, 0, "one")
        made.receive(SegmentBegin(1), NOW)
        made.receive(SegmentBegin(2, replaces=(0,)), NOW)
        second = bytes(32_000)
        assert made.frame(encode_frame(1, 0, second), NOW) == ()
        made.receive(SegmentCancel(2), NOW)
        (asked,) = made.frame(encode_frame(1, 16_000, second), NOW + 1)
        assert isinstance(asked, Hypothesise)


class TestText:
    def test_recognised_span_replaces_its_pieces(self) -> None:
        made = pieces(("one", "two", "three"))
        say(made, 3, BOTH, SegmentBegin(3, replaces=(0, 1)))
        hear(made, 3, "won too")
        assert done(made, 4) == "won too three"

    def test_failed_span_leaves_its_pieces(self) -> None:
        made = pieces()
        say(made, 2, BOTH, SPAN)
        made.submitted(2, 0, JobQueued(0), NOW)
        made.noticed(Failure(NAME, 2, ErrorCode.ENGINE_FAILED, "no"), NOW)
        assert done(made, 3) == "one two"

    def test_cancelled_span_leaves_its_pieces(self) -> None:
        made = pieces()
        say(made, 2, BOTH, SPAN)
        hear(made, 2, "won too")
        assert made.receive(SegmentCancel(2), NOW) == [Withdraw(2, 0)]
        assert done(made, 3) == "one two"

    def test_cancelled_pieces_do_not_change_the_span(self) -> None:
        made = session()
        say(made, 0)
        hear(made, 0, "one")
        say(made, 1)
        say(made, 2, BOTH, SPAN)
        hear(made, 2, "won too")
        made.receive(SegmentCancel(1), NOW)
        assert done(made, 3) == "won too"

    def test_span_is_known_to_another_gateway(self) -> None:
        final = Ended(EndState.FINAL, 0)
        records = {n: Record(end=final, text=text) for n, text in enumerate(("one", "two", "three"))}
        records[3] = Record(end=final, text="won too", replaces=(0, 1))
        made = GatewaySession(ID, Options(), session()._limits)
        run_steps(made.attached(Attachment(2, records), Welcome(ID, "h", durable=True), NOW))
        assert done(made, 4) == "won too three"
        again = made.receive(SegmentBegin(3, replaces=(0, 1)), NOW)
        assert again == ()

    def test_span_of_another_gateway_is_judged_when_its_audio_comes_again(self) -> None:
        records = {**{n: Record(end=Ended(EndState.FINAL, 0), text="") for n in (0, 1)}, 2: Record(job=0)}
        made = session()
        run_steps(made.attached(Attachment(2, records), Welcome(ID, "h", durable=True), NOW))
        assert made.reread(Reread("g", 2, {2: Record()}), "g", NOW) == [Missing(2, 0)]
        assert made.receive(SegmentBegin(2, replaces=(0, 1), within_ms=500), NOW) == [
            RefuseIfLate(2, 0, 0, NOW + 0.5)
        ]

    def test_lost_span_is_judged_again_when_its_audio_comes_again(self) -> None:
        made = pieces()
        begin = SegmentBegin(2, replaces=(0, 1), within_ms=500)
        say(made, 2, BOTH, begin)
        made.unsubmitted(2, 0)
        (submit,) = say(made, 2, BOTH, begin)
        assert isinstance(submit, Submit) and submit.due == NOW + 0.5


class TestCount:
    def test_span_repeats_recognised_pieces(self) -> None:
        made = pieces()
        say(made, 2, BOTH + PCM, SPAN)
        hear(made, 2, "one two")
        assert [made.history(n).repeated for n in range(3)] == [0, 0, 200]

    def test_piece_repeats_span_that_came_first(self) -> None:
        made = session()
        say(made, 0)
        hear(made, 0, "one")
        say(made, 1)
        say(made, 2, BOTH, SPAN)
        hear(made, 2, "one two")
        hear(made, 1, "two")
        assert [made.history(n).repeated for n in range(3)] == [0, 100, 100]

    def test_frames_of_spans_are_recognised(self) -> None:
        made, without = pieces(), pieces()
        made.receive(SPAN, NOW)
        assert made.spans.any and not without.spans.any
        assert [made.repeats(encode_frame(index, 0, PCM)) for index in (0, 1, 2, 3, 9)] == [
            False,
            False,
            True,
            False,
            False,
        ]
        assert made.repeats(encode_frame(2, 1, PCM)), "wherever in the span it is"
        assert not made.repeats(b"")

    def test_final_of_span_is_reported_as_any(self) -> None:
        made = pieces()
        say(made, 2, BOTH, SPAN)
        (final,) = hear(made, 2, "one two")
        assert isinstance(final, Final) and final.text == "one two"
