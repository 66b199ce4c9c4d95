"""The session against a model gateway that loses, repeats and forgets, and its rules one by one."""

from collections import Counter, deque
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from client.events import Retrying
from client.session import MOST_ATTEMPTS, AudioPiece, Outgoing, Session
from protocol.audio import FRAME_SAMPLES, SAMPLE_RATE
from protocol.errors import ErrorCode
from protocol.recognition import Options
from protocol.session import (
    Busy,
    Done,
    Error,
    Failed,
    Final,
    Finish,
    HeldSegments,
    Limits,
    Missing,
    Partial,
    Queued,
    Received,
    SegmentBegin,
    SegmentCancel,
    SegmentEnd,
    Welcome,
)
from tests.client.model_gateway import WINDOW_S, ModelBroker, ModelGateway, text_of

ID = UUID(int=7)


class AgainstModelGateway(RuleBasedStateMachine):
    """Whatever happens in between: each segment ends once, with the text of exactly what was said."""

    def __init__(self) -> None:
        super().__init__()
        self.session = Session(ID, Options())
        self.gateway = ModelGateway(ModelBroker())
        self.to_gateway: deque[Outgoing] = deque()
        self.connected = False
        self.spoken: list[int] = []
        self.speaking = False
        self.cancelled: set[int] = set()
        self.results: Counter[int] = Counter()

    # -- the speaker ---------------------------------------------------------------------------------------

    @initialize()
    def greet(self) -> None:
        self.connect()

    @precondition(lambda self: not self.speaking and len(self.spoken) < 6)
    @rule()
    def begin(self) -> None:
        self.session.begin(len(self.spoken), at_ms=0)
        self.spoken.append(0)
        self.speaking = True

    @precondition(lambda self: self.speaking)
    @rule(samples=st.integers(0, 3 * FRAME_SAMPLES))
    def speak(self, samples: int) -> None:
        self.session.append(len(self.spoken) - 1, samples)
        self.spoken[-1] += samples

    @precondition(lambda self: self.speaking)
    @rule()
    def end(self) -> None:
        self.session.end(len(self.spoken) - 1)
        self.speaking = False

    @precondition(lambda self: self.session.open)
    @rule(which=st.integers(0, 9))
    def cancel(self, which: int) -> None:
        number = self.session.open[which % len(self.session.open)]
        self.session.cancel(number)
        self.cancelled.add(number)
        self.speaking = self.speaking and number != len(self.spoken) - 1

    # -- the connection ------------------------------------------------------------------------------------

    @precondition(lambda self: not self.connected)
    @rule()
    def connect(self) -> None:
        self.to_gateway.append(self.session.hello())
        self.connected = True

    @precondition(lambda self: self.connected)
    @rule(most=st.integers(1, 12))
    def client_sends(self, most: int) -> None:
        for _ in range(most):
            if (outgoing := self.session.next()) is None:
                break
            self.to_gateway.append(outgoing)

    @rule(most=st.integers(1, 12))
    def gateway_reads(self, most: int) -> None:
        for _ in range(min(most, len(self.to_gateway))):
            self.gateway.take(self.to_gateway.popleft())

    @precondition(lambda self: self.connected)
    @rule(most=st.integers(1, 12))
    def client_reads(self, most: int) -> None:
        for _ in range(min(most, len(self.gateway.out))):
            for event in self.session.receive(self.gateway.out.popleft()):
                if isinstance(event, Final | Failed):
                    self.keep(event)

    def keep(self, outcome: Final | Failed) -> None:
        number = outcome.segment
        self.results[number] += 1
        assert number not in self.cancelled
        if isinstance(outcome, Final):
            assert outcome.text == text_of(number, self.spoken[number])
        self.session.stored(number)

    @precondition(lambda self: self.connected)
    @rule(arrived=st.integers(0, 5), gateway_dies=st.booleans())
    def connection_breaks(self, arrived: int, gateway_dies: bool) -> None:
        self.gateway_reads(arrived)
        self.to_gateway.clear()
        self.gateway.out.clear()
        self.session.disconnected()
        self.connected = False
        if gateway_dies:
            self.gateway = ModelGateway(self.gateway.broker)

    @precondition(lambda self: not self.connected)
    @rule()
    def another_broker(self) -> None:
        self.gateway = ModelGateway(ModelBroker())

    # -- the gateway's side --------------------------------------------------------------------------------

    @precondition(lambda self: self.gateway.broker.jobs)
    @rule(how=st.sampled_from(["recognise", "recognise", "fail", "fail for good", "lose"]))
    def job_ends(self, how: str) -> None:
        number = next(iter(self.gateway.broker.jobs))
        if how == "recognise":
            self.gateway.recognise(number)
        elif how == "lose":
            self.gateway.revoke(number)
        else:
            self.gateway.fail(number, retryable=how == "fail")

    @precondition(lambda self: self.gateway.receiving)
    @rule()
    def audio_is_lost(self) -> None:
        self.gateway.forget_audio(next(iter(self.gateway.receiving)))

    @rule(most=st.integers(1, 4))
    def gateway_repeats(self, most: int) -> None:
        repeatable = [m for m in self.gateway.out if isinstance(m, Queued | Final | Failed)]
        self.gateway.out.extend(repeatable[:most])

    # -- always --------------------------------------------------------------------------------------------

    @invariant()
    def nothing_ends_twice(self) -> None:
        assert all(count == 1 for count in self.results.values())

    @invariant()
    def what_is_held_is_what_was_said(self) -> None:
        assert self.session.held_samples == sum(self.spoken[number] for number in self.session.open)
        assert 0 <= self.session.unsent_samples <= self.session.held_samples

    def teardown(self) -> None:
        """Now nothing fails any more: everything must come to its end, in a bounded number of steps."""
        if self.speaking:
            self.end()
        self.session.finish()
        if not self.connected:
            self.connect()
        for _ in range(300):
            self.client_sends(50)
            self.gateway_reads(50)
            for number in tuple(self.gateway.broker.jobs):
                self.gateway.recognise(number)
            self.client_reads(50)
            if self.session.done:
                break
        assert self.session.done == Done(len(self.spoken), ""), f"open: {self.session.open}"
        assert self.results.keys() | self.cancelled == set(range(len(self.spoken)))
        self.nothing_ends_twice()


