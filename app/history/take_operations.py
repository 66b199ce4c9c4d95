"""Changes to the takes themselves; the caller updates the index afterwards. Blocks."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from uuid import UUID

from msgspec.structs import replace

from app.core.transcript import RecordingTranscript
from app.core.word_times import with_later_texts
from app.journal.errors import JournalError, TakeUnknown
from app.journal.events import Reran
from app.journal.library import Library, TakeSnapshot
from runtime import loggers
from runtime.event_names import LogEvent

log = loggers.APP_HISTORY_DEEDS


def edit(library: Library, session: UUID, text: str, before: str = "") -> None:
    """Set a take's text.

    An empty text, or the recognised one, removes the edit. ``before``: the text that the user began to edit, if
    known; texts that have arrived since then are added. Raises ``JournalError``.
    """
    with library.reopen(session) as journal:
        transcript = journal.take.transcript(journal.samples)
        late = bool(before) and before != (journal.take.edited or transcript.text)
        if text and late and not journal.take.edit_is_whole:
            text = _with_unseen(transcript, text, journal.take.edit_of | _seen(transcript, before))
        wanted = "" if text == transcript.text else text
        if wanted != journal.take.edited:
            journal.edit(wanted)


def _seen(transcript: RecordingTranscript, text: str) -> set[int]:
    """Return the segments that are in this text. At joins their marks and capitals differ."""
    letters = _letters(text)
    return {one.index for one in transcript.segments if _letters(one.text) in letters}


def _with_unseen(transcript: RecordingTranscript, text: str, seen: Collection[int]) -> str:
    unseen = any(one.text.strip() and one.index not in seen for one in transcript.segments)
    return with_later_texts(transcript, text, seen) if unseen else text


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


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
