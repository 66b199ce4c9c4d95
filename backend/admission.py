"""How long a new segment would wait, whether new sessions are taken, and what to tell those who wait. Pure.

The expected wait is the audio that is ahead, divided by the measured speed of those who can work on it. As it
grows, first what is best effort ends (hypotheses, speculations), then no new sessions are taken; what was accepted
stays.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from dataclasses import replace as copied
from functools import cached_property
from typing import Final, Literal

from msgspec.structs import replace

from backend.observing import RefusalReason
from backend.room import Held, crowded_out, describe, full
from backend.segments import Output
from protocol.audio import SAMPLE_RATE, samples_to_seconds
from protocol.job import ANY_MODEL, CLASSES, Keys
from protocol.monitor import WorkerState, WorkerStatus
from protocol.recognition import Options
from protocol.session import Busy, Queued

_ANY: Final = Options()
_ABLE: Final = frozenset({WorkerState.IDLE, WorkerState.BUSY})
_UNKNOWN_SPEED: Final = 1.0
_SPARE: Final = 1 / 3
"""What is best effort ends at this part of the wait at which no new sessions are taken."""
_SPARE_MEMORY: Final = 5 / 6
"""The same of the broker's memory."""
LEAST_COST_S: Final = 1.0
"""A job costs at least as much as so many seconds of audio, however short it is."""
FULL: Final = 0.95
"""From this part of its memory on a broker that takes no commands is full, not away."""


def cost(samples: int, jobs: int = 1) -> int:
    """Return what so many jobs cost together, in samples."""
    return max(samples, round(jobs * LEAST_COST_S * SAMPLE_RATE))


@dataclass(frozen=True)
class Waiting:
    """One stream: audio that waits or is being decoded, in how many entries, and for how long the oldest."""

    samples: int
    entries: int
    oldest_ms: int

    def more(self, other: "Waiting") -> "Waiting":
        """Return the sum of both."""
        return Waiting(
            self.samples + other.samples, self.entries + other.entries, max(self.oldest_ms, other.oldest_ms)
        )


@dataclass(frozen=True)
class Expectation:
    """What a segment submitted now would meet in the streams of its model. ``eta_s`` is ``None`` while nobody can
    work on it.
    """

    ahead_s: float
    eta_s: float | None


@dataclass(frozen=True)
class Survey:
    """The fleet at one moment. ``memory`` is the part of the broker's limit that is used, ``held`` what this
    gateway has and the broker has not.
    """

    streams: Mapping[str, Waiting] = field(default_factory=dict)
    workers: tuple[WorkerStatus, ...] = ()
    memory: float = 0.0
    held: Held = Held()

    @cached_property
    def speeds(self) -> Mapping[str, float]:
        """By model: seconds of audio per second that those who can work recognise together."""
        speeds: dict[str, float] = {}
        for worker in _able(self, ""):
            speeds[worker.model] = speeds.get(worker.model, 0.0) + (worker.speed or _UNKNOWN_SPEED)
        return speeds

    @cached_property
    def expected(self) -> dict[tuple[str, str], Expectation]:
        """What was found out already, by class and model: many sessions ask the same."""
        return {}

    def seconds(self, priority: str, model: str) -> float:
        """Return the cost of what waits or is being decoded in one stream."""
        waiting = self.streams.get(Keys().jobs(priority, model))
        return samples_to_seconds(cost(waiting.samples, waiting.entries)) if waiting else 0.0

    def with_held(self, held: Mapping[tuple[str, str], Waiting]) -> "Survey":
        """Return the survey of a key of which so much is held back, by class and model."""
        streams = dict(self.streams)
        for (priority, model), waiting in held.items():
            name = Keys().jobs(priority, model)
            streams[name] = waiting.more(streams.get(name, Waiting(0, 0, 0)))
        return copied(self, streams=streams)


@dataclass(frozen=True)
class AdmissionLimits:
    """When new sessions are refused, and how much audio a gateway keeps that the broker does not take."""

    wait_s: float = 30.0
    unattended_s: float = 600.0
    memory: float = 0.6
    sessions: int = 2_000
    unqueued_bytes: int = 1_000_000_000


@dataclass(frozen=True)
class Refusal:
    """Why a new session is not taken, and after how many seconds to try again at the earliest."""

    status: Literal[429, 503]
    reason: RefusalReason
    message: str
    retry_s: float


def speed(survey: Survey, model: str) -> float:
    """Seconds of audio per second that the workers who have ``model`` (empty: any) recognise together."""
    return survey.speeds.get(model, 0.0) if model else sum(survey.speeds.values())