TestAgainstModelGateway = AgainstModelGateway.TestCase
TestAgainstModelGateway.settings = settings(max_examples=150, stateful_step_count=60, deadline=None)


def connected(welcome: Welcome | None = None, session: Session | None = None) -> Session:
    session = session or Session(ID, Options())
    session.hello()
    session.receive(welcome or Welcome(ID, "g", True))
    return session


def spoken(session: Session, segment: int, samples: int) -> None:
    session.begin(segment, at_ms=segment * 1000)
    session.append(segment, samples)
    session.end(segment)


def all_sent(session: Session) -> list[Outgoing]:
    return list(iter(session.next, None))


def knows(
    *, receiving: dict[int, int] | None = None, queued: tuple[int, ...] = (), ended: tuple[int, ...] = ()
) -> Welcome:
    return Welcome(ID, "g", True, segments=HeldSegments(receiving or {}, queued, ended))


def test_says_nothing_before_welcome() -> None:
    session = Session(ID, Options())
    spoken(session, 0, 10)
    session.hello()
    assert session.next() is None


def test_only_the_first_hello_is_not_a_resume() -> None:
    session = Session(ID, Options(language="zh"), client="test")
    first, second = session.hello(), session.hello()
    assert (first.resume, second.resume) == (False, True)
    assert (first.session, first.options.language, first.client) == (ID, "zh", "test")


def test_a_segment_in_frames_with_the_rest_at_its_end() -> None:
    session = connected()
    spoken(session, 0, 2 * FRAME_SAMPLES + 7)
    assert all_sent(session) == [
        SegmentBegin(0, 0, 0),
        AudioPiece(0, 0, FRAME_SAMPLES),
        AudioPiece(0, FRAME_SAMPLES, FRAME_SAMPLES),
        AudioPiece(0, 2 * FRAME_SAMPLES, 7),
        SegmentEnd(0, 2 * FRAME_SAMPLES + 7),
    ]


def test_an_open_segment_sends_whole_frames_only() -> None:
    session = connected()
    session.begin(0, 0)
    session.append(0, FRAME_SAMPLES + 1)
    assert all_sent(session) == [SegmentBegin(0), AudioPiece(0, 0, FRAME_SAMPLES)]


