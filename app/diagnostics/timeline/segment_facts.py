"""Events of a session, and facts about each of its segments, from the log lines of all programs. Pure.

``runtime.logs`` writes the lines. Each event records which computer's clock its time is from: clocks of two
computers are never compared directly.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from app.diagnostics.report.log_lines import seconds_of
from runtime.event_names import LogEvent

_PROCESS: Final = re.compile(r"-\d+-[0-9a-f]{8}$")
_EVENT: Final = re.compile(r"[a-z]+(\.[a-z_]+)+")
_decoder: Final = msgspec.json.Decoder(dict[str, Any])


@dataclass(frozen=True, eq=False, slots=True)
class LoggedEvent:
    """Event of a log line.

    ``at_ms``: since 1970, on the clock of ``computer``, the number of a folder of logs.
    """

    at_ms: float
    computer: int
    event: str
    who: str
    fields: Mapping[str, Any]

    @property
    def named(self) -> bool:
        """True if the event is a name.

        Lines of libraries and of older versions contain prose, which is not read.
        """
        return bool(_EVENT.fullmatch(self.event))

    @property
    def session(self) -> str:
        """Session of the line; empty for lines of the whole process."""
        return self.text("session")

    @property
    def segment(self) -> int | None:
        """Segment of the line, if any."""
        found = self.fields.get("segment")
        return found if isinstance(found, int) and not isinstance(found, bool) and found >= 0 else None

    def text(self, name: str) -> str:
        """Return a text field; empty if missing."""
        found = self.fields.get(name)
        return found if isinstance(found, str) else ""

    def ms(self, name: str) -> float | None:
        """Return a number field; ``None`` if missing."""
        found = self.fields.get(name)
        return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else None


def logged_event(raw: bytes, computer: int) -> LoggedEvent | None:
    """Return the event of a line; ``None`` if it is not one of ours."""
    try:
        fields = _decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    at_s, logger = seconds_of(fields.get("timestamp")), fields.get("logger")
    if at_s is None or logger is None:
        return None
    return LoggedEvent(at_s * 1000, computer, str(fields.get("event", "")), _who(str(logger), fields), fields)


def host_of(worker: str) -> str:
    """Return the computer's name within a worker's name."""
    return _PROCESS.sub("", worker)


def _who(logger: str, fields: Mapping[str, Any]) -> str:
    package = logger.partition(".")[0]
    if package == "worker":
        return f"worker {host_of(str(fields.get('worker', '')))}".strip()
    return "gateway" if package == "backend" else "app"


RETURNED: Final = "returned"
"""Stands for a worker's name when the job had been handed back and was not assigned."""

_ENDS: Final = frozenset({LogEvent.JOB_ENDED, LogEvent.JOB_FAILED, LogEvent.LEASE_LOST})


@dataclass
class JobClaim:
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
    ended: float | None = None
    wait: float = 0.0
    decode: float = 0.0
    store: float = 0.0
    outcome: str = ""
    taken_from: str = ""
    silent: float = 0.0
    borrowed: bool = False
    lines: list[LoggedEvent] = field(default_factory=list)

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
    app: LoggedEvent | None = None
    cut: LoggedEvent | None = None
    gateway: list[LoggedEvent] = field(default_factory=list)
    claims: list[JobClaim] = field(default_factory=list)
    inserted: LoggedEvent | None = None


Claims = dict[tuple[int, str, str, float], JobClaim]
"""Claims by segment, worker, job and time in the queue."""


def gather(lines: Iterable[LoggedEvent]) -> dict[int, SegmentFacts]:
    """Collect the facts by segment from the lines of one session."""
    found: dict[int, SegmentFacts] = {}
    claims: Claims = {}
    for line in sorted(lines, key=lambda line: line.at_ms):
        index = line.segment
        if index is None:
            continue
        facts = found.setdefault(index, SegmentFacts(index))
        if line.fields.get("job") is not None:
            _record_claim(facts, line, claims)
        else:
            _record_line(facts, line)
    for facts in found.values():
        facts.claims.sort(key=lambda claim: claim.taken)
    return found


def _record_line(facts: SegmentFacts, line: LoggedEvent) -> None:
    match line.event:
        case LogEvent.SEGMENT_ENDED:
            facts.app = line
        case LogEvent.SEGMENT_CUT:
            facts.cut = line
        case LogEvent.SEGMENT_CONCLUDED:
            facts.gateway.append(line)
        case LogEvent.TEXT_INSERTED | LogEvent.TEXT_HELD:
            facts.inserted = line


def _record_claim(
    facts: SegmentFacts, line: LoggedEvent, claims: dict[tuple[int, Any, Any, Any], JobClaim]
) -> None:
    entry, _, _ = line.text("job").partition("-")
    queue = line.ms("queue_ms")
    if not entry.isdigit() or queue is None:
        return
    worker = line.text("worker")
    key = (facts.index, worker, line.text("job"), queue)
    claim = claims.get(key)
    if claim is None:
        taken = float(entry) + queue
        claim = claims[key] = JobClaim(worker, float(entry), taken, taken)
        facts.claims.append(claim)
    claim.lines.append(line)
    claim.attempt = round(line.ms("attempt") or 0)

    claim.taken_from = line.text("taken_from") or claim.taken_from
    claim.silent = line.ms("silent_ms") or claim.silent
    claim.borrowed = claim.borrowed or line.fields.get("borrowed") is True
    claim.seen = max(claim.seen, claim.taken + (line.ms("held_ms") or 0.0))
    if line.event in _ENDS:
        _record_end(claim, line)


def _record_end(claim: JobClaim, line: LoggedEvent) -> None:
    claim.wait, claim.decode = line.ms("wait_ms") or 0.0, line.ms("decode_ms") or 0.0
    claim.store = line.ms("store_ms") or 0.0
    claim.ended = claim.taken + claim.wait + claim.decode + claim.store
    claim.outcome = line.text("outcome") or line.text("verdict") or "lost"
