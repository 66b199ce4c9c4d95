"""How states, notes, times and keys are worded: from values to what a person reads."""

import time
from datetime import date, datetime
from typing import Final

from app.states import State
from app.ui.texts import Texts
from app.view import Note, TakeView, View, WorkerState, WorkerView

_SIDES: Final = ("left", "right")
_BINDING: Final = "binding"
_PART: Final = " · "
_TEXTLESS: Final = {
    State.DONE: "take.no-text",
    State.HELD: "take.no-text",
    State.CANCELLED: "take.no-text",
    State.FAILED: "take.failed",
    State.DAMAGED: "take.damaged",
}


def state_text(texts: Texts, state: State) -> str:
    """Return the word of a state."""
    return texts(state.key)


def ended_text(texts: Texts, state: State, *, partly: bool = False) -> str:
    """Return the word of a recording's state. ``partly``: some of it was inserted before it was cancelled."""
    word = state_text(texts, state)
    return _PART.join((word, texts("take.partly"))) if partly else word


def textless(texts: Texts, state: State) -> str:
    """Return what stands where the text of a recording will be, or would be."""
    return texts(_TEXTLESS[state]) if state in _TEXTLESS else state_text(texts, state)


def note_text(texts: Texts, note: Note, paste_key: str = "") -> str:
    """Its text; empty for one that this version does not know. ``paste_key``: what to press where that helps."""
    key, values = f"note.{note.key}", _worded(texts, note)
    if paste_key and texts.knows(f"{key}-key"):
        return texts(f"{key}-key", key=paste_key, **values)
    return texts(key, **values) if texts.knows(key) else ""


def worker_text(texts: Texts, worker: WorkerView) -> str:
    """Its state, with the percent of a download, its device or the reason of a failure."""
    if worker.state is WorkerState.DOWNLOADING and worker.percent is not None:
        state = texts("worker.downloading-percent", percent=worker.percent)
    else:
        state = texts(f"worker.{worker.state.value}")
    detail = note_text(texts, worker.reason) if worker.reason else worker.detail
    if worker.jobs and not worker.reason:
        jobs = texts("worker.jobs", count=worker.jobs)
        detail = f"{detail} · {jobs}" if detail else jobs
    return texts("worker.detailed", state=state, detail=detail) if detail else state


def when_text(texts: Texts, take: TakeView, today: date) -> str:
    """The day unless it is today, the time, and how long it is."""
    begun = datetime.fromtimestamp(take.started_s)
    at, length = begun.strftime("%H:%M"), clock(take.seconds)
    if begun.date() == today:
        return texts("take.when-today", time=at, length=length)
    return texts("take.when", day=begun.date().isoformat(), time=at, length=length)


def beside(texts: Texts, view: View, paste_key: str) -> list[tuple[str, str]]:
    """What stands beside the take, each with the name of its colour: where it goes, what is unsent, what waits."""
    where = texts("place.to", destination=view.destination) if view.destination else texts("place.to-here")
    found = [(where, "muted")]
    if view.unsent_s >= 1:
        found.append((texts("overlay.unsent", seconds=round(view.unsent_s)), "warning"))
    if view.waiting:
        found.append((texts("overlay.waiting", count=view.waiting), "muted"))
    found += [(text, "warning") for text in to_paste(texts, view, paste_key)]
    return found


def to_paste(texts: Texts, view: View, paste_key: str) -> list[str]:
    """List the texts that wait to be pasted: those of the newest recording, and how many others have some."""
    said = []
    if view.held and paste_key:
        said.append(texts("overlay.held-key", count=view.held, key=paste_key))
    elif view.held:
        said.append(texts("overlay.held", count=view.held))
    if view.earlier:
        said.append(texts("overlay.earlier", count=view.earlier))
    return said


def beside_text(texts: Texts, view: View, paste_key: str) -> str:
    """The same in one line."""
    return _PART.join(text for text, _ in beside(texts, view, paste_key))


def clock(seconds: float) -> str:
    """``0:07``, ``12:30``, ``1:02:03``."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def key_caps(texts: Texts, binding: str) -> tuple[str, ...]:
    """What stands on the keys of ``ctrl+alt+d``."""
    return tuple(_cap(texts, word) for word in binding.split("+") if word)


def key_text(texts: Texts, binding: str) -> str:
    """``Ctrl+Alt+D``; empty for none."""
    return "+".join(key_caps(texts, binding))


def today() -> date:
    """The day here and now."""
    return datetime.fromtimestamp(time.time()).date()


def _cap(texts: Texts, word: str) -> str:
    side, _, key = word.partition("_")
    if side in _SIDES and key:
        return texts(f"key.{side}", key=_cap(texts, key))
    return word.replace("_", " ").title()


def _worded(texts: Texts, note: Note) -> dict[str, str | int]:
    """What is put into it, with keys as they are called here."""
    values: dict[str, str | int] = {
        name: key_text(texts, value) if name == _BINDING else value for name, value in note.values.items()
    }
    return values | {"reason": note_text(texts, note.reason)} if note.reason else values
