"""Sessions, connections and broker replies together, with a broker scripted by the test."""

import asyncio
from collections.abc import Sequence
from typing import Any, Literal, cast
from uuid import UUID, uuid4

import pytest

from backend.admission.admission import Survey
from backend.broker.jobs import Jobs
from backend.broker.records import Attachment, JobQueued, NothingToPromote, Record, Reread, SessionGone
from backend.core.errors import BrokerBusy, BrokerFailed, TryLater
from backend.core.refusal import RefusalReason
from backend.history.records import SessionOwner
from backend.sessions.connection import ClientConnection
from backend.sessions.hub import Hub
from backend.sessions.observers import Conclusion, Observer
from backend.sessions.session_slot import SessionSlot
from backend.sessions.settings import SessionSettings
from protocol.audio import encode_frame
from protocol.errors import CloseCode, ErrorCode
from protocol.job import Ended, EndState, JobKind, Result
from protocol.monitor import WorkerState, WorkerStatus
from protocol.recognition import Options
from protocol.session import (
    Error,
    Failed,
    Final,
    Finish,
    GatewayMessage,
    Hello,
    Missing,
    Queued,
    Received,
    SegmentBegin,
    SegmentEnd,
    SegmentSpeculate,
    Welcome,
    decode_gateway,
)


class FakeJobs:
    """Broker that records commands; the test answers them by hand."""

    gateway = "g"
    durable = True
    up = True

    def __init__(self) -> None:
        self.commands: list[tuple[str, asyncio.Future[Any]]] = []
        self.full = False
        self.attaches = True
        self.held: dict[int, Record] = {}

    def serves(self, session: str) -> bool:
        """Return whether the broker accepts commands."""
        return self.up

    def __getattr__(self, name: str) -> Any:
        def command(*arguments: Any, **options: Any) -> "asyncio.Future[Any]":
            if self.full:
                raise BrokerBusy("full")
            future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
            self.commands.append((name, future))
            if name == "attach" and self.attaches:
                future.set_result(Attachment(1, self.held))
            return future

        return command

    async def answer(self, name: str, reply: Any) -> None:
        """Answer the oldest command, which must have this name."""
        command, future = self.commands.pop(0)
        assert command == name
        if isinstance(reply, Exception):
            future.set_exception(reply)
        else:
            future.set_result(reply)
        await asyncio.sleep(0)


class FakeSocket:
    """Socket that records sent messages."""

    def __init__(self) -> None:
        self.sent_messages: list[GatewayMessage] = []
        self.closed: int | None = None

    def send(self, text: str) -> None:
        self.sent_messages.append(decode_gateway(text))

    def ping(self) -> None:
        raise AssertionError("a ping was not expected")

    def close(self, code: int, reason: str) -> None:
        self.closed = code

    def drain(self) -> None: ...


