"""Hands complete segments of all sessions to the broker, each when it is its key's turn. Decides nothing itself.

``turns`` says what may go, ``offers`` which models are taken.
"""

from collections.abc import Callable, Iterable, Mapping

from backend.admission import Survey
from backend.hosted import Hosted
from backend.offers import Offers
from backend.segments import Stage
from backend.turns import Allowance, QueueLimits, Turns, allowance
from protocol.job import Job
from protocol.monitor import WorkerState

_IN = frozenset({Stage.SUBMITTED, Stage.QUEUED})


class Intake:
    """``hosted``: the sessions of this gateway; ``submit`` gives a job of one to the broker."""

    def __init__(
        self, limits: QueueLimits, hosted: Mapping[str, Hosted], submit: Callable[[Hosted, Job], None]
    ) -> None:
        self._limits = limits
        self._hosted = hosted
        self._submit = submit
        self._turns = Turns(limits)
        self._survey = Survey()
        self._allowances: dict[tuple[str, str], Allowance] = {}
        self._surveys: dict[str, Survey] = {}
        self._going = False
        self.offers = Offers()

    def add(self, hosted: Hosted, job: Job) -> None:
        """Take a complete segment. Where its key has little in the broker it goes at once."""
        self._turns.hold(hosted.about.owner, job)
        self.go_on(hosted)

    def adopt(self, hosted: Hosted) -> None:
        """Count what another gateway, or a speculation that was right, has put into the broker of this session."""
        session = hosted.session
        for n, one in session.live.items():
            if one.stage is Stage.QUEUED:
                job = Job(session.identity, n, b"", one.samples or 0, one.attempt, options=session.options)
                self._turns.entered(hosted.about.owner, job)

    def cancelled(self, hosted: Hosted, segment: int) -> None:
        """Forget a segment that its client does not want."""
        self._turns.drop(hosted.about.owner, hosted.identity, segment)

    def left(self, hosted: Hosted) -> None:
        """Forget a session that is not here any more."""
        self._turns.leave(hosted.about.owner, hosted.identity)

    def go_on(self, hosted: Hosted) -> None:
        """Something happened in this session: more of its key may go."""
        if self._turns.holds(hosted.about.owner):
            self._go_on((hosted.about.owner,))

    def surveyed(self, survey: Survey) -> None:
        """The fleet may be another one."""
        self._survey, self._allowances, self._surveys = survey, {}, {}
        here = {one.model for one in survey.workers if one.model and one.state is not WorkerState.FAILED}
        if here - self.offers.ages.keys():
            self.offers = self.offers.seen(here)
        self._go_on(self._turns.waiting())

    def looked(self, queued: Mapping[str, int]) -> None:
        """Take what is in the broker, in samples by key, whoever put it there."""
        self._turns.looked = dict(queued)

    def survey_of(self, owner: str) -> Survey:
        """Return the survey with what is held back here of this key: others do not wait for that."""
        if owner not in self._surveys:
            held = self._turns.held(owner)
            self._surveys[owner] = self._survey.with_held(held) if held else self._survey
        return self._surveys[owner]

    def refuse_model(self, model: str) -> str | None:
        """Return why no segment is taken for this model; ``None``: it is."""
        return self.offers.refuse(model, self._limits.offered_s)

    # -- inside --------------------------------------------------------------------------------------------

    def _go_on(self, owners: Iterable[str]) -> None:
        """What the broker refuses at once comes back here while it is given: once more is enough."""
        if self._going:
            return
        self._going = True
        try:
            for owner in owners:
                for job in self._turns.let_in(owner, self._allowance, self._wanted):
                    if hosted := self._hosted.get(job.session):
                        self._submit(hosted, job)
        finally:
            self._going = False

    def _allowance(self, priority: str, model: str) -> Allowance:
        if (priority, model) not in self._allowances:
            self._allowances[priority, model] = allowance(self._survey, priority, model)
        return self._allowances[priority, model]

    def _wanted(self, session: str, segment: int, attempt: int) -> bool:
        hosted = self._hosted.get(session)
        known = hosted.session.live.get(segment) if hosted else None
        return known is not None and known.stage in _IN and known.attempt == attempt
