"""Every sample of a take is in exactly one piece, unless its segment was cancelled."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.history.rerecognition import TakePart, pieces_of, read_samples
from app.journal.events import Begin, Cancelled, End, Event, Finished
from app.journal.journal import Journal
from app.journal.library import Library, TakeSnapshot
from app.journal.take import TakeState
from client.errors import AudioGone
from protocol.audio import SAMPLE_RATE
from protocol.recognition import Options
from tests.app.history.takes import SEGMENT, record, session
from tests.app.journal.files import take_of, tone

LONGEST = 30 * SAMPLE_RATE


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path)


def of_events(*events: Event, samples: int = 100) -> list[TakePart]:
    """Return the pieces of a finished take, which needs no audio."""
    found = TakeSnapshot(session(1), Path(), take_of([*events, Finished(samples)]), samples, 0, TakeState.DONE)
    return pieces_of(found, vad=True)


@pytest.mark.parametrize(
    ("events", "pieces"),
    [
        ([], []),
        ([Begin(1, 50), End(1, 20), Begin(0, 0), End(0, 30)], [TakePart(0, 30), TakePart(50, 20)]),
        ([Begin(0, 0), Cancelled(0, 30), Begin(1, 50), End(1, 20)], [TakePart(50, 20)]),
        ([Begin(0, 10), Begin(1, 50), End(1, 90)], [TakePart(10, 40), TakePart(50, 50)]),
        ([Begin(0, 10)], [TakePart(10, 90)]),
        ([Begin(0, 200), End(0, 5)], []),
    ],
)
def test_pieces_follow_segments_up_to_recorded_audio(events: list[Event], pieces: list[TakePart]) -> None:
    assert of_events(*events) == pieces


@given(st.lists(st.tuples(st.integers(0, 120), st.one_of(st.none(), st.integers(0, 120)))))
def test_pieces_stay_within_audio(segments: list[tuple[int, int | None]]) -> None:
    events: list[Event] = []
    for number, (at, samples) in enumerate(segments):
        events += [Begin(number, at)] if samples is None else [Begin(number, at), End(number, samples)]
    assert all(piece.samples > 0 and piece.at + piece.samples <= 100 for piece in of_events(*events))


def test_pieces_without_vad_cover_all_audio(library: Library) -> None:
    chance = np.random.default_rng(1)
    with Journal.create(library.root, session(1), Options(), 0.0) as journal:
        for loudness in (3_000, 3_000, 3_000, 0):
            journal.append((loudness * chance.standard_normal(20 * SAMPLE_RATE)).astype(np.int16))
            journal._writer.record()
        journal.finish()
    found = library.find(session(1))
    pieces = pieces_of(found, vad=False)
    assert pieces_of(found, vad=True) == []
    assert len(pieces) == 3 and all(piece.samples <= LONGEST for piece in pieces)
    assert [piece.at for piece in pieces] == [0, *np.cumsum([piece.samples for piece in pieces])[:-1].tolist()]
    assert sum(piece.samples for piece in pieces) == found.samples


def test_pieces_include_audio_after_last_segment_of_crashed_take(library: Library) -> None:
    record(library, 1, "a", finished=False)
    with library.reopen(session(1)) as journal:
        journal.append(tone(0, 2 * SAMPLE_RATE))
    pieces = pieces_of(library.find(session(1)), vad=True)
    assert pieces == [TakePart(0, SEGMENT), TakePart(SEGMENT, 2 * SAMPLE_RATE)]
    record(library, 2, finished=False)
    assert pieces_of(library.find(session(2)), vad=True) == []


def test_read_returns_exact_samples(library: Library) -> None:
    record(library, 1, "a", "b")
    audio = library.find(session(1)).audio
    assert read_samples(audio, 10, 5) == tone(10, 5).tobytes()
    with pytest.raises(AudioGone, match="are not in"):
        read_samples(audio, 2 * SEGMENT - 1, 2)
    library.delete(session(1))
    with pytest.raises(AudioGone, match="was deleted"):
        read_samples(audio, 0, 1)
