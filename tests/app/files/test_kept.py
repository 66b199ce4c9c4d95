"""What is known of a file, on disk: whole up to its first hole, and of this recording only."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import OutputFailed
from app.files.kept import Kept, Known, Piece, Source, place_in, shifted, source_of, sweep, without_holes
from app.transcript import Segment
from protocol.recognition import Timing, Word

SOURCE = Source(1000, 5)


def piece(index: int, text: str = "kia ora", error: str = "") -> Piece:
    """Second ``2 * index`` to the next one, with a second of silence after it."""
    begin = index * 32_000
    segment = Segment(index, begin // 16, begin // 16 + 1000, text, "en", (Word(text, 0, 9),), "m", error=error)
    return Piece(begin, 16_000, segment)


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    made = Kept(tmp_path / "1.jsonl")
    assert made.resume(SOURCE, again=False) == Known()
    return made


def test_what_was_added_is_known(kept: Kept) -> None:
    kept.add([piece(0)])
    kept.add([piece(1, "你好"), piece(2)])
    known = kept.resume(SOURCE, again=False)
    assert known == Known((piece(0), piece(1, "你好"), piece(2)))
    assert known.origin == 2 * 32_000 + 16_000
    assert kept.read() == known


def test_order_does_not_matter_and_a_hole_ends_it(kept: Kept) -> None:
    kept.add([piece(1), piece(0), piece(3)])
    assert kept.resume(SOURCE, again=False).pieces == (piece(0), piece(1))
    kept.add([piece(2)])
    assert kept.read().pieces == (piece(0), piece(1), piece(2)), "what came after the hole was let go"


@pytest.mark.parametrize("source", [Source(1001, 5), Source(1000, 6)])
def test_another_recording_under_the_name_begins_anew(kept: Kept, source: Source) -> None:
    kept.add([piece(0)])
    assert kept.resume(source, again=False) == Known()
    assert kept.read() == Known()


def test_a_line_that_was_cut_off_does_not_count(kept: Kept, tmp_path: Path) -> None:
    kept.add([piece(0), piece(1)])
    place = tmp_path / "1.jsonl"
    whole = place.read_bytes()
    for cut in range(0, len(whole), 5):
        place.write_bytes(whole[:cut])
        found = kept.read().pieces
        assert found == tuple(map(piece, range(len(found))))
        if cut < len(whole) - 1:
            assert len(found) < 2


def test_what_was_written_after_a_cut_off_line_does_not_count(kept: Kept, tmp_path: Path) -> None:
    kept.add([piece(0)])
    with (tmp_path / "1.jsonl").open("a") as file:
        file.write('{"type": "pie\n')
    kept.add([piece(1)])
    assert kept.resume(SOURCE, again=False).pieces == (piece(0),)


def test_again_begins_with_the_first_piece_that_has_no_text(kept: Kept) -> None:
    kept.add([piece(0), piece(1, "", "engine_failed"), piece(2)])
    assert len(kept.resume(SOURCE, again=False).pieces) == 3
    assert kept.resume(SOURCE, again=True).pieces == (piece(0),)
    assert kept.read().pieces == (piece(0),)


def test_what_is_finished_says_so_until_it_is_tried_again(kept: Kept) -> None:
    failed = piece(1, "", "engine_failed")
    kept.add([piece(0), failed])
    whole = Known((piece(0), failed), 99_999, ("/a.srt",))
    kept.finish(whole)
    assert kept.resume(SOURCE, again=False) == kept.read() == whole
    assert whole.transcript.duration_ms == 99_999 // 16
    assert kept.resume(SOURCE, again=True) == Known((piece(0),))


def test_finished_without_a_failure_again_changes_nothing(kept: Kept) -> None:
    kept.add([piece(0)])
    whole = Known((piece(0),), 50_000, ())
    kept.finish(whole)
    assert kept.resume(SOURCE, again=True) == whole


def test_texts_and_times_of_the_recording(kept: Kept) -> None:
    transcript = Known((piece(0, "one"), piece(1, "two"))).transcript
    assert transcript.text == "one two"
    assert transcript.duration_ms == 3000


def test_what_is_of_none_is_nothing(tmp_path: Path) -> None:
    missing = Kept(tmp_path / "2.jsonl")
    assert missing.read() == Known()
    with pytest.raises(OutputFailed, match="cannot be written"):
        missing.add([piece(0)])
    with pytest.raises(OutputFailed, match="cannot be written"):
        Kept(tmp_path / "none" / "2.jsonl").resume(SOURCE, again=False)
    (tmp_path / "2.jsonl").write_bytes(b"\xff\xfe not one of ours\n{}\n")
    assert missing.read() == missing.resume(SOURCE, again=False) == Known()
    missing.forget()
    missing.forget()


def test_a_recording_is_told_from_its_next_version(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"one")
    before = source_of(path)
    path.write_bytes(b"other")
    assert source_of(path) != before


def test_what_belongs_to_no_file_is_removed(tmp_path: Path) -> None:
    for name in ("1.jsonl", "2.jsonl", "x.jsonl", "list.json"):
        (tmp_path / name).touch()
    sweep(tmp_path, [2, 3])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2.jsonl", "list.json"]
    assert place_in(tmp_path, 2) == tmp_path / "2.jsonl"


def test_a_segment_of_a_later_run_gets_its_place_in_the_recording() -> None:
    segment = Segment(1, 100, 200, "x", timing=Timing(queue=3))
    assert shifted(segment, 4, 160_000) == Segment(5, 10_100, 10_200, "x", timing=Timing(queue=3))


@given(st.lists(st.integers(0, 8), max_size=12))
def test_no_hole_and_nothing_twice(indices: list[int]) -> None:
    pieces = [piece(index, str(place)) for place, index in enumerate(indices)]
    whole = without_holes(pieces)
    assert [found.segment.index for found in whole] == list(range(len(whole)))
    assert len(whole) not in indices
    newest = {found.segment.index: found for found in pieces}
    assert all(newest[found.segment.index] == found for found in whole)
