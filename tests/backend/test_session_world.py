"""The session core under every disorder that the world can make: each segment ends once, with the right text."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.backend.world import World

GATEWAYS = st.sampled_from(["a", "b"])
AUDIO = st.lists(
    st.integers(0, 40).map(lambda n: bytes(i * 37 % 251 for i in range(2 * n))), min_size=1, max_size=4
)
INDEX = st.integers(0, 7)


class Disorder(RuleBasedStateMachine):
    """Moves the world in any order, then lets it settle."""

    world: World
    forgot = False

    @initialize(audio=AUDIO)
    def start(self, audio: list[bytes]) -> None:
        self.world = World(audio)
        self.world.connect("a")

    @precondition(lambda self: self.world.connected is None)
    @rule(gateway=GATEWAYS)
    def connect(self, gateway: str) -> None:
        self.world.connect(gateway)

    @rule(times=st.integers(1, 20))
    def talk(self, times: int) -> None:
        for _ in range(times):
            self.world.speak()
            self.world.listen()

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

    @rule()
    def proceed(self) -> None:
        """Everything that is on its way arrives."""
        self.world.proceed()

    @rule(back=st.integers(1, 30))
    def resend(self, back: int) -> None:
        """The client goes back of its own accord, which it may."""
        for spoken in self.world.client.segments:
            spoken.sent = max(0, spoken.sent - back)

    @rule(fault=st.sampled_from(["disconnect", "take over", "crash", "lose notices", "forget", "tick"]))
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
            case "tick":
                self.world.tick()

    @invariant()
    def the_count_of_unqueued_samples_is_right(self) -> None:
        for session in self.world.sessions.values():
            assert session.unqueued == sum(segment.unqueued for segment in session._ledger.all.values())

    def teardown(self) -> None:
        self.world.settle()
        self.world.check(self.forgot)


Disorder.TestCase.settings = settings(max_examples=200, stateful_step_count=50, deadline=None)
TestDisorder = Disorder.TestCase
