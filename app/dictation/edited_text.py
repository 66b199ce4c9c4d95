"""Find what a user's edit of a whole recording makes of its texts that are still to be pasted. Pure."""

from collections.abc import Mapping
from dataclasses import replace

from app.core.word_times import edited_transcript
from app.journal.library import TakeSnapshot


def edited_text(found: TakeSnapshot, held: Mapping[int, str]) -> str | None:
    """Return the edited text in the place of the ``held`` texts; ``None`` if they are to be pasted as recognised.

    Where a part of the recording was inserted, only the rest is to be pasted. Of a text whose beginning was
    inserted, the rest has no place in the edit.
    """
    take = found.take
    begun = {number for number, spoken in take.segments.items() if spoken.rest}
    if not take.edited or not (take.inserted or begun):
        return take.edited or None
    transcript, spans = found.transcript, take.replaced
    wanted = {spans.get(number, number): text.strip() for number, text in held.items()}
    known = {one.index: one.text for one in transcript.segments if one.index in wanted}
    if wanted != known or not begun.isdisjoint(held):
        return None
    rest = tuple(one for one in edited_transcript(transcript, take.edited).segments if one.index in wanted)
    return replace(transcript, segments=rest).text
