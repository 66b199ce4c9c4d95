"""Prometheus output of ``/metrics``: counters of ``metrics``, and values read at the time of the scrape.

The only file that knows prometheus_client; imported at the first scrape. Labels are bounded: classes, reasons
and codes are enumerations, models are those of workers, and the number of workers is limited.
"""

import os
import platform
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import metadata
from math import inf
from typing import Final

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from backend.admission.admission import AdmissionLimits, StreamContent, Survey, expect, refuse, speed
from backend.core.refusal import RefusalReason
from backend.history.service import HistoryState
from backend.observability.metrics import GatewayReading, Metrics
from backend.observability.other_processes import Counted, ProcessReport, together
from protocol.audio import samples_to_seconds
from protocol.job import ANY_MODEL, CLASSES, EndState, JobKind
from protocol.monitor import WorkerState, WorkerStatus
from protocol.recognition import Options
from runtime.histogram import Histogram, HistogramSnapshot

PREFIX: Final = "kikipounamu_"
MOST_WORKERS: Final = 256
MOST_MODELS: Final = 64
OTHER: Final = "other"
_MOST_TEXT: Final = 128
_OPTIONS_OF_CLASS: Final = {"interactive": Options(), "bulk": Options(priority="bulk")}
_BEST_EFFORT: Final = {JobKind.HYPOTHESISE: "partial", JobKind.SPECULATE: "speculation", JobKind.STREAM: "stream"}
_NOTHING: Final = StreamContent(0, 0, 0)

_OF_A_WORKER: Final[tuple[tuple[str, str, Callable[[WorkerStatus], float]], ...]] = (
    ("fleet_speed", "Audio seconds recognised per second of decoding.", lambda one: one.speed),
    ("fleet_rtf", "Real-time factor: seconds of decoding per second of audio.", lambda one: 1 / one.speed),
    ("fleet_slots", "Jobs that one call of the worker can decode.", lambda one: one.slots),
    ("fleet_busy_slots", "Jobs that the worker decodes now.", lambda one: one.busy),
)
"""Values per worker. The first two exist once the worker has decoded something."""

Row = tuple[Sequence[str], float]


def exposition(registry: CollectorRegistry, accept: str) -> tuple[bytes, str]:
    """Return the body and its content type: OpenMetrics if accepted, else Prometheus' text."""
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type


def registry_of(gateway: "GatewayCollector") -> CollectorRegistry:
    """Return a registry of this gateway, with process metrics where the platform has them."""
    registry = CollectorRegistry()
    registry.register(gateway)
    if os.path.isdir("/proc/self"):
        ProcessCollector(registry=registry)
    return registry


class GatewayCollector(Collector):
    """Collector of one gateway. ``read_state`` returns its current state."""

    def __init__(
        self,
        metrics: Metrics,
        round_trips: Histogram,
        limits: AdmissionLimits,
        read_state: Callable[[], GatewayReading],
    ) -> None:
        self._metrics = metrics
        self._round_trips = round_trips
        self._limits = limits
        self._read_state = read_state
        self._models: dict[str, None] = {ANY_MODEL: None}

    def collect(self) -> Iterator[Metric]:
        """Yield all metrics of one moment."""
        now = self._read_state()
        yield from self._streams(now)
        yield from _admission(now, self._limits)
        yield from _gateway(now)
        if now.history is not None:
            yield from _history(now.history)
        yield from _workers(now.survey)
        here = self._metrics.counters(now.received_s, self._round_trips.read())
        counted = together([here, *now.others.counted])
        yield from _segment_metrics(counted)
        text = "Duration of each stage of segments with a text."
        yield _histogram("segment_stage_seconds", text, "stage", counted.stages)
        batches = {"": counted.round_trips} if counted.round_trips else {}
        yield _histogram("broker_round_trip_seconds", "Duration of batches of commands.", "", batches)
        yield from _processes(now)

    def _streams(self, now: GatewayReading) -> Iterator[Metric]:
        for worker in now.survey.workers:
            if len(self._models) < MOST_MODELS:
                self._models.setdefault(worker.model or ANY_MODEL)
        named = (name.rsplit(":", 2)[1:] for name in now.survey.streams)
        waiting = self._by_stream(zip(named, now.survey.streams.values(), strict=True))
        labels = ("class", "model")
        backlog = [(of, samples_to_seconds(one.samples)) for of, one in waiting.items()]
        yield _gauges("backlog_audio_seconds", "Audio that waits or is being decoded.", labels, backlog)
        depth = [(of, one.entries) for of, one in waiting.items()]
        yield _gauges("queue_depth", "Jobs that wait or are being decoded.", labels, depth)
        oldest = [(of, one.oldest_ms / 1000) for of, one in waiting.items()]
        yield _gauges("oldest_wait_seconds", "Age of the oldest job.", labels, oldest)
        held = self._by_stream(
            ((priority, model or ANY_MODEL), StreamContent(samples, 0, 0))
            for (priority, model), samples in now.held.items()
        )
        text = "Complete audio that waits in this gateway until its key has less in the queue."
        waits = [(of, samples_to_seconds(one.samples)) for of, one in held.items()]
        yield _gauges("held_audio_seconds", text, labels, waits)

    def _by_stream(
        self, streams: Iterable[tuple[Sequence[str], StreamContent]]
    ) -> dict[tuple[str, str], StreamContent]:
        """Return queues by class and model; models that no worker ever had are counted as one."""
        found = {(priority, model): _NOTHING for priority in CLASSES for model in self._models}
        for (priority, model), one in streams:
            of = (priority, model if model in self._models else OTHER)
            found[of] = found.get(of, _NOTHING).more(one)
        return found


