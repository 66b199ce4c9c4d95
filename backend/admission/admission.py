"""Expected wait of new segments, admission of new sessions, and ``Busy`` messages. Pure.

The expected wait is the queued audio divided by the measured speed of the workers that can process it. As it
grows, best-effort work (hypotheses, speculations) stops first, then no new sessions are accepted. Accepted
speech stays.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from dataclasses import replace as copied
from functools import cached_property
from typing import Final, TypeVar

from msgspec.structs import replace

from backend.admission.audio_budget import HeldAudio, describe, full, refused_classes
from backend.admission.live_offers import LiveOffer, live_model, live_offers
from backend.core.errors import BrokerError
from backend.core.refusal import Refusal, RefusalReason
from protocol.audio import SAMPLE_RATE, samples_to_seconds
from protocol.engine import live_slots
from protocol.job import ANY_MODEL, CLASSES, Job, JobKind, Keys
from protocol.monitor import WorkerState, WorkerStatus
from protocol.recognition import Options
from protocol.session import Busy, Queued

_ANY: Final = Options()
_NAMES: Final = Keys()
_ABLE: Final = frozenset({WorkerState.IDLE, WorkerState.BUSY})
_UNKNOWN_SPEED: Final = 1.0
_SPARE: Final = 1 / 3
"""Best-effort work stops at this fraction of the wait at which new sessions are refused."""
_SPARE_MEMORY: Final = 5 / 6
"""Best-effort work stops at this fraction of the memory limit at which new sessions are refused."""
ENDPOINT_S: Final = 0.6
"""Shortest silence after which a client ends a segment. Gateways do not know of longer ones."""
LEAST_COST_S: Final = 1.0
"""Minimum cost of a job in seconds of audio, however short it is."""
FULL: Final = 0.95
"""A broker that accepts no commands counts as full, not away, above this part of its memory."""

_Output = TypeVar("_Output")


def cost(samples: int, jobs: int = 1) -> int:
    """Return the cost of ``jobs`` jobs with ``samples`` in total, in samples."""
    return max(samples, round(jobs * LEAST_COST_S * SAMPLE_RATE))


@dataclass(frozen=True)
class StreamContent:
    """Content of one stream: queued or decoding audio, its number of entries, and the age of the oldest."""

    samples: int
    entries: int
    oldest_ms: int

    def more(self, other: "StreamContent") -> "StreamContent":
        """Return the sum of both."""
        return StreamContent(
            self.samples + other.samples, self.entries + other.entries, max(self.oldest_ms, other.oldest_ms)
        )


@dataclass(frozen=True)
class Expectation:
    """Expected delay of a segment submitted now. ``eta_s`` is ``None`` while no worker can decode it."""

    ahead_s: float
    eta_s: float | None


@dataclass(frozen=True)
class Survey:
    """The fleet at one moment. ``memory``: used fraction of the broker's limit; ``held``: audio only held here.

    ``streams`` are sums over all shards, by the names of the first; shards in ``missing`` did not answer.
    ``streamers`` make live text only: they count in no expectation.
    """

    streams: Mapping[str, StreamContent] = field(default_factory=dict)
    workers: tuple[WorkerStatus, ...] = ()
    memory: float = 0.0
    held: HeldAudio = HeldAudio()
    streamers: tuple[WorkerStatus, ...] = ()
    missing: tuple[int, ...] = ()

    @property
    def all_workers(self) -> tuple[WorkerStatus, ...]:
        """Workers of both kinds."""
        return (*self.workers, *self.streamers)

    @cached_property
    def offers(self) -> tuple[LiveOffer, ...]:
        """Models for live text that the streaming workers offer."""
        return live_offers(self.streamers)

    @cached_property
    def speeds(self) -> Mapping[str, float]:
        """Seconds of audio per second that all able workers recognise together, by model."""
        speeds: dict[str, float] = {}
        for worker in able(self):
            speeds[worker.model] = speeds.get(worker.model, 0.0) + (worker.speed or _UNKNOWN_SPEED)
        return speeds

    @cached_property
    def measured(self) -> frozenset[str]:
        """Models whose speed an able worker has measured."""
        return frozenset(worker.model for worker in able(self) if worker.speed)

    def is_measured(self, model: str) -> bool:
        """Return whether a wait for ``model`` (empty: any) is more than a guess."""
        return model in self.measured if model else bool(self.measured)

    @cached_property
    def expected(self) -> dict[tuple[str, str], Expectation]:
        """Cache of expectations by class and model, because many sessions ask for the same."""
        return {}

    def seconds(self, priority: str, model: str) -> float:
        """Return the cost of all audio queued or decoding in one stream, in seconds."""
        waiting = self.streams.get(_NAMES.jobs(priority, model))
        return samples_to_seconds(cost(waiting.samples, waiting.entries)) if waiting else 0.0

    def with_held(self, held: Mapping[tuple[str, str], StreamContent]) -> "Survey":
        """Return this survey plus the audio held back for one key, by class and model."""
        streams = dict(self.streams)
        for (priority, model), waiting in held.items():
            name = _NAMES.jobs(priority, model)
            streams[name] = waiting.more(streams.get(name, StreamContent(0, 0, 0)))
        return copied(self, streams=streams)

    def with_moved_jobs(
        self, before: Mapping[tuple[str, str], StreamContent], now: Mapping[tuple[str, str], StreamContent]
    ) -> "Survey":
        """Return this survey corrected by this gateway's jobs: ``before`` at the survey, ``now`` at present."""
        streams = dict(self.streams)
        for of in {*before, *now}:
            name, nothing = _NAMES.jobs(*of), StreamContent(0, 0, 0)
            then, after, seen = before.get(of, nothing), now.get(of, nothing), streams.get(name, nothing)
            samples = max(after.samples, seen.samples + after.samples - then.samples)
            entries = max(after.entries, seen.entries + after.entries - then.entries)
            streams[name] = StreamContent(samples, entries, seen.oldest_ms)
        return copied(self, streams=streams)


