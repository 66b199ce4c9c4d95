"""Changes to the takes themselves; the caller updates the index afterwards. Blocks."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from uuid import UUID

from msgspec.structs import replace

from app.journal.errors import JournalError, TakeUnknown
from app.journal.events import Reran
from app.journal.library import Library, TakeSnapshot
from runtime import loggers
from runtime.event_names import LogEvent

log = loggers.APP_HISTORY_DEEDS


def edit(library: Library, session: UUID, text: str, seen: int | None = None) -> int:
    """Set a take's text, and return the take's revision with it.

    An empty text, or the recognised one, removes the edit. ``seen``: the revision that the user edited; texts that
    have arrived since then are added. ``None``: the text stands for the whole take. Raises ``JournalError``.
    """
    with library.reopen(session) as journal:
        take = journal.take
        if text and seen is not None and not take.is_whole(text):
            text = take.with_later(text, seen)
        wanted = "" if text == take.transcript(journal.samples).text else text
        if wanted != take.edited:
            journal.edit(wanted)
        return take.revision


def keep_run(library: Library, session: UUID, run: Reran) -> None:
    """Add the result of a repeated recognition to the take, unless an equal one is there.

    Raises ``TakeUnknown`` if the take was deleted meanwhile. Other failures are only logged, because the result
    serves comparison only.
    """
    try:
        with library.reopen(session) as journal:
            if not any(replace(before, started=run.started) == run for before in journal.take.runs):
                journal.reran(run)
    except TakeUnknown:
        raise
    except JournalError as error:
        log.warning(LogEvent.TAKE_RERECOGNITION_NOT_KEPT, reason=str(error))


def delete(library: Library, sessions: Iterable[UUID]) -> Mapping[UUID, JournalError]:
    """Delete takes and return those that could not be deleted, with the reasons.

    Missing takes are ignored.
    """
    refused: dict[UUID, JournalError] = {}
    for session in sessions:
        try:
            library.delete(session)
        except TakeUnknown:
            continue
        except JournalError as error:
            refused[session] = error
    return refused


def existing_takes(library: Library, sessions: Iterable[UUID]) -> Iterator[TakeSnapshot]:
    """Yield the takes that exist."""
    for session in sessions:
        with suppress(TakeUnknown):
            yield library.find(session)
