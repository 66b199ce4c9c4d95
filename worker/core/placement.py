"""Choice of the streams that a worker reads, and of the jobs that it leaves to faster workers. Pure.

A job goes to the worker that asks first, and an idle slow worker asks first. So a worker estimates when it and
when a faster worker would finish the job. It leaves the job to the faster one for as long as this pays, at most
``MOST_HELD_MS`` from the moment when the job could be read. That is the most that a faster worker which is gone
or full can cost. Age is measured by the broker: the id of an entry is its time of arrival.

Live speech comes before files. A decode cannot be interrupted, so the fastest worker takes no long file job while
someone speaks, if another worker can. Every ``SHARE``-th job may be a file's, however many speakers there are.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from protocol.engine import live_slots
from protocol.job import CLASSES, TRANSLATION, WORKER_GONE_MS, Keys
from protocol.monitor import WorkerState, WorkerStatus

MOST_HELD_MS: Final = 250
SHARE: Final = 8
"""After this many jobs of live speech, one file job may run, if one waits."""
SPEAKING_S: Final = 10.0
"""Time after the last live job or partial during which live speech is assumed to continue."""
QUICK_S: Final = 0.15
"""Decoding time whose delay a speaker does not notice."""
TYPICAL_S: Final = 4.0
"""Assumed length of a segment while none waits."""

_CLEARLY_FASTER: Final = 1.25  # measured speeds of equal machines differ a little
_ABLE: Final = frozenset({WorkerState.IDLE, WorkerState.BUSY})


class Worker(NamedTuple):
    """Worker as placement sees it. ``speed``: audio seconds per second, 0 if unknown.

    ``slots``: file jobs in one call; ``live_slots``: jobs and partials of live speech in one call.
    """

    name: str
    model: str
    speed: float
    slots: int
    device: str = ""

    @property
    def live_slots(self) -> int:
        """Return how many jobs of live speech are decoded together."""
        return live_slots(self.device, self.slots)


class Queue(NamedTuple):
    """Stream with its waiting or decoding jobs, and the time since it was last read."""

    audio_s: float = 0.0
    entries: int = 0
    read_ago_s: float = float("inf")


class ReadPlan(NamedTuple):
    """Decision which streams to read now. ``held_ms``: by stream, in the order of ``job_streams``.

    ``bulk``: which bulk streams may be read. ``bulk_slots``: how many bulk jobs at once; 0 reads none.
    ``bulk_first``: read the bulk streams first. ``others_busy``: another worker may hold a job of live speech.
    """

    held_ms: tuple[int, ...]
    bulk: tuple[bool, bool]
    bulk_slots: int
    bulk_first: bool
    others_busy: bool


def job_streams(keys: Keys, model: str, *, translates: bool = False) -> tuple[str, ...]:
    """Return the streams of a worker that has loaded ``model``: interactive before bulk, its model before any.

    Translations come last.
    """
    streams = tuple(keys.jobs(priority, wanted) for priority in CLASSES for wanted in (model, ""))
    return (*streams, keys.jobs(CLASSES[-1], TRANSLATION)) if translates else streams


def partial_streams(keys: Keys, model: str) -> tuple[str, ...]:
    """Return the partial streams of a worker with ``model``: its own model before any."""
    return tuple(keys.partials(wanted) for wanted in (model, ""))


def fleet(statuses: Iterable[WorkerStatus], now_ms: int, me: str) -> tuple[Worker, ...]:
    """Return the other workers that take jobs, as far as known: a heartbeat may be ``WORKER_GONE_MS`` old."""
    return tuple(
        Worker(one.worker, one.model, one.speed, one.slots, one.device)
        for one in statuses
        if one.worker != me and one.state in _ABLE and abs(now_ms - one.at_ms) <= WORKER_GONE_MS
    )


def decide(me: Worker, others: Sequence[Worker], queues: Sequence[Queue], urgent_in_a_row: int = 0) -> ReadPlan:
    """Decide which streams ``me`` reads now. ``queues``: by stream of ``job_streams``, then of partials.

    ``urgent_in_a_row``: jobs of live speech since the last file job.
    """
    urgent, bulk = queues[:2], queues[2:4]
    peers = (tuple(other for other in others if other.model == me.model), tuple(others))  # by stream: model, any
    speaking = any(one.entries or one.read_ago_s <= SPEAKING_S for one in (*urgent, *queues[4:]))
    length_s = typical_s(bulk)
    kept = speaking and stays_free(me, others, length_s)
    readable = (not (kept and peers[0]), not (kept and peers[1]))
    # Live jobs wait only for live jobs; file jobs wait for both.
    held = [hold_ms(me, [with_live_slots(one) for one in side], *waiting_work(urgent)) for side in peers]
    held += [hold_ms(me, file_workers(me, side, speaking, length_s), *waiting_work(queues[:4])) for side in peers]
    waits = any(queue.entries for queue, may in zip(bulk, readable, strict=True) if may)
    return ReadPlan(
        held_ms=tuple(held),
        bulk=readable,
        bulk_slots=quick_slots(me, length_s) if speaking else me.slots,
        bulk_first=waits and urgent_in_a_row >= SHARE,
        others_busy=bool(others) and any(queue.entries for queue in urgent),
    )


def with_live_slots(one: Worker) -> Worker:
    """Return the worker with the slots that it has for live speech."""
    return one._replace(slots=one.live_slots)


def hold_ms(me: Worker, others: Iterable[Worker], length_s: float, ahead_s: float, entries: int) -> int:
    """Return how long to leave a job of ``length_s`` to faster workers; less, the more audio is ahead of it.

    Their slots are considered free while there are fewer jobs than slots, whatever their last heartbeat says.
    """
    faster = [other for other in others if me.speed and other.speed > me.speed * _CLEARLY_FASTER]
    if not faster:
        return 0
    slots, together = sum(other.slots for other in faster), sum(other.speed for other in faster)
    wait_s = ahead_s / together if entries > slots else 0.0
    theirs_s = wait_s + length_s / max(other.speed for other in faster)
    gain_ms = (length_s / me.speed - theirs_s) * 1000
    return max(0, min(MOST_HELD_MS, int(gain_ms)))


def stays_free(one: Worker, others: Sequence[Worker], length_s: float) -> bool:
    """Return whether ``one`` stays free for live speech: a file job of ``length_s`` would block it too long."""
    if not others or not one.speed or length_s / one.speed <= QUICK_S:
        return False
    return all((one.speed, one.name) > (other.speed, other.name) for other in others)


def file_workers(me: Worker, others: Sequence[Worker], speaking: bool, length_s: float) -> tuple[Worker, ...]:
    """Return the workers that take file jobs now."""
    workers = (me, *others)
    return tuple(
        one
        for one in others
        if not (speaking and stays_free(one, [other for other in workers if other is not one], length_s))
    )


def quick_slots(me: Worker, length_s: float) -> int:
    """Return how many file jobs a call decodes during live speech: as many as fit in ``QUICK_S``, or one."""
    return max(1, int(min(me.slots, QUICK_S * me.speed / length_s)))  # the quotient may be infinite


def typical_s(queues: Iterable[Queue]) -> float:
    """Return the mean length of the waiting jobs."""
    queues = tuple(queues)
    entries, audio_s = sum(queue.entries for queue in queues), sum(queue.audio_s for queue in queues)
    return (audio_s / entries if entries and audio_s > 0 else 0.0) or TYPICAL_S


def waiting_work(queues: Sequence[Queue]) -> tuple[float, float, int]:
    """Return the length of one job, the audio ahead of it, and the number of jobs including it."""
    length_s = typical_s(queues)
    return length_s, max(0.0, sum(queue.audio_s for queue in queues) - length_s), sum(q.entries for q in queues)