def join_surveys(surveys: Sequence[Survey | BrokerError]) -> Survey:
    """Join the surveys of a broker's shards; an error in place of a survey means that this shard is missing."""
    found = [one for one in surveys if isinstance(one, Survey)]
    streams: dict[str, StreamContent] = {}
    workers: dict[str, WorkerStatus] = {}
    streamers: dict[str, WorkerStatus] = {}
    for one in found:
        for name, content in one.streams.items():
            streams[name] = content.more(streams[name]) if name in streams else content
        workers |= {worker.worker: worker for worker in one.workers}
        streamers |= {worker.worker: worker for worker in one.streamers}
    return Survey(
        streams,
        tuple(workers.values()),
        max((one.memory for one in found), default=0.0),
        streamers=tuple(streamers.values()),
        missing=tuple(shard for shard, one in enumerate(surveys) if not isinstance(one, Survey)),
    )


@dataclass(frozen=True)
class AdmissionLimits:
    """Limits above which new sessions are refused, and the limit of unqueued audio per gateway."""

    wait_s: float = 30.0
    unattended_s: float = 600.0
    memory: float = 0.6
    sessions: int = 2_000
    unqueued_bytes: int = 1_000_000_000


def speed(survey: Survey, model: str) -> float:
    """Return seconds of audio per second that all workers with ``model`` (empty: any) recognise together."""
    return survey.speeds.get(model, 0.0) if model else sum(survey.speeds.values())


def expect(survey: Survey, options: Options) -> Expectation:
    """Return the expected delay of a segment with these options; interactive jobs overtake bulk jobs."""
    key = (options.priority, options.model)
    if key not in survey.expected:
        survey.expected[key] = _expect(survey, options, 0.0)
    return survey.expected[key]


def expect_behind(survey: Survey, options: Options, ahead: int, own_samples: int) -> Expectation:
    """Return the expected delay of a segment, given the samples ahead of it in its own stream."""
    known_s = survey.seconds(options.priority, options.model)
    return _expect(survey, options, samples_to_seconds(ahead + own_samples) - known_s)


