"""A whole system without clock, network or Redis: a client, two gateways and a broker that a test moves by hand.

The gateways' sessions are the real ones. Broker and client are models: the broker does what the scripts do, the
client what the protocol asks of one.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from backend.records import Attachment, JobQueued, Record, Reread, SessionGone, Submitted
from backend.segments import Acknowledge, AttachAgain, Close, LookAgain, Output, Submit, Withdraw
from backend.session import Session
from protocol.audio import encode_frame
from protocol.errors import CloseCode, ErrorCode
from protocol.job import Detached, Ended, EndState, Failure, Job, Notice, Outcome, Result
from protocol.recognition import Options
from protocol.session import (
    ClientMessage,
    Done,
    Error,
    Failed,
    Final,
    Finish,
    GatewayMessage,
    Limits,
    Missing,
    Queued,
    Received,
    SegmentBegin,
    SegmentCancel,
    SegmentEnd,
    Welcome,
)
from protocol.texts import join_texts

SESSION = UUID(int=7)
FRAME = 8


def text_of(pcm: bytes) -> str:
    """What the workers of this world hear."""
    return f"{len(pcm) // 2}.{pcm[:2].hex()}.{sum(pcm)}"


class ModelBroker:
    """The session hash and the jobs of one session, changed as the scripts change them."""

    def __init__(self) -> None:
        self.exists = False
        self.gateway, self.epoch = "", 0
        self.jobs: dict[int, Job] = {}
        self.ends: dict[int, Ended] = {}
        self.outcomes: dict[int, Outcome] = {}
        self.texts: dict[int, str] = {}
        self.counted: dict[int, int] = {}
        self.taken: list[Job] = []
        self.notices: dict[str, deque[Notice]] = {"a": deque(), "b": deque()}

    def forget(self) -> None:
        """Restart without persistence."""
        self.exists = False
        for kept in (self.jobs, self.ends, self.outcomes, self.texts, self.counted):
            kept.clear()

    def record(self, n: int) -> Record:
        """As ``look.lua``."""
        if n in self.ends:
            text = self.texts.get(n, "") if n not in self.outcomes and self.ends[n].state == "final" else None
            return Record(end=self.ends[n], outcome=self.outcomes.get(n), text=text)
        return Record(job=self.jobs[n].attempt if n in self.jobs else None)

    def attach(self, gateway: str) -> Attachment:
        """As ``attach.lua``."""
        if self.exists and self.gateway != gateway:
            self.notices[self.gateway].append(Detached(str(SESSION), gateway, self.epoch + 1))
        self.exists, self.gateway, self.epoch = True, gateway, self.epoch + 1
        return Attachment(self.epoch, {n: self.record(n) for n in sorted(self.jobs.keys() | self.ends.keys())})

    def submit(self, job: Job) -> Submitted:
        """As ``submit.lua``."""
        if not self.exists:
            return SessionGone()
        end = self.ends.get(job.segment)
        if end and (end.state != EndState.FAILED or end.attempt >= job.attempt):
            return self.record(job.segment)
        if job.segment not in self.jobs or self.jobs[job.segment].attempt < job.attempt:
            self.ends.pop(job.segment, None)
            self.outcomes.pop(job.segment, None)
            self.jobs[job.segment] = job
        return JobQueued(0)

    def received(self, n: int) -> None:
        """As ``received.lua``."""
        outcome = self.outcomes.pop(n, None)
        if isinstance(outcome, Result):
            self.texts[n] = outcome.text

    def cancel(self, n: int, attempt: int) -> None:
        """As ``cancel.lua``."""
        if self.exists:
            for known in (self.jobs, self.outcomes, self.texts):
                known.pop(n, None)
            self.ends[n] = Ended(EndState.CANCELLED, attempt)

    def finish(self, job: Job, fails: bool) -> None:
        """As the worker's ``finish`` and ``fail``: only the job that is noted counts."""
        n = job.segment
        if not self.exists or self.jobs.get(n) is not job:
            return
        outcome: Outcome = Result(str(SESSION), n, text_of(job.pcm), job.attempt)
        if fails:
            outcome = Failure(str(SESSION), n, ErrorCode.ENGINE_FAILED, "no", job.attempt, retryable=True)
        del self.jobs[n]
        self.ends[n] = Ended(EndState.FAILED if fails else EndState.FINAL, job.attempt)
        self.outcomes[n] = outcome
        if not fails:
            self.counted[n] = self.counted.get(n, 0) + 1
        self.notices[self.gateway].append(outcome)


