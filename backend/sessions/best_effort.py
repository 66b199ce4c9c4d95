"""Best-effort requests of all sessions: speculations, hypotheses, pieces of live speech.

A request is dropped without an error when capacity is short; its session then learns that no answer will come.
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from functools import partial

from backend.admission.admission import AdmissionLimits, Survey, has_spare_memory, is_quick, spare_slots
from backend.broker.jobs import Jobs
from backend.core.errors import BrokerBusy
from backend.sessions.observers import Observer
from backend.sessions.segments import BestEffort, Hypothesise, Output, StreamLive
from backend.sessions.session_slot import SessionSlot
from backend.sessions.settings import SessionSettings
from protocol.job import Job, JobKind

Perform = Callable[[SessionSlot, Iterable[Output]], None]


class BestEffortRequests:
    """Sender of best-effort requests. ``perform`` performs a session's outputs after a refusal."""

    def __init__(self, jobs: Jobs, settings: SessionSettings, observer: Observer, perform: Perform) -> None:
        self._jobs = jobs
        self._settings = settings
        self._observer = observer
        self._perform = perform

    def attempt(self, hosted: SessionSlot, wanted: BestEffort, survey: Survey) -> None:
        """Send a request, if there is capacity for it."""
        answer = partial(self._handle_reply, hosted, wanted.job)
        try:
            up = self._jobs.serves(wanted.job.session)
            request = self._request(wanted, survey, self._settings.admission) if up else None
        except BrokerBusy:
            request = None
        if request is None:
            answer(None)
        else:
            request.add_done_callback(answer)

    def _request(
        self, wanted: BestEffort, survey: Survey, limits: AdmissionLimits
    ) -> "asyncio.Future[bool] | None":
        job = wanted.job
        if isinstance(wanted, StreamLive):
            roomy = has_spare_memory(survey, limits)
            return self._jobs.stream(job, wanted.inbox, wanted.model) if roomy else None
        slots = spare_slots(survey, job.options, limits)
        if not slots or not is_quick(survey, job, self._settings.pace.slow_s):
            return None
        send = self._jobs.hypothesise if isinstance(wanted, Hypothesise) else self._jobs.speculate
        return send(job, slots)

    def _handle_reply(self, hosted: SessionSlot, job: Job, reply: "asyncio.Future[bool] | None") -> None:
        """Handle the reply to a request; ``None``: it was not sent."""
        made = False
        if reply is not None and not reply.cancelled():
            made = reply.exception() is None and reply.result()
        self._observer.attempted(job.kind, made)
        if job.kind is JobKind.SPECULATE:
            hosted.session.speculated(job, made)
        elif not made:
            self._perform(hosted, hosted.session.declined(job, time.monotonic()))