def with_eta(
    outputs: Iterable[_Output], survey: Survey, options: Options, own_samples: int
) -> Iterator[_Output | Queued]:
    """Yield the outputs, and add to each ``queued`` the expected time until the segment is ready."""
    for output in outputs:
        if isinstance(output, Queued):
            eta_s = expect_behind(survey, options, round(output.ahead_s * SAMPLE_RATE), own_samples).eta_s
            yield replace(output, eta_ms=None if eta_s is None else round(eta_s * 1000))
        else:
            yield output


def _expect(survey: Survey, options: Options, more_s: float) -> Expectation:
    """Return the expectation with ``more_s`` added to the stream of these options.

    Workers read the stream of their own model, then that of any model, then the same streams of the next class.
    Workers that finish their own model early share the stream of any model.
    """
    speeds, own, ahead_s, eta_s = survey.speeds, options.model, 0.0, 0.0
    until = dict.fromkeys(speeds, 0.0)
    for priority in CLASSES[: CLASSES.index(options.priority) + 1]:
        waits = {model: survey.seconds(priority, model) for model in {*speeds, own, ""}}
        ahead_s += waits[own]
        waits[own] += more_s if priority == options.priority else 0.0
        ready = {model: until[model] + (waits[model] if model else 0.0) / speeds[model] for model in speeds}
        shared_s = _end_of_work(waits[""], ready, speeds)
        until = {model: max(at, shared_s) for model, at in ready.items()}
        eta_s = ready.get(own, 0.0) if own else shared_s
    able = own in speeds if own else bool(speeds)
    return Expectation(ahead_s, eta_s if able else None)


def _end_of_work(work_s: float, ready: Mapping[str, float], speeds: Mapping[str, float]) -> float:
    """Return when shared work is done if each model joins once it is ready; 0 without workers."""
    together = before = done = 0.0
    for model in sorted(ready, key=ready.__getitem__):
        if together and done <= ready[model]:
            break
        together += speeds[model]
        before += speeds[model] * ready[model]
        done = (work_s + before) / together
    return done


def has_spare_memory(survey: Survey, limits: AdmissionLimits) -> bool:
    """Return whether the broker has memory for best-effort work."""
    return survey.memory <= limits.memory * _SPARE_MEMORY


def spare_slots(survey: Survey, options: Options, limits: AdmissionLimits) -> int:
    """Return the slots of workers usable for speculations and hypotheses; 0: none now.

    This check only saves a round trip: the request itself counts the queued jobs again.
    """
    if options.priority != CLASSES[0] or not has_spare_memory(survey, limits):
        return 0
    crowded = CLASSES[0] in full(survey.held, limits.unqueued_bytes)
    if crowded or _longest_s(survey, options) > limits.wait_s * _SPARE:
        return 0
    slots = sum(live_slots(worker.device, worker.slots) for worker in able(survey, options.model))
    streams = {_NAMES.jobs(options.priority, model) for model in (options.model, ANY_MODEL)}
    entries = sum(waiting.entries for stream, waiting in survey.streams.items() if stream in streams)
    return slots if entries <= slots else 0


def decode_s(survey: Survey, options: Options, samples: int) -> float:
    """Return how long the fastest worker would decode this audio; 0 if its speed is unknown."""
    fastest = max((worker.speed for worker in able(survey, options.model)), default=0.0)
    return samples_to_seconds(samples) / fastest if fastest else 0.0


def is_quick(survey: Survey, job: Job, slow_s: float) -> bool:
    """Return whether a best-effort decode is expected to end soon enough.

    The limit is half of the silence at an endpoint for a speculation, and ``slow_s`` for a hypothesis.
    """
    expected_s = decode_s(survey, job.options, job.samples)
    return expected_s < ENDPOINT_S / 2 if job.kind is JobKind.SPECULATE else expected_s <= slow_s


def refuse(
    survey: Survey, up: bool, sessions: int, limits: AdmissionLimits, options: Options = _ANY
) -> Refusal | None:
    """Return why a new session is refused now, or ``None`` if it is accepted."""
    return next(refusals(survey, up, sessions, limits, options), None)


