"""Submission of complete segments of all sessions to the broker, fairly among keys.

This module only executes: ``bulk_throttle`` decides which segments may go, ``offered_models`` which models.
"""

from collections.abc import Callable, Iterable, Mapping

from backend.admission.admission import StreamContent, Survey
from backend.admission.bulk_throttle import Allowance, BulkThrottle, QueueLimits, Reaches, allowance
from backend.admission.offered_models import NO_WORKER_TRANSLATES, Offers, model_views
from backend.admission.second_pass import comes_late
from backend.sessions.segments import SegmentStage
from backend.sessions.session_slot import SessionSlot
from protocol.job import CLASSES, Job
from protocol.monitor import WorkerState
from protocol.recognition import Options
from protocol.rest import ModelView

_IN = frozenset({SegmentStage.SUBMITTED, SegmentStage.QUEUED})


class Intake:
    """Queue in front of the broker.

    ``hosted``: the sessions of this gateway; ``submit`` gives a job to the broker; ``reaches``: see ``Reaches``.
    """

    def __init__(
        self,
        limits: QueueLimits,
        hosted: Mapping[str, SessionSlot],
        submit: Callable[[SessionSlot, Job], None],
        reaches: Reaches,
    ) -> None:
        self._limits = limits
        self._hosted = hosted
        self._submit = submit
        self._turns = BulkThrottle(limits, reaches)
        self._survey = Survey()
        self._then: Mapping[tuple[str, str], StreamContent] = {}
        self._allowances: dict[tuple[str, str], Allowance] = {}
        self._surveys: dict[str, Survey] = {}
        self._going = False
        self.offers = Offers()

    @property
    def offered(self) -> tuple[str, ...]:
        """Models that workers offer, or offered a short time ago."""
        return self.offers.names(self._limits.offered_s)

    @property
    def models(self) -> tuple[ModelView, ...]:
        """The models of the current workers."""
        return model_views(self._survey.workers)

    def add(self, hosted: SessionSlot, job: Job) -> None:
        """Accept a complete segment. It goes at once if its key has little in the broker."""
        self._turns.hold(hosted.about.owner, job)
        self.submit_more(hosted)

    def adopt(self, hosted: SessionSlot) -> None:
        """Count the session's jobs put into the broker by another gateway or by a promoted speculation."""
        session = hosted.session
        for n, one in session.live.items():
            if one.stage is SegmentStage.QUEUED:
                job = Job(session.identity, n, b"", one.samples or 0, one.attempt, options=session.options)
                self._turns.entered(hosted.about.owner, job)

    def cancelled(self, hosted: SessionSlot, segment: int) -> None:
        """Forget a segment that its client cancelled."""
        self._turns.drop(hosted.about.owner, hosted.identity, segment)

    def left(self, hosted: SessionSlot) -> None:
        """Forget a session that left this gateway."""
        self._turns.leave(hosted.about.owner, hosted.identity)

    def submit_more(self, hosted: SessionSlot) -> None:
        """Submit more segments of this session's key if its limits allow."""
        if self._turns.holds(hosted.about.owner):
            self._submit_waiting((hosted.about.owner,))

    def surveyed(self, survey: Survey) -> None:
        """Use a new survey of the fleet: reset allowances, note the offered models, submit waiting segments."""
        self._survey, self._allowances, self._surveys = survey, {}, {}
        self._then = self._turns.inside(self._is_waiting)
        here = {one.model for one in survey.workers if one.model and one.state is not WorkerState.FAILED}
        if here - self.offers.ages.keys():
            self.offers = self.offers.with_models(here)
        self._submit_waiting(self._turns.waiting())

    def set_queued(self, queued: Mapping[str, int]) -> None:
        """Record the samples in the broker by key, from all gateways."""
        self._turns.looked = dict(queued)

    def survey_of(self, owner: str) -> Survey:
        """Return the survey plus the audio held back for this key, which delays only this key."""
        if owner not in self._surveys:
            held = self._turns.held_audio(owner)
            self._surveys[owner] = self._survey.with_held(held) if held else self._survey
        return self._surveys[owner]

    def held_audio(self) -> dict[tuple[str, str], int]:
        """Return the samples held back for all keys, by class and model."""
        return self._turns.all_held_audio()

    def comes_late(self, options: Options, samples: int, within_s: float) -> bool:
        """Return whether a second pass of this length cannot be recognised in time.

        Jobs that this gateway has queued since the last survey count; jobs that have ended since do not.
        """
        survey = self._survey.with_moved_jobs(self._then, self._turns.inside(self._is_waiting))
        return comes_late(survey, options, samples, within_s)

    def refuse_model(self, model: str) -> str | None:
        """Return why segments for this model are refused, or ``None`` if they are accepted."""
        return self.offers.refuse(model, self._limits.offered_s)

    def refuse_options(self, options: Options) -> str | None:
        """Return why a session with these options is refused, or ``None`` if it is accepted."""
        if options.task == "translate":
            if options.priority != CLASSES[-1]:
                return "translations are made in the class bulk only"
            if not self.translates:
                return NO_WORKER_TRANSLATES
        return self.refuse_model(options.model)

    @property
    def translates(self) -> bool:
        """True if a current worker translates."""
        return any(worker.translates for worker in self._survey.workers)

    # -- inside --------------------------------------------------------------------------------------------

    def _submit_waiting(self, owners: Iterable[str]) -> None:
        """Submit waiting segments. Immediate refusals re-enter here; the inner call returns at once."""
        if self._going:
            return
        self._going = True
        try:
            for owner in owners:
                for job in self._turns.take_allowed(owner, self._allowance, self._is_waiting):
                    if hosted := self._hosted.get(job.session):
                        self._submit(hosted, job)
        finally:
            self._going = False

    def _allowance(self, priority: str, model: str) -> Allowance:
        if (priority, model) not in self._allowances:
            self._allowances[priority, model] = allowance(self._survey, priority, model)
        return self._allowances[priority, model]

    def _is_waiting(self, session: str, segment: int, attempt: int) -> bool:
        hosted = self._hosted.get(session)
        known = hosted.session.live.get(segment) if hosted else None
        return known is not None and known.stage in _IN and known.attempt == attempt
