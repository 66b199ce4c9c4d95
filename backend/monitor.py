"""How things stand: one look per interval, shared by admission, readiness and every viewer of the monitor."""

import asyncio
import dataclasses
import secrets
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

import msgspec
import structlog
from msgspec.structs import replace

from backend.admission import Survey, speed
from backend.errors import BrokerError, OverQuota
from backend.history.keeping import HistoryState
from backend.hub import Hub
from backend.jobs import Jobs
from backend.metrics import Now
from backend.observing import Conclusion, Observer, RefusalReason
from backend.process_load import ProcessLoad
from backend.timeline import Moments
from backend.viewers import refuse_viewer
from protocol.audio import samples_to_ms, samples_to_seconds
from protocol.monitor import FINAL, SEGMENT, SNAPSHOT, BrokerState, Recent, Snapshot, Timeline, Totals
from protocol.recognition import Timing
from protocol.session import Failed, GatewayMessage, Partial
from runtime import logger_names
from runtime.event_names import LogEvent

log = structlog.get_logger(logger_names.BACKEND_MONITOR)

WATCHED_S: Final = 1.0
UNWATCHED_S: Final = 2.0
IDLE_S: Final = 30.0
_RECENT: Final = 50
_EVENTS_PER_VIEWER: Final = 256
_GATHER_S: Final = 0.25
_MARK_BYTES: Final = 4


@dataclass
class _Counted:
    """What becomes ``Totals``."""

    final: int = 0
    failed: int = 0
    samples: int = 0
    refused: int = 0
    partials: int = 0

    def totals(self) -> Totals:
        seconds = round(samples_to_seconds(self.samples), 3)
        return Totals(self.final, self.failed, seconds, self.refused, self.partials)


@dataclass(eq=False)
class _Viewer:
    """``owner``: whose sessions it may know by name; ``None``: everybody's."""

    events: "asyncio.Queue[bytes]"
    owner: str | None

    def put(self, event: bytes) -> None:
        """A slow one loses the oldest."""
        if self.events.full():
            with suppress(asyncio.QueueEmpty):
                self.events.get_nowait()
        self.events.put_nowait(event)


