"""What is left to do for a take that is not live: boundaries as they were, the VAD only after them. Pure."""

from dataclasses import dataclass

from app.capture.take import Spoken, Take


@dataclass(frozen=True)
class Replay:
    """Send these samples of the take as this segment."""

    segment: int
    at: int
    samples: int


@dataclass(frozen=True)
class Skip:
    """Nothing is to be sent of this segment. ``lost``: it has no result, but no audio either."""

    segment: int
    at: int
    lost: bool = False


@dataclass(frozen=True)
class Plan:
    """``steps``: every segment with both boundaries, in order. ``unended``: where the segment after them begins,
    if it had begun. ``rest``: the first sample that none of these has; ``None`` if nothing is left to cut."""

    steps: tuple[Replay | Skip, ...]
    unended: int | None
    rest: int | None

    @property
    def idle(self) -> bool:
        """Whether there is nothing to do."""
        return self.rest is None and all(isinstance(step, Skip) and not step.lost for step in self.steps)


def plan(take: Take, samples: int) -> Plan:
    """How to go on with a take of which so many samples are on disk.

    A power loss may have taken the end of the audio: what reaches beyond it is cut there.
    """
    steps: list[Replay | Skip] = []
    rest = 0
    for number in range(max(take.segments, default=-1) + 1):
        spoken = take.segments.get(number)
        if spoken is None:  # its line is damaged; numbers must not have gaps
            steps.append(Skip(number, rest))
            continue
        following = take.segments.get(number + 1)
        end = _end(spoken, following.at if following else None)
        if end is None and spoken.at < samples:
            return Plan(tuple(steps), spoken.at, spoken.at)
        end = samples if end is None else min(end, samples)
        steps.append(_step(number, spoken, end))
        rest = max(rest, end)
    return Plan(tuple(steps), None, rest if not take.finished and rest < samples else None)


def _end(spoken: Spoken, following: int | None) -> int | None:
    """Where it ends; a segment that another one follows has ended there at the latest."""
    if spoken.samples is not None:
        return spoken.at + spoken.samples
    return spoken.at if spoken.cancelled else following


def _step(number: int, spoken: Spoken, end: int) -> Replay | Skip:
    if spoken.settled or end <= spoken.at:
        return Skip(number, spoken.at, lost=not spoken.settled)
    return Replay(number, spoken.at, end - spoken.at)
