"""Store the results of each file and the list of files on disk.

Results are one line of JSON per segment, so that a later run can continue. A segment whose line is damaged is
recognised again. If the recording was complete, a segment with an error takes the place of the lost text. While
such a recording is recognised again, a second file keeps the earlier results.
"""

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from app.core.errors import OutputFailed
from app.core.format import Format
from app.core.transcript import RecordingTranscript, TranscriptSegment
from app.files.queue import FileQueue, SavingOptions
from app.files.view import FileState, FileView, shortened
from protocol.audio import SAMPLE_RATE, samples_to_ms
from protocol.decoding import prepared
from runtime.whole_file import read_regular, write_whole

_ENDING: Final = ".jsonl"
_BEFORE: Final = ".before"
_ASIDE: Final = ".unreadable"
_LOST: Final = "its stored text is damaged"
_MOST_BYTES: Final = 256 << 20


class RecordingIdentity(Struct, frozen=True):
    """Identity of a recording, which differs if another file takes its name.

    ``path``: not compared; restores the list of files if that is lost. ``track``: the sound track.
    """

    size: int
    mtime_ns: int
    path: str = ""
    track: int = 0


class RecognisedSegment(Struct, frozen=True, tag="piece"):
    """Recognised segment at these samples; its number and its times refer to the whole recording."""

    begin: int
    samples: int
    segment: TranscriptSegment

    @property
    def end(self) -> int:
        """First sample after the segment."""
        return self.begin + self.samples


class _Whole(Struct, frozen=True, tag="whole"):
    """Line that marks a recording as complete, with its length and the paths of its saved results."""

    samples: int
    results: tuple[str, ...]
    truncated: bool = False


@dataclass(frozen=True)
class KnownResults:
    """Known part of a recording: every segment from the beginning, without a gap.

    ``samples``: length of the recording, if known. ``results``: paths of saved results once complete, otherwise
    ``None``. ``truncated``: the end of the recording is missing.
    """

    pieces: tuple[RecognisedSegment, ...] = ()
    samples: int | None = None
    results: tuple[str, ...] | None = None
    truncated: bool = False

    @property
    def origin(self) -> int:
        """First sample that is not known yet."""
        return self.pieces[-1].end if self.pieces else 0

    @property
    def lost(self) -> tuple[str, ...]:
        """Times in the recording whose stored text is damaged, such as ``0:12–0:47``."""
        found = (piece.segment for piece in self.pieces)
        return tuple(_place(segment) for segment in found if segment.error == _LOST and segment.text)

    @property
    def transcript(self) -> RecordingTranscript:
        """Transcript of the known segments."""
        samples = self.origin if self.samples is None else self.samples
        segments = tuple(piece.segment for piece in self.pieces)
        return RecordingTranscript(
            segments, samples_to_ms(samples), "a part of it is missing" if self.truncated else ""
        )


def source_of(path: Path, track: int = 0) -> RecordingIdentity:
    """Return the identity of the recording that is at ``path`` now. Raises ``OSError``."""
    found = path.stat()
    return RecordingIdentity(found.st_size, found.st_mtime_ns, str(path), track)


def place_in(folder: Path, file: int) -> Path:
    """Return the path of the results of file number ``file``."""
    return folder / f"{file}{_ENDING}"


def sweep(folder: Path, files: Iterable[int]) -> None:
    """Delete the results of all other files, and temporary files of interrupted writes."""
    known = {place_in(folder, file) for file in files}
    results = (*folder.glob(f"*{_ENDING}"), *folder.glob(f"*{_BEFORE}"))
    others = [place for place in results if place.with_suffix(_ENDING) not in known]
    for place in (*others, *folder.glob(".*.*.*")):
        with suppress(OSError):  # the next start tries again; an error would cost the whole list
            place.unlink()


