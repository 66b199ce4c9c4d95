"""How a take of the history is worded and drawn: its state, its text and what stands below it."""

from typing import Final

from app.history.index import Row
from app.history.view import HistoryList
from app.states import State
from app.ui.texts import Texts
from app.ui.wording import note_text, state_text, today, when_text
from app.view import STATES, Note, TakeView


def state_of(row: Row) -> State:
    """As everywhere else in the app."""
    return STATES[row.state]


def take_text(texts: Texts, row: Row) -> str:
    """What was said, or why there is nothing to read."""
    if row.text:
        return row.text
    return texts("take.interrupted" if state_of(row) is State.FAILED else "take.no-text")


def when(texts: Texts, row: Row) -> str:
    """The day, the time and the length."""
    shown = TakeView(str(row.session), row.started_s, row.seconds, state_of(row))
    return when_text(texts, shown, today())


def caption(texts: Texts, row: Row) -> str:
    """When, how long, with which model, how it ended, and whether somebody changed it."""
    state = state_of(row)
    ended = "" if state is State.IDLE else state_text(texts, state)  # "Ready" says nothing of what is over
    parts = [when(texts, row), row.model, ended]
    if row.edited:
        parts.append(texts("history.edited"))
    return _PART.join(part for part in parts if part)


def described(texts: Texts, row: Row | None) -> str:
    """For a screen reader: the beginning of the text comes first."""
    if row is None:
        return texts("history.loading")
    return f"{take_text(texts, row)[:_SPOKEN]}{_PART}{caption(texts, row)}"


def list_text(texts: Texts, listed: HistoryList) -> str:
    """What stands where there are no takes to see."""
    if listed.query.strip():
        return texts("history.nothing-found", query=listed.query.strip())
    return texts("history.empty")


def percent_text(texts: Texts, listed: HistoryList) -> str:
    """How far it has read; empty while it reads nothing."""
    if not listed.total:
        return ""
    return texts("history.reading", percent=100 * listed.done // listed.total)


def told_text(texts: Texts, note: Note) -> str:
    """What came of something."""
    key, values = f"history.note.{note.key}", dict[str, str | int](note.values)
    if note.reason:
        values["reason"] = note_text(texts, note.reason)
    return texts(key, **values) if texts.knows(key) else ""


_PART: Final = " · "
_SPOKEN: Final = 200
