"""Stored results of a file: complete up to the first gap, and valid for one recording only."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from app.core.errors import OutputFailed
from app.core.transcript import TranscriptSegment
from app.files.result_store import (
    FileResults,
    KnownResults,
    RecognisedSegment,
    RecordingIdentity,
    place_in,
    queue_of_results,
    shifted,
    source_of,
    sweep,
    without_holes,
)
from app.files.view import FileState, FileView
from protocol.recognition import Timing, Word

SOURCE = RecordingIdentity(1000, 5)


def piece(index: int, text: str = "kia ora", error: str = "") -> RecognisedSegment:
    """Return one second of speech from second ``2 * index``; a second of silence follows."""
    begin = index * 32_000
    segment = TranscriptSegment(
        index, begin // 16, begin // 16 + 1000, text, "en", (Word(text, 0, 9),), "m", error=error
    )
    return RecognisedSegment(begin, 16_000, segment)


@pytest.fixture
def kept(tmp_path: Path) -> FileResults:
    made = FileResults(tmp_path / "1.jsonl")
    assert made.resume(SOURCE, again=False) == KnownResults()
    return made


def test_kept_returns_added_pieces(kept: FileResults) -> None:
    kept.add([piece(0)])
    kept.add([piece(1, "你好"), piece(2)])
    known = kept.resume(SOURCE, again=False)
    assert known == KnownResults((piece(0), piece(1, "你好"), piece(2)))
    assert known.origin == 2 * 32_000 + 16_000
    assert kept.read() == known


def test_kept_orders_pieces_and_stops_at_gap(kept: FileResults) -> None:
    kept.add([piece(1), piece(0), piece(3)])
    assert kept.resume(SOURCE, again=False).pieces == (piece(0), piece(1))
    kept.add([piece(2)])
    assert kept.read().pieces == (piece(0), piece(1), piece(2)), "pieces after the gap were dropped"


@pytest.mark.parametrize("source", [RecordingIdentity(1001, 5), RecordingIdentity(1000, 6)])
def test_kept_starts_over_when_recording_changed(kept: FileResults, source: RecordingIdentity) -> None:
    kept.add([piece(0)])
    assert kept.resume(source, again=False) == KnownResults()
    assert kept.read() == KnownResults()


def test_kept_ignores_truncated_line(kept: FileResults, tmp_path: Path) -> None:
    kept.add([piece(0), piece(1)])
    place = tmp_path / "1.jsonl"
    whole = place.read_bytes()
    for cut in range(0, len(whole), 5):
        place.write_bytes(whole[:cut])
        found = kept.read().pieces
        assert found == tuple(map(piece, range(len(found))))
        if cut < len(whole) - 1:
            assert len(found) < 2


def test_kept_reads_lines_after_truncated_line(kept: FileResults, tmp_path: Path) -> None:
    kept.add([piece(0)])
    with (tmp_path / "1.jsonl").open("a") as file:
        file.write('{"type": "pie\n')
    kept.add([piece(1)])
    assert kept.resume(SOURCE, again=False).pieces == (piece(0), piece(1))


@pytest.mark.parametrize("damage", ["", '{"type": "pie\n'])
@pytest.mark.parametrize("lost", [{0}, {1}, {1, 2}, {0, 1, 2}, {2, 4}])
def test_lost_segments_of_finished_recording_are_named(
    lost: set[int], damage: str, kept: FileResults, tmp_path: Path
) -> None:
    kept.add([piece(number, f"part{number}") for number in range(6)])
    kept.finish(KnownResults((), 12 * 16_000, ("/a.txt",)))
    place = tmp_path / "1.jsonl"
    lines = place.read_text().splitlines(keepends=True)
    place.write_text("".join(damage if number - 1 in lost else line for number, line in enumerate(lines)))
    known = kept.read()
    assert [one.segment.index for one in known.pieces] == list(range(6)), "numbers are places in the list"
    assert {one.segment.index for one in known.pieces if one.segment.error} == lost
    assert known.results == ("/a.txt",) and len(known.transcript.failures) == len(lost)
    first = piece(min(lost) - 1).end // 16_000 if min(lost) else 0
    last = 2 * next(number for number in range(min(lost), 6) if number not in lost)
    assert known.lost[0] == f"0:{first:02}–0:{last:02}"
    assert known.transcript.text.count(f"[… {known.lost[0]} …]") == 1
    assert kept.resume(SOURCE, again=True).pieces == tuple(piece(one, f"part{one}") for one in range(min(lost)))


def test_lost_end_of_finished_recording_is_named(kept: FileResults, tmp_path: Path) -> None:
    kept.add([piece(0), piece(1)])
    kept.finish(KnownResults((), 4 * 16_000, ()))
    place = tmp_path / "1.jsonl"
    lines = place.read_text().splitlines(keepends=True)
    place.write_text("".join((*lines[:2], "damaged\n", lines[3])))
    assert kept.read().lost == ("0:01–0:04",)
    place.write_text("".join(lines[:2]))
    assert kept.read().lost == (), "nothing is lost while the recording may still be recognised"
    assert kept.read(4.0).lost == ("0:01–0:04",)
    place.write_text(lines[0])
    assert kept.read(4.0) == KnownResults()


def test_segment_without_text_is_no_damage(kept: FileResults) -> None:
    kept.add([piece(0, "", "engine_failed"), piece(1)])
    kept.finish(KnownResults((), 99_999, ()))
    assert kept.read().lost == () and kept.read(9.0).pieces == (piece(0, "", "engine_failed"), piece(1))


def test_retry_begins_at_first_piece_without_text(kept: FileResults) -> None:
    kept.add([piece(0), piece(1, "", "engine_failed"), piece(2)])
    assert len(kept.resume(SOURCE, again=False).pieces) == 3
    assert kept.resume(SOURCE, again=True).pieces == (piece(0),)
    assert kept.read().pieces == (piece(0),), "it was not complete"


def test_kept_stays_finished_until_retry(kept: FileResults) -> None:
    failed = piece(1, "", "engine_failed")
    kept.add([piece(0), failed])
    whole = KnownResults((piece(0), failed), 99_999, ("/a.srt",))
    kept.finish(whole)
    assert kept.resume(SOURCE, again=False) == kept.read() == whole
    assert whole.transcript.duration_ms == 99_999 // 16
    assert kept.resume(SOURCE, again=True) == KnownResults((piece(0),))


def test_earlier_text_can_be_read_until_a_retry_is_complete(kept: FileResults, tmp_path: Path) -> None:
    pieces = (piece(0), piece(1, "", "engine_failed"), piece(2, "haere rā"))
    whole = KnownResults(pieces, 99_999, ("/a.srt",))
    kept.add(pieces)
    kept.finish(whole)
    kept.resume(SOURCE, again=True)
    assert kept.read() == whole, "the retry may fail"
    kept.add([piece(1)])
    assert FileResults(tmp_path / "1.jsonl").read() == whole
    for again in (False, True):
        assert kept.resume(SOURCE, again=again).pieces == (piece(0), piece(1))
    assert kept.read() == whole
    kept.finish(KnownResults((), 99_999, ()))
    assert kept.read().pieces == (piece(0), piece(1))


def test_earlier_text_of_another_sound_track_is_not_read(kept: FileResults) -> None:
    kept.add([piece(0, "", "engine_failed"), piece(1)])
    kept.finish(KnownResults((), 99_999, ()))
    kept.resume(SOURCE, again=True)
    assert kept.read().pieces
    kept.resume(replace(SOURCE, track=2), again=False)
    kept.add([piece(0, "hello")])
    assert kept.read().pieces == (piece(0, "hello"),)


def test_earlier_text_may_be_damaged(kept: FileResults, tmp_path: Path) -> None:
    kept.add([piece(0), piece(1, "", "engine_failed"), piece(2)])
    kept.finish(KnownResults((), 99_999, ()))
    lines = (tmp_path / "1.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "1.jsonl").write_bytes(b"".join((*lines[:3], b"\xff\n", lines[4])))
    before = kept.read()
    assert before.lost and kept.resume(SOURCE, again=True).pieces == (piece(0),)
    assert kept.read() == before


def test_earlier_text_goes_with_the_file(kept: FileResults, tmp_path: Path) -> None:
    for forget in (kept.forget, lambda: sweep(tmp_path, [2])):
        kept.resume(SOURCE, again=False)
        kept.add([piece(0, "", "engine_failed")])
        kept.finish(KnownResults((), 99_999, ()))
        kept.resume(SOURCE, again=True)
        sweep(tmp_path, [1])
        assert kept.read().results == ()
        forget()
        assert not list(tmp_path.iterdir())


def test_retry_changes_nothing_when_every_piece_has_text(kept: FileResults) -> None:
    kept.add([piece(0)])
    whole = KnownResults((piece(0),), 50_000, ())
    kept.finish(whole)
    assert kept.resume(SOURCE, again=True) == whole


def test_retry_reads_end_that_was_missing(kept: FileResults) -> None:
    kept.add([piece(0), piece(1)])
    kept.finish(KnownResults((piece(0), piece(1)), 50_000, ("/a.srt",), truncated=True))
    assert kept.resume(SOURCE, again=False).results == ("/a.srt",)
    assert kept.resume(SOURCE, again=True) == KnownResults((piece(0),))


def test_retry_reads_silent_recording_whose_end_was_missing(kept: FileResults) -> None:
    kept.finish(KnownResults((), 50_000, (), truncated=True))
    assert kept.resume(SOURCE, again=True) == KnownResults()


def test_transcript_joins_texts_and_spans_pieces(kept: FileResults) -> None:
    transcript = KnownResults((piece(0, "one"), piece(1, "two"))).transcript
    assert transcript.text == "one two"
    assert transcript.duration_ms == 3000


def test_kept_is_empty_when_store_is_missing_or_invalid(tmp_path: Path) -> None:
    missing = FileResults(tmp_path / "2.jsonl")
    assert missing.read() == KnownResults()
    with pytest.raises(OutputFailed, match="cannot be written"):
        missing.add([piece(0)])
    with pytest.raises(OutputFailed, match="cannot be written"):
        FileResults(tmp_path / "none" / "2.jsonl").resume(SOURCE, again=False)
    (tmp_path / "2.jsonl").write_bytes(b"\xff\xfe not one of ours\n{}\n")
    assert missing.read() == missing.resume(SOURCE, again=False) == KnownResults()
    missing.forget()
    missing.forget()


def test_source_differs_after_recording_changed(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"one")
    before = source_of(path)
    path.write_bytes(b"other")
    assert source_of(path) != before


def test_sweep_deletes_results_of_unknown_files(tmp_path: Path) -> None:
    for name in (
        "1.jsonl",
        "2.jsonl",
        "x.jsonl",
        "list.json",
        ".2.jsonl.0a1b",
        ".2.before.0a1b",
        ".list.json.0a1b",
    ):
        (tmp_path / name).touch()
    sweep(tmp_path, [2, 3])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2.jsonl", "list.json"]
    assert place_in(tmp_path, 2) == tmp_path / "2.jsonl"


def test_sweep_continues_after_files_that_cannot_be_deleted(tmp_path: Path) -> None:
    """An error would leave the list unread, and the next change would overwrite it."""
    (tmp_path / "1.jsonl").mkdir()
    (tmp_path / "5.jsonl").touch()
    sweep(tmp_path, [2])
    assert [path.name for path in tmp_path.iterdir()] == ["1.jsonl"]


def test_unreadable_results_are_moved_aside_when_their_list_is_lost(tmp_path: Path) -> None:
    kept = FileResults(place_in(tmp_path, 3))
    kept.resume(RecordingIdentity(1, 2, "/3.wav"), again=False)
    kept.add([piece(0, "the only copy")])
    place_in(tmp_path, 3).write_bytes(damaged := b"{" + place_in(tmp_path, 3).read_bytes())
    queue = queue_of_results(tmp_path)
    sweep(tmp_path, [view.file for view in queue.files])
    assert queue.files == () and [path.read_bytes() for path in tmp_path.iterdir()] == [damaged]


def test_queue_of_results_lists_each_file_with_a_known_path(tmp_path: Path) -> None:
    for file, known in ((10, KnownResults((piece(0, "one"),), 16_000, ("/a.txt",))), (9, KnownResults())):
        kept = FileResults(place_in(tmp_path, file))
        kept.resume(RecordingIdentity(1, 2, f"/{file}.wav"), again=False)
        kept.add([piece(0, "one"), piece(1, "", "no answer")][: file - 8])
        if known.results is not None:
            kept.finish(known)
    FileResults(place_in(tmp_path, 3)).resume(SOURCE, again=False)  # of an earlier version
    (tmp_path / "x.jsonl").write_bytes(b"not one of ours")
    nine, ten = queue_of_results(tmp_path).files
    assert nine == FileView(9, "/9.wav", FileState.PAUSED, 1.0, text="one")
    assert ten == FileView(10, "/10.wav", FileState.DONE, 1.0, 1.0, text="one", results=("/a.txt",), gaps=True)


def test_shifted_moves_segment_of_later_run() -> None:
    segment = TranscriptSegment(1, 100, 200, "x", timing=Timing(queue=3))
    assert shifted(segment, 4, 160_000) == TranscriptSegment(5, 10_100, 10_200, "x", timing=Timing(queue=3))


@given(st.lists(st.integers(0, 8), max_size=12))
def test_without_holes_returns_consecutive_newest_pieces(indices: list[int]) -> None:
    pieces = [piece(index, str(place)) for place, index in enumerate(indices)]
    whole = without_holes(pieces)
    assert [found.segment.index for found in whole] == list(range(len(whole)))
    assert len(whole) not in indices
    newest = {found.segment.index: found for found in pieces}
    assert all(newest[found.segment.index] == found for found in whole)