class FileResults:
    """Store of one file's results, for one run at a time. Blocks.

    Raises ``OutputFailed`` for failed writes.
    """

    def __init__(self, place: Path) -> None:
        self._place, self._before = place, place.with_suffix(_BEFORE)

    def read(self, done_s: float | None = None) -> KnownResults:
        """Return the known results, even if the recording has changed; empty if nothing is stored.

        ``done_s``: the length of a recording that was recognised completely. Until a retry is complete, the
        results before it are returned.
        """
        known = _parse_results(_lines(self._place), None if done_s is None else round(done_s * SAMPLE_RATE))
        if done_s is not None or known.results is not None:
            return known
        before = _parse_results(_lines(self._before))
        return known if before.results is None else before

    def view(self, file: int) -> FileView | None:
        """Return the file for the list, as paused unless it is complete; ``None`` if its path is unknown."""
        lines = _lines(self._place)
        source, known = _source(lines), _parse_results(lines)
        if source is None or not source.path:
            return None
        transcript, done = known.transcript, known.results is not None
        return FileView(
            file,
            source.path,
            FileState.DONE if done else FileState.PAUSED,
            transcript.duration_ms / 1000,
            transcript.duration_ms / 1000 if done else None,
            text=shortened(transcript.text, end=not done),
            results=known.results or (),
            gaps=bool(transcript.failures),
            truncated=known.truncated,
            track=source.track,
        )

    def resume(self, source: RecordingIdentity, *, again: bool) -> KnownResults:
        """Return the results that are valid for ``source``, and discard the rest.

        ``again``: keep only results before the first failed segment, or before the last segment of a truncated
        recording, because its drive may be there again.
        """
        lines = _lines(self._place)
        known = _parse_results(lines) if _is_of(lines, source) else KnownResults()
        if not _is_of(_lines(self._before), source):  # from another sound track or an earlier recording
            self._delete_earlier()
        if again:
            lacking = [piece.segment.index for piece in known.pieces if piece.segment.error]
            lacking += [max(0, len(known.pieces) - 1)] if known.truncated else []
            if lacking and known.results is not None:
                _write(self._before, b"".join(line + b"\n" for line in lines))
            known = KnownResults(known.pieces[: lacking[0]]) if lacking else known
        if known.results is None:
            _write(self._place, b"".join(map(_line, (source, *known.pieces))))
        return known

    def add(self, pieces: Iterable[RecognisedSegment]) -> None:
        """Append these segments to the store."""
        self._append(b"".join(map(_line, pieces)))

    def finish(self, known: KnownResults) -> None:
        """Mark the recording as complete and its results as saved."""
        self._append(_line(_Whole(known.samples or known.origin, known.results or (), known.truncated)))
        self._delete_earlier()

    def _delete_earlier(self) -> None:
        with suppress(OSError):  # ``forget`` or ``sweep`` deletes it later
            self._before.unlink()

    def forget(self) -> None:
        """Delete all results of the file."""
        self._before.unlink(missing_ok=True)
        self._place.unlink(missing_ok=True)

    def _append(self, lines: bytes) -> None:
        try:
            with self._place.open("r+b") as file:  # a new file would lack the line with the source
                file.seek(0, os.SEEK_END)
                file.write(lines)
        except OSError as error:
            raise unwritable(self._place, error) from error


def _lines(place: Path) -> list[bytes]:
    try:
        return read_regular(place, _MOST_BYTES).split(b"\n")[:-1]
    except OSError:
        return []


def _write(place: Path, lines: bytes) -> None:
    try:
        write_whole(place, lines.decode(errors="replace"))  # a damaged line stays damaged
    except OSError as error:
        raise unwritable(place, error) from error


def without_holes(pieces: Iterable[RecognisedSegment]) -> tuple[RecognisedSegment, ...]:
    """Return the segments from number 0 up to the first missing number; the last of duplicates counts."""
    found = {piece.segment.index: piece for piece in pieces}
    whole: list[RecognisedSegment] = []
    while piece := found.get(len(whole)):
        whole.append(piece)
    return tuple(whole)


def shifted(segment: TranscriptSegment, index: int, origin: int) -> TranscriptSegment:
    """Renumber and shift a segment of a run that began at sample ``origin``, after ``index`` segments."""
    at_ms = samples_to_ms(origin)
    return replace(
        segment,
        index=segment.index + index,
        start_ms=segment.start_ms + at_ms,
        end_ms=segment.end_ms + at_ms,
    )


