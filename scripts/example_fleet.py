"""Simulate a gateway with three workers, deterministically, for pictures and measurements."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import sin
from typing import Final
from uuid import UUID

from app.core.segment_observer import SegmentEvent, SegmentStep
from app.core.transcript import TranscriptSegment
from app.monitoring.model import MonitorModel
from client.monitor import MonitorEvent
from protocol.monitor import FINAL, BrokerState, Recent, Snapshot, WorkerState, WorkerStatus
from protocol.recognition import Timing

OWN: Final = UUID("6f1f7c0e-2a53-4c5e-9d0f-0a4b8f2f9f11")
OTHERS: Final = ("b7d2a9e4-11c8-4f0e-8a51-d24c9e7a3b60", "3e90c5f1-7b6a-4d2c-9c44-5ad1f08e2b17")
_UP_S: Final = 11_520.0
_RECENT: Final = 50
_OWN_EVERY_S: Final = 9
_OTHERS_EVERY_S: Final = 7


@dataclass(frozen=True)
class Machine:
    """A simulated worker; ``busy_from``: the fleet load from which it gets work."""

    name: str
    host: str
    engine: str
    model: str
    device: str
    speed: float
    memory: float
    gpu: bool
    busy_from: float


MACHINES: Final = (
    Machine("w1", "desktop-gpu", "funasr", "SenseVoiceSmall", "cuda:0", 41.0, 2.9e9, True, 0.1),
    Machine("w2", "studio", "whisper", "whisper-base", "cpu", 5.6, 0.74e9, False, 0.45),
    Machine("w3", "thinkpad", "whisper", "whisper-small", "cpu", 1.9, 1.3e9, False, 0.75),
)


class ExampleFleet:
    """A simulated fleet that feeds ``model`` second by second.

    ``second`` is called with increasing seconds. Both the gateway's events and this app's own takes go into the
    model.
    """

    def __init__(self, model: MonitorModel, machines: Sequence[Machine] = MACHINES) -> None:
        self.model = model
        self._machines = machines
        self._recent: deque[Recent] = deque(maxlen=_RECENT)
        self._audio_s = dict.fromkeys((machine.name for machine in machines), 700.0)
        self._own = self._others = 0

    def run(self, seconds: int) -> None:
        """Simulate from the beginning to this second."""
        for second in range(seconds + 1):
            for event in self.second(second):
                self.model.take(event, float(second))

    def second(self, second: int) -> Iterator[MonitorEvent]:
        """Yield the gateway's events of this second."""
        if second % _OWN_EVERY_S == 0:
            yield self._own_utterance(second)
        if second % _OTHERS_EVERY_S == 0:
            yield self._other_utterance(second)
        yield self._snapshot(second)

    def _own_utterance(self, second: int) -> Recent:
        """Return an utterance of this computer that began some seconds ago and is inserted now."""
        number, self._own = self._own, self._own + 1
        timing = _timing(number, load(second))
        utterances, at = self.model.utterances, float(second)
        wait_s = (timing.queue + timing.decode + timing.deliver) / 1000
        text_at, spoken_s = at - 0.06, 2.0 + number * 7 % 9 * 0.8
        complete = text_at - wait_s - 0.03
        utterances.observe(SegmentEvent(SegmentStep.BEGAN, OWN, number), complete - spoken_s)
        utterances.observe(SegmentEvent(SegmentStep.COMPLETED, OWN, number), complete)
        utterances.observe(SegmentEvent(SegmentStep.QUEUED, OWN, number), complete + 0.03)
        segment = TranscriptSegment(
            number, 0, round(spoken_s * 1000), "" if number % 11 == 5 else "kia ora", timing=timing
        )
        utterances.observe(SegmentEvent(SegmentStep.RECOGNISED, OWN, number, segment), text_at)
        end = SegmentStep.HELD if number % 13 == 7 else SegmentStep.INSERTED
        utterances.observe(SegmentEvent(end, OWN, number), at)
        return self._ended(Recent(str(OWN), number, FINAL, timing=timing, audio_ms=round(spoken_s * 1000)), second)

    def _other_utterance(self, second: int) -> Recent:
        number, self._others = self._others, self._others + 1
        timing = _timing(number + 3, load(second))
        spoken_ms = 1_500 + number * 13 % 11 * 700
        session = OTHERS[number % len(OTHERS)]
        outcome = "decode_timeout" if number % 23 == 9 else FINAL
        return self._ended(Recent(session, number, outcome, timing=timing, audio_ms=spoken_ms), second)

    def _ended(self, recent: Recent, second: int) -> Recent:
        machine = self._machines[0 if recent.timing.decode < 250 else 1]
        recent = Recent(
            recent.session,
            recent.segment,
            recent.outcome,
            machine.model,
            machine.name,
            recent.timing,
            recent.audio_ms,
            _UP_S + second,
        )
        self._recent.append(recent)
        return recent

    def _snapshot(self, second: int) -> Snapshot:
        waiting = max(0.0, load(second) - 0.55) * 16
        return Snapshot(
            gateway="4f1d0c2b9a7e6d58",
            uptime_s=_UP_S + second,
            broker=BrokerState(True, "Valkey 9.1.2", True, 0.02),
            sessions=3,
            connections=3,
            pending=round(waiting) + 1,
            unqueued_s=0.4,
            queued=round(waiting),
            backlog_s=waiting * 3,
            oldest_s=round(waiting * 0.45, 2),
            streams=22.0,
            workers=tuple(self._worker(machine, second) for machine in self._machines),
            recent=tuple(self._recent),
        )

    def _worker(self, machine: Machine, second: int) -> WorkerStatus:
        beat = second - second % 5
        work = max(0.0, load(beat) - machine.busy_from) / (1 - machine.busy_from)
        self._audio_s[machine.name] += work * 4
        return WorkerStatus(
            machine.name,
            machine.host,
            machine.engine,
            machine.model,
            machine.device,
            WorkerState.BUSY if work > 0.05 else WorkerState.IDLE,
            busy=round(work),
            done=round(self._audio_s[machine.name] / 4),
            failed=2 if machine.busy_from > 0.4 else 0,
            audio_s=round(self._audio_s[machine.name], 1),
            speed=machine.speed * (1 + 0.06 * sin(beat / 41)),
            cpu_percent=4 + work * (62 if machine.gpu else 340),
            memory_bytes=round(machine.memory * (1 + 0.05 * sin(beat / 90))),
            gpu_percent=round(work * 88) if machine.gpu else None,
            gpu_memory_bytes=3_400_000_000 if machine.gpu else None,
            at_ms=beat * 1000,
        )


def load(second: int) -> float:
    """Return the load at a time, between 0 and 1, varying as with people at work."""
    slow = 0.5 + 0.4 * sin(second / 83) + 0.18 * sin(second / 17)
    return min(1.0, max(0.0, slow + 0.05 * sin(second / 3.1)))


def _timing(number: int, work: float) -> Timing:
    queue = round(4 + max(0.0, work - 0.5) * 700 * (1 + number % 3))
    decode = 95 + number * 37 % 120 + (280 if work > 0.6 and number % 3 == 1 else 0)
    return Timing(upload=2_000 + number * 7 % 9 * 800, queue=queue, decode=decode, deliver=6 + number % 5)
