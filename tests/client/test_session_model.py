"""Session against a model gateway that loses, repeats and forgets."""

from collections import Counter, deque
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from client.segment import AudioPiece, Outgoing
from client.session import Session
from protocol.audio import FRAME_SAMPLES
from protocol.recognition import Options
from protocol.session import (
    PLAIN,
    Done,
    Failed,
    Final,
    Missing,
    Queued,
    SegmentBegin,
    SegmentDetails,
    SegmentEnd,
    SegmentSpeculate,
    Welcome,
)
from tests.client.model_gateway import ModelBroker, ModelGateway, text_of
from tests.helpers.examples import examples

ID = UUID(int=7)


class AgainstModelGateway(RuleBasedStateMachine):
    """Random interleavings: each segment ends exactly once, with the text of exactly the spoken samples."""

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
        self.sent: dict[int, int] = {}  # segment -> samples on the wire since its last restart
        self.guessed: dict[int, int] = {}  # segment -> samples at its last speculation
        self.guesses: Counter[tuple[int, int]] = Counter()

    # -- the speaker ---------------------------------------------------------------------------------------

    @initialize()
    def greet(self) -> None:
        self.connect()

    @precondition(lambda self: not self.speaking and len(self.spoken) < 6)
    @rule(details=st.sampled_from([PLAIN, SegmentDetails(replaces=(0,))]))
    def begin(self, details: SegmentDetails) -> None:
        self.session.begin(len(self.spoken), 0, details)
        self.spoken.append(0)
        self.speaking = True

    @precondition(lambda self: self.speaking)
    @rule(samples=st.integers(0, 3 * FRAME_SAMPLES))
    def speak(self, samples: int) -> None:
        self.session.append(len(self.spoken) - 1, samples)
        self.spoken[-1] += samples

    @precondition(lambda self: self.speaking)
    @rule()
    def speculate(self) -> None:
        self.session.speculate(len(self.spoken) - 1)
        self.guessed[len(self.spoken) - 1] = self.spoken[-1]

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
            self.check(outgoing)
            self.to_gateway.append(outgoing)

    def check(self, outgoing: Outgoing) -> None:
        """Check that samples go out once and in order, in whole frames except before an end or a speculation."""
        match outgoing:
            case SegmentBegin(number):
                self.sent[number] = 0
            case AudioPiece(number, offset, samples):
                assert offset == self.sent.get(number, offset)
                self.sent[number] = offset + samples
                speaking = self.speaking and number == len(self.spoken) - 1
                ends = self.guessed.get(number) if speaking else self.spoken[number]
                assert samples == FRAME_SAMPLES or offset + samples == ends
            case SegmentSpeculate(number, samples):
                assert self.speaking and number == len(self.spoken) - 1
                assert samples == self.spoken[number] == self.sent.get(number, samples)
                self.guesses[number, samples] += 1
            case SegmentEnd(number, samples):
                assert samples == self.sent.get(number, samples)

    @rule(most=st.integers(1, 12))
    def gateway_reads(self, most: int) -> None:
        for _ in range(min(most, len(self.to_gateway))):
            self.gateway.take(self.to_gateway.popleft())

    @precondition(lambda self: self.connected)
    @rule(most=st.integers(1, 12))
    def client_reads(self, most: int) -> None:
        for _ in range(min(most, len(self.gateway.out))):
            message = self.gateway.out.popleft()
            if isinstance(message, Welcome):
                self.sent.clear()
            elif isinstance(message, Missing | Failed):
                self.sent.pop(message.segment, None)
            for event in self.session.receive(message):
                if isinstance(event, Final | Failed):
                    self.keep(event)

    @precondition(lambda self: self.connected)
    @rule(most=st.integers(1, 12))
    def all_move(self, most: int) -> None:
        """Let each side do something, which single steps rarely do in this order."""
        self.client_sends(most)
        self.gateway_reads(most)
        self.client_reads(most)

    @precondition(lambda self: self.connected and (self.speaking or len(self.spoken) < 6))
    @rule(samples=st.integers(0, 3 * FRAME_SAMPLES), audio_is_lost=st.booleans())
    def guess_arrives(self, samples: int, audio_is_lost: bool) -> None:
        """Pause, and maybe go on after a loss, so that the gateway asks for samples again."""
        if not self.speaking:
            self.begin(PLAIN)
        self.speak(samples)
        self.speculate()
        self.all_move(12)
        if audio_is_lost and self.gateway.receiving:
            self.audio_is_lost()

    def keep(self, outcome: Final | Failed) -> None:
        number = outcome.segment
        self.results[number] += 1
        assert number not in self.cancelled
        if isinstance(outcome, Final):
            assert outcome.text == text_of(number, self.spoken[number])
        self.session.confirm_stored(number)

    @precondition(lambda self: self.connected)
    @rule(arrived=st.integers(0, 5), gateway_dies=st.booleans())
    def connection_breaks(self, arrived: int, gateway_dies: bool) -> None:
        self.gateway_reads(arrived)
        self.to_gateway.clear()
        self.gateway.out.clear()
        self.session.reset_connection()
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

    # -- invariants ----------------------------------------------------------------------------------------

    @invariant()
    def nothing_ends_twice(self) -> None:
        assert all(count == 1 for count in self.results.values())

    @invariant()
    def no_end_is_guessed_twice(self) -> None:
        assert all(count == 1 for count in self.guesses.values())

    @invariant()
    def what_is_held_is_what_was_said(self) -> None:
        assert self.session.held_samples == sum(self.spoken[number] for number in self.session.open)
        assert 0 <= self.session.unsent_samples <= self.session.held_samples

    def teardown(self) -> None:
        """Stop all faults: every segment must end within a bounded number of steps."""
        if self.speaking:
            self.end()
        self.complete()
        assert self.session.done == Done(len(self.spoken), ""), f"open: {self.session.open}"
        assert self.results.keys() | self.cancelled == set(range(len(self.spoken)))
        self.nothing_ends_twice()

    def complete(self) -> None:
        """Let everything end that can."""
        self.session.finish()
        if not self.connected:
            self.connect()
        for _ in range(300):
            self.client_reads(50)
            self.client_sends(50)
            self.gateway_reads(50)
            if not self.gateway.out:
                break
        assert not self.cancelled & (self.gateway.broker.jobs.keys() | self.gateway.receiving.keys())
        for _ in range(300):
            self.client_sends(50)
            self.gateway_reads(50)
            for number in tuple(self.gateway.broker.jobs):
                self.gateway.recognise(number)
            self.client_reads(50)
            if self.session.done:
                break


TestAgainstModelGateway = AgainstModelGateway.TestCase
TestAgainstModelGateway.settings = settings(max_examples=examples(400), stateful_step_count=60)