@dataclass
class Spoken:
    """A segment of the client. ``awaited``: the gateway says that it has ended. ``heard``: the first text."""

    pcm: bytes
    attempt: int = 0
    begun: bool = False
    sent: int = 0
    ended: bool = False
    queued: bool = False
    awaited: bool = False
    heard: str | None = None


@dataclass
class ModelClient:
    """Sends what the gateway does not have; keeps the first result."""

    segments: list[Spoken]
    welcomed: bool = False
    finish_sent: bool = False
    done: Done | None = None
    notes: deque[ClientMessage] = field(default_factory=deque)

    def next(self) -> ClientMessage | bytes | None:
        """What to send now."""
        if not self.welcomed:
            return None
        if self.notes:
            return self.notes.popleft()
        for n, spoken in enumerate(self.segments):
            if spoken.heard is None and not spoken.queued and (message := self._of(n, spoken)) is not None:
                return message
        if not self.finish_sent and all(spoken.heard is not None for spoken in self.segments):
            self.finish_sent = True
            return Finish(len(self.segments))
        return None

    @staticmethod
    def _of(n: int, spoken: Spoken) -> ClientMessage | bytes | None:
        if not spoken.begun:
            spoken.begun = True
            return SegmentBegin(n, attempt=spoken.attempt)
        if spoken.sent * 2 < len(spoken.pcm):
            at, spoken.sent = spoken.sent, min(spoken.sent + FRAME, len(spoken.pcm) // 2)
            return encode_frame(n, at, spoken.pcm[at * 2 : spoken.sent * 2])
        if not spoken.ended:
            spoken.ended = True
            return SegmentEnd(n, len(spoken.pcm) // 2)
        return None

    def receive(self, message: GatewayMessage) -> None:
        """What the gateway says."""
        match message:
            case Welcome():
                self._welcome(message)
            case Queued(segment=n):
                self.segments[n].queued |= self.segments[n].ended
            case Missing(segment=n) if self.segments[n].heard is not None:
                self.notes.append(SegmentCancel(n))
            case Missing(segment=n, from_=at):
                spoken = self.segments[n]
                spoken.queued = spoken.ended = False
                spoken.begun, spoken.sent = at > 0, min(at, spoken.sent)
            case Final(segment=n, text=text):
                assert self.segments[n].heard in (None, text)
                self.segments[n].heard = text
                self.notes.append(Received(n))
            case Failed(segment=n, attempt=attempt):
                self._failed(self.segments[n], attempt)
            case Done():
                self.done = message
            case Error():
                assert message.code == ErrorCode.TAKEN_OVER, message
            case _:
                pass

    @staticmethod
    def _failed(spoken: Spoken, attempt: int) -> None:
        if attempt >= spoken.attempt:
            spoken.attempt = attempt + 1
        elif not spoken.awaited:
            return  # a repeat, from before the next attempt began
        spoken.begun = spoken.ended = spoken.queued = spoken.awaited = False
        spoken.sent = 0

    def _welcome(self, welcome: Welcome) -> None:
        self.welcomed, self.finish_sent = True, False
        self.notes.clear()
        held = welcome.segments
        for n, spoken in enumerate(self.segments):
            spoken.queued = n in held.queued or n in held.ended
            spoken.awaited = n in held.ended
            spoken.begun, spoken.ended = n in held.receiving, False
            spoken.sent = held.receiving.get(n, 0)
            if spoken.heard is not None and n not in held.ended:
                self.notes.append(SegmentCancel(n))  # else nobody here could ever say done


class World:
    """Everything, and what is on its way between any two of them."""

    def __init__(self, audio: list[bytes]) -> None:
        self.now = 100.0
        self.broker = ModelBroker()
        self.client = ModelClient([Spoken(pcm) for pcm in audio])
        self.sessions: dict[str, Session] = {}
        self.effects: dict[str, deque[tuple[Session, Output]]] = {"a": deque(), "b": deque()}
        self.connected: str | None = None
        self.up: deque[ClientMessage | bytes] = deque()
        self.down: deque[GatewayMessage] = deque()

    def connect(self, gateway: str) -> None:
        """The client says hello to a gateway; everything of an older connection is lost."""
        self.disconnect()
        while self.effects[gateway]:  # the hello waits behind them
            self.serve(gateway)
        session = self.sessions.setdefault(gateway, Session(SESSION, Options(), Limits()))
        self.connected = gateway
        welcome = Welcome(SESSION, gateway, durable=True)
        self._perform(gateway, session, session.attached(self.broker.attach(gateway), welcome, self.now))

    def disconnect(self) -> None:
        """The connection breaks, with all that is on it."""
        self.connected = None
        self.client.welcomed = False
        self.up.clear()
        self.down.clear()

    def speak(self) -> bool:
        """The client sends one thing."""
        message = self.client.next()
        if message is not None:
            self.up.append(message)
        return message is not None

    def hear(self) -> bool:
        """The client takes one message."""
        if not self.down:
            return False
        self.client.receive(self.down.popleft())
        return True

    def listen(self) -> bool:
        """The gateway takes one message of the client."""
        if not self.up or self.connected is None:
            return False
        message, session = self.up.popleft(), self.sessions[self.connected]
        if isinstance(message, bytes):
            self._perform(self.connected, session, session.frame(message, self.now))
        else:
            self._perform(self.connected, session, session.receive(message, self.now))
        return True

    def serve(self, gateway: str) -> bool:
        """The broker carries out one command of a gateway and answers."""
        if not self.effects[gateway]:
            return False
        session, effect = self.effects[gateway].popleft()
        outputs: list[Output] = []
        match effect:
            case Submit(job):
                reply = self.broker.submit(job)
                outputs = session.submitted(job.segment, job.attempt, reply, self.now)
            case Acknowledge(n):
                self.broker.received(n)
            case Withdraw(n, attempt):
                self.broker.cancel(n, attempt)
            case LookAgain(segments):
                home = self.broker.gateway if self.broker.exists else ""
                look = Reread(home, self.broker.epoch, {n: self.broker.record(n) for n in segments})
                outputs = session.reread(look, gateway, self.now)
            case AttachAgain():
                outputs = session.reattached(self.broker.attach(gateway), self.now)
        self._perform(gateway, session, outputs)
        return True

    def notice(self, gateway: str) -> bool:
        """The gateway takes one published notice."""
        notices = self.broker.notices[gateway]
        if not notices:
            return False
        notice, session = notices.popleft(), self.sessions.get(gateway)
        if session is not None:
            self._perform(gateway, session, session.noticed(notice, self.now))
        return True

    def take(self, which: int) -> None:
        """A worker reads a job; it may be slow to finish it."""
        waiting = list(self.broker.jobs.values())
        if waiting:
            self.broker.taken.append(waiting[which % len(waiting)])

    def finish(self, which: int, fails: bool = False) -> None:
        """A worker ends a job that was read; it may end it again later, as a late twin does."""
        if self.broker.taken:
            self.broker.finish(self.broker.taken[which % len(self.broker.taken)], fails)

    def crash(self, gateway: str) -> None:
        """A gateway is killed."""
        if self.connected == gateway:
            self.disconnect()
        self.sessions.pop(gateway, None)
        self.effects[gateway].clear()
        self.broker.notices[gateway].clear()

    def tick(self) -> None:
        """Time passes for everyone."""
        self.now += 6.0
        for gateway, session in tuple(self.sessions.items()):
            self._perform(gateway, session, session.tick(self.now))

    def proceed(self) -> None:
        """Everything that is on its way arrives."""
        while self.speak() or self.listen() or self.hear():
            pass
        for gateway in ("a", "b"):
            while self.serve(gateway) or self.notice(gateway):
                pass

    def settle(self) -> None:
        """Without further faults, everything comes to its end."""
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

    def _perform(self, gateway: str, session: Session, outputs: Sequence[Output]) -> None:
        for output in outputs:
            match output:
                case Close(code) if self.sessions.get(gateway) is session:
                    self._close(gateway, code)
                case Close():
                    pass
                case Submit() | Withdraw() | Acknowledge() | LookAgain() | AttachAgain():
                    self.effects[gateway].append((session, output))
                case _ if self.connected == gateway and self.sessions.get(gateway) is session:
                    self.down.append(output)

    def _close(self, gateway: str, code: CloseCode) -> None:
        if self.connected == gateway:
            while self.hear():
                pass
            self.disconnect()
        if code is CloseCode.TAKEN_OVER:
            self.sessions.pop(gateway, None)

    def expected(self) -> list[str]:
        """The right text of each segment."""
        return [text_of(spoken.pcm) for spoken in self.client.segments]

    def check(self, forgot: bool) -> None:
        """What must be true at the end. The whole text too, unless the broker has forgotten some of it."""
        assert [spoken.heard for spoken in self.client.segments] == self.expected()
        assert self.client.done is not None
        if not forgot:
            assert self.client.done == Done(len(self.client.segments), join_texts(self.expected()))
            assert self.broker.counted == dict.fromkeys(range(len(self.client.segments)), 1)