def test_resume_sends_only_what_is_missing() -> None:
    session = connected()
    for number in range(4):
        spoken(session, number, 2 * FRAME_SAMPLES)
    all_sent(session)
    session.disconnected()
    connected(knows(receiving={2: FRAME_SAMPLES}, queued=(1,), ended=(0,)), session)
    assert all_sent(session) == [
        AudioPiece(2, FRAME_SAMPLES, FRAME_SAMPLES),
        SegmentEnd(2, 2 * FRAME_SAMPLES),
        SegmentBegin(3, 3000),
        AudioPiece(3, 0, FRAME_SAMPLES),
        AudioPiece(3, FRAME_SAMPLES, FRAME_SAMPLES),
        SegmentEnd(3, 2 * FRAME_SAMPLES),
    ]
    assert session.open == (0, 1, 2, 3)


def test_the_first_final_is_kept_and_repeats_are_acknowledged_again() -> None:
    session = connected()
    spoken(session, 0, 5)
    all_sent(session)
    assert session.receive(Final(0, "first")) == [Final(0, "first")]
    assert session.receive(Final(0, "twin")) == []
    assert all_sent(session) == []  # not yet on disk here
    session.stored(0)
    assert all_sent(session) == [Received(0)]
    assert session.receive(Final(0, "twin")) == []
    assert all_sent(session) == [Received(0)]


def test_missing_goes_back_to_the_sample_named() -> None:
    session = connected()
    spoken(session, 0, 3 * FRAME_SAMPLES)
    all_sent(session)
    session.receive(Missing(0, FRAME_SAMPLES))
    assert all_sent(session) == [
        AudioPiece(0, FRAME_SAMPLES, FRAME_SAMPLES),
        AudioPiece(0, 2 * FRAME_SAMPLES, FRAME_SAMPLES),
        SegmentEnd(0, 3 * FRAME_SAMPLES),
    ]


def test_missing_revokes_queued() -> None:
    session = connected()
    spoken(session, 0, 3)
    all_sent(session)
    assert session.receive(Queued(0)) == [Queued(0)]
    assert session.unsent_samples == 0
    session.receive(Missing(0, 0))
    assert session.unsent_samples == 3
    assert all_sent(session) == [SegmentBegin(0), AudioPiece(0, 0, 3), SegmentEnd(0, 3)]


def test_missing_of_a_segment_that_has_its_text_is_answered_by_cancel() -> None:
    session = connected()
    spoken(session, 0, 3)
    all_sent(session)
    session.receive(Final(0, "x"))
    session.receive(Missing(0, 0))
    session.receive(Missing(9, 0))
    assert all_sent(session) == [SegmentCancel(0)]


