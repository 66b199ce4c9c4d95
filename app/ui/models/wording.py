"""Texts for models, their states and the progress of downloads."""

from datetime import datetime
from functools import reduce
from typing import Final

from app.core.notes import Note
from app.models.advice import figure
from app.models.view import LocalModelView, ModelFacts, ModelNote, ModelState, ModelsView, ModelUse
from app.ui.files.wording import left_text
from app.ui.strings.texts import Texts
from runtime.installing import extra_command
from speech.models.recommendation import LocalSpeed

_KILOBYTE, _MEGABYTE, _GIGABYTE = 1e3, 1e6, 1e9
_BYTES: Final = frozenset({"needed", "free"})
_COUNTED: Final = frozenset(
    {
        ModelState.FETCHING,
        ModelState.PAUSED,
        ModelState.BUSY,
        ModelState.IMPORTING,
        ModelState.VERIFYING,
        ModelState.FAILED,
        ModelState.QUEUED,
    }
)
_FOLDER: Final = "folder "
_SOURCES: Final = {"package index": "models.source.wheels", "installed copy": "models.source.copy"}


def size_text(texts: Texts, number: float) -> str:
    """Return a size in bytes as ``640 kB``, ``3.5 MB``, ``148 MB`` or ``1.1 GB``."""
    if number < _MEGABYTE:
        return texts("models.kilobytes", value=round(number / _KILOBYTE))
    if number < _GIGABYTE:
        return texts("monitor.megabytes", value=_figures(number / _MEGABYTE))
    return texts("monitor.gigabytes", value=_figures(number / _GIGABYTE))


def whole_size_text(texts: Texts, about: ModelFacts) -> str:
    """Return the size of a model, or its upper limit."""
    return texts("models.at-most" if about.at_most else "models.size", size=size_text(texts, about.size))


def about_text(texts: Texts, about: ModelFacts) -> str:
    """Return the purpose of a model, and a remark if no engine can run it yet."""
    key = f"models.about.{about.name}"
    said = texts(key if texts.knows(key) else f"models.purpose.{about.purpose.value}")
    return texts("models.sentences", first=said, second=texts("models.later")) if about.later else said


def how_text(texts: Texts, model: LocalModelView, fast: LocalSpeed | None = None) -> str:
    """Return state and progress of a model: speed, time left and source, or since when it is installed.

    ``fast``: its speed of recognition on this computer.
    """
    parts = [texts(f"models.state.{model.state.value}")]
    if model.stopping:
        parts.append(texts("models.stopping"))
    parts += _progress(texts, model)
    if model.state in {ModelState.INSTALLED, ModelState.DAMAGED}:
        parts += _installed(texts, model)
    return " · ".join(filter(None, [*parts, speed_text(texts, fast)]))


def speed_text(texts: Texts, speed: LocalSpeed | None) -> str:
    """Return how fast a model is on this computer; empty if that is unknown."""
    if speed is None:
        return ""
    return texts("models.fast.measured" if speed.measured else "models.fast.estimated", value=figure(speed))


def advice_text(texts: Texts, view: ModelsView) -> str:
    """Return which model is recommended, which is the default, and why."""
    found = ((view.recommended, "models.recommended"), (view.default, "models.default"))
    lines = [texts(f"{section}.{one.reason}", model=one.model) for one, section in found if one]
    return "\n".join(lines)


def note_text(texts: Texts, model: LocalModelView) -> str:
    """Return the note about a model, or the command that installs a missing engine; empty without either."""
    if model.note is not None:
        return _worded(texts, model.note)
    return texts("models.lacks", install=extra_command(model.lacks)) if model.lacks else ""


def note_role(model: LocalModelView) -> str:
    """Return the style of a note by its urgency."""
    if model.note is None or model.note.key == ModelNote.WHOLE:
        return "muted"
    return "warning"


def origin_text(texts: Texts, about: ModelFacts) -> str:
    """Return the sources from which a model can be downloaded."""
    names = [texts(f"models.source.{kind}") for kind in about.sources or ("folder",)]
    listed = reduce(lambda first, second: texts("models.list", first=first, second=second), names)
    return texts("models.sources", sources=listed)


def room_text(texts: Texts, view: ModelsView) -> str:
    """Return the free space of the models folder."""
    if view.free is None:
        return texts("models.room-unknown", folder=view.folder)
    return texts("models.room", free=size_text(texts, view.free), folder=view.folder)


def too_large_text(texts: Texts, model: LocalModelView, free: int | None) -> str:
    """Return a warning before a download that does not fit on the disk; empty if it fits."""
    needed = model.about.size - model.done
    if free is None or needed <= free or model.state not in {ModelState.MISSING, ModelState.PAUSED}:
        return ""
    return texts("models.too-large", size=size_text(texts, needed), free=size_text(texts, free))


def _progress(texts: Texts, model: LocalModelView) -> list[str]:
    if model.state not in _COUNTED or not model.done:
        return []
    done, size = size_text(texts, model.done), size_text(texts, model.about.size)
    parts = [
        texts("monitor.percent", value=model.percent),
        texts("models.progress", done=done, size=size),
    ]
    if model.speed is not None:
        parts.append(texts("models.speed", speed=size_text(texts, model.speed)))
    if model.left_s is not None:
        parts.append(left_text(texts, model.left_s))
    if model.source:
        parts.append(texts("models.from", source=_source(texts, model.source)))
    return parts


def _installed(texts: Texts, model: LocalModelView) -> list[str]:
    parts = [size_text(texts, model.done)]
    if model.installed_s is not None:
        day = datetime.fromtimestamp(model.installed_s).date().isoformat()
        parts.append(texts("models.since", day=day))
    if model.use is not ModelUse.NOBODY:
        parts.append(texts(f"models.used.{model.use.value}"))
    return parts


def _source(texts: Texts, source: str) -> str:
    """Return a source in the window's language; hubs keep their own names."""
    if source in _SOURCES:
        return texts(_SOURCES[source])
    return source.removeprefix(_FOLDER)


def _worded(texts: Texts, note: Note) -> str:
    values: dict[str, str | int] = {
        name: size_text(texts, int(value)) if name in _BYTES else value for name, value in note.values.items()
    }
    return texts(f"models.note.{note.key}", **values)


def _figures(value: float) -> str:
    return f"{value:.0f}" if value >= 9.95 else f"{value:.1f}"
