"""All sessions of this process: connects the pure sessions with their connections and with the broker.

Only a hello waits for the broker; every other call returns at once.
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Final

from msgspec.structs import replace

from backend.admission.admission import (
    Survey,
    busy,
    makes_partials,
    no_room,
    refuse_load,
    with_eta,
    worth_sending,
)
from backend.admission.audio_budget import HeldAudio, refused_classes
from backend.admission.second_pass import LATE
from backend.broker.jobs import Jobs
from backend.broker.records import Attachment, NothingToPromote, Reread, SessionGone, Submitted
from backend.core.errors import BrokerBusy, BrokerError, ModelNotOffered, TooBusy, TryLater, reason_of
from backend.history.records import SessionOwner
from backend.sessions.adoption import Adoption, go_through, perform_some
from backend.sessions.best_effort import BestEffortRequests
from backend.sessions.connection import ClientConnection
from backend.sessions.intake import Intake
from backend.sessions.observers import Conclusion, Observer, UnconfirmedResults
from backend.sessions.segments import (
    Acknowledge,
    AttachAgain,
    CloseConnection,
    Hypothesise,
    Output,
    Promote,
    ReadAgain,
    RefuseIfLate,
    Speculate,
    StreamLive,
    Submit,
    Withdraw,
)
from backend.sessions.session import GatewaySession
from backend.sessions.session_slot import SessionSlot, held_audio, left_for_room, order_of
from backend.sessions.settings import SessionSettings
from protocol.errors import CloseCode, ErrorCode, ProtocolError
from protocol.job import Job, Notice
from protocol.session import Busy, ClientMessage, Failed, GatewayMessage, Hello, Missing, Queued, Welcome
from protocol.session import Final as FinalMessage
from runtime import loggers
from runtime.event_names import LogEvent

log = loggers.BACKEND_HUB

TICK_S: Final = 1.0
_LOOKS: Final = 16
"""Number of checks of the room for held audio while it fills, however late the ticks are."""
_MAKES_ROOM: Final = (FinalMessage, Failed, Missing, Withdraw, CloseConnection)
"""Outputs after which a key has fewer jobs in the broker, so that its next job may go."""
_HistoryField = Callable[[SessionOwner], str]
_Promoted = Submitted | NothingToPromote
_Known = dict[tuple[int, str, str, bool, bool], tuple[Busy | None, bool]]
"""By survey, class, model, partials wanted and shard up: the ``Busy`` message, and whether partials are made."""


class Hub:
    """Sessions and connections of this process. ``observer`` is notified of session events."""

    def __init__(self, jobs: Jobs, settings: SessionSettings, observer: Observer, history: _HistoryField) -> None:
        self._jobs, self.settings = jobs, settings
        self._observer, self._history_field = observer, history
        self._news, self._survey = UnconfirmedResults(), Survey()
        self._crowded_out: frozenset[str] = frozenset()
        self._came_in, self._looks_after = 0, settings.admission.unqueued_bytes / _LOOKS  # bytes of audio
        self._adoption, self._started = Adoption(), time.monotonic()
        self.hosted: dict[str, SessionSlot] = {}
        self.intake = Intake(settings.queue, self.hosted, self._submit, self._reaches)
        self._attempts = BestEffortRequests(jobs, settings, observer, self._perform)
        self.connections: set[ClientConnection] = set()
        self.taken: Callable[[], int] = lambda: len(self.connections)  # replaced to include other processes
        self.deserted = asyncio.Event()
        self.deserted.set()

    @property
    def held(self) -> HeldAudio:
        """Samples of all sessions that the broker does not have."""
        return held_audio(self.hosted.values())

    # -- connections ---------------------------------------------------------------------------------------

    def connected(self, connection: ClientConnection) -> None:
        """Register a connection, with or without a hello."""
        self.connections.add(connection)
        self.deserted.clear()

    def disconnected(self, connection: ClientConnection) -> None:
        """Forget a connection that has ended."""
        self.connections.discard(connection)
        if not self.connections:
            self.deserted.set()

    async def bind(self, hello: Hello, about: SessionOwner, connection: ClientConnection) -> SessionSlot:
        """Attach the session and bind it to this connection. Raises ``ProtocolError``."""
        identity = str(hello.session)
        if hello.options.priority in self._crowded_out:
            raise TooBusy(no_room(self.held))
        if known := self.hosted.get(identity):
            known.check_owner(about.owner)
        about = replace(about, client=hello.client)
        attachment = await self._attach(hello, about, transient=connection.transient)
        hosted = self.hosted.get(identity)
        if hosted is None:
            session = GatewaySession(hello.session, hello.options, self.settings.limits, self.settings.pace)
            hosted = self.hosted[session.identity] = SessionSlot(session, about, connection.transient)
        hosted.bind(connection)
        hosted.session.resumed_with(hello.options)
        hosted.busy, hosted.hello = None, order_of(hello)
        server_ms = round((time.monotonic() - self._started) * 1000)
        here = self._jobs.gateway, self._jobs.durable, server_ms, self.settings.limits
        welcome = Welcome(hello.session, *here, spans=True)
        self._observer.bound(identity, hello.resume)
        steps = hosted.session.attached(attachment, welcome, time.monotonic(), hello.pieces)
        outputs = await self._adoption.run(hosted, connection, steps)
        hosted.check_hosted(self.hosted.get(identity))
        hosted.start_sending(connection)
        hosted.session.set_offers(self._survey.offers)
        self.intake.adopt(hosted)
        await perform_some(hosted, connection, outputs, partial(self._perform, hosted))
        hosted.catch_up()
        self._send_busy(hosted, {})
        return hosted

    async def _attach(self, hello: Hello, about: SessionOwner, *, transient: bool) -> Attachment:
        survey, unknown_model = self.intake.survey_of(about.owner), self.intake.refuse_options(hello.options)
        refusal = refuse_load(survey, self.settings.admission, hello.options)
        create = refusal is None and unknown_model is None
        try:
            async with asyncio.timeout(self.settings.attach_s):
                if transient:
                    await self._jobs.hold(str(hello.session))
                asked = (str(hello.session), about.owner, hello.resume, create, order_of(hello))
                reply = await self._jobs.attach(*asked, self._history_field(about))
        except (TimeoutError, BrokerError) as error:
            raise TryLater("the broker does not answer: connect again, with resume") from error
        if isinstance(reply, SessionGone):
            raise ModelNotOffered(unknown_model) if unknown_model else TooBusy(refusal)
        return reply

    def unbind(self, hosted: SessionSlot, connection: ClientConnection) -> None:
        """Detach a closed connection; the session stays for a while."""
        if hosted.connection is connection:
            hosted.connection, hosted.left = None, time.monotonic()
            self._observer.unbound(hosted.identity)

    def frame(self, hosted: SessionSlot, data: bytes | bytearray) -> None:
        """Handle a binary message. Raises ``ProtocolError``."""
        if self._crowded_out and hosted.session.options.priority in self._crowded_out:
            raise TooBusy(no_room(self.held))
        self._came_in += len(data)
        if outputs := hosted.session.frame(data, time.monotonic()):
            self._perform(hosted, outputs)
        if self._came_in >= self._looks_after:
            self._make_room(time.monotonic())

    def receive(self, hosted: SessionSlot, message: ClientMessage) -> None:
        """Handle a text message. Raises ``ProtocolError``."""
        self._perform(hosted, hosted.session.receive(message, time.monotonic()))

    def turn_away(self, connection: ClientConnection, error: ProtocolError) -> None:
        """Report an error to the client, close the connection, and count the refusal once."""
        if not connection.closing:
            if reason := reason_of(error):
                self._observer.refused(reason)
            connection.refuse(error)

    # -- the broker ----------------------------------------------------------------------------------------

    def noticed(self, notice: Notice) -> None:
        """Pass a published notice to its session."""
        hosted = self.hosted.get(notice.session)
        if hosted is not None:
            self._perform(hosted, hosted.session.noticed(notice, time.monotonic()))

    def subscribed(self) -> None:
        """Read all queued segments again, because notices before the subscription may be lost."""
        for hosted in tuple(self.hosted.values()):
            self._perform(hosted, hosted.session.read_queued_again(time.monotonic()))

    def surveyed(self, survey: Survey) -> None:
        """Use a new survey of the fleet, and send waiting clients how busy it is."""
        self._survey = survey
        self.intake.surveyed(survey)
        known: _Known = {}
        for hosted in tuple(self.hosted.values()):
            hosted.session.set_offers(survey.offers)
            self._send_busy(hosted, known)

    def tick(self, now: float) -> None:
        """Free memory, advance all sessions, and drop sessions that are unbound for too long."""
        self._make_room(now)
        for identity, hosted in tuple(self.hosted.items()):
            self._perform(hosted, hosted.session.tick(now))
            if hosted.connection is None and now - hosted.left >= self.settings.kept_s(hosted.at_rest):
                self.leave(identity, hosted)

    def farewell(self) -> None:
        """Leave all sessions, because this gateway ends."""
        for identity, hosted in tuple(self.hosted.items()):
            self.leave(identity, hosted)

    def check_alive(self) -> None:
        """Ping silent connections and close those that ignored the last ping. Call once per interval."""
        for connection in self.connections:
            connection.check_alive()

    # -- inside --------------------------------------------------------------------------------------------

    def _make_room(self, now: float) -> None:
        """Drop sessions when memory is full, and note which classes may send nothing."""
        most, self._came_in = self.settings.admission.unqueued_bytes, 0
        for hosted in tuple(left_for_room(self.hosted.values(), most, now)):
            self.leave(hosted.identity, hosted)
        self._crowded_out = refused_classes(self.held, most)

    def leave(self, identity: str, hosted: SessionSlot) -> None:
        """Drop a session, and delete its texts from the broker once the client has them all or cannot resume."""
        self._drop(hosted)
        if hosted.transient:
            self._ask(hosted, self._jobs.discard, (identity,))
        elif hosted.session.over:
            self._ask(hosted, self._jobs.forget, (identity,))

    def _perform(self, hosted: SessionSlot, outputs: Iterable[Output]) -> None:
        makes_room = False
        for output in outputs:
            self._perform_output(hosted, output)
            makes_room = makes_room or isinstance(output, _MAKES_ROOM)
        if makes_room:
            self.intake.submit_more(hosted)

    def _perform_output(self, hosted: SessionSlot, output: Output) -> None:
        match output:  # the most frequent ones first
            case Queued() | FinalMessage():
                self._deliver(hosted, output)
            case Submit() | RefuseIfLate():
                self._take(hosted, output)
            case Acknowledge(segment):
                self._news.received(hosted.identity, segment)
                self._ask(hosted, self._jobs.confirm_received, (hosted.identity, segment))
            case Promote(segment, attempt, samples):
                answer = partial(self._handle_promoted, hosted, output)
                self._ask(hosted, self._jobs.promote, (hosted.identity, segment, attempt, samples), answer)
            case Speculate() | Hypothesise() | StreamLive():
                self._attempts.attempt(hosted, output, self._survey)
            case Withdraw():
                self._withdraw(hosted, output)
            case ReadAgain(segments):
                look = partial(self._reread, hosted)
                self._ask(hosted, self._jobs.reread, (hosted.identity, segments), look)
            case AttachAgain():
                self._attach_again(hosted)
            case CloseConnection(code):
                self._close(hosted, code)
            case _:
                self._deliver(hosted, output)

    def _take(self, hosted: SessionSlot, asked: Submit | RefuseIfLate) -> None:
        """Queue a complete segment, unless it would be late or its model has been unavailable for too long."""
        session, now = hosted.session, time.monotonic()
        job = asked.job if isinstance(asked, Submit) else asked
        if asked.due is not None and self.intake.comes_late(session.options, job.samples, asked.due - now):
            self._perform(hosted, session.refuse(job.segment, job.attempt, ErrorCode.BUSY, LATE, now))
        elif isinstance(job, Job) and (why := self.intake.refuse_model(job.options.model)):
            code = ErrorCode.MODEL_UNAVAILABLE
            self._perform(hosted, session.refuse(job.segment, job.attempt, code, why, now))
        elif isinstance(job, Job):
            self.intake.add(hosted, job)

    def _withdraw(self, hosted: SessionSlot, cancelled: Withdraw) -> None:
        self.intake.cancelled(hosted, cancelled.segment)
        self._observer.cancelled(hosted.identity, cancelled.segment)
        if cancelled.sent:
            self._ask(hosted, self._jobs.cancel, (hosted.identity, cancelled.segment, cancelled.attempt))

    def _reaches(self, session: str) -> bool:
        """Return whether the session's shard answers; while no shard does, all sessions count as reachable."""
        return self._jobs.serves(session) or not self._jobs.up

    def _submit(self, hosted: SessionSlot, job: Job) -> None:
        self._ask(hosted, self._jobs.submit, (job,), partial(self._handle_submitted, hosted, job))

    def _deliver(self, hosted: SessionSlot, message: GatewayMessage) -> None:
        """Send a message, which may be a repetition; observers get each result once."""
        if not isinstance(message, FinalMessage | Failed):
            self._observer.message_sent(hosted.identity, message)
        elif self._news.is_new(hosted.identity, message):
            about = hosted.session.history(message.segment), time.monotonic(), time.time()
            self._observer.concluded((Conclusion(hosted.identity, hosted.about.owner, message, *about),))
        hosted.send(message)

    def _ask(
        self,
        hosted: SessionSlot,
        command: Callable[..., "asyncio.Future[Any]"],
        arguments: tuple[Any, ...],
        answer: Callable[[Any], None] = lambda reply: None,  # the next read finds data that the broker forgot
    ) -> None:
        """Send a command; ``answer`` gets its result or its exception."""

        def settled(future: "asyncio.Future[Any]") -> None:
            hosted.count_answer()
            if future.cancelled():
                return
            if (error := future.exception()) is not None:
                log.error(LogEvent.SESSION_COMMAND_FAILED, session=hosted.identity, error=repr(error))
                refused = TryLater("the broker refused a command: connect again, with resume")
                self._fail(hosted, error if isinstance(error, ProtocolError) else refused)
            answer(future.result() if error is None else error)

        try:
            command(*arguments).add_done_callback(settled)
            hosted.flying += 1
        except BrokerBusy as error:
            self._fail(hosted, TryLater(str(error)))
            answer(error)

    def _handle_submitted(self, hosted: SessionSlot, job: Job, reply: Submitted | BaseException) -> None:
        session = hosted.session
        if isinstance(reply, BaseException):
            outputs = session.unsubmitted(job.segment, job.attempt)
        else:
            outputs = session.submitted(job.segment, job.attempt, reply, time.monotonic())
        self._perform(hosted, with_eta(outputs, self._survey, session.options, job.samples))

    def _handle_promoted(self, hosted: SessionSlot, promote: Promote, reply: _Promoted | BaseException) -> None:
        session = hosted.session
        if isinstance(reply, BaseException):
            outputs = session.unsubmitted(promote.segment, promote.attempt)
        else:
            outputs = session.promoted(promote, reply, time.monotonic())
            self.intake.adopt(hosted)
        self._perform(hosted, with_eta(outputs, self._survey, session.options, promote.samples))

    def _reread(self, hosted: SessionSlot, reply: Reread | BaseException) -> None:
        if isinstance(reply, Reread):
            self._perform(hosted, hosted.session.reread(reply, self._jobs.gateway, time.monotonic()))

    def _attach_again(self, hosted: SessionSlot) -> None:
        if hosted.connection is None:  # its client may use another gateway now, which must keep the session
            self._drop(hosted)
            return
        if hosted.attaching:
            return
        hosted.attaching = True
        history = self._history_field(hosted.about)
        arguments = (hosted.identity, hosted.about.owner, True, True, hosted.hello, history)
        self._ask(hosted, self._jobs.attach, arguments, partial(self._handle_reattached, hosted))

    def _handle_reattached(self, hosted: SessionSlot, reply: Attachment | BaseException) -> None:
        hosted.attaching = False
        if isinstance(reply, Attachment):
            steps, then = hosted.session.reattached(reply, time.monotonic()), partial(self._perform, hosted)
            go_through(steps, then, partial(self._fail, hosted))

    def _close(self, hosted: SessionSlot, code: CloseCode) -> None:
        if hosted.connection is not None:
            hosted.connection.close(code)
        if code is CloseCode.TAKEN_OVER:  # another gateway has it now
            self._drop(hosted)

    def _drop(self, hosted: SessionSlot) -> None:
        self.hosted.pop(hosted.identity, None)
        self.intake.left(hosted)

    def _fail(self, hosted: SessionSlot, error: ProtocolError) -> None:
        if hosted.connection is not None:
            self.turn_away(hosted.connection, error)

    def _send_busy(self, hosted: SessionSlot, known: _Known) -> None:
        """Send a client how busy the fleet is. ``known`` caches answers of this moment for equal options."""
        if hosted.connection is None:
            return
        options, limits = hosted.session.options, self.settings.admission
        survey = self.intake.survey_of(hosted.about.owner)
        up = self._jobs.serves(hosted.identity)
        wish = id(survey), options.priority, options.model, options.partials, up
        if wish not in known:
            now = busy(survey, up, options, limits, self.taken())
            known[wish] = now, makes_partials(survey, options, limits)
        now, partials = known[wish]
        if (message := worth_sending(hosted.busy, now, partials)) is not None:
            hosted.busy = now
            self._observer.message_sent(hosted.identity, message)
            hosted.send(message)
