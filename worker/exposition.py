"""Worker metrics for Prometheus, over HTTP in a thread of its own, so that nothing waits for the event loop.

The only file here that uses prometheus_client; imported only with ``--metrics``. Every client that reaches the
address may read the metrics: no key is required, and they contain no recognised text.
"""

import os
import platform
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import metadata
from math import inf
from typing import Any, Final, NamedTuple
from wsgiref.simple_server import WSGIRequestHandler

from prometheus_client import CollectorRegistry, ProcessCollector, start_http_server
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from protocol.monitor import WorkerState
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.histogram import Histogram
from runtime.terminal import reason
from worker.broker.jobs import Verdict
from worker.core.errors import MetricsUnavailable
from worker.core.tally import FINAL, NOT_WANTED, WorkerReading, WorkerTally

log = loggers.WORKER_EXPOSITION

PREFIX: Final = "kikipounamu_worker_"
LOOPBACK: Final = "127.0.0.1"
_OUTCOMES: Final = (FINAL, NOT_WANTED, *(verdict.value for verdict in Verdict))
_REQUEST_S: Final = 10.0
_CLOSE_S: Final = 5.0

Row = tuple[Sequence[str], float]


class MetricsAddress(NamedTuple):
    """Address to listen on."""

    host: str
    port: int


def read_place(text: str) -> MetricsAddress:
    """Parse ``HOST:PORT``, ``[V6]:PORT``, or a port on loopback. Raises ``ValueError``."""
    host, _, port = text.strip().rpartition(":")
    if not (port.isdecimal() and int(port) <= 65_535):
        raise ValueError(f"{text!r} is not HOST:PORT, with a port up to 65535")
    return MetricsAddress(host.removeprefix("[").removesuffix("]") or LOOPBACK, int(port))


class WorkerCollector(Collector):
    """Prometheus collector of one worker."""

    def __init__(self, worker: str, tally: WorkerTally, read_state: Callable[[], WorkerReading]) -> None:
        self._worker = worker
        self._tally = tally
        self._read_state = read_state

    def collect(self) -> Iterator[Metric]:
        """Yield all metrics, read at one moment."""
        now = self._read_state()
        yield from self._job_metrics(now)
        yield _histogram("queue_seconds", "Time of jobs in the broker before they were read.", self._tally.queue)
        yield _histogram("decode_seconds", "Time of jobs in the engine.", self._tally.decode)
        yield _histogram("batch_size", "Jobs decoded in one call.", self._tally.batches)
        states = [([state.value], float(now.state is state)) for state in WorkerState]
        yield _gauges("state", "1: the current state.", states, "state")
        yield _gauges("slots", "Jobs that one call can decode.", [((), now.info.slots)])
        yield _gauges("busy_slots", "Jobs being decoded now.", [((), now.busy)])
        known = [((), now.speed)] if now.speed else []
        yield _gauges(
            "speed", "Audio seconds recognised per second of decoding; nothing until it is known.", known
        )
        rtf: list[Row] = [((), 1 / now.speed)] if now.speed else []
        yield _gauges("rtf", "Real-time factor: seconds of decoding per second of audio.", rtf)
        said = {"worker": self._worker, "engine": now.info.engine, "model": now.info.model}
        said |= {"device": now.info.device, "version": metadata.version("kikipounamu")}
        said |= {"python": platform.python_version()}
        yield InfoMetricFamily(
            PREFIX.removesuffix("_"), "Engine, model, device and versions of this worker.", value=said
        )

    def _job_metrics(self, now: WorkerReading) -> Iterator[Metric]:
        tally = self._tally
        jobs = dict.fromkeys(_OUTCOMES, 0) | dict(tally.jobs)
        rows = [((outcome,), float(count)) for outcome, count in jobs.items()]
        yield _counter("jobs", "Jobs that this worker has concluded, by outcome.", rows, "outcome")
        yield _counter("audio_seconds", "Recognised audio.", [((), tally.audio_s)])
        yield _counter("partials", "Partials made.", [((), tally.partials)])
        yield _counter("leases_lost", "Jobs that another worker took.", [((), tally.jobs[Verdict.LOST])])
        yield _counter("broker_returns", "Times that the broker was away and came back.", [((), tally.returns)])
        restarts = float(max(0, now.engine_loads - 1))
        yield _counter("engine_restarts", "Engine processes after the first one.", [((), restarts)])


@contextmanager
def serving(
    place: MetricsAddress, worker: str, tally: WorkerTally, read_state: Callable[[], WorkerReading]
) -> Iterator[int]:
    """Serve metrics until the context ends; yields the port. Raises ``MetricsUnavailable``."""
    registry = CollectorRegistry()
    registry.register(WorkerCollector(worker, tally, read_state))
    if os.path.isdir("/proc/self"):
        ProcessCollector(registry=registry)
        ProcessCollector(f"{PREFIX}engine", lambda: read_state().engine_pid or "none", registry=registry)
    try:
        server, thread = start_http_server(place.port, place.host, registry)
    except OSError as error:
        raise MetricsUnavailable(
            f"metrics cannot be served at {place.host}:{place.port}: {reason(error)}"
        ) from error
    server.RequestHandlerClass = _Handler
    server.handle_error = _nothing  # type: ignore[method-assign] # the client is gone: do not report it
    try:
        log.info(LogEvent.METRICS_SERVED, host=place.host, port=server.server_port)
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join(_CLOSE_S)


class _Handler(WSGIRequestHandler):
    """Request handler without log lines, with a deadline per request."""

    timeout = _REQUEST_S

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing: a line per scrape would be noise."""


def _nothing(request: Any, client_address: Any) -> None:
    """Ignore a scrape that was interrupted."""


def _counter(name: str, text: str, rows: Sequence[Row], *labels: str) -> Metric:
    return _with_rows(CounterMetricFamily(PREFIX + name, text, labels=labels), rows)


def _gauges(name: str, text: str, rows: Sequence[Row], *labels: str) -> Metric:
    return _with_rows(GaugeMetricFamily(PREFIX + name, text, labels=labels), rows)


def _with_rows(family: CounterMetricFamily | GaugeMetricFamily, rows: Sequence[Row]) -> Metric:
    for values, value in rows:
        family.add_metric(values, float(value))
    return family


def _histogram(name: str, text: str, histogram: Histogram) -> Metric:
    reading = histogram.read()
    buckets = [("+Inf" if bound == inf else repr(bound), count) for bound, count in reading.buckets]
    return HistogramMetricFamily(PREFIX + name, text, buckets=buckets, sum_value=reading.sum)
