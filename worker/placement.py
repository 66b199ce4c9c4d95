"""Which streams a worker reads, in which order, and which jobs it leaves to others for a moment. Pure.

A job is read by whoever asks first, and a slow worker that has nothing to do asks first. So a worker compares
when it would have a job's text with when a faster one would, and leaves the job to that one for as long as this is
worth, at most ``MOST_HELD_MS`` from the moment when the job could be read: a faster worker that is gone or full
costs that much, and no job ever waits for it. Age is the broker's: the id of an entry is the time when it came.

Who speaks comes before files. As a decode cannot be interrupted, the fastest worker takes no long job of a file
while somebody speaks, if another worker can; and every ``SHARE``-th job may be a file's, however many speak.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from protocol.job import CLASSES, WORKER_GONE_MS, Keys
from protocol.monitor import WorkerState, WorkerStatus

MOST_HELD_MS: Final = 250
SHARE: Final = 8
"""After so many jobs of people who speak, one of a file, if one waits."""
SPEAKING_S: Final = 10.0
"""So long after the last job or partial somebody is still taken to be speaking."""
QUICK_S: Final = 0.15
"""A decode that nobody notices having to wait for."""
TYPICAL_S: Final = 4.0
"""Length of a segment, while none waits that would tell."""

_CLEARLY_FASTER: Final = 1.25  # speeds are measured: equal machines differ by a little
_ABLE: Final = frozenset({WorkerState.IDLE, WorkerState.BUSY})


class Worker(NamedTuple):
    """One worker. ``speed``: audio seconds per second, 0 while not known."""

    name: str
    model: str
    speed: float
    slots: int


class Queue(NamedTuple):
    """One stream: what waits or is being decoded, and how long ago somebody read from it last."""

    audio_s: float = 0.0
    entries: int = 0
    read_ago_s: float = float("inf")


class Plan(NamedTuple):
    """What to read now. ``held_ms``: by stream, in the order of ``job_streams``; ``bulk_slots``: 0 reads none.

    ``bulk``: which of the bulk streams may be read; ``bulk_first``: it is their turn.
    ``others_busy``: another worker may have a job of somebody who speaks.
    """

    held_ms: tuple[int, ...] = (0, 0, 0, 0)
    bulk: tuple[bool, bool] = (True, True)
    bulk_slots: int = 1
    bulk_first: bool = False
    others_busy: bool = False


def job_streams(keys: Keys, model: str) -> tuple[str, ...]:
    """Streams for a worker that has loaded ``model``: interactive before bulk, its own model before any."""
    return tuple(keys.jobs(priority, wanted) for priority in CLASSES for wanted in (model, ""))


def partial_streams(keys: Keys, model: str) -> tuple[str, ...]:
    """Streams of partials for a worker with ``model`` and without an urgent job: its own model before any."""
    return tuple(keys.partials(wanted) for wanted in (model, ""))


def fleet(statuses: Iterable[WorkerStatus], now_ms: int, me: str) -> tuple[Worker, ...]:
    """The other workers that take jobs, as far as is known: a heartbeat may be ``WORKER_GONE_MS`` old."""
    return tuple(
        Worker(one.worker, one.model, one.speed, one.slots)
        for one in statuses
        if one.worker != me and one.state in _ABLE and now_ms - one.at_ms <= WORKER_GONE_MS
    )


def decide(me: Worker, others: Sequence[Worker], queues: Sequence[Queue], urgent_in_a_row: int = 0) -> Plan:
    """What ``me`` reads now. ``queues``: of ``job_streams``, then of partials.

    ``urgent_in_a_row``: jobs of people who speak since the last one of a file.
    """
    urgent, bulk = queues[:2], queues[2:4]
    peers = (tuple(other for other in others if other.model == me.model), tuple(others))  # by stream: model, any
    speaking = any(one.entries or one.read_ago_s <= SPEAKING_S for one in (*urgent, *queues[4:]))
    length_s = typical_s(bulk)
    kept = speaking and kept_free(me, others, length_s)
    readable = (not (kept and peers[0]), not (kept and peers[1]))
    # Behind people who speak files wait; before them they do not.
    held = [hold_ms(me, side, *waiting(urgent)) for side in peers]
    held += [hold_ms(me, without_kept(me, side, speaking, length_s), *waiting(queues[:4])) for side in peers]
    waits = any(queue.entries for queue, may in zip(bulk, readable, strict=True) if may)
    return Plan(
        held_ms=tuple(held),
        bulk=readable,
        bulk_slots=quick_slots(me, length_s) if speaking else me.slots,
        bulk_first=waits and urgent_in_a_row >= SHARE,
        others_busy=bool(others) and any(queue.entries for queue in urgent),
    )


def hold_ms(me: Worker, others: Iterable[Worker], length_s: float, ahead_s: float, entries: int) -> int:
    """For how long to leave a job of ``length_s`` to faster workers; less the more waits before it.

    Their slots are free as long as there are fewer jobs than slots, whatever their last heartbeat says.
    """
    faster = [other for other in others if me.speed and other.speed > me.speed * _CLEARLY_FASTER]
    if not faster:
        return 0
    slots, together = sum(other.slots for other in faster), sum(other.speed for other in faster)
    wait_s = ahead_s / together if entries > slots else 0.0
    theirs_s = wait_s + length_s / max(other.speed for other in faster)
    gain_ms = (length_s / me.speed - theirs_s) * 1000
    return max(0, min(MOST_HELD_MS, int(gain_ms)))


def kept_free(one: Worker, others: Sequence[Worker], length_s: float) -> bool:
    """Whether ``one`` stays free for people who speak: a file's job of ``length_s`` would keep it for long."""
    if not others or not one.speed or length_s / one.speed <= QUICK_S:
        return False
    return all((one.speed, one.name) > (other.speed, other.name) for other in others)


def without_kept(me: Worker, others: Sequence[Worker], speaking: bool, length_s: float) -> tuple[Worker, ...]:
    """Those who take jobs of files now."""
    everybody = (me, *others)
    return tuple(
        one
        for one in others
        if not (speaking and kept_free(one, [other for other in everybody if other is not one], length_s))
    )


def quick_slots(me: Worker, length_s: float) -> int:
    """How many jobs of a file are decoded together while somebody speaks: what nobody notices, or one."""
    return max(1, int(min(me.slots, QUICK_S * me.speed / length_s)))  # the quotient may be infinite


def typical_s(queues: Iterable[Queue]) -> float:
    """Mean length of what waits."""
    queues = tuple(queues)
    entries, audio_s = sum(queue.entries for queue in queues), sum(queue.audio_s for queue in queues)
    return (audio_s / entries if entries and audio_s > 0 else 0.0) or TYPICAL_S


def waiting(queues: Sequence[Queue]) -> tuple[float, float, int]:
    """Length of one job, the audio before it, and how many jobs there are with it."""
    length_s = typical_s(queues)
    return length_s, max(0.0, sum(queue.audio_s for queue in queues) - length_s), sum(q.entries for q in queues)
