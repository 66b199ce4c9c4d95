"""States of the utterances that a streaming worker follows, one per session, at most as many as fit. Pure.

A session that has been silent for a while makes room for another one. A session that still speaks keeps its place:
if sessions displaced each other, each piece would need its segment decoded from the beginning.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from protocol.audio import BYTES_PER_SAMPLE, samples_to_seconds
from protocol.job import Gap, Hypothesis, Job, LiveAnswer

FRESH_S: Final = 3.0
"""Time after its last piece for which a session keeps its place."""
IDLE_S: Final = 10.0
"""Time after its last piece after which a session's state is dropped."""
MOST_FED_S: Final = 8.0
"""Most audio of one call beside its first piece, so that sessions that catch up do not delay the others."""
MUTED_S: Final = 60.0
"""Time for which a session is not followed after its audio ended the engine."""


@dataclass
class LiveState:
    """State of one session's segment: the engine's ``id`` for it, samples fed, text so far, last use."""

    id: int
    segment: int
    attempt: int
    have: int = 0
    text: str = ""
    used: float = 0.0

    def is_of(self, job: Job) -> bool:
        """Return whether this is the state of the job's segment and attempt."""
        return (self.segment, self.attempt) == (job.segment, job.attempt)


class FeedPiece(NamedTuple):
    """Piece for the engine: the part of the job's audio that ``state`` does not have yet."""

    job: Job
    state: LiveState
    pcm: bytes


@dataclass
class LivePlan:
    """Next call of the engine. ``answers`` need no engine; ``later`` are jobs for the call after it."""

    feeds: list[FeedPiece] = field(default_factory=list)
    answers: list[LiveAnswer] = field(default_factory=list)
    later: list[Job] = field(default_factory=list)
    dropped: list[int] = field(default_factory=list)


class LiveStates:
    """States of at most ``most`` sessions. ``inbox``: this worker's name, to which the next pieces go."""

    def __init__(self, most: int, inbox: str) -> None:
        self.most = most
        self._inbox = inbox
        self._states: dict[str, LiveState] = {}  # in the order of their last use
        self._next = 1
        self._dropped: list[int] = []
        self._alone: set[str] = set()
        self._muted_until: dict[str, float] = {}

    def busy(self, now: float) -> int:
        """Return how many sessions keep their place."""
        return sum(now - state.used <= FRESH_S for state in self._states.values())

    def plan(self, jobs: Iterable[Job], now: float) -> LivePlan:
        """Choose the engine's next pieces. Segments without state get no answer: gateways ask elsewhere."""
        self._forget_idle(now)
        plan, fed, total_s = LivePlan(), set[str](), 0.0
        for job in jobs:
            full = total_s > MOST_FED_S or (fed and (job.session in self._alone or fed & self._alone))
            if job.session in fed or full:
                plan.later.append(job)
            elif isinstance(work := self._work(job, now), FeedPiece):
                plan.feeds.append(work)
                fed.add(job.session)
                total_s += samples_to_seconds(len(work.pcm) // BYTES_PER_SAMPLE)
            elif work is not None:
                plan.answers.append(work)
        plan.dropped, self._dropped = self._dropped, []
        return plan

    def record_text(self, feed: FeedPiece, text: str) -> Hypothesis:
        """Note that the engine has the piece, and return the answer."""
        feed.state.have, feed.state.text = feed.job.samples, text
        self._alone.discard(feed.job.session)
        return self._answer(feed.job, feed.state)

    def forget_failed(self, feeds: Iterable[FeedPiece], now: float, engine_lives: bool) -> None:
        """Forget the states of these pieces, on which the engine failed, or all of them if its process ended.

        Each of their sessions comes alone next time; one that failed alone is not followed for a while.
        """
        sessions = [feed.job.session for feed in feeds]
        for session in sessions if engine_lives else tuple(self._states):
            self._drop(session)
        self._muted_until = {session: until for session, until in self._muted_until.items() if until > now}
        if len(sessions) == 1:
            self._muted_until[sessions[0]] = now + MUTED_S
            self._alone.discard(sessions[0])
        else:
            self._alone.update(sessions)
        if not engine_lives:
            self._dropped.clear()

    def _work(self, job: Job, now: float) -> FeedPiece | LiveAnswer | None:
        if self._muted_until.get(job.session, now) > now:
            return None
        begin = job.samples - len(job.pcm) // BYTES_PER_SAMPLE
        state = self._states.get(job.session)
        if state is None or not state.is_of(job):
            if begin:
                return Gap(job.session, job.segment, 0, job.attempt, self._inbox)
            state = self._begin(job, now)
            if state is None:
                return None
        self._use(job.session, state, now)
        if begin > state.have:
            return Gap(job.session, job.segment, state.have, job.attempt, self._inbox)
        if job.samples <= state.have:
            return self._answer(job, state)
        return FeedPiece(job, state, job.pcm[(state.have - begin) * BYTES_PER_SAMPLE :])

    def _answer(self, job: Job, state: LiveState) -> Hypothesis:
        return Hypothesis(job.session, job.segment, state.text, job.attempt, state.have, self._inbox)

    def _begin(self, job: Job, now: float) -> LiveState | None:
        """Return a new state for the job's session; ``None`` if every place is taken."""
        if job.session not in self._states and len(self._states) >= self.most:
            oldest, state = next(iter(self._states.items()))
            if now - state.used <= FRESH_S:
                return None
            self._drop(oldest)
        self._drop(job.session)
        self._next += 1
        return LiveState(self._next, job.segment, job.attempt)

    def _use(self, session: str, state: LiveState, now: float) -> None:
        self._states.pop(session, None)
        self._states[session] = state
        state.used = now

    def _forget_idle(self, now: float) -> None:
        for session in [name for name, state in self._states.items() if now - state.used > IDLE_S]:
            self._drop(session)

    def _drop(self, session: str) -> None:
        if (state := self._states.pop(session, None)) is not None:
            self._dropped.append(state.id)
