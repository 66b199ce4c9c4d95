"""Monitor of the gateway: one survey per interval, shared by admission, readiness and all viewers."""

import asyncio
import dataclasses
import secrets
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from hashlib import blake2b
from math import inf
from pathlib import Path
from typing import Final

import msgspec
from msgspec.structs import replace

from backend.admission.admission import Survey, able, speed
from backend.admission.process_load import ProcessLoad
from backend.broker.embedded import trouble_of_disk
from backend.broker.jobs import Jobs
from backend.core.errors import BrokerError, OverQuota
from backend.core.refusal import RefusalReason
from backend.history.service import HistoryState
from backend.http.viewers import refuse_viewer
from backend.observability.metrics import GatewayReading
from backend.observability.newest_values import NewestValues
from backend.observability.other_processes import (
    Counted,
    OtherProcesses,
    ProcessReport,
    Shown,
    Unreported,
    on_clock,
    sum_counts,
)
from backend.observability.timeline import Moments
from backend.sessions.hub import Hub
from backend.sessions.observers import Conclusion, Observer
from protocol.audio import samples_to_ms, samples_to_seconds
from protocol.monitor import FINAL, SEGMENT, SNAPSHOT, BrokerState, Recent, Snapshot, Timeline, Totals
from protocol.recognition import Timing
from protocol.session import Failed, GatewayMessage, Partial
from runtime import loggers
from runtime.event_names import LogEvent

log = loggers.BACKEND_MONITOR

WATCHED_S: Final = 1.0
UNWATCHED_S: Final = 2.0
EXPECTING_S: Final = 0.2
EXPECTED_S: Final = 15.0
"""Pauses between surveys. The shortest applies while a worker is expected: this long after a start or a loss."""
IDLE_S: Final = 30.0
LATE_S: Final = 3.0
"""A broker counts as away once a survey has been unanswered for this long. A slow disk causes shorter delays."""
_RECENT: Final = 50
_EVENTS_PER_VIEWER: Final = 256
_GATHER_S: Final = 0.25
_MARK_BYTES: Final = 4


@dataclass
class _Counters:
    """Counters from which ``Totals`` are made."""

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
    """A viewer of the monitor. ``owner``: whose session ids it may see; ``None``: all."""

    events: "asyncio.Queue[bytes]"
    owner: str | None

    def put(self, event: bytes) -> None:
        """Queue an event; drop the oldest if the viewer is slow."""
        if self.events.full():
            with suppress(asyncio.QueueEmpty):
                self.events.get_nowait()
        self.events.put_nowait(event)


def pause_s(absent_s: float, *, watched: bool) -> float:
    """Return the pause until the next survey. ``absent_s``: how long no worker has been able to work."""
    if 0 < absent_s < EXPECTED_S:
        return EXPECTING_S
    return WATCHED_S if watched else UNWATCHED_S