def _parse_results(lines: list[bytes], done: int | None = None) -> KnownResults:
    """Return the results in these lines. ``done``: the length in samples of a recording known to be complete."""
    found = [_decode_line(line) for line in lines[1:]]
    pieces = [one for one in found if isinstance(one, RecognisedSegment)]
    ends = [one for one in found if isinstance(one, _Whole)]
    if not ends and (done is None or not pieces):
        return KnownResults(without_holes(pieces))
    end = ends[-1] if ends else None
    samples = end.samples if end else done or 0
    marked = _with_losses(pieces, samples, damaged=found.count(None) + (end is None))
    return KnownResults(marked, samples, end.results if end else None, end is not None and end.truncated)


def _decode_line(line: bytes) -> RecognisedSegment | _Whole | None:
    try:
        return msgspec.json.decode(line, type=prepared(RecognisedSegment | _Whole))
    except msgspec.MsgspecError:
        return None


def _with_losses(pieces: Iterable[RecognisedSegment], samples: int, damaged: int) -> tuple[RecognisedSegment, ...]:
    """Insert a segment for each missing one; a surplus ``damaged`` line was the last segment."""
    found = {piece.segment.index: piece for piece in pieces}
    whole: list[RecognisedSegment] = []
    for piece in (found[index] for index in sorted(found)):
        damaged -= piece.segment.index - len(whole)
        while len(whole) < piece.segment.index:
            whole.append(_loss(whole, piece.begin))
        whole.append(piece)
    if damaged > 0 and (not whole or whole[-1].end < samples):
        whole.append(_loss(whole, samples))
    return tuple(whole)


def _loss(before: list[RecognisedSegment], end: int) -> RecognisedSegment:
    """Return the replacement of a lost segment, up to sample ``end``; only the first in a row has a text."""
    begin, again = before[-1].end if before else 0, bool(before) and before[-1].segment.error == _LOST
    segment = TranscriptSegment(len(before), samples_to_ms(begin), samples_to_ms(end), error=_LOST)
    text = "" if again else f"[… {_place(segment)} …]"
    return RecognisedSegment(begin, end - begin, replace(segment, text=text))


def _place(segment: TranscriptSegment) -> str:
    return "–".join(f"{ms // 60_000}:{ms // 1000 % 60:02}" for ms in (segment.start_ms, segment.end_ms))


def _is_of(lines: list[bytes], source: RecordingIdentity) -> bool:
    found = _source(lines)
    return found is not None and msgspec.structs.replace(found, path=source.path) == source


def _source(lines: list[bytes]) -> RecordingIdentity | None:
    try:
        return msgspec.json.decode(lines[0], type=prepared(RecordingIdentity)) if lines else None
    except msgspec.MsgspecError:
        return None


def _line(found: object) -> bytes:
    return msgspec.json.encode(found) + b"\n"


def unwritable(place: Path, error: OSError) -> OutputFailed:
    """Return the error for a file that cannot be written."""
    return OutputFailed(f"{place} cannot be written: {error.strerror}")


class _List(Struct, frozen=True):
    files: tuple[FileView, ...] = ()
    forms: tuple[Format, ...] = SavingOptions().forms
    folder: str = ""
    following: int = 1


def encode_queue(queue: FileQueue) -> str:
    """Encode the list for ``decode_queue``, also of other versions."""
    document = _List(queue.files, queue.saving.forms, queue.saving.folder, queue.following)
    return msgspec.json.format(msgspec.json.encode(document), indent=1).decode() + "\n"


def decode_queue(document: str) -> FileQueue | None:
    """Decode a saved list; ``None`` if the document is invalid."""
    try:
        found = msgspec.json.decode(document, type=prepared(_List))
    except msgspec.MsgspecError:
        return None
    return FileQueue(found.files, SavingOptions(found.forms, found.folder), found.following)


def queue_of_results(folder: Path) -> FileQueue:
    """Restore the list from the results in a folder, in the order in which the files were added.

    Results that cannot be read are moved aside: they may hold the only copy of a text.
    """
    places = [(int(place.stem), place) for place in folder.glob(f"*{_ENDING}") if place.stem.isdecimal()]
    views = {place: FileResults(place).view(file) for file, place in sorted(places)}
    for place, view in views.items():
        if view is None:
            with suppress(OSError):
                place.replace(place.with_name(f"{place.name}{_ASIDE}"))
    return FileQueue(view for view in views.values() if view is not None)
