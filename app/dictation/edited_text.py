"""Find the part of a user's edit of a recording that replaces texts still to be pasted. Pure."""

from collections.abc import Mapping
from dataclasses import replace

from app.core.word_times import edited_transcript
from app.journal.library import TakeSnapshot


def edited_text(found: TakeSnapshot, held: Mapping[int, str]) -> str | None:
    """Return the edited text in place of the ``held`` texts; ``None`` if they are to be pasted as recognised.

    If a part of the recording was inserted, return the rest of the edit. If only the beginning of a held text was
    inserted, its rest cannot be found in the edit.
    """
    take = found.take
    begun = {number for number, spoken in take.segments.items() if spoken.rest}
    if not take.edited or not (take.inserted or begun):
        return take.edited or None
    transcript, spans = found.transcript, take.replaced
    wanted = {spans.get(number, number): text.strip() for number, text in held.items()}
    known = {one.index: one.text.strip() for one in transcript.segments if one.index in wanted}
    if wanted != known or not begun.isdisjoint(held):
        return None
    rest = tuple(one for one in edited_transcript(transcript, take.edited).segments if one.index in wanted)
    return replace(transcript, segments=rest).text
