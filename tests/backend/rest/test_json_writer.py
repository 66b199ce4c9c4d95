"""Test the writing of sessions in slices."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from backend.core.errors import RequestRefused
from backend.history.records import SessionFilter
from backend.history.store import Store, open_store
from backend.rest.json_writer import SEGMENTS, ExportWriter, SessionWriter, Slice, SliceWriter
from protocol.rest import SessionResult
from tests.backend.history.feed import BOB, final, stored_session


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(f"sqlite:///{tmp_path}/history.sqlite")
    yield store
    store.close()


def slices(writer: SliceWriter, store: Store) -> list[Slice]:
    found = [writer.slice(store)]
    while not found[-1].last:
        found.append(writer.slice(store))
    return found


def record_finals(store: Store, count: int, session: str = "s") -> None:
    store.record([final(f"{session} {n}", session, n) for n in range(count)])


@pytest.mark.parametrize("count", [1, SEGMENTS - 1, SEGMENTS, SEGMENTS + 1, 2 * SEGMENTS + 1])
def test_session_is_complete_in_any_number_of_slices(count: int, store: Store) -> None:
    record_finals(store, count)
    written = slices(SessionWriter(stored_session(store), here=True), store)
    assert [piece.data.count(b'"segment":') <= SEGMENTS for piece in written] == [True] * (1 + count // SEGMENTS)
    result = msgspec.json.decode(b"".join(piece.data for piece in written), type=SessionResult)
    assert result.session.here and result.text == " ".join(f"s {n}" for n in range(count))
    assert [segment.segment for segment in result.segments] == [*range(count)]


def test_export_writes_one_session_per_line_newest_first(store: Store) -> None:
    for n in range(150):
        record_finals(store, 1 + n % 3, f"s{n}")
    record_finals(store, 2 * SEGMENTS, "long")
    store.record([final("bob's", "b", about=BOB)])
    written = slices(ExportWriter(SessionFilter("ann")), store)
    assert len(written) > 2
    lines = b"".join(piece.data for piece in written).splitlines()
    results = [msgspec.json.decode(line, type=SessionResult) for line in lines]
    assert [result.session.id for result in results] == ["long", *(f"s{n}" for n in reversed(range(150)))]
    assert [len(result.segments) for result in results[1:]] == [1 + n % 3 for n in reversed(range(150))]
    assert len(results[0].segments) == 2 * SEGMENTS
    assert slices(ExportWriter(SessionFilter("nobody")), store) == [Slice(b"", last=True)]


def test_writer_stops_when_session_is_deleted_meanwhile(store: Store) -> None:
    record_finals(store, 2 * SEGMENTS)
    writer = SessionWriter(stored_session(store))
    writer.slice(store)
    store.delete("s")
    with pytest.raises(RequestRefused):
        writer.slice(store)
