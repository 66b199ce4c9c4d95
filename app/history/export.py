"""Export of takes to files, in the chosen form and place.

Replaces existing files only on request.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from app.core.format import Format
from app.core.renderers import document, render, render_json
from app.core.transcript import RecordingTranscript
from app.core.word_times import edited
from app.history.errors import NothingToExport, TakeExportFailed
from app.journal.library import TakeSnapshot
from runtime.whole_file import write_whole

_ONE_EACH: Final = frozenset({Format.SRT, Format.VTT})
_NAME: Final = "kikipounamu"


@dataclass(frozen=True)
class ExportFile:
    """File to write: its path and its content."""

    place: Path
    text: str


@dataclass(frozen=True)
class ExportResult:
    """Result of an export: the written files, or the existing ones that kept it from writing any.

    ``left_out``: number of takes without a text, which are in no file.
    """

    written: tuple[Path, ...] = ()
    exist: tuple[Path, ...] = ()
    left_out: int = 0


def export(takes: Sequence[TakeSnapshot], form: Format, place: Path, *, overwrite: bool = False) -> ExportResult:
    """Write takes into a folder or one file.

    Subtitles of several takes need a folder. Raises ``TakeExportFailed``.
    """
    to_write = sheets(takes, form, place, folder=place.is_dir())
    exist = tuple(sheet.place for sheet in to_write if sheet.place.exists())
    if exist and not overwrite:
        return ExportResult(exist=exist)
    for sheet in to_write:
        try:
            write_whole(sheet.place, sheet.text)
        except OSError as error:
            raise TakeExportFailed(f"{sheet.place} cannot be written: {error.strerror}") from error
    left_out = sum(not take.text.strip() for take in takes)
    return ExportResult(tuple(sheet.place for sheet in to_write), left_out=left_out)


def sheets(takes: Sequence[TakeSnapshot], form: Format, place: Path, *, folder: bool) -> list[ExportFile]:
    """Return the files to write, with takes in order of time. Raises ``TakeExportFailed``."""
    takes = sorted((take for take in takes if take.text.strip()), key=lambda take: take.take.started_s)
    if not takes:
        raise NothingToExport("there is no text to export: recognise it first")
    if form in _ONE_EACH:
        if len(takes) > 1 and not folder:
            raise TakeExportFailed(f"several {form} files cannot be one: choose a folder")
        names = _names([_moment(take) for take in takes])
        places = [place / f"{_NAME} {name}.{form}" if folder else place for name in names]
        return [ExportFile(at, render(_as_edited(take), form)) for at, take in zip(places, takes, strict=True)]
    moments = dict.fromkeys(_moment(take) for take in (takes[0], takes[-1]))
    text = _text(takes) if form is Format.TXT else render_json([_document(take) for take in takes])
    return [ExportFile(place / f"{_NAME} {' - '.join(moments)}.{form}" if folder else place, text)]


def _text(takes: Sequence[TakeSnapshot]) -> str:
    """Join the texts; several get their time as a heading."""
    if len(takes) == 1:
        return f"{takes[0].text.strip()}\n"
    return "\n".join(f"{_local(take):%Y-%m-%d %H:%M:%S}\n{take.text.strip()}\n" for take in takes)


def _document(take: TakeSnapshot) -> dict[str, object]:
    started = datetime.fromtimestamp(take.take.started_s, UTC).isoformat(timespec="seconds")
    recognised = document(take.transcript, "")
    del recognised["file"]
    own = {"session": str(take.session), "started": started, "edited": bool(take.take.edited)}
    return own | recognised | {"text": take.text}


def _as_edited(take: TakeSnapshot) -> RecordingTranscript:
    return edited(take.transcript, take.take.edited) if take.take.edited else take.transcript


def _local(take: TakeSnapshot) -> datetime:
    return datetime.fromtimestamp(take.take.started_s)


def _moment(take: TakeSnapshot) -> str:
    """Return the time of a take in a form that is valid in file names on every system."""
    return f"{_local(take):%Y-%m-%d %H.%M.%S}"


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