class Scene(Observer):
    """A hub with one connected session, and an observer that records."""

    def __init__(self, settings: SessionSettings | None = None) -> None:
        self.jobs = FakeJobs()
        self.ended: list[Final | Failed] = []
        self.lengths: list[int] = []
        self.reasons: list[RefusalReason] = []
        self.attempts: list[tuple[JobKind, bool]] = []
        self.cancelled_segments: list[int] = []
        self.hub = Hub(cast(Jobs, self.jobs), settings or SessionSettings(), self, lambda about: "")
        self.socket = FakeSocket()
        self.connection = ClientConnection(self.socket, 100_000, 10.0)

    def concluded(self, conclusions: Sequence[Conclusion]) -> None:
        """Record outcomes and lengths."""
        self.ended.extend(conclusion.outcome for conclusion in conclusions)
        self.lengths.extend(conclusion.history.samples for conclusion in conclusions)

    def refused(self, reason: RefusalReason) -> None:
        """Record the reason of a refusal."""
        self.reasons.append(reason)

    def attempted(self, kind: JobKind, made: bool) -> None:
        """Record a best-effort request."""
        self.attempts.append((kind, made))

    def cancelled(self, session: str, segment: int) -> None:
        """Record the cancelled segment."""
        self.cancelled_segments.append(segment)

    async def begin(self) -> SessionSlot:
        """Say hello and send one complete segment."""
        hosted = await self.speak(100)
        self.hub.receive(hosted, SegmentEnd(0, 100))
        return hosted

    async def speak(
        self, samples: int, partials: bool = False, priority: Literal["interactive", "bulk"] = "interactive"
    ) -> SessionSlot:
        """Say hello and send part of one segment."""
        hello = Hello(uuid4(), options=Options(partials=partials, priority=priority))
        hosted = await self.hub.bind(hello, SessionOwner("o"), self.connection)
        self.jobs.commands.clear()
        self.jobs.attaches = False
        self.hub.receive(hosted, SegmentBegin(0))
        self.hub.frame(hosted, encode_frame(0, 0, bytes(2 * samples)))
        return hosted

    @property
    def commands(self) -> list[str]:
        """Commands that the broker has not answered."""
        return [name for name, _ in self.jobs.commands]

    async def sent_messages(self) -> list[GatewayMessage]:
        """Return all sent messages except the welcome and ``Busy``."""
        self.connection.close(CloseCode.NORMAL)
        await self.connection.run()
        return [
            message
            for message in self.socket.sent_messages
            if message.__class__.__name__ not in ("Welcome", "Busy")
        ]


async def recognised() -> tuple[Scene, SessionSlot]:
    """Return a scene whose segment has its text."""
    scene = Scene()
    hosted = await scene.begin()
    await scene.jobs.answer("submit", JobQueued(0))
    scene.hub.noticed(Result(hosted.identity, 0, "hi"))
    return scene, hosted


async def test_submission_is_answered_by_queued() -> None:
    scene = Scene()
    await scene.begin()
    await scene.jobs.answer("submit", JobQueued(16_000))
    assert await scene.sent_messages() == [Queued(0, 1.0, None)]


async def test_refused_command_closes_connection_and_frees_segment() -> None:
    scene = Scene()
    hosted = await scene.begin()
    await scene.jobs.answer("submit", BrokerFailed("a bug"))
    assert scene.connection.closing
    assert hosted.session.unqueued == 0
    (error,) = await scene.sent_messages()
    assert isinstance(error, Error) and error.code == ErrorCode.BROKER_UNAVAILABLE
    assert "a bug" not in error.message
    assert scene.socket.closed == 1013
    assert scene.reasons == [RefusalReason.BROKER]


async def test_full_command_queue_closes_connection_and_frees_segment() -> None:
    scene = Scene()
    hosted = await scene.hub.bind(Hello(uuid4()), SessionOwner("o"), scene.connection)
    scene.jobs.full = True
    scene.hub.receive(hosted, SegmentBegin(0))
    scene.hub.frame(hosted, encode_frame(0, 0, bytes(200)))
    scene.hub.receive(hosted, SegmentEnd(0, 100))
    assert scene.connection.closing
    assert hosted.session.unqueued == 0


async def test_hello_can_be_repeated_when_broker_refuses_it() -> None:
    scene = Scene()
    scene.jobs.full = True
    with pytest.raises(TryLater):
        await scene.hub.bind(Hello(uuid4()), SessionOwner("o"), scene.connection)
    assert scene.hub.hosted == {}


async def test_forgotten_session_is_attached_only_once() -> None:
    scene = Scene()
    hosted = await scene.begin()
    scene.hub.receive(hosted, SegmentBegin(1))
    scene.hub.receive(hosted, SegmentEnd(1, 0))
    await scene.jobs.answer("submit", SessionGone())
    await scene.jobs.answer("submit", SessionGone())
    assert [name for name, _ in scene.jobs.commands] == ["attach"]
    assert await scene.sent_messages() == [Missing(0, 0), Missing(1, 0)]


