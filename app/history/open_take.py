"""Publisher of the details of the take that the window shows, whenever they change."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Self
from uuid import UUID

from msgspec.structs import replace

from app.history.difference import difference, words_that_differ
from app.history.view import Comparison, FollowTake, Rerun, TakeDetails
from app.history.word_times import spoken_in
from app.journal.errors import JournalError
from app.journal.events import Reran, started_s
from app.journal.library import TakeSnapshot
from protocol.audio import samples_to_ms
from runtime.tasks import TaskOwner, Tasks


class TakeDetailsPublisher(TaskOwner):
    """Publisher of take details.

    Everything here belongs to one loop and returns at once. Never repeats equal values.
    """

    def __init__(
        self, find: Callable[[UUID], Awaitable[TakeSnapshot]], post: Callable[[TakeDetails], None]
    ) -> None:
        self._find, self._post = find, post
        self._tasks = Tasks("take details")
        self._wake = asyncio.Event()
        self._session: UUID | None = None
        self._run: Reran | int | None = None
        self._posted: TakeDetails | None = None

    async def __aenter__(self) -> Self:
        self._tasks.start(self._work(), "details")
        return self

    def follow(self, action: FollowTake) -> None:
        """Follow this take from now on."""
        self._session, self._run, self._posted = action.session, action.run, None
        self._wake.set()

    def add_run(self, session: UUID, run: Reran) -> None:
        """Show a new recognition of the followed take."""
        if session == self._session:
            self._run = run
            self._wake.set()

    def changed(self) -> None:
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
            except JournalError:  # the take is gone; the list will show that
                continue
            if session == self._session and made != self._posted:
                self._posted = made
                self._post(made)


def details(found: TakeSnapshot, wanted: Reran | int | None = None) -> TakeDetails:
    """Return the details of a take.

    ``wanted``: the run to compare, by index or as a result, which need not be stored; ``None``: the last.
    """
    text, runs = found.text, list(found.take.runs)
    if isinstance(wanted, Reran):
        wanted = _place(runs, wanted)
    chosen = len(runs) - 1 if wanted is None or wanted >= len(runs) else wanted
    return TakeDetails(
        found.session,
        text,
        samples_to_ms(found.samples),
        spoken_in(found.transcript, text),
        tuple(Rerun(started_s(run), run.model, run.vad, run.missing) for run in runs),
        _compared(text, chosen, runs[chosen]) if runs else None,
    )


def _place(runs: list[Reran], wanted: Reran) -> int:
    """Return the index of an equal run; a result that is not stored is appended."""
    for number, run in enumerate(runs):
        if replace(run, started=wanted.started) == wanted:
            return number
    runs.append(wanted)
    return len(runs) - 1


def _compared(text: str, number: int, run: Reran) -> Comparison:
    pieces = difference(text, run.text)
    return Comparison(number, run.text, pieces, words_that_differ(pieces))
