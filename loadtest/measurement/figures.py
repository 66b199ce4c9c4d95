"""Figures of a run. Pure.

Names taken from FunASR's realtime benchmark have the same meaning as there (its
``docs/benchmark/realtime_ws_benchmark.md``), as far as our protocol permits; ``MEANINGS`` defines each.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import asdict

from loadtest.measurement.processes import LOAD_MAKER, ProcessUsage
from loadtest.measurement.tally import CompletedSegment, RefusalCount, Tally
from protocol.audio import SAMPLE_RATE

_MOST_POINTS: Final = 120
_STRAINED: Final = (40.0, 80.0)
"""Limits above which the load maker counts as strained: % of the machine, % of a core."""
_LATE_MS: Final = 50.0
_TALLIED: Final = (
    "sessions",
    "finished",
    "lost_sessions",
    "segments",
    "right",
    "wrong",
    "failed",
    "missing",
    "twice",
    "retried",
    "refusals",
    "early",
)

MEANINGS: Final = {
    "aggregate_audio_per_wall": "seconds of spoken audio, per second that the run took",
    "first_update_ms": "per session: from its first frame to its first partial or final; without partials, and "
    "with nothing decoded before a segment ends, most of it is the length of the first segment",
    "final_after_stop_ms": "per segment: from sending segment.end (FunASR: STOP) to its final",
    "client_response_lag_ms_p95_max": "of all sessions the largest p95 of the time from the moment when a segment "
    "had been spoken to its final, delays of the load maker included. FunASR measures partials; ours do not state "
    "which audio they cover",
    "partial_messages": "partials that were received",
    "final_messages": "segments that got a text",
    "errors": "sessions lost, and segments that failed, or got a wrong text, no text or two texts",
    "added_ms": "per segment whose connection did not break: final_after_stop without the time in the queue and "
    "the engine, so the time of gateway, broker, network and the load maker itself",
}


class Percentiles(Struct, frozen=True):
    """Percentiles in milliseconds; ``None`` if nothing was measured."""

    p50: float | None
    p95: float | None
    p99: float | None
    most: float | None


class ResourceUse(Struct, frozen=True):
    """Resource use by processes of one kind at full load: CPU in percent of one core, memory in MB."""

    cpu_mean: float
    cpu_most: float
    memory_most_mb: float


class IntervalFigures(Struct, frozen=True):
    """Figures of an interval that ends ``at_s`` after the start of the run."""

    at_s: float
    finals_per_s: float
    audio_per_s: float
    refusals_per_s: float
    after_stop_p50: float | None
    after_stop_p95: float | None
    added_p95: float | None


class HistogramBin(Struct, frozen=True, array_like=True):
    """Histogram bin: values above the previous bin's edge and up to ``at_most_ms``."""

    at_most_ms: float
    count: int


class Reconnection(Struct, frozen=True):
    """Reconnections after every connection was cut, in seconds from the cut to the new welcome.

    ``ready``: clients connected at the cut; ``returned`` of them connected again; ``waiting`` were not connected
    at the cut.
    """

    ready: int
    returned: int
    waiting: int
    p50_s: float | None
    p95_s: float | None
    p100_s: float | None


class Figures(Struct, frozen=True):
    """Sums and percentiles of a run.

    ``load_maker_percent``: CPU of the load maker, in percent of the whole machine. ``load_maker_core_percent``: of
    its busiest process, in percent of one core; a process has only one working thread. ``late_ms``: how late the
    load maker's own timer was.
    """

    took_s: float
    sessions: int
    finished: int
    lost_sessions: int
    segments: int
    right: int
    wrong: int
    failed: int
    missing: int
    twice: int
    retried: int
    audio_s: float
    aggregate_audio_per_wall: float
    first_update_ms_p50: float | None
    first_update_ms_p95: float | None
    final_after_stop_ms_p50: float | None
    final_after_stop_ms_p95: float | None
    final_after_stop_ms_p99: float | None
    final_after_stop_ms_most: float | None
    client_response_lag_ms_p95_max: float | None
    partial_messages: int
    final_messages: int
    errors: int
    added_ms: Percentiles
    upload_ms: Percentiles
    queue_ms: Percentiles
    decode_ms: Percentiles
    deliver_ms: Percentiles
    late_ms: Percentiles
    refusals: int
    early: int
    refused: dict[str, RefusalCount]
    disconnects: dict[str, int]
    busy: dict[str, int]
    used: dict[str, ResourceUse]
    load_maker_percent: float | None
    load_maker_core_percent: float | None
    back: Reconnection | None = None
    complaints: tuple[str, ...] = ()

    @property
    def flawless(self) -> bool:
        """True if every segment ended once and correctly, and all clients behaved.

        No session was lost, all cut clients returned, and none tried again before Retry-After.
        """
        back = self.back is None or self.back.returned == self.back.ready
        return not (self.errors or self.early) and self.right == self.segments > 0 and back

    @property
    def strained(self) -> bool:
        """True if the load maker itself was too busy for these figures to describe the gateway."""
        found = (self.load_maker_percent, self.load_maker_core_percent)
        return any((value or 0.0) >= most for value, most in zip(found, _STRAINED, strict=True))

    @property
    def late(self) -> bool:
        """True if the load maker sent too late for these figures to describe the gateway."""
        return (self.late_ms.p99 or 0.0) >= _LATE_MS


def percentile(values: Sequence[float], share: float) -> float | None:
    """Return the nearest-rank percentile, rounded to 0.1; ``None`` without values."""
    return _nearest(sorted(values), share)


