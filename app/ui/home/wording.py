"""Texts and states of takes in the timeline."""

from datetime import date, datetime, timedelta
from typing import Final

from PySide6.QtCore import QDate, QLocale

from app.core.states import State
from app.dictation import view
from app.history.index import IndexRow
from app.history.view import HistoryList
from app.system.desktop_entries import program_name
from app.ui.strings.texts import Texts, clock, ended_text, joined, model_name, textless, today


def state_of(row: IndexRow) -> State:
    """Return the state of the take, as shown in the rest of the app."""
    return State.LISTENING if row.speaking else view.state_of(row.state, cancelled=row.cancelled)


def take_text(texts: Texts, row: IndexRow) -> str:
    """Return the text of the take, or why there is none."""
    return row.text or textless(texts, state_of(row))


def when(texts: Texts, row: IndexRow) -> str:
    """Return day, time and length of the take."""
    day = day_text(texts, datetime.fromtimestamp(row.started_s).date())
    return texts("take.when", day=day, time=time_text(row), length=clock(row.seconds))


def day_text(texts: Texts, day: date) -> str:
    """Return the name of a day, as near to the present as possible."""
    now = today()
    if day == now:
        return texts("home.today")
    if day == now - timedelta(days=1):
        return texts("home.yesterday")
    key = "home.day" if day.year == now.year else "home.day-of-year"
    return QLocale(texts.language).toString(QDate(day.year, day.month, day.day), texts(key))


def program_text(texts: Texts, program: str) -> str:
    """Return the name of a program for people; of an unknown one such as ``some-editor``, ``Some Editor``."""
    name = program_name(program, texts.language) if program else ""
    if name != program or name == texts("app.name"):
        return name
    name = program.removesuffix(".exe").rpartition(".")[2]
    words = name.replace("-", " ").replace("_", " ").split()
    return " ".join(word[:1].upper() + word[1:] for word in words)


def time_text(row: IndexRow) -> str:
    """Return the time of day at which the take began."""
    return datetime.fromtimestamp(row.started_s).strftime("%H:%M")


def details(texts: Texts, row: IndexRow) -> str:
    """Return length and program of the take."""
    return joined(clock(row.seconds), program_text(texts, row.program))


def chip(texts: Texts, row: IndexRow) -> str:
    """Return the word for the state of a take that needs attention or has no text yet; else an empty text."""
    state = state_of(row)
    told = state is State.DONE or (state in _WORKS and not row.text)  # its word stands for the text
    return "" if told else ended_text(texts, state, partly=row.partly)


def caption(texts: Texts, row: IndexRow) -> str:
    """Return time, length, program, model and state of the take, and whether it was edited."""
    model = model_name(texts, row.model) if row.model else ""
    edited = texts("history.edited") if row.edited else ""
    return joined(when(texts, row), program_text(texts, row.program), model, chip(texts, row), edited)


def described(texts: Texts, row: IndexRow | None) -> str:
    """Return the screen reader text of a take.

    The start of its text comes first.
    """
    if row is None:
        return texts("history.loading")
    done = ended_text(texts, State.DONE) if state_of(row) is State.DONE else ""
    return joined(take_text(texts, row)[:_SPOKEN], caption(texts, row), done)


def percent_text(texts: Texts, listed: HistoryList) -> str:
    """Return how many percent of the takes are read; empty if no takes are being read."""
    if not listed.total:
        return ""
    return texts("history.reading", percent=100 * listed.done // listed.total)


_WORKS: Final = frozenset({State.LISTENING, State.WAITING})
_SPOKEN: Final = 200
