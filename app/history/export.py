"""Export takes to files, in the chosen format and place.

Existing files are replaced only on request.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from msgspec import Raw

from app.core.errors import Note
from app.core.format import Format
from app.core.renderers import document, render_json, render_json_line
from app.history.errors import NothingToExport, TakeExportFailed
from app.history.view import ExportTakes, HistoryMessage
from app.journal.library import TakeSnapshot
from runtime.whole_file import write_whole

_ONE_EACH: Final = frozenset({Format.SRT, Format.VTT})
_NAME: Final = "kikipounamu"
_NAMED: Final = 3
_SHOW_S: Final = 0.5


@dataclass(frozen=True)
class ExportFile:
    """File to write: its path and its content."""

    place: Path
    text: str


@dataclass(frozen=True)
class ExportResult:
    """Result of an export: the written files, or the existing files because of which nothing was written.

    ``left_out``: number of takes without a text, which are in no file. ``stopped``: the user cancelled the export,
    and nothing was written.
    """

    written: tuple[Path, ...] = ()
    exist: tuple[Path, ...] = ()
    left_out: int = 0
    stopped: bool = False

    def note(self, place: Path) -> Note:
        """Return the message for the user about an export into ``place`` with this result."""
        if self.stopped:
            return Note("history.note.export-stopped")
        if self.exist:
            names = ", ".join(path.name for path in self.exist[:_NAMED])
            return Note("history.note.exist", {"count": str(len(self.exist)), "names": names})
        values = {"count": str(len(self.written)), "place": str(place)}
        if self.left_out:
            return Note("history.note.exported-some", {"left": str(self.left_out), **values})
        return Note("history.note.exported", values)


@dataclass(eq=False)
class ExportProgress:
    """Progress of an export. ``done``: number of takes rendered. ``stopped``: set to cancel the export."""

    done: int = 0
    stopped: bool = False


@dataclass(frozen=True)
class _Part:
    """Rendered take. ``text``: in the format of the export."""

    started_s: float
    text: str


def export(
    takes: Iterable[TakeSnapshot],
    form: Format,
    place: Path,
    *,
    overwrite: bool = False,
    progress: ExportProgress | None = None,
) -> ExportResult:
    """Write takes into a folder or one file.

    Subtitles of several takes need a folder. Raises ``TakeExportFailed``.
    """
    progress, parts, left_out = progress or ExportProgress(), list[_Part](), 0
    for take in takes:
        if progress.stopped:
            break
        text = take.text.strip()
        parts += [_Part(take.take.started_s, _render_take(take, text, form))] if text else []
        left_out += not text
        progress.done += 1
    if progress.stopped:
        return ExportResult(stopped=True)
    try:
        to_write = _sheets(parts, form, place, folder=place.is_dir())
        exist = tuple(sheet.place for sheet in to_write if sheet.place.exists())
        if exist and not overwrite:
            return ExportResult(exist=exist)
        for sheet in to_write:
            write_whole(sheet.place, sheet.text)
    except OSError as error:
        raise TakeExportFailed(f"{place} cannot be written: {error.strerror}") from error
    return ExportResult(tuple(sheet.place for sheet in to_write), left_out=left_out)


def _render_take(take: TakeSnapshot, text: str, form: Format) -> str:
    return render_json_line(_document(take, text)) if form is Format.JSON else take.render(form)


def _sheets(parts: Sequence[_Part], form: Format, place: Path, *, folder: bool) -> list[ExportFile]:
    """Return the files to write, with takes sorted by start time. Raises ``TakeExportFailed``."""
    if not parts:
        raise NothingToExport("there is no text to export: recognise it first")
    parts = sorted(parts, key=lambda part: part.started_s)
    if form in _ONE_EACH:
        if len(parts) > 1 and not folder:
            raise TakeExportFailed(f"several {form} files cannot be one: choose a folder")
        names = _names([_moment(part) for part in parts])
        places = [place / f"{_NAME} {name}.{form}" if folder else place for name in names]
        return [ExportFile(at, part.text) for at, part in zip(places, parts, strict=True)]
    moments = dict.fromkeys(_moment(part) for part in (parts[0], parts[-1]))
    text = (
        _with_headings(parts) if form is Format.TXT else render_json([Raw(part.text.encode()) for part in parts])
    )
    return [ExportFile(place / f"{_NAME} {' - '.join(moments)}.{form}" if folder else place, text)]


def _with_headings(parts: Sequence[_Part]) -> str:
    """Join the texts; if there are several, each gets its time as a heading."""
    if len(parts) == 1:
        return parts[0].text
    return "\n".join(f"{_local(part):%Y-%m-%d %H:%M:%S}\n{part.text}" for part in parts)


def _document(take: TakeSnapshot, text: str) -> dict[str, object]:
    started = datetime.fromtimestamp(take.take.started_s, UTC).isoformat(timespec="seconds")
    recognised = document(take.transcript, "")
    del recognised["file"]
    own = {"session": str(take.session), "started": started, "edited": bool(take.take.edited)}
    return own | recognised | {"text": text}


def _local(part: _Part) -> datetime:
    return datetime.fromtimestamp(part.started_s)


def _moment(part: _Part) -> str:
    """Return the time of a take in a format that is valid in file names on every system."""
    return f"{_local(part):%Y-%m-%d %H.%M.%S}"


def _names(moments: Sequence[str]) -> list[str]:
    """Number the names of takes that started in the same second."""
    names: list[str] = []
    for moment in moments:
        name, count = moment, 1
        while name in names:
            count += 1
            name = f"{moment} ({count})"
        names.append(name)
    return names


class Exports:
    """Exports in progress; a long one posts its progress every half second."""

    def __init__(
        self, export: Callable[..., Awaitable[ExportResult]], post: Callable[[HistoryMessage], None]
    ) -> None:
        self._export, self._post = export, post
        self._running: list[ExportProgress] = []

    async def run(self, action: ExportTakes) -> None:
        """Export takes and post the outcome. Raises ``TakeExportFailed``."""
        progress, total = ExportProgress(), str(len(action.sessions))
        self._running.append(progress)
        work = self._export(
            action.sessions, action.form, action.place, overwrite=action.overwrite, progress=progress
        )
        exporting = asyncio.ensure_future(work)
        try:
            while not (await asyncio.wait({exporting}, timeout=_SHOW_S))[0]:
                values = {"done": str(progress.done), "total": total}
                self._post(HistoryMessage(Note("history.note.exporting", values)))
        finally:
            self._running.remove(progress)
            exporting.cancel()
        self._post(HistoryMessage(exporting.result().note(action.place)))

    def stop(self) -> None:
        """Cancel the exports that have not begun to write files."""
        for progress in self._running:
            progress.stopped = True
