"""Simulate a gateway's last hour, deterministically, for pictures and tests of the dashboard."""

from math import sin
from typing import Final

from protocol.monitor import (
    FINAL,
    BrokerState,
    Load,
    Moment,
    Recent,
    Snapshot,
    Timeline,
    Totals,
    WorkerMoment,
    WorkerState,
    WorkerStatus,
)
from protocol.recognition import Timing
from scripts.example_fleet import MACHINES, Machine, load

UPTIME_S: Final = 187_320
STEP_S: Final = 10
HOUR_S: Final = 3_600
_SEGMENT_S: Final = 4.2
_RECENT: Final = 50
_GATEWAY: Final = "4f1d0c2b9a7e6d58"
_SESSIONS: Final = ("b7d2a9e4-11c8-4f0e-8a51-d24c9e7a3b60", "3e90c5f1-7b6a-4d2c-9c44-5ad1f08e2b17")


class ExampleHour:
    """The hour before ``UPTIME_S``: busy, briefly overloaded, with a worker that joined halfway."""

    def __init__(self) -> None:
        self._totals = Totals(final=81_240, failed=31, audio_s=341_208.0, refused=412, partials=120_844)
        self._moments = [self._moment(second) for second in range(0, HOUR_S + 1, STEP_S)]

    def timeline(self) -> Timeline:
        """Return the hour as the gateway remembers it."""
        return Timeline(float(UPTIME_S), float(STEP_S), tuple(self._moments), _GATEWAY)

    def snapshot(self) -> Snapshot:
        """Return the gateway's snapshot at the end of the hour."""
        now = self._moments[-1]
        return Snapshot(
            gateway=_GATEWAY,
            uptime_s=float(UPTIME_S),
            broker=BrokerState(True, "Valkey 9.1.2", True, 0.02),
            sessions=now.sessions,
            connections=now.sessions + 1,
            pending=now.pending,
            unqueued_s=3.1,
            queued=now.queued,
            backlog_s=now.backlog_s,
            oldest_s=now.oldest_s,
            streams=now.streams,
            workers=tuple(self._worker(machine, HOUR_S) for machine in MACHINES),
            recent=tuple(self._recent(number) for number in range(_RECENT)),
            totals=now.totals,
            load=now.load,
        )

    def _moment(self, second: int) -> Moment:
        there = [machine for machine in MACHINES if _is_there(machine, second)]
        streams = round(sum(machine.speed for machine in there), 2)
        work = _demand(second)
        over = max(0.0, work - 0.72) * 60
        used = min(1.0, work) * streams * 0.9
        before = self._totals
        self._totals = Totals(
            final=before.final + round(used * STEP_S / _SEGMENT_S),
            failed=before.failed + (second in (940, 2_210, 2_230)),
            audio_s=round(before.audio_s + used * STEP_S, 1),
            refused=before.refused + (round((work - 1.0) * 12) if work > 1.0 else 0),
            partials=before.partials + round(used * 8),
        )
        return Moment(
            at_s=float(UPTIME_S - HOUR_S + second),
            queued=round(over * 1.4),
            backlog_s=round(over * 5.6, 1),
            oldest_s=round(0.3 + over * 0.31, 2),
            sessions=3 + round(work * 22),
            pending=round(work * 9 + over),
            streams=streams,
            totals=self._totals,
            load=Load(round(6 + work * 24 + 2 * sin(second / 7), 1), round(94e6 + 6e6 * sin(second / 900))),
            workers=tuple(_worker_moment(self._worker(machine, second)) for machine in there),
        )

    def _worker(self, machine: Machine, second: int) -> WorkerStatus:
        work = min(1.0, max(0.0, _demand(second) - machine.busy_from * 0.6) / (1 - machine.busy_from * 0.6))
        slots = 4 if machine.gpu else 1
        busy = round(work * slots + 0.2)
        return WorkerStatus(
            machine.name,
            machine.host,
            machine.engine,
            machine.model,
            machine.device,
            WorkerState.BUSY if busy else WorkerState.IDLE,
            slots=slots,
            busy=min(busy, slots),
            done=round(machine.speed * 1_250),
            failed=2 if machine.busy_from > 0.7 else 0,
            speed=round(machine.speed * (1 + 0.06 * sin(second / 141)), 2),
            cpu_percent=round(4 + work * (62 if machine.gpu else 340) + 5 * sin(second / 11), 1),
            memory_bytes=round(machine.memory * (1 + 0.05 * sin(second / 290))),
            gpu_percent=round(work * 88) if machine.gpu else None,
            gpu_memory_bytes=round(3.4e9 + 4e8 * work) if machine.gpu else None,
        )

    def _recent(self, number: int) -> Recent:
        machine = MACHINES[(0, 0, 1, 0, 2)[number % 5]]
        decode = round(95 + number * 37 % 120 + 900 / machine.speed)
        timing = Timing(upload=2_400, queue=4 + number * 61 % 190, decode=decode, deliver=6 + number % 5)
        return Recent(
            _SESSIONS[number // 3 % 2],
            120 + number,
            "decode_timeout" if number == _RECENT - 5 else FINAL,
            machine.model,
            machine.name,
            timing,
            1_500 + number * 13 % 11 * 700,
            float(UPTIME_S - 2 * (_RECENT - number)),
        )


def _is_there(machine: Machine, second: int) -> bool:
    return machine.busy_from < 0.7 or second >= HOUR_S // 2


def _demand(second: int) -> float:
    """Return the demand relative to the capacity; for some minutes it exceeds 1."""
    crowd = max(0.0, 1 - abs(second - 1_500) / 300) * 0.75
    return max(0.05, 0.62 * load(second // 4) + 0.12 + crowd)


def _worker_moment(one: WorkerStatus) -> WorkerMoment:
    return WorkerMoment(
        one.worker, one.busy, one.speed, one.cpu_percent, one.memory_bytes, one.gpu_percent, one.gpu_memory_bytes
    )
