"""Texts and states of takes in the history."""

from typing import Final

from app.core.notes import Note
from app.core.states import State
from app.dictation import view
from app.dictation.view import TakeView
from app.history.index import IndexRow
from app.history.view import HistoryList
from app.ui.strings.texts import Texts
from app.ui.strings.wording import ended_text, note_text, textless, today, when_text


def state_of(row: IndexRow) -> State:
    """Return the state of the take, as shown in the rest of the app."""
    return view.state_of(row.state, cancelled=row.cancelled)


def take_text(texts: Texts, row: IndexRow) -> str:
    """Return the text of the take, or why there is none."""
    return row.text or textless(texts, state_of(row))


def when(texts: Texts, row: IndexRow) -> str:
    """Return day, time and length of the take."""
    shown = TakeView(str(row.session), row.started_s, row.seconds, state_of(row))
    return when_text(texts, shown, today())


def caption(texts: Texts, row: IndexRow) -> str:
    """Return time, length, model and outcome of the take, and whether it was edited."""
    parts = [when(texts, row), row.model, ended_text(texts, state_of(row), partly=row.partly)]
    if row.edited:
        parts.append(texts("history.edited"))
    return _PART.join(part for part in parts if part)


def described(texts: Texts, row: IndexRow | None) -> str:
    """Return the screen reader text of a take.

    The start of its text comes first.
    """
    if row is None:
        return texts("history.loading")
    return f"{take_text(texts, row)[:_SPOKEN]}{_PART}{caption(texts, row)}"


def list_text(texts: Texts, listed: HistoryList) -> str:
    """Return the text that replaces an empty list."""
    if listed.query.strip():
        return texts("history.nothing-found", query=listed.query.strip())
    return texts("history.empty")


def percent_text(texts: Texts, listed: HistoryList) -> str:
    """Return how many percent of the takes are read; empty if no takes are being read."""
    if not listed.total:
        return ""
    return texts("history.reading", percent=100 * listed.done // listed.total)


def told_text(texts: Texts, note: Note) -> str:
    """Return the text for the outcome of an action; empty for an unknown note."""
    key, values = f"history.note.{note.key}", dict[str, str | int](note.values)
    if note.reason:
        values["reason"] = note_text(texts, note.reason)
    return texts(key, **values) if texts.knows(key) else ""


_PART: Final = " · "
_SPOKEN: Final = 200