def _admission(now: GatewayReading, limits: AdmissionLimits) -> Iterator[Metric]:
    survey = now.survey
    yield _gauge(
        "capacity_streams", "Real-time streams that all workers carry, by their measured speed.", speed(survey, "")
    )
    waits = [([name], expect(survey, wanted).eta_s) for name, wanted in _OPTIONS_OF_CLASS.items()]
    rows = [(of, inf if eta_s is None else eta_s) for of, eta_s in waits]
    yield _gauges("expected_wait_seconds", "Expected wait of a new segment; +Inf: no worker.", ("class",), rows)
    refusal = refuse(survey, now.broker.up, now.connections, limits)
    yield _gauge("accepting", "1: new sessions are accepted.", not (refusal or now.draining))
    yield _gauge("connections_limit", "Limit of connections.", limits.sessions)


def _gateway(now: GatewayReading) -> Iterator[Metric]:
    yield _gauge(
        "sessions", "Sessions in this gateway, also those that lost their connection recently.", now.sessions
    )
    yield _gauge("connections", "Open WebSockets of clients.", now.connections)
    yield _gauge("viewers", "Viewers of the monitor.", now.viewers)
    yield _gauge("pending_segments", "Segments that have begun and not ended.", now.pending)
    yield _gauge("unqueued_audio_seconds", "Audio that this gateway has and the broker has not.", now.unqueued_s)
    yield _gauge("broker_up", "1: the broker answers.", now.broker.up)
    yield _gauge("broker_missing_shards", "Shards of the broker that do not answer.", len(now.broker.missing))
    yield _gauge("broker_durable", "1: the broker loses nothing at a power loss.", now.broker.durable)
    yield _gauge("broker_memory_ratio", "Used part of the broker's memory limit; 0: no limit.", now.broker.memory)
    said = {"version": metadata.version("kikipounamu"), "python": platform.python_version()}
    yield InfoMetricFamily(f"{PREFIX}build", "Versions of this gateway.", value=said)


def _history(state: HistoryState) -> Iterator[Metric]:
    yield _gauge("history_up", "1: the history's database can be used.", state.up)
    yield _gauge("history_waiting", "Entries for the history that wait in the broker.", state.waiting)
    text = "Entries that the broker dropped for lack of room, so that they were not recorded."
    yield _counters("history_left_out", text, (), [((), state.left_out)])
    yield _counters("history_recorded", "Entries that this gateway recorded.", (), [((), state.recorded)])
    text = "Entries that the database refused, so that they were not recorded."
    yield _counters("history_refused", text, (), [((), state.refused)])


def _workers(survey: Survey) -> Iterator[Metric]:
    states = [([state.value], sum(one.state is state for one in survey.workers)) for state in WorkerState]
    yield _gauges("workers", "Workers by reported state.", ("state",), states)
    shown = {_short(one.worker): one for one in sorted(survey.workers, key=lambda one: one.worker)[:MOST_WORKERS]}
    about = InfoMetricFamily(
        f"{PREFIX}fleet", "Last report of each worker.", labels=("worker", "host", "engine", "model", "device")
    )
    for name, one in shown.items():
        said = (one.host, one.engine, one.model, one.device)
        about.add_metric([name, *(_short(text) for text in said)], {})
    yield about
    for figure, text, of in _OF_A_WORKER:
        rows = [((name,), of(one)) for name, one in shown.items() if one.speed or "slots" in figure]
        yield _gauges(figure, text, ("worker",), rows)


