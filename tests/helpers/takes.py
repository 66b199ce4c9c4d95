"""Write many takes to disk quickly, with the files that a journal leaves."""

from pathlib import Path
from uuid import UUID

import numpy as np

from app.journal.disk import AUDIO, EVENTS, LOCK
from app.journal.events import Begin, End, Event, Finished, encode_line, opened_event
from app.journal.journal import Journal
from protocol.audio import BYTES_PER_SAMPLE, SAMPLE_RATE
from protocol.recognition import Options
from protocol.session import Final


def write_take(root: Path, session: UUID, started_s: float, text: str, language: str = "en") -> Path:
    """Write a take with one segment, a second of silence in a sparse file, and this text."""
    folder = root / str(session)
    folder.mkdir(parents=True)
    events: tuple[Event, ...] = (
        opened_event(session, Options(), started_s),
        Begin(0, 0),
        End(0, SAMPLE_RATE),
        Final(0, text, language, model="m"),
        Finished(SAMPLE_RATE),
    )
    (folder / LOCK).touch()
    with (folder / AUDIO).open("wb") as audio:
        audio.truncate(SAMPLE_RATE * BYTES_PER_SAMPLE)
    (folder / EVENTS).write_bytes(b"".join(map(encode_line, events)))
    return folder


def recognised_take(root: Path, session: UUID, started_s: float, *texts: str) -> Journal:
    """Record a take whose texts wait for insertion; the caller adds outcomes and closes it."""
    journal = Journal.create(root, session, Options(), started_s)
    journal.set_wanted(inserted=True)
    journal.append(np.zeros(len(texts) * SAMPLE_RATE, np.int16))
    for segment, text in enumerate(texts):
        journal.begin(segment, segment * SAMPLE_RATE)
        journal.end(segment, SAMPLE_RATE)
        journal.settle(segment, Final(segment, text, "en", model="m"))
    return journal
