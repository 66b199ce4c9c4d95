"""Figures of all runs of processes, living and ended, for the main process. Pure."""

from collections import Counter
from collections.abc import Iterable

from msgspec.structs import replace

from backend.observability.other_processes import Counted, ProcessReport, Shown, sum_counts, together
from backend.processes.messages import OtherProcessFigures
from backend.processes.slots import MAIN
from protocol.monitor import Load


class ProcessFigures:
    """Latest reports by slot and run. Counters of ended runs stay in the sums."""

    def __init__(self) -> None:
        self._runs: dict[tuple[int, int], ProcessReport] = {}
        self._past = Counted()
        self._restarts: Counter[int] = Counter()

    def use_report(self, slot: int, run: int, report: ProcessReport) -> OtherProcessFigures:
        """Use a report; return the message for the main process."""
        self._runs[slot, run] = replace(report, ended=())
        return self.others(slot, report.ended, report.clock_s)

    def keep_counters(self, slot: int, run: int, crashed: bool) -> None:
        """Keep only the counters of a run that has ended."""
        self._restarts[slot] += crashed
        last = self._runs.pop((slot, run), None)
        if last is not None:
            self._past = together([self._past, last.counted])

    def others(self, slot: int = MAIN, ended: tuple[Shown, ...] = (), clock_s: float = 0.0) -> OtherProcessFigures:
        """Return the figures of all slots but the main one; ``ended``: segments of a run in ``slot``."""
        slots = sorted({of for of, _ in self._runs} - {MAIN})
        reports = {
            of: _join_reports(report for (its, _), report in self._runs.items() if its == of) for of in slots
        }
        if slot in reports:
            reports[slot] = replace(reports[slot], ended=ended, clock_s=clock_s)
        return OtherProcessFigures(reports, self._past, dict(self._restarts))


def _join_reports(reports: Iterable[ProcessReport]) -> ProcessReport:
    """Return the figures of a slot, which has two processes while one replaces the other."""
    found = list(reports)
    return ProcessReport(
        counted=together(report.counted for report in found),
        sessions=sum(report.sessions for report in found),
        connections=sum(report.connections for report in found),
        pending=sum(report.pending for report in found),
        unqueued_s=sum(report.unqueued_s for report in found),
        held=sum_counts(report.held for report in found),
        load=Load(
            sum(report.load.cpu_percent for report in found), sum(report.load.memory_bytes for report in found)
        ),
        cpu_s=sum(report.cpu_s for report in found),
    )
