"""Word the texts about models and downloads, and decide the actions of a card in each state.

The main action is the card's button; the others are in its menu.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from app.core.errors import Note
from app.models.view import LocalModelView, ModelFacts, ModelState, ModelsView, ModelUse
from app.ui.strings.texts import Texts, joined, language_name, languages_text, left_text, list_text, short_number
from runtime.installing import extra_command

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
_EXPORT: Final = "kikipounamu models export {name}"
_FOLDER: Final = "folder "
_SOURCES: Final = {"package index": "models.source.wheels", "installed copy": "models.source.copy"}


def size_text(texts: Texts, number: float) -> str:
    """Return a size in bytes as ``640 kB``, ``3.5 MB``, ``148 MB`` or ``1.1 GB``."""
    if number < _MEGABYTE:
        return texts("models.kilobytes", value=max(1, round(number / _KILOBYTE)))
    if number < _GIGABYTE:
        return texts("monitor.megabytes", value=short_number(number / _MEGABYTE))
    return texts("monitor.gigabytes", value=short_number(number / _GIGABYTE))


def whole_size_text(texts: Texts, about: ModelFacts) -> str:
    """Return the size of a model, or its upper limit."""
    return texts("models.at-most" if about.at_most else "models.size", size=size_text(texts, about.size))


def about_text(texts: Texts, about: ModelFacts) -> str:
    """Return the purpose of a model."""
    if about.later:
        return texts("models.later")
    key = f"models.about.{about.name}"
    return texts(key if texts.has(key) else f"models.purpose.{about.purpose.value}")


def facts_text(texts: Texts, about: ModelFacts, spoken: Sequence[str]) -> str:
    """Return languages, the user's first, and size in one line."""
    known = languages_text(texts, about.languages, spoken) if about.languages else ""
    return joined(known, whole_size_text(texts, about))


def how_text(texts: Texts, model: LocalModelView) -> str:
    """Return the state of a model; for a download also its progress, speed, remaining time and source."""
    return joined(
        texts(f"models.state.{model.state.value}"),
        texts("models.stopping") if model.stopping else "",
        texts("models.retry-in", seconds=model.retry_s) if model.retry_s is not None else "",
        _progress(texts, model),
        texts("models.next") if model.next else "",
    )


def reason_text(texts: Texts, view: ModelsView, model: LocalModelView) -> str:
    """Return why a model is recommended; empty if it is not."""
    found = view.recommended
    if found is None or found.model != model.name:
        return ""
    names = [language_name(texts, code) for code in view.languages]
    spoken = list_text(texts, names) if names else texts("models.any-spoken")
    return texts(f"models.recommended.{found.reason}", languages=spoken)


def note_text(texts: Texts, model: LocalModelView) -> str:
    """Return the note about a model, otherwise the command that makes it usable; empty if there is neither."""
    if model.note is not None:
        return _note_text(texts, model.note)
    if command := remedy(model):
        return texts("models.lacks" if model.lacks else "models.exports", install=command)
    return ""


def remedy(model: LocalModelView) -> str:
    """Return the command that must be run before a model can be used; empty if none is needed."""
    if model.lacks:
        return extra_command(model.lacks)
    about = model.about
    exports = about.exported_from and model.state is ModelState.MISSING
    return _EXPORT.format(name=about.exported_from) if exports else ""


def note_role(model: LocalModelView) -> str:
    """Return the style of a note by its urgency."""
    if model.note is None or model.note.key == "models.note.whole":
        return "muted"
    return "warning"


def room_text(texts: Texts, view: ModelsView) -> str:
    """Return the free space of the models folder."""
    if view.free is None:
        return texts("models.room-unknown", folder=view.folder)
    return texts("models.room", free=size_text(texts, view.free), folder=view.folder)


def too_large_text(texts: Texts, model: LocalModelView, free: int | None) -> str:
    """Return a warning if the download would not fit on the disk; empty if it fits or has begun."""
    needed = model.about.size - model.done
    if free is None or needed <= free or model.state not in {ModelState.MISSING, ModelState.PAUSED}:
        return ""
    return texts("models.too-large", size=size_text(texts, needed), free=size_text(texts, free))


def _progress(texts: Texts, model: LocalModelView) -> str:
    if model.state not in _COUNTED or not model.done:
        return ""
    done, size = size_text(texts, model.done), size_text(texts, model.about.size)
    return joined(
        texts("monitor.percent", value=model.percent),
        texts("models.progress", done=done, size=size),
        texts("models.speed", speed=size_text(texts, model.speed)) if model.speed is not None else "",
        left_text(texts, model.left_s) if model.left_s is not None else "",
        texts("models.from", source=_source(texts, model.source)) if model.source else "",
    )


