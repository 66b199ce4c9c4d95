"""A broker without Redis: the session hash and the streams of one session, updated as the scripts do."""

from collections import deque
from dataclasses import dataclass
from uuid import UUID

from msgspec.structs import replace

from backend.broker.records import Attachment, JobQueued, NothingToPromote, Record, SessionGone, Submitted
from backend.sessions.segments import Promote
from protocol.errors import ErrorCode
from protocol.job import Detached, Ended, EndState, Failure, Hypothesis, Job, JobKind, Notice, Outcome, Result

SESSION = UUID(int=7)


def text_of(pcm: bytes) -> str:
    """Return the text that the model's workers recognise."""
    return f"{len(pcm) // 2}.{pcm[:2].hex()}.{sum(pcm)}"


@dataclass(eq=False)
class Entry:
    """Entry of a stream of jobs; compared by identity."""

    job: Job


class ModelBroker:
    """Model of the broker. ``busy``: refuses speculations. ``counted``: how often each segment became final."""

    def __init__(self) -> None:
        self.exists = False
        self.gateway, self.epoch = "", 0
        self.busy = False
        self.entries: list[Entry] = []
        self.abandoned: set[Entry] = set()
        self.jobs: dict[int, Entry] = {}
        self.attempts: dict[int, int] = {}
        self.speculations: dict[int, Entry] = {}
        self.guessed: dict[int, Result] = {}
        self.ends: dict[int, Ended] = {}
        self.outcomes: dict[int, Outcome] = {}
        self.texts: dict[int, str] = {}
        self.spans: dict[int, tuple[int, ...]] = {}
        self.counted: dict[int, int] = {}
        self.taken: list[Entry] = []
        self.questions: list[Job] = []
        self.notices: dict[str, deque[Notice]] = {"a": deque(), "b": deque()}

    def forget(self) -> None:
        """Restart the broker without persistence."""
        self.expire()
        self.entries.clear()
        self.questions.clear()

    def expire(self) -> None:
        """Delete the session's hash; stream entries stay until a worker has taken them."""
        self.exists = False
        self.abandoned.update(self.entries)
        for kept in (self.jobs, self.speculations, self.guessed, self.ends, self.outcomes, self.texts, self.spans):
            kept.clear()
        self.counted.clear()

    def record(self, n: int) -> Record:
        """Return a record as ``look.lua`` does."""
        if n in self.ends:
            text = self.texts.get(n, "") if n not in self.outcomes and self.ends[n].state == "final" else None
            return Record(end=self.ends[n], outcome=self.outcomes.get(n), text=text)
        return Record(job=self.attempts[n] if n in self.jobs else None)

    def attach(self, gateway: str) -> Attachment:
        """Attach a session as ``attach.lua`` does."""
        if self.exists and self.gateway != gateway:
            self.notices[self.gateway].append(Detached(str(SESSION), gateway, self.epoch + 1))
        self.exists, self.gateway, self.epoch = True, gateway, self.epoch + 1
        known = sorted(self.jobs.keys() | self.ends.keys())
        return Attachment(self.epoch, {n: replace(self.record(n), replaces=self.spans.get(n, ())) for n in known})

    def submit(self, job: Job) -> Submitted:
        """Queue a job as ``submit.lua`` does."""
        n = job.segment
        if not self.exists:
            return SessionGone()
        if self._ended(n, job.attempt):
            return self.record(n)
        if n not in self.jobs or self.attempts[n] < job.attempt:
            self._remove(self.jobs.pop(n, None))
            self._drop_speculation(n)
            self.ends.pop(n, None)
            self.outcomes.pop(n, None)
            self.jobs[n], self.attempts[n] = self._add(job), job.attempt
            if job.replaces:
                self.spans[n] = job.replaces
        return JobQueued(0)

    def speculate(self, job: Job) -> bool:
        """Queue a speculation as ``speculate.lua`` does."""
        n = job.segment
        if not self.exists or n in self.jobs or n in self.ends:
            return False
        self._drop_speculation(n)
        if self.busy:
            return False
        self.speculations[n] = self._add(job)
        return True

    def promote(self, promote: Promote) -> Submitted | NothingToPromote:
        """Promote a speculation as ``promote.lua`` does."""
        n, attempt, samples = promote.segment, promote.attempt, promote.samples
        if not self.exists:
            return SessionGone()
        if n in self.ends:
            return self.record(n) if self._ended(n, attempt) else NothingToPromote()
        if n in self.jobs:
            return JobQueued(0) if self.attempts[n] >= attempt else NothingToPromote()
        speculation = self.speculations.get(n)
        if speculation is not None and (speculation.job.samples, speculation.job.attempt) == (samples, attempt):
            guessed = self.guessed.get(n)
            if guessed is not None:
                self._conclude(guessed)
                self._drop_speculation(n)
                return self.record(n)
            if speculation in self.entries:
                self.jobs[n], self.attempts[n] = self.speculations.pop(n), attempt
                return JobQueued(0)
        self._drop_speculation(n)
        return NothingToPromote()

    def received(self, n: int) -> None:
        """Confirm a result as ``received.lua`` does."""
        outcome = self.outcomes.get(n)
        if isinstance(outcome, Result):
            self.texts[n] = outcome.text
            del self.outcomes[n]

    def cancel(self, n: int, attempt: int) -> None:
        """Cancel a segment as ``cancel.lua`` does."""
        if self.exists:
            self._remove(self.jobs.pop(n, None))
            self._drop_speculation(n)
            self.outcomes.pop(n, None)
            self.texts.pop(n, None)
            self.ends[n] = Ended(EndState.CANCELLED, attempt)

    def finish(self, entry: Entry, fails: bool) -> None:
        """End a job as the worker's ``finish`` or ``fail`` does: only entries named in the hash count."""
        n, job = entry.job.segment, entry.job
        self._remove(entry)
        outcome: Outcome = Result(str(SESSION), n, text_of(job.pcm), job.attempt)
        if fails:
            outcome = Failure(str(SESSION), n, ErrorCode.ENGINE_FAILED, "no", job.attempt, retryable=True)
        if self.jobs.get(n) is entry:
            del self.jobs[n]
            self._conclude(outcome)
            self.notices[self.gateway].append(outcome)
        elif self.speculations.get(n) is entry and isinstance(outcome, Result):
            self.guessed[n] = outcome

    def answer_hypothesis(self, which: int, text: str) -> None:
        """Answer a hypothesis request as a worker does, unless its segment has ended or been submitted."""
        if not self.questions:
            return
        job = self.questions.pop(which % len(self.questions))
        assert job.kind is JobKind.HYPOTHESISE
        if self.exists and job.segment not in self.ends and job.segment not in self.jobs:
            answer = Hypothesis(str(SESSION), job.segment, text, job.attempt, job.samples)
            self.notices[self.gateway].append(answer)

    def check(self) -> None:
        """Check the invariants: every entry has an owner, and ended segments leave nothing behind."""
        named = {*self.jobs.values(), *self.speculations.values()}
        assert set(self.entries) <= named | self.abandoned
        assert not self.speculations.keys() & (self.jobs.keys() | self.ends.keys())
        assert self.guessed.keys() <= self.speculations.keys()

    def _ended(self, n: int, attempt: int) -> bool:
        end = self.ends.get(n)
        return end is not None and (end.state != EndState.FAILED or end.attempt >= attempt)

    def _add(self, job: Job) -> Entry:
        entry = Entry(job)
        self.entries.append(entry)
        return entry

    def _remove(self, entry: Entry | None) -> None:
        if entry in self.entries:
            self.entries.remove(entry)

    def _drop_speculation(self, n: int) -> None:
        self._remove(self.speculations.pop(n, None))
        self.guessed.pop(n, None)

    def _conclude(self, outcome: Outcome) -> None:
        n = outcome.segment
        failed = isinstance(outcome, Failure)
        self.ends[n] = Ended(EndState.FAILED if failed else EndState.FINAL, outcome.attempt)
        self.outcomes[n] = outcome
        if not failed:
            self.counted[n] = self.counted.get(n, 0) + 1