def refusals(
    survey: Survey, up: bool, sessions: int, limits: AdmissionLimits, options: Options = _ANY
) -> Iterator[Refusal]:
    """Yield every reason to refuse a new session, the most important first."""
    if sessions >= limits.sessions:
        message = f"this gateway has {sessions} connections, which is its limit"
        yield Refusal(429, RefusalReason.CONNECTIONS, message, 5.0)
    if not up and survey.memory <= max(FULL, limits.memory):  # a full broker refuses commands but is present
        yield Refusal(503, RefusalReason.BROKER, "the broker is away", 2.0)
    yield from _overload(survey, limits, options)


def refuse_known(survey: Survey, up: bool, sessions: int, limits: AdmissionLimits) -> Refusal | None:
    """Return why a session that the broker knows is refused now; load is no reason.

    Only three things refuse it: the cap of connections, a broker that is away or full, and a gateway without room.
    """
    refusal = refuse(Survey(), up, sessions, limits)
    if refusal is None and CLASSES[0] in refused_classes(survey.held, limits.unqueued_bytes):
        return no_room(survey.held)
    if refusal is not None and refusal.reason is RefusalReason.BROKER and survey.memory > FULL:
        return Refusal(503, RefusalReason.MEMORY, f"the broker's memory is {survey.memory:.0%} full", 5.0)
    return refusal


def no_room(held: HeldAudio) -> Refusal:
    """Return the refusal for sessions that would add to the audio held here."""
    return Refusal(503, RefusalReason.UNQUEUED, describe(held), 5.0)


def refuse_load(survey: Survey, limits: AdmissionLimits, options: Options = _ANY) -> Refusal | None:
    """Return why load alone refuses a new session; existing sessions are not refused for load.

    A session for one model is also refused when segments for any model wait too long. A long queue of files
    refuses no speech.
    """
    return next(_overload(survey, limits, options), None)


def _overload(survey: Survey, limits: AdmissionLimits, options: Options) -> Iterator[Refusal]:
    if survey.memory > limits.memory:
        yield Refusal(503, RefusalReason.MEMORY, f"the broker's memory is {survey.memory:.0%} full", 10.0)
    if options.priority in full(survey.held, limits.unqueued_bytes):
        yield no_room(survey.held)
    known = {model: expect(survey, Options(model=model)) for model in ("", options.model)}
    guessed = [known.pop(model) for model in tuple(known) if not survey.is_measured(model)]
    longest_s = max((one.eta_s or 0.0 for one in known.values()), default=0.0)
    if longest_s > limits.wait_s:
        message = f"the expected wait is {longest_s:.0f} s"
        yield Refusal(503, RefusalReason.LOAD, message, longest_s - limits.wait_s + 1.0)
    if any(one.ahead_s > limits.unattended_s for one in guessed):
        message = "no worker has worked yet, and much waits already"
        yield Refusal(503, RefusalReason.NO_WORKER, message, 10.0)


def busy(survey: Survey, up: bool, options: Options, limits: AdmissionLimits, sessions: int = 0) -> Busy | None:
    """Return the ``Busy`` message for a session, or ``None`` without a noteworthy wait."""
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
    """Return whether a session with these options gets partials now, given that the broker is up."""
    streams = options.priority == CLASSES[0] and live_model(survey.offers, options, "", follows=True)
    return options.partials and (bool(streams) or spare_slots(survey, options, limits) > 0)


def worth_sending(before: Busy | None, now: Busy | None, partials: bool = False) -> Busy | None:
    """Return the message to send if ``now`` differs enough from ``before``; ``partials``: made now."""
    if now is None:
        return Busy("load", accepting=True, partials=partials, eta_ms=0) if before is not None else None
    if before is None or replace(before, eta_ms=0) != replace(now, eta_ms=0):
        return now
    earlier, later = before.eta_ms or 0, now.eta_ms or 0
    return now if later > 2 * earlier or 2 * later < earlier else None


def _longest_s(survey: Survey, options: Options) -> float:
    """Return the expected wait with any model or with the requested model, whichever is longer."""
    return max(expect(survey, Options(model=model)).eta_s or 0.0 for model in ("", options.model))


def able(survey: Survey, model: str = "") -> tuple[WorkerStatus, ...]:
    """Return the workers that take jobs for ``model``; empty: for any model."""
    return tuple(one for one in survey.workers if one.state in _ABLE and model in ("", one.model))
