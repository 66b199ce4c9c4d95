"""How long a new segment would wait, whether new sessions are taken, and what to tell those who wait. Pure.

The expected wait is the audio that is ahead, divided by the speed of those who can work on it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from msgspec.structs import replace

from backend.observing import RefusalReason
from protocol.audio import samples_to_seconds
from protocol.job import ANY_MODEL, CLASSES, Keys
from protocol.monitor import WorkerState, WorkerStatus
from protocol.recognition import Options
from protocol.session import Busy

_ABLE: Final = frozenset({WorkerState.IDLE, WorkerState.BUSY})
_UNKNOWN_SPEED: Final = 1.0
_SPARE_MEMORY: Final = 0.5


@dataclass(frozen=True)
class Waiting:
    """One stream: audio that waits or is being decoded, in how many entries, and for how long the oldest."""

    samples: int
    entries: int
    oldest_ms: int


@dataclass(frozen=True)
class Survey:
    """The fleet at one moment. ``memory`` is the part of the broker's limit that is used."""

    streams: Mapping[str, Waiting] = field(default_factory=dict)
    workers: tuple[WorkerStatus, ...] = ()
    memory: float = 0.0


@dataclass(frozen=True)
class AdmissionLimits:
    """When new sessions are refused."""

    wait_s: float = 30.0
    unattended_s: float = 600.0
    memory: float = 0.6
    sessions: int = 2_000


@dataclass(frozen=True)
class Expectation:
    """What a segment submitted now would meet. ``eta_s`` is ``None`` while nobody can work on it."""

    ahead_s: float
    eta_s: float | None


@dataclass(frozen=True)
class Refusal:
    """Why a new session is not taken, and after how many seconds to try again at the earliest."""

    status: Literal[429, 503]
    reason: RefusalReason
    message: str
    retry_s: float


def speed(survey: Survey, model: str) -> float:
    """Seconds of audio per second that the workers who have ``model`` (empty: any) recognise together."""
    return sum(worker.speed or _UNKNOWN_SPEED for worker in _able(survey, model))


def expect(survey: Survey, options: Options, own_samples: int = 0) -> Expectation:
    """What waits before a segment of these options; interactive ones pass bulk ones."""
    streams = {
        Keys().jobs(priority, model)
        for priority in (CLASSES[:1] if options.priority == CLASSES[0] else CLASSES)
        for model in {options.model, ANY_MODEL}
    }
    ahead = sum(waiting.samples for stream, waiting in survey.streams.items() if stream in streams)
    return expect_behind(survey, options, ahead, own_samples)


def expect_behind(survey: Survey, options: Options, ahead: int, own_samples: int) -> Expectation:
    """As ``expect``, where the samples ahead are known."""
    together = speed(survey, options.model)
    eta = samples_to_seconds(ahead + own_samples) / together if together else None
    return Expectation(samples_to_seconds(ahead), eta)


def spare_slots(survey: Survey, options: Options) -> int:
    """Slots of the workers who may be given what nobody waits for: speculations, hypotheses. 0: none now.

    Those who have time decide at the moment of the request, by the number of jobs; this here saves the way.
    """
    if options.priority != CLASSES[0] or survey.memory > _SPARE_MEMORY:
        return 0
    slots = sum(worker.slots for worker in _able(survey, options.model))
    streams = {Keys().jobs(options.priority, model) for model in (options.model, ANY_MODEL)}
    entries = sum(waiting.entries for stream, waiting in survey.streams.items() if stream in streams)
    return slots if entries <= slots else 0


def decode_s(survey: Survey, options: Options, samples: int) -> float:
    """How long the fastest worker would be busy with so much audio; 0 where that is not known."""
    fastest = max((worker.speed for worker in _able(survey, options.model)), default=0.0)
    return samples_to_seconds(samples) / fastest if fastest else 0.0


def refuse(survey: Survey, up: bool, sessions: int, limits: AdmissionLimits) -> Refusal | None:
    """Why a new session is not taken at this moment; ``None``: it is."""
    if sessions >= limits.sessions:
        message = f"this gateway has {sessions} connections, which is its limit"
        return Refusal(429, RefusalReason.CONNECTIONS, message, 5.0)
    if not up:
        return Refusal(503, RefusalReason.BROKER, "the broker is away", 2.0)
    return refuse_load(survey, limits)


def refuse_load(survey: Survey, limits: AdmissionLimits) -> Refusal | None:
    """As ``refuse``, for what sessions that are known already may add to but not suffer from."""
    if survey.memory > limits.memory:
        return Refusal(503, RefusalReason.MEMORY, f"the broker's memory is {survey.memory:.0%} full", 10.0)
    expected = expect(survey, Options())
    if expected.eta_s is not None and expected.eta_s > limits.wait_s:
        retry_s = expected.eta_s - limits.wait_s + 1.0
        return Refusal(503, RefusalReason.LOAD, f"the expected wait is {expected.eta_s:.0f} s", retry_s)
    if expected.eta_s is None and expected.ahead_s > limits.unattended_s:
        message = "no worker is there and much waits already"
        return Refusal(503, RefusalReason.NO_WORKER, message, 10.0)
    return None


def busy(survey: Survey, up: bool, options: Options, limits: AdmissionLimits) -> Busy | None:
    """What to tell a session about waiting; ``None``: there is nothing to tell."""
    accepting = refuse(survey, up, 0, limits) is None
    expected = expect(survey, options)
    if not up:
        return Busy("broker", accepting)
    if expected.eta_s is None:
        return Busy("no_worker", accepting)
    if expected.eta_s > limits.wait_s / 3:
        return Busy("load", accepting, makes_partials(survey, options), round(expected.eta_s * 1000))
    return None


def makes_partials(survey: Survey, options: Options) -> bool:
    """Whether a session of these options gets hypotheses at this moment, while the broker is there."""
    return options.partials and spare_slots(survey, options) > 0


def worth_telling(before: Busy | None, now: Busy | None, partials: bool = False) -> Busy | None:
    """The message that the change from ``before`` to ``now`` calls for, if any; ``partials``: they are made."""
    if now is None:
        return Busy("load", accepting=True, partials=partials, eta_ms=0) if before is not None else None
    if before is None or replace(before, eta_ms=0) != replace(now, eta_ms=0):
        return now
    earlier, later = before.eta_ms or 0, now.eta_ms or 0
    return now if later > 2 * earlier or 2 * later < earlier else None


def _able(survey: Survey, model: str) -> Iterator[WorkerStatus]:
    """The workers who take jobs for ``model``; empty: for any."""
    return (one for one in survey.workers if one.state in _ABLE and (not model or one.model == model))
