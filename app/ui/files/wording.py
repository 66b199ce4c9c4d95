"""Texts for files: states, notes, remaining time."""

from pathlib import Path

from app.core.notes import Note
from app.files.view import FileState, FileView
from app.ui.strings.texts import Texts
from app.ui.strings.wording import clock, joined, note_text
from runtime.installing import extra_command
from runtime.terminal import printable

_MINUTE_S = 60
_HOUR_MIN = 60


def file_state_text(texts: Texts, state: FileState) -> str:
    """Return the name of a state, in one or two words."""
    return texts(f"files.state.{state.value}")


def file_note_text(texts: Texts, note: Note | None) -> str:
    """Return the text of a note; empty without a note, and for one that this version does not know.

    Saved notes may come from another version.
    """
    if note is None:
        return ""
    values: dict[str, str | int] = {**note.values, "install": extra_command("media")}  # for the current Python
    if note.reason:
        values["reason"] = note_text(texts, note.reason)
    try:
        return texts(f"files.note.{note.key}", **values)
    except KeyError:
        return ""


def left_text(texts: Texts, left_s: float) -> str:
    """Return the remaining time, rounded to minutes."""
    minutes = round(left_s / _MINUTE_S)
    if minutes < 1:
        return texts("files.left-soon")
    if minutes < _HOUR_MIN:
        return texts("files.left-minutes", minutes=minutes)
    return texts("files.left-hours", hours=minutes // _HOUR_MIN, minutes=minutes % _HOUR_MIN)


def how_text(texts: Texts, file: FileView) -> str:
    """Return state, progress or duration, remaining time and saved files in one line."""
    incomplete = file.state is FileState.DONE and file.truncated
    names = ", ".join(printable(Path(place).name) for place in file.results)
    return joined(
        texts("files.incomplete") if incomplete else file_state_text(texts, file.state),
        _position_text(texts, file),
        left_text(texts, file.left_s) if file.left_s is not None else "",
        texts("files.list-of", names=names) if file.state is FileState.DONE and names else "",
    )


def _position_text(texts: Texts, file: FileView) -> str:
    if file.duration_s and file.position_s and file.state is not FileState.DONE:
        return texts("files.progress", position=clock(file.position_s), duration=clock(file.duration_s))
    length = file.duration_s or file.position_s
    return clock(length) if length else ""
