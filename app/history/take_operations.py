"""Changes to the takes themselves; the caller updates the index afterwards. Blocks."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from app.core.transcript import RecordingTranscript, TranscriptSegment
from app.core.word_times import with_later_texts
from app.journal.errors import JournalError, TakeUnknown
from app.journal.events import Reran
from app.journal.library import Library, TakeSnapshot
from app.journal.take import Take, TakeSegment
from protocol.session import Final as Result
from runtime import loggers
from runtime.event_names import LogEvent

log = loggers.APP_HISTORY_DEEDS

_MOST_LATE: Final = 30
"""Texts that may arrive during an edit."""


def edit(library: Library, session: UUID, text: str, before: str = "") -> None:
    """Set a take's text.

    An empty text, or the recognised one, removes the edit. ``before``: the text that the user began to edit, if
    known; texts that have arrived since then are added. Raises ``JournalError``.
    """
    with library.reopen(session) as journal:
        transcript = journal.take.transcript(journal.samples)
        late = bool(before) and before != (journal.take.edited or transcript.text)
        if text and late and not journal.take.edit_is_whole:
            text = _with_unseen(transcript, text, _seen(journal.take, transcript, before))
        wanted = "" if text == transcript.text else text
        if wanted != journal.take.edited:
            journal.edit(wanted)


def _seen(take: Take, transcript: RecordingTranscript, before: str) -> set[int]:
    """Return the segments that a user has seen who began to edit ``before``; the stored edit may be newer."""
    return _within(take, transcript, before) | (take.edit_of - _within(take, transcript, take.edit))


def _within(take: Take, transcript: RecordingTranscript, text: str) -> set[int]:
    """Return the segments that are in this text: those that came first, as many as fit best."""
    letters, said = _letters(text), {one.index: _wordings(take, one) for one in transcript.segments}
    came = sorted(said, key=lambda number: _known(take, number))
    best, most = set[int](), 0
    for last in range(len(came), max(0, len(came) - _MOST_LATE), -1):
        first = set(came[:last])
        found, size = _in_order(letters, {number: each for number, each in said.items() if number in first})
        if size > most:
            best, most = found, size
        if most == len(letters):
            break
    return best


def _known(take: Take, number: int) -> int:
    """Return when a text, or those of all segments that it replaces, became known."""
    spoken, pieces = take.segments[number], _pieces(take, number)
    return min(spoken.known, max((piece.known for piece in pieces), default=spoken.known))


def _wordings(take: Take, one: TranscriptSegment) -> tuple[str, ...]:
    """Return the letters of a segment, and of those that it replaces. Joins change marks and capitals only."""
    pieces = "".join(piece.text for piece in _pieces(take, one.index))
    return tuple(filter(None, map(_letters, (one.text, pieces))))


def _pieces(take: Take, span: int) -> list[TakeSegment]:
    """Return the segments that a span replaces if all of them have a result."""
    pieces = [take.segments.get(number, TakeSegment(0)) for number in take.segments[span].details.replaces]
    return pieces if all(isinstance(piece.outcome, Result) for piece in pieces) else []


def _in_order(letters: str, said: Mapping[int, Sequence[str]]) -> tuple[set[int], int]:
    """Return which texts are there, each behind the one before it, and how many letters they have together."""
    found, size, at = set[int](), 0, 0
    for number, wordings in said.items():
        for wording in wordings:
            if (place := letters.find(wording, at)) >= 0:
                found.add(number)
                size, at = size + len(wording), place + len(wording)
                break
    return found, size


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
