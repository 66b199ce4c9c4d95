"""What is done to the takes themselves. Blocks; the index is told afterwards."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from uuid import UUID

import structlog
from msgspec.structs import replace

from app.capture.errors import JournalError, TakeUnknown
from app.capture.events import Reran
from app.capture.library import Found, Library
from app.capture.take import TRANSCRIBED
from runtime import logger_names

log = structlog.get_logger(logger_names.APP_HISTORY_DEEDS)


def edit(library: Library, session: UUID, text: str) -> None:
    """The take says this from now on; empty, or what was recognised: that. Raises ``JournalError``."""
    with library.reopen(session) as journal:
        wanted = "" if text == journal.take.transcript(journal.samples).text else text
        if wanted != journal.take.edited:
            journal.edit(wanted)


def keep_run(library: Library, session: UUID, run: Reran) -> None:
    """Keep what came of recognising a take once more, unless the same came of it before.

    Raises ``TakeUnknown``: it was deleted meanwhile. A take that takes it not otherwise goes without: it is for
    comparison only.
    """
    try:
        with library.reopen(session) as journal:
            if not any(replace(before, started=run.started) == run for before in journal.take.runs):
                journal.reran(run)
    except TakeUnknown:
        raise
    except JournalError as error:
        log.warning("what came of recognising a take once more is not kept", reason=str(error))


def delete(library: Library, sessions: Iterable[UUID]) -> Mapping[UUID, JournalError]:
    """Delete these; returns those that stay, and why. One that is gone already is gone."""
    refused: dict[UUID, JournalError] = {}
    for session in sessions:
        try:
            library.delete(session)
        except TakeUnknown:
            continue
        except JournalError as error:
            refused[session] = error
    return refused


def let_go(library: Library, sessions: Iterable[UUID]) -> list[UUID]:
    """Delete those that nobody needs, whatever was known of them; returns them."""
    gone: list[UUID] = []
    for session in sessions:
        with suppress(TakeUnknown):
            if library.find(session).state in TRANSCRIBED and library.discard(session):
                gone.append(session)
    return gone


def there(library: Library, sessions: Iterable[UUID]) -> Iterator[Found]:
    """Those that there are."""
    for session in sessions:
        with suppress(TakeUnknown):
            yield library.find(session)
