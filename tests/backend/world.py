"""A whole system without clock, network or Redis: one client, two gateways and a broker, moved step by step.

The gateways' sessions are real; broker and client are models of the scripts and of the protocol.
"""

from collections import deque
from collections.abc import Sequence

from backend.broker.records import Reread
from backend.sessions.ledger import run_steps
from backend.sessions.partials import PartialPace
from backend.sessions.segments import (
    Acknowledge,
    AttachAgain,
    CloseConnection,
    Effect,
    Hypothesise,
    Output,
    Promote,
    ReadAgain,
    RefuseIfLate,
    Speculate,
    Submit,
    Withdraw,
)
from backend.sessions.session import GatewaySession
from protocol.audio import SAMPLE_RATE
from protocol.errors import CloseCode, ErrorCode
from protocol.recognition import Options
from protocol.session import ClientMessage, Done, GatewayMessage, Limits, Welcome
from protocol.spans import without_replaced
from protocol.texts import join_texts
from tests.backend.model_broker import SESSION, ModelBroker, text_of
from tests.backend.model_client import FRAME, ModelClient, Spoken

OPTIONS = Options(partials=True)
PACE = PartialPace(new_s=FRAME / SAMPLE_RATE)


class World:
    """All parts of the system, and the messages between them."""

    def __init__(self, segments: list[Spoken]) -> None:
        self.now = 100.0
        self.broker = ModelBroker()
        self.client = ModelClient(segments)
        self.sessions: dict[str, GatewaySession] = {}
        self.effects: dict[str, deque[tuple[GatewaySession, Output]]] = {"a": deque(), "b": deque()}
        self.connected: str | None = None
        self.crowded = False
        self.late = False
        self.up: deque[ClientMessage | bytes] = deque()
        self.down: deque[GatewayMessage] = deque()

    def connect(self, gateway: str) -> None:
        """Connect the client to a gateway; messages of an older connection are lost."""
        self.disconnect()
        while self.effects[gateway]:  # the hello is queued behind these commands
            self.serve(gateway)
        session = self.sessions.setdefault(gateway, GatewaySession(SESSION, OPTIONS, Limits(), PACE))
        self.connected = gateway
        welcome = Welcome(SESSION, gateway, durable=True)
        self._perform(
            gateway, session, run_steps(session.attached(self.broker.attach(gateway), welcome, self.now))
        )

    def disconnect(self) -> None:
        """Break the connection and lose all its messages."""
        self.connected = None
        self.client.welcomed = False
        self.up.clear()
        self.down.clear()

    def speak(self) -> bool:
        """Let the client send one message."""
        message = self.client.next()
        if message is not None:
            self.up.append(message)
        return message is not None

    def hear(self) -> bool:
        """Let the client receive one message."""
        if not self.down:
            return False
        self.client.receive(self.down.popleft())
        return True

    def listen(self) -> bool:
        """Let the gateway receive one message of the client."""
        if not self.up or self.connected is None:
            return False
        message, session = self.up.popleft(), self.sessions[self.connected]
        if isinstance(message, bytes):
            self._perform(self.connected, session, session.frame(message, self.now))
        else:
            self._perform(self.connected, session, session.receive(message, self.now))
        return True

    def serve(self, gateway: str) -> bool:
        """Let the broker execute one command of a gateway and reply."""
        if not self.effects[gateway]:
            return False
        session, effect = self.effects[gateway].popleft()
        self._perform(gateway, session, self._answer(gateway, session, effect))
        return True

    def _answer(self, gateway: str, session: GatewaySession, effect: Output) -> list[Output]:
        match effect:
            case Submit(job):
                return session.submitted(job.segment, job.attempt, self.broker.submit(job), self.now)
            case Promote():
                return session.promoted(effect, self.broker.promote(effect), self.now)
            case Speculate(job):
                session.speculated(job, self.broker.speculate(job))
            case Hypothesise(job):
                self.broker.questions.append(job)
            case Acknowledge(n):
                self.broker.received(n)
            case Withdraw(n, attempt):
                self.broker.cancel(n, attempt)
            case ReadAgain(segments):
                home = self.broker.gateway if self.broker.exists else ""
                look = Reread(home, self.broker.epoch, {n: self.broker.record(n) for n in segments})
                return session.reread(look, gateway, self.now)
            case AttachAgain():
                return run_steps(session.reattached(self.broker.attach(gateway), self.now))
        return []

    def notice(self, gateway: str) -> bool:
        """Let the gateway receive one published notice."""
        notices = self.broker.notices[gateway]
        if not notices:
            return False
        notice, session = notices.popleft(), self.sessions.get(gateway)
        if session is not None:
            self._perform(gateway, session, session.noticed(notice, self.now))
        return True

    def take(self, which: int) -> None:
        """Let a worker read an entry, which it may finish much later."""
        waiting = self.broker.entries
        if waiting:
            self.broker.taken.append(waiting[which % len(waiting)])

    def finish(self, which: int, fails: bool = False) -> None:
        """Let a worker end a job it has read; it may end it again later, as a late twin does."""
        if self.broker.taken:
            self.broker.finish(self.broker.taken[which % len(self.broker.taken)], fails)

    def crash(self, gateway: str) -> None:
        """Kill a gateway without notice."""
        if self.connected == gateway:
            self.disconnect()
        self.sessions.pop(gateway, None)
        self.effects[gateway].clear()
        self.broker.notices[gateway].clear()

    def tick(self) -> None:
        """Let time pass for all sessions."""
        self.now += 6.0
        for gateway, session in tuple(self.sessions.items()):
            self._perform(gateway, session, session.tick(self.now))

    def proceed(self) -> None:
        """Deliver everything that is on its way."""
        while self.speak() or self.listen() or self.hear():
            pass
        for gateway in ("a", "b"):
            while self.serve(gateway) or self.notice(gateway):
                pass

    def utter(self) -> bool:
        """Deliver the client's next frame, and all messages before it; return whether the client then paused."""
        while (message := self.client.next()) is not None:
            self.up.append(message)
            if isinstance(message, bytes) or self.client.pauses:
                break
        while self.listen():
            pass
        return self.client.pauses

    def serve_all(self) -> None:
        """Let the broker execute all commands."""
        while self.serve("a") or self.serve("b"):
            pass

    def inform_all(self) -> None:
        """Deliver all notices, and all messages to the client."""
        while self.notice("a") or self.notice("b"):
            pass
        while self.hear():
            pass

    def settle(self) -> None:
        """Run without further faults until the session is done."""
        for _ in range(400):
            if self.client.done is not None:
                return
            if self.connected is None:
                self.connect("a")
            self.proceed()
            self.take(0)
            self.finish(-1)
            self.tick()
        raise AssertionError(f"it never ended: {self.client}, {self.broker.__dict__}")

    def _perform(self, gateway: str, session: GatewaySession, outputs: Sequence[Output]) -> None:
        for output in outputs:
            match output:
                case CloseConnection(code):
                    self._close(gateway, session, code)
                case RefuseIfLate() | Submit(due=float()):
                    self._refuse_if_late(gateway, session, output)
                case Speculate(job) if self.crowded:
                    session.speculated(job, made=False)
                case Hypothesise(job) if self.crowded:
                    session.declined(job, self.now)
                case _ if isinstance(output, Effect):
                    self.effects[gateway].append((session, output))
                case _ if self.connected == gateway and self.sessions.get(gateway) is session:
                    self.down.append(output)

    def _refuse_if_late(self, gateway: str, session: GatewaySession, asked: RefuseIfLate | Submit) -> None:
        job = asked.job if isinstance(asked, Submit) else asked
        if self.late:
            refused = session.refuse(job.segment, job.attempt, ErrorCode.BUSY, "late", self.now)
            self._perform(gateway, session, refused)
        elif isinstance(asked, Submit):
            self.effects[gateway].append((session, asked))

    def _close(self, gateway: str, session: GatewaySession, code: CloseCode) -> None:
        if self.sessions.get(gateway) is not session:
            return
        if self.connected == gateway:
            while self.hear():
                pass
            self.disconnect()
        if code is CloseCode.TAKEN_OVER:
            self.sessions.pop(gateway, None)

    def expected(self) -> list[str | None]:
        """Return the right text of each segment that was not given up."""
        return [None if spoken.gone else text_of(spoken.pcm) for spoken in self.client.segments]

    def text(self) -> str:
        """Return the right text of the session."""
        spoken = self.client.segments
        spans = {n: one.replaces for n, one in enumerate(spoken) if one.replaces and not one.gone}
        gone = {n for n, one in enumerate(spoken) if one.gone}
        return join_texts(
            text_of(spoken[n].pcm) for n in without_replaced(range(len(spoken)), spans) if n not in gone
        )

    def check(self, forgot: bool) -> None:
        """Check the final state; the whole text too, unless the broker has forgotten some of it."""
        assert [spoken.heard for spoken in self.client.segments] == self.expected()
        assert self.client.done is not None
        if not forgot:
            assert self.broker.speculations == {} and self.broker.entries == []
            assert self.client.done == Done(len(self.client.segments), self.text())
            heard = {n: 1 for n, spoken in enumerate(self.client.segments) if spoken.heard is not None}
            assert heard.items() <= self.broker.counted.items()
            assert set(self.broker.counted.values()) == {1}
