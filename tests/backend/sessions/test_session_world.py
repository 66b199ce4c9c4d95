"""The session state machine under random disorder: each segment ends once, with the right text."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from backend.sessions.segments import SegmentStage
from tests.backend.model_client import Spoken
from tests.backend.world import World
from tests.helpers.examples import examples

GATEWAYS = st.sampled_from(["a", "b"])
PCM = st.integers(0, 40).map(lambda n: bytes(i * 37 % 251 for i in range(2 * n)))
GUESSES = st.frozensets(st.integers(1, 5))
SPOKEN = st.builds(lambda pcm, guesses: Spoken(pcm, guesses=guesses), PCM, GUESSES)
REPLACED = st.lists(st.sets(st.integers(0, 3), min_size=1, max_size=3), max_size=2)
INDEX = st.integers(0, 7)
WORDS = st.lists(st.sampled_from(["so", "So", "it", "goes", "on.", "你好", "世"]), max_size=5)


class Disorder(RuleBasedStateMachine):
    """Random events in any order, followed by a phase in which everything settles."""

    world: World
    forgot = False

    @initialize(segments=st.lists(SPOKEN, min_size=1, max_size=4), replaced=REPLACED)
    def start(self, segments: list[Spoken], replaced: list[set[int]]) -> None:
        pieces = len(segments)
        for some in replaced:
            replaces = tuple(sorted({n % pieces for n in some}))
            pcm = b"".join(segments[n].pcm for n in replaces)
            segments = [*segments, Spoken(pcm, replaces=replaces)]
        self.world = World(segments)
        self.world.connect("a")

    @precondition(lambda self: self.world.connected is None)
    @rule(gateway=GATEWAYS)
    def connect(self, gateway: str) -> None:
        self.world.connect(gateway)

    @rule(times=st.integers(1, 20))
    def talk(self, times: int) -> None:
        for _ in range(times):
            self.world.speak()
            if self.world.listen() and self.world.client.pauses:
                break

    @rule()
    def speak(self) -> None:
        self.world.speak()

    @rule(times=st.integers(1, 5))
    def hear(self, times: int) -> None:
        for _ in range(times):
            self.world.hear()

    @rule(gateway=GATEWAYS, times=st.integers(1, 5))
    def serve(self, gateway: str, times: int) -> None:
        for _ in range(times):
            self.world.serve(gateway)

    @rule(gateway=GATEWAYS)
    def notice(self, gateway: str) -> None:
        self.world.notice(gateway)

    @rule(which=INDEX)
    def take(self, which: int) -> None:
        self.world.take(which)

    @rule(which=INDEX, fails=st.sampled_from([False, False, True]))
    def finish(self, which: int, fails: bool) -> None:
        self.world.finish(which, fails)

    @rule(which=INDEX, words=WORDS)
    def answer_hypothesis(self, which: int, words: list[str]) -> None:
        self.world.broker.answer_hypothesis(which, " ".join(words))

    @rule(words=WORDS)
    def follow(self, words: list[str]) -> None:
        """Speak word by word and answer each word with a hypothesis."""
        for spoken_words in range(1, len(words) + 1):
            self.world.utter()
            self.world.serve_all()
            self.world.broker.answer_hypothesis(-1, " ".join(words[:spoken_words]))
            self.world.inform_all()

    @rule(fails=st.sampled_from([False, False, False, True]))
    def pause(self, fails: bool) -> None:
        """Pause until the workers have finished all queued jobs."""
        for _ in range(8):
            if self.world.utter():
                break
        self.world.serve_all()
        for entry in tuple(self.world.broker.entries):
            self.world.broker.finish(entry, fails)

    @rule()
    def proceed(self) -> None:
        """Deliver everything that is on its way."""
        self.world.proceed()

    @rule(back=st.integers(1, 30))
    def resend(self, back: int) -> None:
        """Resend audio without a request, which clients may do."""
        for spoken in self.world.client.segments:
            spoken.sent = max(0, spoken.sent - back)

    @rule(crowded=st.booleans(), busy=st.booleans(), late=st.booleans())
    def load(self, crowded: bool, busy: bool, late: bool) -> None:
        """Refuse speculations, by the gateway or by the broker, and second passes."""
        self.world.crowded, self.world.broker.busy, self.world.late = crowded, busy, late

    @rule(fault=st.sampled_from(["disconnect", "take over", "crash", "lose notices", "forget", "expire", "tick"]))
    def fault(self, fault: str) -> None:
        match fault:
            case "disconnect":
                self.world.disconnect()
            case "take over":
                self.world.connect("b" if self.world.connected == "a" else "a")
            case "crash":
                self.world.crash(self.world.connected or "a")
            case "lose notices":
                for notices in self.world.broker.notices.values():
                    notices.clear()
            case "forget":
                self.forgot = True
                self.world.broker.forget()
            case "expire":
                self.forgot = True
                self.world.broker.expire()
            case "tick":
                self.world.tick()

    @invariant()
    def unqueued_samples_are_counted(self) -> None:
        for session in self.world.sessions.values():
            segments = session._ledger.all.values()
            assert session.unqueued == sum(segment.unqueued for segment in segments)
            for segment in segments:
                kept = sum(len(piece) for piece in segment.pcm) // 2
                assert kept == (
                    segment.held if segment.stage is SegmentStage.RECEIVING or segment.speculation else 0
                )

    @invariant()
    def no_entry_of_the_broker_is_orphaned(self) -> None:
        self.world.broker.check()

    def teardown(self) -> None:
        self.world.settle()
        self.world.check(self.forgot)


Disorder.TestCase.settings = settings(max_examples=examples(200), stateful_step_count=50)
TestDisorder = Disorder.TestCase


def test_retry_is_not_lost_when_another_gateway_holds_the_failed_attempt() -> None:
    """The broker forgets the failure, and the other gateway still holds that attempt."""
    world = World([Spoken(b"")])
    world.connect("a")
    world.proceed()
    for entry in tuple(world.broker.entries):
        world.broker.finish(entry, fails=True)
    world.connect("b")
    world.broker.forget()
    while world.hear():
        pass
    world.disconnect()
    world.settle()
    world.check(forgot=True)