def expect(survey: Survey, options: Options) -> Expectation:
    """What waits before a segment of these options; interactive ones pass bulk ones."""
    key = (options.priority, options.model)
    if key not in survey.expected:
        survey.expected[key] = _expect(survey, options, 0.0)
    return survey.expected[key]


def expect_behind(survey: Survey, options: Options, ahead: int, own_samples: int) -> Expectation:
    """When a segment of so many samples is ready, where the samples ahead of it in its own stream are known."""
    known_s = survey.seconds(options.priority, options.model)
    return _expect(survey, options, samples_to_seconds(ahead + own_samples) - known_s)


def with_eta(outputs: Iterable[Output], survey: Survey, options: Options, own_samples: int) -> Iterator[Output]:
    """Yield the outputs, each ``queued`` with when the segment of so many samples is expected to be ready."""
    for output in outputs:
        if isinstance(output, Queued):
            eta_s = expect_behind(survey, options, round(output.ahead_s * SAMPLE_RATE), own_samples).eta_s
            yield replace(output, eta_ms=None if eta_s is None else round(eta_s * 1000))
        else:
            yield output


def _expect(survey: Survey, options: Options, more_s: float) -> Expectation:
    """With ``more_s`` added to the stream of these options.

    Workers read the stream of their own model, then that of any model, then the same of the next class. So those
    with one model are ready for the stream of any when their own is done, and whoever is ready takes from it.
    """
    speeds, own, ahead_s, eta_s = survey.speeds, options.model, 0.0, 0.0
    until = dict.fromkeys(speeds, 0.0)
    for priority in CLASSES[: CLASSES.index(options.priority) + 1]:
        waits = {model: survey.seconds(priority, model) for model in {*speeds, own, ""}}
        ahead_s += waits[own]
        waits[own] += more_s if priority == options.priority else 0.0
        ready = {model: until[model] + (waits[model] if model else 0.0) / speeds[model] for model in speeds}
        anybody_s = _done(waits[""], ready, speeds)
        until = {model: max(at, anybody_s) for model, at in ready.items()}
        eta_s = ready.get(own, 0.0) if own else anybody_s
    able = own in speeds if own else bool(speeds)
    return Expectation(ahead_s, eta_s if able else None)


def _done(work_s: float, ready: Mapping[str, float], speeds: Mapping[str, float]) -> float:
    """When what everybody shares in is done; each begins when it is ready. 0 where there is nobody."""
    together = before = done = 0.0
    for model in sorted(ready, key=ready.__getitem__):
        if together and done <= ready[model]:
            break
        together += speeds[model]
        before += speeds[model] * ready[model]
        done = (work_s + before) / together
    return done


def spare_slots(survey: Survey, options: Options, limits: AdmissionLimits) -> int:
    """Slots of the workers who may be given what nobody waits for: speculations, hypotheses. 0: none now.

    Those who have time decide at the moment of the request, by the number of jobs; this here saves the way.
    """
    if options.priority != CLASSES[0] or survey.memory > limits.memory * _SPARE_MEMORY:
        return 0
    crowded = CLASSES[0] in full(survey.held, limits.unqueued_bytes)
    if crowded or _longest_s(survey, options) > limits.wait_s * _SPARE:
        return 0
    slots = sum(worker.slots for worker in _able(survey, options.model))
    streams = {Keys().jobs(options.priority, model) for model in (options.model, ANY_MODEL)}
    entries = sum(waiting.entries for stream, waiting in survey.streams.items() if stream in streams)
    return slots if entries <= slots else 0


def decode_s(survey: Survey, options: Options, samples: int) -> float:
    """How long the fastest worker would be busy with so much audio; 0 where that is not known."""
    fastest = max((worker.speed for worker in _able(survey, options.model)), default=0.0)
    return samples_to_seconds(samples) / fastest if fastest else 0.0


def refuse(
    survey: Survey, up: bool, sessions: int, limits: AdmissionLimits, options: Options = _ANY
) -> Refusal | None:
    """Why a new session is not taken at this moment; ``None``: it is."""
    return next(refusals(survey, up, sessions, limits, options), None)


def refusals(
    survey: Survey, up: bool, sessions: int, limits: AdmissionLimits, options: Options = _ANY
) -> Iterator[Refusal]:
    """Everything that speaks against a new session, what weighs most first."""
    if sessions >= limits.sessions:
        message = f"this gateway has {sessions} connections, which is its limit"
        yield Refusal(429, RefusalReason.CONNECTIONS, message, 5.0)
    if not up and survey.memory <= max(FULL, limits.memory):  # a full one takes nothing more, but is there
        yield Refusal(503, RefusalReason.BROKER, "the broker is away", 2.0)
    yield from _overload(survey, limits, options)


