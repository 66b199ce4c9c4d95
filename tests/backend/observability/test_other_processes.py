"""Figures of several processes are sums."""

from backend.core.refusal import RefusalReason
from backend.observability.other_processes import (
    Counted,
    OtherProcesses,
    ProcessReport,
    Shown,
    Unreported,
    on_clock,
    together,
)
from protocol.job import EndState, JobKind
from protocol.monitor import Load, Recent, Totals
from runtime.histogram import Histogram


def counters_of(times: int) -> Counted:
    histogram = Histogram((1.0,))
    for _ in range(times):
        histogram.add(0.5)
    return Counted(
        segments={(EndState.FINAL, ""): times},
        stages={"queue": histogram.read()},
        attempts={(JobKind.SPECULATE, True): times},
        refusals={RefusalReason.LOAD: times},
        hellos={True: times},
        samples=times,
        partials=times,
        spans_refused=times,
        received_s=float(times),
        round_trips=histogram.read(),
        totals=Totals(times, times, float(times), times, times),
    )


def test_together_adds_every_counter() -> None:
    assert together([counters_of(1), counters_of(2), Counted()]) == counters_of(3)
    assert together([]) == Counted()


def test_totals_and_load_are_those_of_all_processes() -> None:
    others = OtherProcesses(past=counters_of(4))
    others.reports[1] = ProcessReport(counted=counters_of(2), load=Load(10.0, 100))
    assert others.totals(Totals(1, 1, 1.0, 1, 1)) == Totals(7, 7, 7.0, 7, 7)
    assert others.load(Load(5.5, 1)) == Load(15.5, 101)


def test_times_of_segments_are_on_the_clock_of_the_reader() -> None:
    report = ProcessReport(ended=(Shown("owner", Recent("s", 1, "final", at_s=8.0)),), clock_s=10.0)
    assert on_clock(report, 100.0) == [("owner", Recent("s", 1, "final", at_s=98.0))]


def test_unreported_segments_are_taken_once_and_bounded() -> None:
    unreported = Unreported(2)
    for segment in range(3):
        unreported.add("owner", Recent("s", segment, "final"))
    assert [recent.segment for _, recent in unreported.take()] == [1, 2]
    assert unreported.take() == ()
