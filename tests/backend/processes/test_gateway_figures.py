"""Figures for the main process: sums by slot, and counters that never go back."""

from backend.observability.other_processes import Counted, ProcessReport, Shown
from backend.processes.gateway_figures import ProcessFigures
from protocol.monitor import Recent


def report(samples: int, connections: int = 1) -> ProcessReport:
    ended = (Shown("o", Recent("s", samples, "final")),)
    held = {("interactive", ""): samples, ("bulk", "m"): 1}
    return ProcessReport(Counted(samples=samples), connections=connections, held=held, ended=ended, clock_s=2.0)


def test_reports_of_other_slots_are_reported_with_new_segments_only_once() -> None:
    figures = ProcessFigures()
    figures.use_report(0, 1, report(5))
    others = figures.use_report(1, 2, report(7))
    assert others.reports.keys() == {1}
    assert (others.reports[1].counted.samples, others.reports[1].ended) == (7, report(7).ended)
    assert others.reports[1].clock_s == 2.0
    figures.use_report(8, 4, report(1))
    again = figures.use_report(2, 3, report(9))
    assert again.reports[1].ended == () and again.reports[2].ended == report(9).ended
    assert list(again.reports) == [1, 2, 8]


def test_counters_of_ended_runs_stay_in_the_sum() -> None:
    figures = ProcessFigures()
    figures.use_report(1, 2, report(7))
    figures.keep_counters(1, 2, crashed=True)
    figures.keep_counters(2, 3, crashed=False)
    others = figures.others()
    assert others.reports == {} and others.past.samples == 7
    assert {slot: n for slot, n in others.restarts.items() if n} == {1: 1}
    figures.use_report(0, 1, report(5))
    figures.keep_counters(0, 1, crashed=False)
    assert figures.others().past.samples == 12


def test_slot_is_the_sum_of_both_processes_while_one_replaces_the_other() -> None:
    figures = ProcessFigures()
    figures.use_report(1, 2, report(7, connections=4))
    slot = figures.use_report(1, 5, report(1, connections=2)).reports[1]
    assert (slot.counted.samples, slot.connections) == (8, 6)
    assert slot.held == {("interactive", ""): 8, ("bulk", "m"): 2}