def test_window_holds_back_what_is_not_queued() -> None:
    window = Welcome(ID, "g", True, limits=Limits(window_s=WINDOW_S))
    session = connected(window)
    second = SAMPLE_RATE
    for number in range(3):
        spoken(session, number, second * 3 // 4)
    sent = [piece for piece in all_sent(session) if isinstance(piece, AudioPiece)]
    assert sum(piece.samples for piece in sent) <= second
    assert {piece.segment for piece in sent} == {0, 1}
    session.receive(Queued(0))
    assert {piece.segment for piece in all_sent(session) if isinstance(piece, AudioPiece)} == {1, 2}


def test_a_segment_longer_than_the_window_still_gets_through() -> None:
    session = connected(Welcome(ID, "g", True, limits=Limits(window_s=0.5)))
    spoken(session, 0, SAMPLE_RATE)
    spoken(session, 1, SAMPLE_RATE)
    assert all_sent(session)[-1] == SegmentEnd(0, SAMPLE_RATE)
    session.receive(Queued(0))
    assert all_sent(session)[-1] == SegmentEnd(1, SAMPLE_RATE)


def test_retryable_failure_begins_higher_attempts_then_is_reported() -> None:
    session = connected()
    spoken(session, 0, 3)
    for attempt in range(MOST_ATTEMPTS):
        assert all_sent(session) == [SegmentBegin(0, 0, attempt), AudioPiece(0, 0, 3), SegmentEnd(0, 3)]
        failed = Failed(0, ErrorCode.ENGINE_DIED, "x", retryable=True, attempt=attempt)
        last = attempt == MOST_ATTEMPTS - 1
        assert session.receive(failed) == [failed if last else Retrying(0, attempt + 1, ErrorCode.ENGINE_DIED)]
    assert session.open == ()


def test_a_failure_for_good_is_reported_at_once() -> None:
    session = connected()
    spoken(session, 0, 3)
    failed = Failed(0, ErrorCode.AUDIO_INVALID, "x")
    assert session.receive(failed) == [failed]
    assert session.receive(failed) == []


def test_repeat_of_an_old_failure_does_not_use_up_an_attempt() -> None:
    session = connected()
    spoken(session, 0, 3)
    all_sent(session)
    failed = Failed(0, ErrorCode.ENGINE_DIED, "x", retryable=True)
    session.receive(failed)
    all_sent(session)
    assert session.receive(failed) == []
    assert all_sent(session) == []


def test_an_attempt_that_never_arrived_is_begun_again_after_resume() -> None:
    session = connected()
    spoken(session, 0, 3)
    all_sent(session)
    failed = Failed(0, ErrorCode.ENGINE_DIED, "x", retryable=True)
    session.receive(failed)
    session.disconnected()
    connected(knows(ended=(0,)), session)
    assert all_sent(session) == []
    assert session.receive(failed) == []
    assert all_sent(session) == [SegmentBegin(0, 0, 1), AudioPiece(0, 0, 3), SegmentEnd(0, 3)]


def test_queued_of_an_earlier_attempt_does_not_stop_the_next() -> None:
    session = connected()
    spoken(session, 0, 3)
    all_sent(session)
    session.receive(Failed(0, ErrorCode.ENGINE_DIED, "x", retryable=True))
    assert session.receive(Queued(0)) == []
    assert all_sent(session)[-1] == SegmentEnd(0, 3)


def test_another_broker_gets_all_without_a_result_and_forgets_the_rest() -> None:
    session = connected()
    for number in range(3):
        spoken(session, number, 3)
    all_sent(session)
    session.receive(Final(0, "x"))
    session.receive(Queued(1))
    session.finish()
    session.disconnected()
    connected(session=session)
    sent = all_sent(session)
    assert sent[0] == SegmentCancel(0)
    assert [message.segment for message in sent if isinstance(message, SegmentBegin)] == [1, 2]


def test_finish_is_said_when_nothing_is_open_and_again_after_a_reconnect() -> None:
    session = connected()
    spoken(session, 0, 3)
    session.finish()
    assert Finish(1) not in all_sent(session)
    session.receive(Done(1, "too early"))
    assert session.done is None
    session.receive(Final(0, "x"))
    session.stored(0)
    assert all_sent(session) == [Received(0), Finish(1)]
    session.disconnected()
    connected(knows(ended=(0,)), session)
    assert all_sent(session) == [Finish(1)]
    session.receive(Done(1, "x"))
    assert session.done == Done(1, "x")


def test_cancelled_segments_get_no_result() -> None:
    session = connected()
    spoken(session, 0, 3)
    all_sent(session)
    session.cancel(0)
    assert all_sent(session) == [SegmentCancel(0)]
    assert session.receive(Final(0, "late")) == []
    assert session.receive(Partial(0, 1, "late")) == []
    assert all_sent(session) == [Received(0)]


def test_an_error_is_kept_and_the_state_of_the_gateway_passed_on() -> None:
    session = connected()
    error, busy = Error(ErrorCode.BUSY, "later"), Busy("no_worker")
    assert session.receive(error) == []
    assert session.error == error
    assert session.receive(busy) == [busy]


def test_partials_of_open_segments_are_passed_on() -> None:
    session = connected()
    spoken(session, 0, 3)
    assert session.receive(Partial(0, 1, "he")) == [Partial(0, 1, "he")]


def test_numbers_go_up_by_one() -> None:
    session = Session(ID, Options())
    with pytest.raises(ValueError, match="0 is next"):
        session.begin(1, 0)
    session.finish()
    with pytest.raises(ValueError, match="finishing"):
        session.begin(0, 0)


def test_audio_after_the_end_of_a_segment_is_ignored() -> None:
    session = connected()
    spoken(session, 0, 3)
    session.receive(Final(0, "x"))
    session.append(0, 5)
    session.end(0)
    assert session.held_samples == 0
