"""Counters of a load test. Those of several processes and times can be added."""

from msgspec import Struct, field

_MOST_COMPLAINTS = 50


class CompletedSegment(Struct, frozen=True, array_like=True, gc=False):
    """Segment that got its text. Times are in ms, except ``at_s``, which counts from the start of the run.

    ``after_stop``: from ``segment.end`` to the final, as the client saw them. ``lag``: the same from the moment
    when the last sample would have been spoken, so it includes delays of the load maker. The other times are the
    gateway's ``timing``. ``whole``: the connection lasted from the segment's end to its text.
    """

    at_s: float
    audio_ms: int
    after_stop: float
    lag: float
    upload: int
    queue: int
    decode: int
    deliver: int
    whole: bool

    @property
    def added(self) -> float:
        """Time that the chain added: all except the wait for a worker and decoding."""
        return max(0.0, self.after_stop - self.queue - self.decode)


class RefusalCount(Struct):
    """Refusals of one kind. ``least_s``, ``most_s``: range of their Retry-After; ``None`` if none had one."""

    count: int = 0
    without_retry_after: int = 0
    least_s: float | None = None
    most_s: float | None = None

    def add(self, other: "RefusalCount") -> None:
        """Add another count of refusals."""
        self.count += other.count
        self.without_retry_after += other.without_retry_after
        waits_s = [s for s in (self.least_s, self.most_s, other.least_s, other.most_s) if s is not None]
        self.least_s, self.most_s = min(waits_s, default=None), max(waits_s, default=None)


class Tally(Struct):
    """Counters of sessions and segments.

    ``first_update_ms``: per session, from its first frame to its first partial or final. ``session_lag_p95_ms``:
    per session. ``refused``: by status or close code, and reason. ``refused_at``: number per second of the run.
    ``early``: attempts before the time that Retry-After had named.
    """

    sessions: int = 0
    finished: int = 0
    lost_sessions: int = 0
    segments: int = 0
    right: int = 0
    wrong: int = 0
    failed: int = 0
    twice: int = 0
    retried: int = 0
    samples: int = 0
    partials: int = 0
    connects: int = 0
    early: int = 0
    ended: list[CompletedSegment] = field(default_factory=list)
    first_update_ms: list[float] = field(default_factory=list)
    session_lag_p95_ms: list[float] = field(default_factory=list)
    late_ms: list[float] = field(default_factory=list)
    disconnects: dict[str, int] = field(default_factory=dict)
    busy: dict[str, int] = field(default_factory=dict)
    refused: dict[str, RefusalCount] = field(default_factory=dict)
    refused_at: dict[int, int] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)

    @property
    def answered(self) -> int:
        """Segments that ended once, with any outcome."""
        return self.right + self.wrong + self.failed

    @property
    def missing(self) -> int:
        """Segments that have not ended."""
        return self.segments - self.answered

    @property
    def refusals(self) -> int:
        """Number of all refusals."""
        return sum(kind.count for kind in self.refused.values())

    @property
    def flawless(self) -> bool:
        """True if every segment ended once, with the digest of its samples; false without segments."""
        return self.right == self.segments > 0 and not (self.twice or self.lost_sessions)

    def complain(self, about: str) -> None:
        """Record a complaint; only the first few are kept."""
        if len(self.complaints) < _MOST_COMPLAINTS:
            self.complaints.append(about)

    def absorb(self, other: "Tally") -> None:
        """Add the counts of another tally."""
        for name in _NUMBERS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in _LISTS:
            getattr(self, name).extend(getattr(other, name))
        for name in _COUNTS:
            mine = getattr(self, name)
            for key, count in getattr(other, name).items():
                mine[key] = mine.get(key, 0) + count
        for reason, kind in other.refused.items():
            self.refused.setdefault(reason, RefusalCount()).add(kind)
        for complaint in other.complaints:
            self.complain(complaint)


_NUMBERS = tuple(name for name, kind in Tally.__annotations__.items() if kind is int)
_LISTS = ("ended", "first_update_ms", "session_lag_p95_ms", "late_ms")
_COUNTS = ("disconnects", "busy", "refused_at")


class TallyRecorder:
    """Recorder for the speakers of one process. ``zero``: start of the run on the monotonic clock."""

    def __init__(self, zero: float) -> None:
        self.zero = zero
        self.tally = Tally()

    def count_refusal(self, kind: str, retry_after_s: float | None, now: float) -> None:
        """Count a refusal at ``now`` (monotonic clock); ``None``: it had no Retry-After."""
        refusal = RefusalCount(1, 1) if retry_after_s is None else RefusalCount(1, 0, retry_after_s, retry_after_s)
        self.tally.refused.setdefault(kind, RefusalCount()).add(refusal)
        second = int(now - self.zero)
        self.tally.refused_at[second] = self.tally.refused_at.get(second, 0) + 1

    def take(self) -> Tally:
        """Return the tally since the last call, and begin a new one."""
        taken, self.tally = self.tally, Tally()
        return taken