async def test_forgotten_session_is_dropped_without_connection() -> None:
    scene = Scene()
    hosted = await scene.begin()
    scene.hub.unbind(hosted, scene.connection)
    await scene.jobs.answer("submit", SessionGone())
    assert scene.commands == [] and scene.hub.hosted == {}


async def test_result_reaches_observer_and_client() -> None:
    scene, hosted = await recognised()
    scene.hub.noticed(Result("someone else", 0, "no"))
    assert [final.text for final in scene.ended if isinstance(final, Final)] == ["hi"]
    assert scene.lengths == [100]
    assert isinstance((await scene.sent_messages())[-1], Final)


async def test_results_wait_for_next_connection() -> None:
    scene = Scene()
    hosted = await scene.begin()
    scene.hub.unbind(hosted, scene.connection)
    await scene.jobs.answer("submit", JobQueued(0))
    scene.hub.noticed(Result(hosted.identity, 0, "hi"))
    later = FakeSocket()
    connection = ClientConnection(later, 100_000, 10.0)
    scene.jobs.attaches = True
    await scene.hub.bind(Hello(UUID(hosted.identity), resume=True), SessionOwner("o"), connection)
    connection.close(CloseCode.NORMAL)
    await connection.run()
    assert [type(message) for message in later.sent_messages if not isinstance(message, Welcome)][0] is Final


async def test_reconnecting_client_gets_all_results() -> None:
    """An hour of results exceeds the limit for peers that do not read; a peer that reads gets them all."""
    scene, session = Scene(), uuid4()
    texts = [f"{n} " + "x" * 200 for n in range(2_000)]
    for n, text in enumerate(texts):
        scene.jobs.held[n] = Record(end=Ended(EndState.FINAL, 0), outcome=Result(str(session), n, text))
    await scene.hub.bind(Hello(session, resume=True), SessionOwner("o"), scene.connection)
    assert not scene.connection.closing
    assert [message.text for message in await scene.sent_messages() if isinstance(message, Final)] == texts
    assert scene.socket.closed == CloseCode.NORMAL


async def test_failed_reread_changes_nothing() -> None:
    scene = Scene()
    await scene.begin()
    await scene.jobs.answer("submit", JobQueued(0))
    scene.hub.subscribed()
    await scene.jobs.answer("reread", Reread("g", 1, {}))
    scene.hub.subscribed()
    await scene.jobs.answer("reread", BrokerFailed("no"))
    assert len(scene.hub.hosted) == 1


async def test_session_without_open_segments_is_dropped_soon_after_its_connection() -> None:
    scene, hosted = await recognised()
    scene.hub.unbind(hosted, scene.connection)
    scene.hub.tick(hosted.left + 4)
    assert scene.hub.hosted
    scene.hub.tick(hosted.left + 5)
    assert not scene.hub.hosted and "forget" not in scene.commands, "the client has not confirmed the result"


async def test_session_is_dropped_some_time_after_its_connection() -> None:
    scene = Scene()
    hosted = await scene.begin()
    scene.hub.tick(hosted.left + 1_000)
    assert scene.hub.hosted
    scene.hub.unbind(hosted, scene.connection)
    scene.hub.tick(hosted.left + 59)
    assert scene.hub.hosted
    scene.hub.tick(hosted.left + 60)
    assert not scene.hub.hosted


def fleet(speed: float = 0.0, slots: int = 1) -> Survey:
    return Survey(workers=(WorkerStatus("w", "h", "e", "m", "cpu", WorkerState.IDLE, slots, speed=speed),))


async def speculated() -> tuple[Scene, SessionSlot]:
    """Return a scene with a worker, whose segment ended at its speculation."""
    scene = Scene()
    scene.hub.surveyed(fleet())
    hosted = await scene.speak(100)
    scene.hub.receive(hosted, SegmentSpeculate(0, 100))
    scene.hub.receive(hosted, SegmentEnd(0, 100))
    return scene, hosted


