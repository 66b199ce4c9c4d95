"""Simulated programs that write their logs with the real code, each with a separate clock."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from app.diagnostics.timeline.segment_facts import LoggedEvent, logged_event
from backend.observability.segment_log import SegmentLog as GatewayStory
from backend.sessions.segments import SegmentHistory
from client.session_log import SessionLog as ClientStory
from protocol.job import Job
from protocol.recognition import Timing
from protocol.session import Final, Queued
from tests.backend.conclusions import concluded
from tests.helpers.logs import capture_logs
from worker.core.delivery import Delivery
from worker.job_log import JobLog as WorkerStory

SESSION = "7b0f0a52-5a30-4f0e-9f5e-2a8f3c1f0b11"
EPOCH_S = 1_772_000_000.0
GATEWAY_S = 5_000.0  # arbitrary origin of the gateway's clock
RATE = 16_000

DESK, SERVER, ONE, TWO = range(4)


@dataclass(frozen=True)
class Ways:
    """Durations of all steps, in seconds."""

    network: float = 0.002
    hands_over: float = 0.003
    queue: float = 0.2
    decode: float = 1.0
    stores: float = 0.002
    disk: float = 0.001


@dataclass
class World:
    """Simulated programs.

    ``now``: the true time. ``skews`` and ``broker_skew``: how far each clock is ahead of it.
    """

    skews: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    broker_skew: float = 0.0
    now: float = 100.0
    raw: list[tuple[bytes, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.client = ClientStory(SESSION, self.now)
        self.gateway = GatewayStory("g1", self._gathered)
        self.workers = {ONE: WorkerStory(), TWO: WorkerStory()}

    @property
    def lines(self) -> list[LoggedEvent]:
        """Parsed lines of all logs."""
        return [line for raw, computer in self.raw if (line := logged_event(raw, computer)) is not None]

    @contextmanager
    def writing(self, logger: str, computer: int, **bound: Any) -> Iterator[None]:
        """Attribute everything logged in the block to this program."""
        with capture_logs() as logs:
            yield
        for entry in logs:
            level = entry.pop("log_level")
            self._written({**bound, **entry, "level": level, "logger": logger}, computer)

    def _gathered(self, logger: str, lines: list[dict[str, Any]]) -> None:
        for line in lines:
            self._written({**line, "level": "info", "logger": logger}, SERVER)

    def _written(self, fields: dict[str, Any], computer: int) -> None:
        at = datetime.fromtimestamp(EPOCH_S + self.now + self.skews[computer], UTC)
        fields |= {"timestamp": at.isoformat(), "program": "test"}
        self.raw.append((json.dumps(fields, default=str).encode(), computer))

    def app(self, tell: Callable[[ClientStory], None]) -> None:
        """Let the client log something."""
        with self.writing("client.story", DESK):
            tell(self.client)

    def worker(self, computer: int, tell: Callable[[WorkerStory], None]) -> None:
        """Let a worker log something."""
        with self.writing("worker.story", computer, worker=name_of(computer)):
            tell(self.workers[computer])

    def other(self, logger: str, computer: int, event: str, **said: Any) -> None:
        """Write a line of a process or a session as given."""
        at = datetime.fromtimestamp(EPOCH_S + self.now + self.skews[computer], UTC)
        fields = {"event": event, "logger": logger, "timestamp": at.isoformat(), "level": "info", **said}
        self.raw.append((json.dumps(fields).encode(), computer))

    def broker_ms(self) -> int:
        """Return the broker's time in ms."""
        return round((EPOCH_S + self.now + self.broker_skew) * 1000)

    # -- steps of a segment --------------------------------------------------------------------------------

    def speaks(self, segment: int, seconds: float = 2.0) -> None:
        """Speak until the end of the segment."""
        self.client.note_begin(segment, self.now)
        self.now += seconds
        self.client.note_complete(segment, self.now)

    def uploads(self, segment: int, ways: Ways = Ways()) -> tuple[float, float, int]:
        """Send and queue the segment.

        Returns when it was complete and queued on the gateway's clock, and its entry.
        """
        self.client.note_sent(segment, self.now)
        self.now += ways.network
        complete = self.now + GATEWAY_S
        self.now += ways.hands_over
        entry = self.broker_ms()
        self.now += 0.001
        queued = self.now + GATEWAY_S
        self.now += ways.network
        self.client.note_event(Queued(segment), self.now)
        return complete, queued, entry

    def takes(self, computer: int, segment: int, entry: int, **more: Any) -> Delivery:
        """Assign the job to a worker now."""
        job = Job(SESSION, segment, b"", 2 * RATE)
        delivery = replace(Delivery("jobs", f"{entry}-0", 1, self.broker_ms() - entry, job), **more)
        self.worker(computer, lambda story: story.note_taken(delivery, self.now))
        return delivery

    def decodes(self, computer: int, delivery: Delivery, ways: Ways = Ways(), *, counted: bool = True) -> None:
        """Let the worker decode the job and store its result in the broker."""
        story = self.workers[computer]
        story.note_decoding([delivery], self.now)
        self.now += ways.decode + ways.stores
        decode_ms = round(ways.decode * 1000)
        self.worker(computer, lambda story: story.log_end(delivery, decode_ms, counted, self.now))

    def delivers(
        self, segment: int, complete: float, queued: float, delivery: Delivery, worker: int, ways: Ways = Ways()
    ) -> None:
        """Deliver the result from the broker through the gateway to the client's disk."""
        self.now += ways.network
        timing = Timing(0, delivery.age_ms, round(ways.decode * 1000), 0)
        final = Final(segment, "secret words", worker=name_of(worker), model="m", timing=timing)
        history = SegmentHistory(2 * RATE, 0, complete - 2.0, complete, queued, 0.0, 41 * RATE, False)
        self.gateway.concluded(concluded(final, history=history, session=SESSION, at=self.now + GATEWAY_S))
        self.now += ways.network
        self.client.note_event(final, self.now)
        self.now += ways.disk
        self.app(lambda story: story.log_result(final, self.now))


def name_of(computer: int) -> str:
    """Return the name of the worker on this computer."""
    return f"{ {ONE: 'tower', TWO: 'attic'}[computer] }-{4_000 + computer}-0123abcd".replace(" ", "")


def usual(world: World, segment: int = 0, ways: Ways = Ways()) -> None:
    """Run a segment without incidents."""
    world.speaks(segment)
    complete, queued, entry = world.uploads(segment, ways)
    world.now += ways.queue
    delivery = world.takes(ONE, segment, entry)
    world.decodes(ONE, delivery, ways)
    world.delivers(segment, complete, queued, delivery, ONE, ways)


def taken_over(world: World, segment: int = 0, ways: Ways = Ways(), *, borrowed: bool = False) -> None:
    """Let the worker die during decoding and another one take over 10 s after its last sign."""
    world.speaks(segment)
    complete, queued, entry = world.uploads(segment, ways)
    world.now += ways.queue
    first = world.takes(ONE, segment, entry)
    world.workers[ONE].note_decoding([first], world.now)
    world.now += 0.4
    world.worker(ONE, lambda story: story.log_renewal([first], world.now))
    world.now += 10.0
    more = {"taken_from": name_of(ONE), "silent_ms": 10_000, "borrowed": borrowed}
    second = world.takes(TWO, segment, entry, count=1 if borrowed else 2, **more)
    world.decodes(TWO, second, ways)
    world.delivers(segment, complete, queued, second, TWO, ways)
