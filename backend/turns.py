"""Files take turns: of each bulk session only so much is in the broker at a time. Pure.

A stream is read in the order in which it was filled, and a client sends a file as fast as it is taken. Without a
bound the second file would wait until the first is through. What is held back here is complete and not queued: its
client keeps it, and its window of unqueued audio has it wait with the rest.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from backend.admission import Survey, speed
from backend.segments import Segment, Stage
from protocol.audio import SAMPLE_RATE
from protocol.job import Job
from protocol.monitor import WorkerState

LEAST_S: Final = 60.0
AHEAD_S: Final = 2.0
"""Seconds of everybody's work: what is let in when something has ended is there long before that is done."""
PER_SLOT: Final = 2
"""Segments: one is decoded, and one is there when that is done."""

_ABLE: Final = frozenset({WorkerState.IDLE, WorkerState.BUSY})
_IN: Final = frozenset({Stage.SUBMITTED, Stage.QUEUED})


@dataclass(frozen=True)
class Allowance:
    """Of one session more is let in while it has fewer segments than this there, or less audio."""

    segments: int = 0
    samples: int = round(LEAST_S * SAMPLE_RATE)


def allowance(survey: Survey, model: str) -> Allowance:
    """What keeps all workers with ``model`` (empty: any) busy, also where it is the only session."""
    slots = sum(one.slots for one in survey.workers if one.state in _ABLE and model in ("", one.model))
    return Allowance(PER_SLOT * slots, round(max(LEAST_S, AHEAD_S * speed(survey, model)) * SAMPLE_RATE))


@dataclass
class Turns:
    """The segments of one session that are held back, in order."""

    held: list[Job] = field(default_factory=list)

    def hold(self, job: Job) -> None:
        """It is complete; ``let_in`` says when it may go."""
        self.held.append(job)

    def let_in(self, live: Mapping[int, Segment], most: Allowance) -> Iterable[Job]:
        """Those that may go now. ``live``: the segments of the session that have not ended."""
        self.held = [job for job in self.held if _still_wanted(job, live.get(job.segment))]
        outside = {job.segment for job in self.held}
        inside = [one.samples or 0 for n, one in live.items() if one.stage in _IN and n not in outside]
        segments, samples = len(inside), sum(inside)
        going = 0
        for job in self.held:
            if segments >= most.segments and samples >= most.samples:
                break
            segments, samples, going = segments + 1, samples + job.samples, going + 1
        gone, self.held = self.held[:going], self.held[going:]
        return gone


def _still_wanted(job: Job, segment: Segment | None) -> bool:
    """Whether it was neither cancelled nor begun again meanwhile."""
    return segment is not None and segment.stage is Stage.SUBMITTED and segment.attempt == job.attempt