class Monitor(Observer):
    """Observer that surveys the broker regularly and sends snapshots and results to viewers.

    ``own``: folder of the broker that belongs to this gateway. ``places``: limit of viewers. Viewers with the same
    rights share the same bytes.
    """

    def __init__(self, jobs: Jobs, own: Path | None, places: int) -> None:
        self._jobs = jobs
        self._started = time.monotonic()
        self._viewers: set[_Viewer] = set()
        self._recent = NewestValues(Shown, _RECENT)
        self._secret = secrets.token_bytes()
        self._answers = True
        self._trouble = self._disk = ""
        self._own = own
        self._places = places
        self._busy_at = self._able_at = self._started
        self._asked_at = inf  # start of the survey that has no answer yet
        self._counted = _Counters()
        self._load = ProcessLoad()
        self._moments = Moments()
        self.others = OtherProcesses()
        self.unreported = Unreported(_RECENT)
        self.survey = Survey()

    @property
    def up(self) -> bool:
        """True when the broker answers."""
        return self._answers and self._jobs.up and time.monotonic() - self._asked_at < LATE_S

    @property
    def viewers(self) -> int:
        """Number of connected viewers."""
        return len(self._viewers)

    def message_sent(self, session: str, message: GatewayMessage) -> None:
        """Count partials; ignore other messages."""
        if isinstance(message, Partial):
            self._counted.partials += 1

    def concluded(self, conclusions: Sequence[Conclusion]) -> None:
        """Count outcomes and show them to viewers."""
        for conclusion in conclusions:
            self._count(conclusion)

    def refused(self, reason: RefusalReason) -> None:
        """Count a refusal for the totals."""
        self._counted.refused += 1

    def _count(self, ended: Conclusion) -> None:
        if ended.history.refused:
            return
        outcome, samples, owner = ended.outcome, ended.history.samples, ended.owner
        of = ended.session, outcome.segment
        when = samples_to_ms(samples), round(ended.at - self._started, 3)
        if isinstance(outcome, Failed):
            self._counted.failed += 1
            recent = Recent(*of, outcome.code, "", "", Timing(), *when)
        else:
            self._counted.final += 1
            self._counted.samples += samples - ended.history.repeated
            recent = Recent(*of, FINAL, outcome.model, outcome.worker, outcome.timing, *when)
        self.unreported.add(owner, recent)
        self._add(Shown(owner, recent))

    def _add(self, shown: Shown) -> None:
        owner, recent = shown
        self._recent.add(shown)
        self._show(SEGMENT, lambda viewer: self._as_seen(recent, owner, viewer))

    def update_others(self, reports: dict[int, ProcessReport], past: Counted, restarts: Mapping[int, int]) -> None:
        """Use the figures of the other processes of this gateway, and show their segments to viewers."""
        self.others.reports, self.others.past, self.others.restarts = reports, past, restarts
        for report in reports.values():
            for shown in on_clock(report, self._uptime_s()):
                self._add(shown)

    def report(self, hub: Hub, counted: Counted) -> ProcessReport:
        """Return the state of this process for the main process; its totals complete the counters."""
        return ProcessReport(
            counted=replace(counted, totals=self._counted.totals()),
            sessions=len(hub.hosted),
            connections=len(hub.connections),
            pending=_pending(hub),
            unqueued_s=samples_to_seconds(sum(hub.held)),
            held=hub.intake.held_audio(),
            load=self._load.now(),
            cpu_s=time.process_time(),
            ended=self.unreported.take(),
            clock_s=self._uptime_s(),
        )

    async def run(self, hub: Hub) -> None:
        """Survey the broker at intervals until cancelled."""
        while True:
            self._asked_at = time.monotonic()
            try:
                self.survey = await self._jobs.survey()
                self._answers, self._trouble = True, ""
            except BrokerError as error:
                if self._answers or error.trouble != self._trouble:  # once per outage
                    log.warning(LogEvent.BROKER_STATUS_UNKNOWN, error=str(error))
                self._answers, self._trouble = False, error.trouble
            if self._own:  # the server starts on a full disk, and ends with the next write
                self._disk = await asyncio.to_thread(trouble_of_disk, self._own)
            self._asked_at = inf
            self.survey = dataclasses.replace(self.survey, held=hub.held)
            hub.surveyed(self.survey)
            self._record_moment(hub)
            await self._compact_when_idle()
            await asyncio.sleep(self._pause_s())

    def _pause_s(self) -> float:
        now = time.monotonic()
        if able(self.survey):
            self._able_at = now
        return pause_s(now - self._able_at, watched=bool(self._viewers))

    def _record_moment(self, hub: Hub) -> None:
        due = self._moments.due(self._uptime_s())
        if not (due or self._viewers):
            return
        snapshot = self.snapshot(hub)
        if due:
            self._moments.add(snapshot)
        self._show(SNAPSHOT, lambda viewer: replace(snapshot, recent=self._recent_for(viewer)))

    async def _compact_when_idle(self) -> None:
        """Compact an idle broker, so that deleted audio and text leave its file soon."""
        now = time.monotonic()
        if any(waiting.entries for waiting in self.survey.streams.values()):
            self._busy_at = now
        elif self._own and now - self._busy_at >= IDLE_S:
            self._busy_at = now
            with suppress(BrokerError):
                await self._jobs.compact()

    def snapshot(self, hub: Hub) -> Snapshot:
        """Return the state of the gateway now, as viewers see it."""
        streams = self.survey.streams.values()
        others = self.others.reports.values()
        return Snapshot(
            gateway=self._jobs.gateway,
            uptime_s=round(self._uptime_s(), 3),
            broker=self.broker(),
            sessions=len(hub.hosted) + sum(one.sessions for one in others),
            connections=len(hub.connections) + sum(one.connections for one in others),
            pending=_pending(hub) + sum(one.pending for one in others),
            unqueued_s=samples_to_seconds(sum(hub.held)) + sum(one.unqueued_s for one in others),
            queued=sum(waiting.entries for waiting in streams),
            backlog_s=samples_to_seconds(sum(waiting.samples for waiting in streams)),
            oldest_s=max((waiting.oldest_ms for waiting in streams), default=0) / 1000,
            streams=round(speed(self.survey, ""), 2),
            workers=self.survey.all_workers,
            recent=self._recent_for(None),
            totals=self.others.totals(self._counted.totals()),
            load=self.others.load(self._load.now()),
        )

    def timeline(self) -> Timeline:
        """Return the moments of the last hour."""
        return replace(self._moments.timeline(round(self._uptime_s(), 3)), gateway=self._jobs.gateway)

    def now(
        self, hub: Hub, received_s: float, draining: bool, history: HistoryState | None = None
    ) -> GatewayReading:
        """Return the state of the gateway now, for ``/metrics``."""
        others = self.others.reports.values()
        return GatewayReading(
            survey=self.survey,
            broker=self.broker(),
            sessions=len(hub.hosted) + sum(one.sessions for one in others),
            connections=len(hub.connections) + sum(one.connections for one in others),
            viewers=self.viewers,
            pending=_pending(hub) + sum(one.pending for one in others),
            unqueued_s=samples_to_seconds(sum(hub.held)) + sum(one.unqueued_s for one in others),
            received_s=received_s,
            draining=draining,
            history=history,
            load=self._load.now(),
            others=self.others,
            held=sum_counts([hub.intake.held_audio(), *(one.held for one in others)]),
        )

    def broker(self) -> BrokerState:
        """Return the state of the broker."""
        trouble = self._trouble or self._jobs.trouble or self._disk
        memory = round(self.survey.memory, 4)
        about = self._jobs.version, self._jobs.durable, memory, trouble, self.survey.missing
        return BrokerState(self.up, *about)

    @asynccontextmanager
    async def watch(self, hub: Hub, owner: str | None = None) -> AsyncIterator["asyncio.Queue[bytes]"]:
        """Yield a queue of server-sent events for a new viewer; a slow viewer loses the oldest.

        The viewer sees marks instead of the ids of sessions of other owners; ``owner`` ``None``: it sees all ids.
        Raises ``OverQuota`` when all places are taken.
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
        """Disconnect all viewers with an empty event, which is the last one."""
        for viewer in self._viewers:
            viewer.put(b"")

    def _uptime_s(self) -> float:
        return time.monotonic() - self._started

    def _recent_for(self, viewer: str | None) -> tuple[Recent, ...]:
        return tuple(self._as_seen(recent, owner, viewer) for owner, recent in self._recent.all())

    def _as_seen(self, recent: Recent, owner: str, viewer: str | None) -> Recent:
        """Return a result as a viewer may see it: other owners' sessions are marks, not ids."""
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


def _pending(hub: Hub) -> int:
    return sum(len(one.session.live) for one in hub.hosted.values())


async def gather_events(events: "asyncio.Queue[bytes]") -> AsyncIterator[bytes]:
    """Yield waiting events joined, then new ones four times a second; end with the empty event.

    Sending each result alone would cost more than all the counting.
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