def refuse_known(survey: Survey, up: bool, sessions: int, limits: AdmissionLimits) -> Refusal | None:
    """As ``refuse``, for a session that the broker knows: it comes in whatever the load.

    Only the cap keeps it out, a broker that takes nothing now (because it is away, or because it is full), and a
    gateway that must not hold more.
    """
    refusal = refuse(Survey(), up, sessions, limits)
    if refusal is None and CLASSES[0] in crowded_out(survey.held, limits.unqueued_bytes):
        return no_room(survey.held)
    if refusal is not None and refusal.reason is RefusalReason.BROKER and survey.memory > FULL:
        return Refusal(503, RefusalReason.MEMORY, f"the broker's memory is {survey.memory:.0%} full", 5.0)
    return refusal


def no_room(held: Held) -> Refusal:
    """For those who would add to what this gateway holds already."""
    return Refusal(503, RefusalReason.UNQUEUED, describe(held), 5.0)


def refuse_load(survey: Survey, limits: AdmissionLimits, options: Options = _ANY) -> Refusal | None:
    """As ``refuse``, for what sessions that are known already may add to but not suffer from.

    Whoever wants one model is refused too where those wait for too long who take any. Files may wait for long.
    """
    return next(_overload(survey, limits, options), None)


def _overload(survey: Survey, limits: AdmissionLimits, options: Options) -> Iterator[Refusal]:
    if survey.memory > limits.memory:
        yield Refusal(503, RefusalReason.MEMORY, f"the broker's memory is {survey.memory:.0%} full", 10.0)
    if options.priority in full(survey.held, limits.unqueued_bytes):
        yield no_room(survey.held)
    longest_s = _longest_s(survey, options)
    if longest_s > limits.wait_s:
        message = f"the expected wait is {longest_s:.0f} s"
        yield Refusal(503, RefusalReason.LOAD, message, longest_s - limits.wait_s + 1.0)
    if any(one.eta_s is None and one.ahead_s > limits.unattended_s for one in _both(survey, options)):
        yield Refusal(503, RefusalReason.NO_WORKER, "no worker is there and much waits already", 10.0)


def busy(survey: Survey, up: bool, options: Options, limits: AdmissionLimits, sessions: int = 0) -> Busy | None:
    """What to tell a session about waiting; ``None``: there is nothing to tell."""
    accepting = refuse(survey, up, sessions, limits, options) is None
    eta_s = expect(survey, options).eta_s
    if not up:
        return Busy("broker", accepting)
    if eta_s is None:
        return Busy("no_worker", accepting)
    if eta_s > limits.wait_s * _SPARE or refuse_load(survey, limits, options) is not None:
        return Busy("load", accepting, makes_partials(survey, options, limits), round(eta_s * 1000))
    return None


def makes_partials(survey: Survey, options: Options, limits: AdmissionLimits) -> bool:
    """Whether a session of these options gets hypotheses at this moment, while the broker is there."""
    return options.partials and spare_slots(survey, options, limits) > 0


def worth_telling(before: Busy | None, now: Busy | None, partials: bool = False) -> Busy | None:
    """The message that the change from ``before`` to ``now`` calls for, if any; ``partials``: they are made."""
    if now is None:
        return Busy("load", accepting=True, partials=partials, eta_ms=0) if before is not None else None
    if before is None or replace(before, eta_ms=0) != replace(now, eta_ms=0):
        return now
    earlier, later = before.eta_ms or 0, now.eta_ms or 0
    return now if later > 2 * earlier or 2 * later < earlier else None


def _both(survey: Survey, options: Options) -> tuple[Expectation, Expectation]:
    """What somebody who speaks meets, with any model and with the one that is asked for."""
    return expect(survey, _ANY), expect(survey, Options(model=options.model))


def _longest_s(survey: Survey, options: Options) -> float:
    return max(one.eta_s or 0.0 for one in _both(survey, options))


def able(survey: Survey) -> tuple[WorkerStatus, ...]:
    """The workers who take jobs."""
    return tuple(_able(survey, ""))


def _able(survey: Survey, model: str) -> Iterator[WorkerStatus]:
    """The workers who take jobs for ``model``; empty: for any."""
    return (one for one in survey.workers if one.state in _ABLE and (not model or one.model == model))