async def test_correct_speculation_is_promoted() -> None:
    scene, _ = await speculated()
    assert scene.commands == ["speculate", "promote"]
    await scene.jobs.answer("speculate", True)
    assert scene.attempts == [(JobKind.SPECULATE, True)]
    await scene.jobs.answer("promote", JobQueued(16_000))
    assert await scene.sent_messages() == [Queued(0, 1.0, 1_006)]


@pytest.mark.parametrize("reply", [False, BrokerFailed("full")])
async def test_refused_speculation_is_no_error_and_end_submits(reply: bool | Exception) -> None:
    scene = Scene()
    scene.hub.surveyed(fleet())
    hosted = await scene.speak(100)
    scene.hub.receive(hosted, SegmentSpeculate(0, 100))
    await scene.jobs.answer("speculate", reply)
    scene.hub.receive(hosted, SegmentEnd(0, 100))
    assert scene.commands == ["submit"]
    assert scene.attempts == [(JobKind.SPECULATE, False)]
    assert not scene.connection.closing


async def test_segment_is_submitted_when_nothing_can_be_promoted() -> None:
    scene, _ = await speculated()
    await scene.jobs.answer("speculate", True)
    await scene.jobs.answer("promote", NothingToPromote())
    await scene.jobs.answer("submit", JobQueued(0))
    assert isinstance((await scene.sent_messages())[0], Queued)


async def test_failed_promotion_closes_connection_and_frees_segment() -> None:
    scene, hosted = await speculated()
    await scene.jobs.answer("speculate", True)
    await scene.jobs.answer("promote", BrokerFailed("a bug"))
    assert scene.connection.closing and hosted.session.unqueued == 0


@pytest.mark.parametrize("hindrance", ["no worker", "away", "full"])
async def test_best_effort_requests_are_dropped_without_capacity(hindrance: str) -> None:
    scene = Scene()
    if hindrance != "no worker":
        scene.hub.surveyed(fleet())
    hosted = await scene.speak(0, partials=True)
    scene.jobs.up, scene.jobs.full = hindrance != "away", hindrance == "full"
    scene.hub.frame(hosted, encode_frame(0, 0, bytes(32_000)))
    scene.hub.receive(hosted, SegmentSpeculate(0, 16_000))
    scene.jobs.full = False
    scene.hub.receive(hosted, SegmentEnd(0, 16_000))
    assert scene.commands == ["submit"]
    assert scene.attempts == [(JobKind.HYPOTHESISE, False), (JobKind.SPECULATE, False)]
    assert not scene.connection.closing


@pytest.mark.parametrize(("speed", "soon"), [(0.0, True), (4.0, True), (0.5, False)])
async def test_best_effort_requests_are_dropped_when_decoding_is_slow(speed: float, soon: bool) -> None:
    scene = Scene()
    scene.hub.surveyed(fleet(speed))
    hosted = await scene.speak(16_000, partials=True)
    scene.hub.receive(hosted, SegmentSpeculate(0, 16_000))
    assert scene.commands == (["hypothesise", "speculate"] if soon else [])
    if soon:
        await scene.jobs.answer("hypothesise", False)
        await scene.jobs.answer("speculate", False)
    assert not scene.connection.closing


async def test_session_with_unreceived_result_is_not_forgotten() -> None:
    scene, hosted = await recognised()
    scene.hub.receive(hosted, Finish(1))
    scene.hub.unbind(hosted, scene.connection)
    scene.hub.farewell()
    assert "forget" not in scene.commands and not scene.hub.hosted, "its client has not got it yet"


@pytest.mark.parametrize("ends", [False, True])
async def test_finished_session_is_forgotten_after_timeout_or_shutdown(ends: bool) -> None:
    scene, hosted = await recognised()
    scene.hub.receive(hosted, Received(0))
    scene.hub.receive(hosted, Finish(1))
    scene.hub.unbind(hosted, scene.connection)
    scene.hub.farewell() if ends else scene.hub.tick(hosted.left + 60)
    assert scene.commands == ["confirm_received", "forget"] and not scene.hub.hosted
