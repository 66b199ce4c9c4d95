"""Publish the details of the take that is open in a window, whenever they change."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Self
from uuid import UUID

from msgspec.structs import replace

from app.core.difference import difference, words_that_differ
from app.core.errors import Note
from app.core.problem_notes import unexpected_note
from app.core.word_times import spoken_in
from app.history.view import Comparison, FollowTake, Rerun, TakeDetails
from app.journal.errors import TakeUnknown
from app.journal.events import Reran, started_s
from app.journal.library import TakeSnapshot
from protocol.audio import samples_to_ms
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.tasks import TaskOwner, Tasks

log = loggers.APP_HISTORY_HISTORY


class TakeDetailsPublisher(TaskOwner):
    """Publisher of one take's details, which never posts equal values in a row.

    ``fail`` gets the reason of an unexpected error, once until another take is followed. Later changes count
    all the same. Methods return at once and must be called in one event loop.
    """

    def __init__(
        self,
        find: Callable[[UUID], Awaitable[TakeSnapshot]],
        post: Callable[[TakeDetails], None],
        fail: Callable[[Note], None] = lambda reason: None,
    ) -> None:
        self._find, self._post, self._fail = find, post, fail
        self._failed = False
        self._tasks = Tasks("take details")
        self._wake = asyncio.Event()
        self._session: UUID | None = None
        self._run: Reran | int | None = None
        self._posted: TakeDetails | None = None

    async def __aenter__(self) -> Self:
        self._tasks.start(self._work(), "details")
        return self

    def follow(self, action: FollowTake) -> None:
        """Publish this take's details from now on."""
        self._session, self._run, self._posted = action.session, action.run, None
        self._failed = False
        self._wake.set()

    def add_run(self, session: UUID, run: Reran) -> None:
        """Compare with a new recognition result if it is of the followed take."""
        if session == self._session:
            self._run = run
            self._wake.set()

    def publish_if_changed(self) -> None:
        """Publish the details again if they have changed."""
        if self._session is not None:
            self._wake.set()

    async def _work(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            if (session := self._session) is None:
                continue
            try:
                made = await asyncio.to_thread(details, await self._find(session), self._run)
            except TakeUnknown:  # the take is gone; the list will show that
                continue
            except Exception as error:  # top level of a task: later changes and other takes must be published
                log.exception(LogEvent.HISTORY_ACTION_FAILED)
                self._report(session, error)
                continue
            if session == self._session and made != self._posted:
                self._posted = made
                self._post(made)

    def _report(self, session: UUID, error: Exception) -> None:
        if session == self._session and not self._failed:
            self._failed = True
            self._fail(unexpected_note(error))


def details(found: TakeSnapshot, wanted: Reran | int | None = None) -> TakeDetails:
    """Return the details of a take.

    ``wanted``: the run to compare, by index or as a result that may not be stored yet; ``None``: the last.
    """
    text, runs = found.text, list(found.take.runs)
    if isinstance(wanted, Reran):
        wanted = _number_of_run(runs, wanted)
    chosen = len(runs) - 1 if wanted is None or wanted >= len(runs) else wanted
    return TakeDetails(
        found.session,
        text,
        samples_to_ms(found.samples),
        spoken_in(found.transcript, text),
        tuple(Rerun(started_s(run), run.model, run.vad, run.missing) for run in runs),
        _comparison(text, chosen, runs[chosen]) if runs else None,
    )


def _number_of_run(runs: list[Reran], wanted: Reran) -> int:
    """Return the index of an equal run; if there is none, append ``wanted``."""
    for number, run in enumerate(runs):
        if replace(run, started=wanted.started) == wanted:
            return number
    runs.append(wanted)
    return len(runs) - 1


def _comparison(text: str, number: int, run: Reran) -> Comparison:
    pieces = difference(text, run.text)
    return Comparison(number, run.text, pieces, words_that_differ(pieces))