class Monitor(Observer):
    """Looks at the broker regularly, shows the same bytes to all viewers who may know the same.

    ``compacts``: the broker is our own. ``places``: so many may watch.
    """

    def __init__(self, jobs: Jobs, compacts: bool, places: int) -> None:
        self._jobs = jobs
        self._started = time.monotonic()
        self._viewers: set[_Viewer] = set()
        self._recent: deque[tuple[str, Recent]] = deque(maxlen=_RECENT)  # with whose it is
        self._secret = secrets.token_bytes()
        self._answers = True
        self._trouble = ""
        self._compacts = compacts
        self._places = places
        self._busy_at = self._started
        self._counted = _Counted()
        self._load = ProcessLoad()
        self._moments = Moments()
        self.survey = Survey()

    @property
    def up(self) -> bool:
        """Whether the broker answers."""
        return self._answers and self._jobs.up

    @property
    def viewers(self) -> int:
        """How many watch."""
        return len(self._viewers)

    def told(self, session: str, message: GatewayMessage) -> None:
        """Of interest is how many partials there are."""
        if isinstance(message, Partial):
            self._counted.partials += 1

    def concluded(self, conclusions: Sequence[Conclusion]) -> None:
        """Count them and show them."""
        for conclusion in conclusions:
            self._count(conclusion)

    def refused(self, reason: RefusalReason) -> None:
        """Count it."""
        self._counted.refused += 1

    def _count(self, ended: Conclusion) -> None:
        outcome, samples, owner = ended.outcome, ended.course.samples, ended.owner
        of = ended.session, outcome.segment
        when = samples_to_ms(samples), round(ended.at - self._started, 3)
        if isinstance(outcome, Failed):
            self._counted.failed += 1
            recent = Recent(*of, outcome.code, "", "", Timing(), *when)
        else:
            self._counted.final += 1
            self._counted.samples += samples
            recent = Recent(*of, FINAL, outcome.model, outcome.worker, outcome.timing, *when)
        self._recent.append((owner, recent))
        self._show(SEGMENT, lambda viewer: self._as_seen(recent, owner, viewer))

    async def run(self, hub: Hub) -> None:
        """Look until cancelled."""
        while True:
            try:
                self.survey = await self._jobs.survey()
                self._answers, self._trouble = True, ""
            except BrokerError as error:
                self._answers, self._trouble = False, error.trouble
                log.warning(LogEvent.BROKER_STATUS_UNKNOWN, error=str(error))
            self.survey = dataclasses.replace(self.survey, held=hub.held)
            hub.surveyed(self.survey)
            self._look_around(hub)
            await self._compact_when_idle()
            await asyncio.sleep(WATCHED_S if self._viewers else UNWATCHED_S)

    def _look_around(self, hub: Hub) -> None:
        due = self._moments.due(self._uptime_s())
        if not (due or self._viewers):
            return
        snapshot = self.snapshot(hub)
        if due:
            self._moments.add(snapshot)
        self._show(SNAPSHOT, lambda viewer: replace(snapshot, recent=self._recent_for(viewer)))

    async def _compact_when_idle(self) -> None:
        """Deleted audio and text should not stay in the broker's file longer than they must."""
        now = time.monotonic()
        if any(waiting.entries for waiting in self.survey.streams.values()):
            self._busy_at = now
        elif self._compacts and now - self._busy_at >= IDLE_S:
            self._busy_at = now
            with suppress(BrokerError):
                await self._jobs.compact()

    def snapshot(self, hub: Hub) -> Snapshot:
        """How things stand at this moment."""
        streams = self.survey.streams.values()
        hosted = hub.hosted.values()
        return Snapshot(
            gateway=self._jobs.gateway,
            uptime_s=round(self._uptime_s(), 3),
            broker=self.broker(),
            sessions=len(hosted),
            connections=len(hub.connections),
            pending=sum(len(one.session.live) for one in hosted),
            unqueued_s=samples_to_seconds(sum(hub.held)),
            queued=sum(waiting.entries for waiting in streams),
            backlog_s=samples_to_seconds(sum(waiting.samples for waiting in streams)),
            oldest_s=max((waiting.oldest_ms for waiting in streams), default=0) / 1000,
            streams=round(speed(self.survey, ""), 2),
            workers=self.survey.workers,
            recent=self._recent_for(None),
            totals=self._counted.totals(),
            load=self._load.now(),
        )

    def timeline(self) -> Timeline:
        """The last hour."""
        return replace(self._moments.timeline(round(self._uptime_s(), 3)), gateway=self._jobs.gateway)

    def now(self, hub: Hub, received_s: float, draining: bool, history: HistoryState | None = None) -> Now:
        """The same for ``/metrics``."""
        hosted = hub.hosted.values()
        return Now(
            survey=self.survey,
            broker=self.broker(),
            sessions=len(hosted),
            connections=len(hub.connections),
            viewers=self.viewers,
            pending=sum(len(one.session.live) for one in hosted),
            unqueued_s=samples_to_seconds(sum(hub.held)),
            received_s=received_s,
            draining=draining,
            history=history,
        )

    def broker(self) -> BrokerState:
        """The broker alone."""
        trouble = self._trouble or self._jobs.trouble
        memory = round(self.survey.memory, 4)
        return BrokerState(self.up, self._jobs.version, self._jobs.durable, memory, trouble)

    @asynccontextmanager
    async def watch(self, hub: Hub, owner: str | None = None) -> AsyncIterator["asyncio.Queue[bytes]"]:
        """Server-sent events for one more viewer; a slow one loses the oldest.

        Of sessions that are not of ``owner`` it sees a mark instead of the id, ``None``: it may see all. Raises
        ``OverQuota`` where there is no place for it.
        """
        watching = Counter(viewer.owner for viewer in self._viewers)
        if refusal := refuse_viewer(watching, owner, self._places):
            raise OverQuota(refusal)
        viewer = _Viewer(asyncio.Queue(_EVENTS_PER_VIEWER), owner)
        viewer.put(_event(SNAPSHOT, replace(self.snapshot(hub), recent=self._recent_for(owner))))
        self._viewers.add(viewer)
        try:
            yield viewer.events
        finally:
            self._viewers.discard(viewer)

    def end(self) -> None:
        """Send the viewers away: an empty event is the last one."""
        for viewer in self._viewers:
            viewer.put(b"")

    def _uptime_s(self) -> float:
        return time.monotonic() - self._started

    def _recent_for(self, viewer: str | None) -> tuple[Recent, ...]:
        return tuple(self._as_seen(recent, owner, viewer) for owner, recent in self._recent)

    def _as_seen(self, recent: Recent, owner: str, viewer: str | None) -> Recent:
        """The name of a session is for whose it is, and for this gateway's owner; others see a mark."""
        if viewer is None or viewer == owner:
            return recent
        mark = blake2b(recent.session.encode(), key=self._secret, digest_size=_MARK_BYTES).hexdigest()
        return replace(recent, session=mark)

    def _show(self, name: str, seen_by: Callable[[str | None], Snapshot | Recent]) -> None:
        events: dict[str | None, bytes] = {}
        for viewer in self._viewers:
            if viewer.owner not in events:
                events[viewer.owner] = _event(name, seen_by(viewer.owner))
            viewer.put(events[viewer.owner])


async def gathered(events: "asyncio.Queue[bytes]") -> AsyncIterator[bytes]:
    """What there is, and then four times a second what has come since: to send each result alone costs more than
    all the counting. Ends with the empty event.
    """
    while event := await events.get():
        together = [event]
        while event and not events.empty():
            event = events.get_nowait()
            together.append(event)
        yield b"".join(together)
        if not event:
            return
        await asyncio.sleep(_GATHER_S)


def _event(name: str, value: Snapshot | Recent) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (name.encode(), msgspec.json.encode(value))
