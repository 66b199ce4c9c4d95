"""Figures of the other processes of a gateway, which its main process adds to its own."""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from backend.core.refusal import RefusalReason
from backend.observability.newest_values import NewestValues
from protocol.job import EndState, JobKind
from protocol.monitor import Load, Recent, Totals
from runtime.histogram import Histogram, HistogramSnapshot

_Key = TypeVar("_Key", bound=Hashable)


class Shown(NamedTuple):
    """An ended segment with the owner of its session."""

    owner: str
    recent: Recent


class Counted(Struct, frozen=True):
    """Counters of one process since its start; the fields of ``Metrics``, and those of its monitor and meter."""

    segments: dict[tuple[EndState, str], int] = {}
    stages: dict[str, HistogramSnapshot] = {}
    attempts: dict[tuple[JobKind, bool], int] = {}
    refusals: dict[RefusalReason, int] = {}
    hellos: dict[bool, int] = {}
    samples: int = 0
    partials: int = 0
    spans_refused: int = 0
    received_s: float = 0.0
    round_trips: HistogramSnapshot | None = None
    totals: Totals = Totals()


class ProcessReport(Struct, frozen=True):
    """State of one process, about once a second. ``ended``: segments since its last report, on its own clock.

    ``clock_s`` is that clock now. ``held``: samples held back until their key has less in the broker, by class
    and model.
    """

    counted: Counted = Counted()
    sessions: int = 0
    connections: int = 0
    pending: int = 0
    unqueued_s: float = 0.0
    held: dict[tuple[str, str], int] = {}
    load: Load = Load()
    cpu_s: float = 0.0
    ended: tuple[Shown, ...] = ()
    clock_s: float = 0.0


@dataclass
class OtherProcesses:
    """Latest reports by slot, and the counters of processes that have ended."""

    reports: dict[int, ProcessReport] = field(default_factory=dict)
    past: Counted = field(default_factory=Counted)
    restarts: Mapping[int, int] = field(default_factory=dict)
    own_slot: int | None = None

    @property
    def counted(self) -> list[Counted]:
        """Counters of all processes but this one, past and present."""
        return [self.past, *(report.counted for report in self.reports.values())]

    def totals(self, own: Totals) -> Totals:
        """Return the totals of all processes."""
        return _sum_of_totals([own, *(one.totals for one in self.counted)])

    def load(self, own: Load) -> Load:
        """Return the load of all processes together."""
        loads = [own, *(report.load for report in self.reports.values())]
        percent = round(sum(load.cpu_percent for load in loads), 1)
        return Load(percent, sum(load.memory_bytes for load in loads))


def together(all_counted: Iterable[Counted]) -> Counted:
    """Return the sum of several counters."""
    found = list(all_counted)
    return Counted(
        segments=sum_counts(one.segments for one in found),
        stages=_merge_histograms(one.stages for one in found),
        attempts=sum_counts(one.attempts for one in found),
        refusals=sum_counts(one.refusals for one in found),
        hellos=sum_counts(one.hellos for one in found),
        samples=sum(one.samples for one in found),
        partials=sum(one.partials for one in found),
        spans_refused=sum(one.spans_refused for one in found),
        received_s=sum(one.received_s for one in found),
        round_trips=_merge_histograms({"": one.round_trips} for one in found if one.round_trips).get(""),
        totals=_sum_of_totals(one.totals for one in found),
    )


def on_clock(report: ProcessReport, clock_s: float) -> list[Shown]:
    """Return the ended segments of a report with times on the reader's clock, which now shows ``clock_s``."""
    later = clock_s - report.clock_s
    return [Shown(owner, replace(recent, at_s=round(recent.at_s + later, 3))) for owner, recent in report.ended]


class Unreported:
    """Ended segments since the last report; the oldest are dropped when there are too many."""

    def __init__(self, most: int) -> None:
        self._ended = NewestValues(Shown, most)

    def add(self, owner: str, recent: Recent) -> None:
        """Keep a segment for the next report."""
        self._ended.add(Shown(owner, recent))

    def take(self) -> tuple[Shown, ...]:
        """Return all kept segments, and forget them."""
        ended = self._ended.all()
        self._ended.clear()
        return ended


def sum_counts(all_counts: Iterable[Mapping[_Key, int]]) -> dict[_Key, int]:
    """Return the sum of counts by key."""
    found: Counter[_Key] = Counter()
    for counts in all_counts:
        found.update(counts)
    return dict(found)


def _merge_histograms(all_snapshots: Iterable[Mapping[str, HistogramSnapshot]]) -> dict[str, HistogramSnapshot]:
    found: dict[str, Histogram] = {}
    for snapshots in all_snapshots:
        for name, snapshot in snapshots.items():
            found.setdefault(name, Histogram(snapshot.bounds)).add_all(snapshot)
    return {name: histogram.read() for name, histogram in found.items()}


def _sum_of_totals(all_totals: Iterable[Totals]) -> Totals:
    found = list(all_totals)
    return Totals(
        final=sum(one.final for one in found),
        failed=sum(one.failed for one in found),
        audio_s=round(sum(one.audio_s for one in found), 3),
        refused=sum(one.refused for one in found),
        partials=sum(one.partials for one in found),
    )