def percentiles(values: Iterable[float]) -> Percentiles:
    """Return the usual percentiles of the values."""
    ordered = sorted(values)
    return Percentiles(*(_nearest(ordered, share) for share in (0.5, 0.95, 0.99, 1.0)))


def added_delays(tally: Tally) -> list[float]:
    """Return the times that the chain added to the segments whose connection did not break."""
    return [ended.added for ended in tally.ended if ended.whole]


def _nearest(ordered: Sequence[float], share: float) -> float | None:
    return round(ordered[max(0, math.ceil(share * len(ordered)) - 1)], 1) if ordered else None


def figures(
    tally: Tally,
    took_s: float,
    usages: Sequence[ProcessUsage],
    full: tuple[float, float],
    back: Reconnection | None = None,
) -> Figures:
    """Compute the figures. ``full``: begin and end of the full load, in seconds from the start of the run."""
    sampled = _at_full_load(usages, full)
    after_stop = percentiles(ended.after_stop for ended in tally.ended)
    first_update = percentiles(tally.first_update_ms)
    audio_s = tally.samples / SAMPLE_RATE
    return Figures(
        **{name: getattr(tally, name) for name in _TALLIED},
        took_s=round(took_s, 2),
        audio_s=round(audio_s, 1),
        aggregate_audio_per_wall=round(audio_s / took_s, 2) if took_s else 0.0,
        first_update_ms_p50=first_update.p50,
        first_update_ms_p95=first_update.p95,
        **{f"final_after_stop_ms_{name}": value for name, value in asdict(after_stop).items()},
        client_response_lag_ms_p95_max=percentile(tally.session_lag_p95_ms, 1.0),
        partial_messages=tally.partials,
        final_messages=tally.right + tally.wrong,
        errors=tally.lost_sessions + tally.wrong + tally.failed + tally.missing + tally.twice,
        added_ms=percentiles(added_delays(tally)),
        upload_ms=percentiles(ended.upload for ended in tally.ended),
        queue_ms=percentiles(ended.queue for ended in tally.ended),
        decode_ms=percentiles(ended.decode for ended in tally.ended),
        deliver_ms=percentiles(ended.deliver for ended in tally.ended),
        late_ms=percentiles(tally.late_ms),
        refused=dict(sorted(tally.refused.items())),
        disconnects=dict(sorted(tally.disconnects.items())),
        busy=dict(sorted(tally.busy.items())),
        used=_resource_use(sampled),
        load_maker_percent=_mean(usage.cpu_percent[LOAD_MAKER] / usage.cores for usage in sampled),
        load_maker_core_percent=_mean(usage.busiest_percent.get(LOAD_MAKER, 0.0) for usage in sampled),
        back=back,
        complaints=tuple(sorted(set(tally.complaints))[:20]),
    )


def moments(tally: Tally, took_s: float) -> tuple[IntervalFigures, ...]:
    """Return the figures of intervals, at most as many as fit a plot."""
    step = max(1, math.ceil(took_s / _MOST_POINTS))
    ended: dict[int, list[CompletedSegment]] = {}
    for one in tally.ended:
        ended.setdefault(int(one.at_s) // step, []).append(one)
    refused: dict[int, int] = {}
    for second, count in tally.refused_at.items():
        refused[second // step] = refused.get(second // step, 0) + count
    last = max((*ended, *refused), default=-1)
    return tuple(_moment(index, step, ended.get(index, ()), refused.get(index, 0)) for index in range(last + 1))


def distribution(values: Iterable[float]) -> tuple[HistogramBin, ...]:
    """Return a histogram with ten bins per power of ten, from 1 ms to the largest value."""
    counts = Counter(math.ceil(10 * math.log10(max(1.0, value))) for value in values)
    return tuple(
        HistogramBin(round(10 ** (step / 10), 1), counts[step]) for step in range(max(counts, default=-1) + 1)
    )


def _moment(index: int, step: int, ended: Sequence[CompletedSegment], refusals: int) -> IntervalFigures:
    after_stop = percentiles(one.after_stop for one in ended)
    return IntervalFigures(
        at_s=float((index + 1) * step),
        finals_per_s=round(len(ended) / step, 2),
        audio_per_s=round(sum(one.audio_ms for one in ended) / 1000 / step, 2),
        refusals_per_s=round(refusals / step, 2),
        after_stop_p50=after_stop.p50,
        after_stop_p95=after_stop.p95,
        added_p95=percentile([one.added for one in ended if one.whole], 0.95),
    )


def _at_full_load(usages: Sequence[ProcessUsage], full: tuple[float, float]) -> Sequence[ProcessUsage]:
    """Return the samples of the full load; all samples if the run was too short for it."""
    return [usage for usage in usages if full[0] < usage.at_s <= full[1]] or usages


def _resource_use(usages: Sequence[ProcessUsage]) -> dict[str, ResourceUse]:
    kinds = sorted({kind for usage in usages for kind in usage.cpu_percent})
    return {kind: _of_kind(kind, usages) for kind in kinds}


def _of_kind(kind: str, usages: Sequence[ProcessUsage]) -> ResourceUse:
    cpu = [usage.cpu_percent[kind] for usage in usages if kind in usage.cpu_percent]
    memory = max((usage.memory_mb.get(kind, 0.0) for usage in usages), default=0.0)
    return ResourceUse(round(sum(cpu) / len(cpu), 1), max(cpu), memory)


def _mean(values: Iterable[float]) -> float | None:
    listed = list(values)
    return round(sum(listed) / len(listed), 1) if listed else None