def _processes(now: GatewayReading) -> Iterator[Metric]:
    """Yield the figures of each process, by slot; a gateway of one process has none."""
    others, labels = now.others, ("process",)
    if others.own_slot is None:
        return
    rest = sum(report.connections for report in others.reports.values())
    own = ProcessReport(connections=now.connections - rest, load=now.load, cpu_s=time.process_time())
    reports = sorted((others.reports | {others.own_slot: own}).items())
    rows: list[Row] = [((str(slot),), report.connections) for slot, report in reports]
    yield _gauges("process_connections", "Open WebSockets of clients, by process.", labels, rows)
    rows = [((str(slot),), report.cpu_s) for slot, report in reports]
    yield _counters("process_cpu_seconds", "CPU time, by process.", labels, rows)
    rows = [((str(slot),), report.load.memory_bytes) for slot, report in reports]
    yield _gauges("process_memory_bytes", "Resident memory, by process.", labels, rows)
    rows = [((str(slot),), others.restarts.get(slot, 0)) for slot, _ in reports]
    yield _counters("process_restarts", "Restarts of a process that ended unexpectedly, by process.", labels, rows)


def _segment_metrics(counted: Counted) -> Iterator[Metric]:
    nothing: dict[tuple[EndState, str], int] = {(EndState.FINAL, ""): 0, (EndState.CANCELLED, ""): 0}
    segments = [((outcome.value, code), n) for (outcome, code), n in (nothing | counted.segments).items()]
    text = "Segments that ended here, by outcome and code of failure."
    yield _counters("segments", text, ("outcome", "code"), segments)
    recognised = samples_to_seconds(counted.samples)
    yield _counters("audio_recognised_seconds", "Audio of segments with a text.", (), [((), recognised)])
    yield _counters(
        "audio_received_seconds",
        "Received audio, repeats included, second passes not.",
        (),
        [((), counted.received_s)],
    )
    yield _counters("partials_told", "Partials sent to clients.", (), [((), counted.partials)])
    text = "Second passes refused before any work, for lack of time or of what they replace."
    yield _counters("second_passes_refused", text, (), [((), counted.spans_refused)])
    attempts = [
        ((name, "asked" if made else "shed"), counted.attempts.get((kind, made), 0))
        for kind, name in _BEST_EFFORT.items()
        for made in (True, False)
    ]
    text = "Partials and speculations: asked of a worker, or shed for lack of time."
    yield _counters("best_effort", text, ("kind", "outcome"), attempts)
    refusals = [((reason.value,), counted.refusals.get(reason, 0)) for reason in RefusalReason]
    yield _counters("refusals", "Refusals by reason.", ("reason",), refusals)
    hellos = [((str(resumed).lower(),), counted.hellos.get(resumed, 0)) for resumed in (False, True)]
    yield _counters("hellos", "Connections that opened a session, new or known.", ("resumed",), hellos)


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(PREFIX + name, text, value=float(value))


def _gauges(name: str, text: str, labels: Sequence[str], rows: Iterable[Row]) -> Metric:
    return _with_rows(GaugeMetricFamily(PREFIX + name, text, labels=labels), rows)


def _counters(name: str, text: str, labels: Sequence[str], rows: Iterable[Row]) -> Metric:
    return _with_rows(CounterMetricFamily(PREFIX + name, text, labels=labels), rows)


def _with_rows(family: GaugeMetricFamily | CounterMetricFamily, rows: Iterable[Row]) -> Metric:
    for values, value in rows:
        family.add_metric(values, float(value))
    return family


def _histogram(name: str, text: str, label: str, readings: dict[str, HistogramSnapshot]) -> Metric:
    family = HistogramMetricFamily(PREFIX + name, text, labels=[label] if label else [])
    for value, reading in readings.items():
        buckets = [("+Inf" if bound == inf else repr(bound), count) for bound, count in reading.buckets]
        family.add_metric([value] if label else [], buckets, reading.sum)
    return family


def _short(text: str) -> str:
    """Cut a text from a worker to a safe length."""
    return text[:_MOST_TEXT]
