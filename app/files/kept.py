"""What was recognised of one file, on disk, a line of JSON for each segment: one run can go on after another.

A line that was cut off ends what counts, and its segment is recognised again.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from app.errors import OutputFailed
from app.outputs import write_whole
from app.transcript import Segment, Transcript
from protocol.audio import samples_to_ms

_ENDING: Final = ".jsonl"


class Source(Struct, frozen=True):
    """Tells a recording from another one under its name."""

    size: int
    mtime_ns: int


class Piece(Struct, frozen=True, tag="piece"):
    """The segment that lies at these samples; its number and its times are of the whole recording too."""

    begin: int
    samples: int
    segment: Segment

    @property
    def end(self) -> int:
        """The first sample after it."""
        return self.begin + self.samples


class _Whole(Struct, frozen=True, tag="whole"):
    """There is nothing after so many samples, and this is what was saved of it."""

    samples: int
    results: tuple[str, ...]
    truncated: bool = False


@dataclass(frozen=True)
class Known:
    """What is known of a recording: every piece from its beginning on, without a hole.

    ``samples``: all of it, where that is known. ``results``: what was saved once everything was; before that None.
    ``truncated``: the end of the recording is missing.
    """

    pieces: tuple[Piece, ...] = ()
    samples: int | None = None
    results: tuple[str, ...] | None = None
    truncated: bool = False

    @property
    def origin(self) -> int:
        """From this sample on nothing is known."""
        return self.pieces[-1].end if self.pieces else 0

    @property
    def transcript(self) -> Transcript:
        """What was said."""
        samples = self.origin if self.samples is None else self.samples
        segments = tuple(piece.segment for piece in self.pieces)
        return Transcript(segments, samples_to_ms(samples), "its end is missing" if self.truncated else "")


def source_of(path: Path) -> Source:
    """Of the recording that lies there now. Raises ``OSError``."""
    found = path.stat()
    return Source(found.st_size, found.st_mtime_ns)


def place_in(folder: Path, file: int) -> Path:
    """Where what is known of file number ``file`` lies."""
    return folder / f"{file}{_ENDING}"


def sweep(folder: Path, files: Iterable[int]) -> None:
    """Remove what belongs to none of these."""
    known = {place_in(folder, file) for file in files}
    for place in folder.glob(f"*{_ENDING}"):
        if place not in known:
            place.unlink(missing_ok=True)


class Kept:
    """One file's results. Blocks; for one run at a time. Raises ``OutputFailed`` for what cannot be written."""

    def __init__(self, place: Path) -> None:
        self._place = place

    def read(self) -> Known:
        """What is known, whatever became of the recording; nothing if nothing is there."""
        return _known(self._lines())

    def resume(self, source: Source, *, again: bool) -> Known:
        """What still counts for ``source``, and from here on all that is kept.

        With ``again`` only what comes before the first piece without a text.
        """
        lines = self._lines()
        known = _known(lines) if _is_of(lines, source) else Known()
        if again:
            failed = next((piece.segment.index for piece in known.pieces if piece.segment.error), None)
            known = known if failed is None else Known(known.pieces[:failed])
        if known.results is None:
            self._write(b"".join(map(_line, (source, *known.pieces))))
        return known

    def add(self, pieces: Iterable[Piece]) -> None:
        """Keep these too."""
        self._append(b"".join(map(_line, pieces)))

    def finish(self, known: Known) -> None:
        """That is all of it, and its results are saved."""
        self._append(_line(_Whole(known.samples or known.origin, known.results or (), known.truncated)))

    def forget(self) -> None:
        """Keep nothing."""
        self._place.unlink(missing_ok=True)

    def _lines(self) -> list[bytes]:
        try:
            return self._place.read_bytes().split(b"\n")[:-1]
        except OSError:
            return []

    def _write(self, lines: bytes) -> None:
        try:
            write_whole(self._place, lines.decode())
        except OSError as error:
            raise _failed(self._place, error) from error

    def _append(self, lines: bytes) -> None:
        try:
            with self._place.open("r+b") as file:  # never a new one, which would not say what it is of
                file.seek(0, os.SEEK_END)
                file.write(lines)
        except OSError as error:
            raise _failed(self._place, error) from error


def without_holes(pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    """Those from number 0 on up to the first one that is missing; of two with one number the later one."""
    found = {piece.segment.index: piece for piece in pieces}
    whole: list[Piece] = []
    while piece := found.get(len(whole)):
        whole.append(piece)
    return tuple(whole)


def shifted(segment: Segment, index: int, origin: int) -> Segment:
    """Of the recording what was of a run that began at sample ``origin``, after ``index`` segments."""
    at_ms = samples_to_ms(origin)
    return replace(
        segment,
        index=segment.index + index,
        start_ms=segment.start_ms + at_ms,
        end_ms=segment.end_ms + at_ms,
    )


def _known(lines: list[bytes]) -> Known:
    pieces: list[Piece] = []
    whole = None
    for line in lines[1:]:
        try:
            found = msgspec.json.decode(line, type=Piece | _Whole)
        except msgspec.MsgspecError:
            break
        if isinstance(found, Piece):
            pieces.append(found)
        else:
            whole = found
    if whole is None:
        return Known(without_holes(pieces))
    return Known(without_holes(pieces), whole.samples, whole.results, whole.truncated)


def _is_of(lines: list[bytes], source: Source) -> bool:
    try:
        return bool(lines) and msgspec.json.decode(lines[0], type=Source) == source
    except msgspec.MsgspecError:
        return False


def _line(found: object) -> bytes:
    return msgspec.json.encode(found) + b"\n"


def _failed(place: Path, error: OSError) -> OutputFailed:
    return OutputFailed(f"{place} cannot be written: {error.strerror}")
