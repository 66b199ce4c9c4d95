"""Facts about each segment of a session, collected from the log lines of all programs. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from app.diagnostics.timeline.log_lines import ParsedLine
from runtime.event_names import LogEvent

RETURNED: Final = "returned"
"""Stands for a worker's name when the job had been handed back and was not assigned."""

_ENDS: Final = frozenset({LogEvent.JOB_ENDED, LogEvent.JOB_FAILED, LogEvent.LEASE_LOST})


@dataclass
class Taking:
    """Assignment of a job to one worker, in ms of the broker's clock, which all processes share.

    ``entry``: when the job was queued. ``seen``: until when the worker is known to have had it. ``ended``: when
    the worker released it; ``None``: never reported. ``silent``: how long ``taken_from`` had been silent before
    this worker took over.
    """

    worker: str
    entry: float
    taken: float
    seen: float
    attempt: int = 0
    deliveries: int = 1
    ended: float | None = None
    wait: float = 0.0
    decode: float = 0.0
    store: float = 0.0
    outcome: str = ""
    reason: str = ""
    taken_from: str = ""
    silent: float = 0.0
    borrowed: bool = False
    told: list[ParsedLine] = field(default_factory=list)

    @property
    def delivered(self) -> bool:
        """True if this assignment produced the segment's result."""
        return self.outcome == "final"


@dataclass
class SegmentFacts:
    """Facts about one segment.

    ``app`` and ``gateway``: the lines with their timelines.
    """

    index: int
    app: ParsedLine | None = None
    cut: ParsedLine | None = None
    gateway: list[ParsedLine] = field(default_factory=list)
    takings: list[Taking] = field(default_factory=list)
    inserted: ParsedLine | None = None
    others: list[ParsedLine] = field(default_factory=list)


def gather(lines: Iterable[ParsedLine]) -> dict[int, SegmentFacts]:
    """Collect the facts by segment from the lines of one session."""
    found: dict[int, SegmentFacts] = {}
    takings: dict[tuple[int, Any, Any, Any], Taking] = {}
    for line in sorted(lines, key=lambda line: line.at_ms):
        index = line.segment
        if index is None:
            continue
        facts = found.setdefault(index, SegmentFacts(index))
        if line.fields.get("job") is not None:
            _take(facts, line, takings)
        else:
            _place(facts, line)
    for facts in found.values():
        facts.takings.sort(key=lambda taking: taking.taken)
    return found


def _place(facts: SegmentFacts, line: ParsedLine) -> None:
    match line.event:
        case LogEvent.SEGMENT_ENDED:
            facts.app = line
        case LogEvent.SEGMENT_CUT:
            facts.cut = line
        case LogEvent.SEGMENT_CONCLUDED:
            facts.gateway.append(line)
        case LogEvent.TEXT_INSERTED | LogEvent.TEXT_HELD:
            facts.inserted = line
        case _:
            facts.others.append(line)


def _take(facts: SegmentFacts, line: ParsedLine, takings: dict[tuple[int, Any, Any, Any], Taking]) -> None:
    entry, _, _ = line.text("job").partition("-")
    queue = line.ms("queue_ms")
    if not entry.isdigit() or queue is None:
        facts.others.append(line)
        return
    worker = line.text("worker")
    key = (facts.index, worker, line.text("job"), queue)
    taking = takings.get(key)
    if taking is None:
        taken = float(entry) + queue
        taking = takings[key] = Taking(worker, float(entry), taken, taken)
        facts.takings.append(taking)
    taking.told.append(line)
    taking.attempt = round(line.ms("attempt") or 0)
    taking.deliveries = round(line.ms("deliveries") or 1)
    taking.taken_from = line.text("taken_from") or taking.taken_from
    taking.silent = line.ms("silent_ms") or taking.silent
    taking.borrowed = taking.borrowed or line.fields.get("borrowed") is True
    taking.seen = max(taking.seen, taking.taken + (line.ms("held_ms") or 0.0))
    if line.event in _ENDS:
        _end(taking, line)


def _end(taking: Taking, line: ParsedLine) -> None:
    taking.wait, taking.decode = line.ms("wait_ms") or 0.0, line.ms("decode_ms") or 0.0
    taking.store = line.ms("store_ms") or 0.0
    taking.ended = taking.taken + taking.wait + taking.decode + taking.store
    taking.outcome = line.text("outcome") or line.text("verdict") or "lost"
    taking.reason = line.text("code") or line.text("reason")
