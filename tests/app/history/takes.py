"""Takes on disk for tests of the history, and their index."""

from pathlib import Path
from uuid import UUID

from app.journal.journal import Journal
from app.journal.library import Library
from protocol.recognition import Options
from protocol.session import Failed, Final
from tests.app.journal.files import tone

SEGMENT = 1_600


def session(number: int) -> UUID:
    """Return the session of take ``number``."""
    return UUID(int=number)


def record(
    library: Library, number: int, *outcomes: str | Failed | None, started_s: float = 0.0, finished: bool = True
) -> UUID:
    """Record a take with a segment of 100 ms per outcome: a text, an error, or nothing yet."""
    started_s = started_s or 1_700_000_000.0 + number
    with Journal.create(library.root, session(number), Options(), started_s) as journal:
        fill(journal, *outcomes)
        if finished:
            journal.finish()
    return session(number)


def fill(journal: Journal, *outcomes: str | Failed | None) -> None:
    """Append a segment of 100 ms for each outcome."""
    for segment, outcome in enumerate(outcomes):
        at = segment * SEGMENT
        journal.append(tone(at, SEGMENT))
        journal.begin(segment, at)
        journal.end(segment, SEGMENT)
        if outcome is not None:
            known = Final(segment, outcome, "en", model="m") if isinstance(outcome, str) else outcome
            journal.settle(segment, known)


def damage(place: Path) -> None:
    """Overwrite all pages but the first of an index."""
    whole = place.read_bytes()
    place.write_bytes(whole[:4096] + b"\x5a" * (len(whole) - 4096))


def written_below(folder: Path) -> bytes:
    """Return the contents of all files of a folder, to look for erased texts in them."""
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())