def _source(texts: Texts, source: str) -> str:
    """Return the name of a source in the window's language; a hub keeps its name, without its address."""
    if source in _SOURCES:
        return texts(_SOURCES[source])
    return source.removeprefix(_FOLDER) if source.startswith(_FOLDER) else source.partition(" (")[0]


def _note_text(texts: Texts, note: Note) -> str:
    values: dict[str, str | int] = {
        name: size_text(texts, int(value)) if name in _BYTES else value for name, value in note.values.items()
    }
    return texts(note.key, **values)


class CardAction(StrEnum):
    """Actions of a card; the values are keys of texts."""

    FETCH = "fetch"
    FETCH_USE = "fetch-use"
    FETCH_ONLY = "fetch-only"
    PAUSE = "pause"
    RESUME = "resume"
    RETRY = "retry"
    REPAIR = "repair"
    CANCEL = "cancel"
    DISCARD = "discard"
    USE = "use"
    VERIFY = "verify"
    IMPORT = "import"
    DELETE = "delete"
    COPY = "copy-command"


ICONS: Final = {
    CardAction.FETCH: "download",
    CardAction.FETCH_USE: "download",
    CardAction.FETCH_ONLY: "download",
    CardAction.PAUSE: "pause",
    CardAction.RESUME: "resume",
    CardAction.RETRY: "again",
    CardAction.REPAIR: "recover",
    CardAction.CANCEL: "cancel",
    CardAction.DISCARD: "cancel",
    CardAction.USE: "done",
    CardAction.VERIFY: "done",
    CardAction.IMPORT: "folder",
    CardAction.DELETE: "delete",
    CardAction.COPY: "copy",
}
_MAIN: Final = {
    ModelState.QUEUED: CardAction.PAUSE,
    ModelState.FETCHING: CardAction.PAUSE,
    ModelState.PAUSED: CardAction.RESUME,
    ModelState.FAILED: CardAction.RETRY,
    ModelState.DAMAGED: CardAction.REPAIR,
    ModelState.IMPORTING: CardAction.CANCEL,
    ModelState.VERIFYING: CardAction.CANCEL,
}
_IMPORTS: Final = frozenset({ModelState.MISSING, ModelState.PAUSED, ModelState.FAILED, ModelState.DAMAGED})
_LEFT_OVER: Final = frozenset({ModelState.PAUSED, ModelState.FAILED})


def main_action(model: LocalModelView) -> CardAction | None:
    """Return the action of a card's button; ``None`` if the card has none in this state."""
    match model.state:
        case ModelState.MISSING if model.lacks or model.about.exported_from:
            return CardAction.COPY
        case ModelState.MISSING if model.about.later:
            return None
        case ModelState.MISSING:
            return CardAction.FETCH_USE if model.runs and not model.chosen else CardAction.FETCH
        case ModelState.INSTALLED if model.lacks:
            return CardAction.COPY
        case ModelState.INSTALLED:
            return CardAction.USE if model.can_be_chosen and not model.chosen else None
        case ModelState.BUSY:
            return CardAction.CANCEL if model.waiting else None
    return _MAIN.get(model.state)


def menu_actions(model: LocalModelView) -> list[CardAction]:
    """Return the actions of a card's menu."""
    state, main = model.state, main_action(model)
    discards = state in _LEFT_OVER and bool(model.done or state is ModelState.PAUSED)
    offered = {
        CardAction.FETCH_ONLY: state is ModelState.MISSING
        and main is not CardAction.FETCH
        and not model.about.exported_from,
        CardAction.VERIFY: state is ModelState.INSTALLED,
        CardAction.IMPORT: state in _IMPORTS,
        CardAction.CANCEL: state in {ModelState.QUEUED, ModelState.FETCHING}
        or (model.retry_s is not None and not discards),
        CardAction.DISCARD: discards,
        CardAction.DELETE: state in {ModelState.INSTALLED, ModelState.DAMAGED},
    }
    return [action for action, there in offered.items() if there]


def can_be_done(action: CardAction, model: LocalModelView) -> bool:
    """Return whether an offered action is possible now; a model in use cannot be deleted."""
    if action is CardAction.DELETE:
        return model.use is ModelUse.NOBODY
    return not model.stopping
