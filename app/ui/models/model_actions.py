"""Actions that a card offers in each state of a model: one as its button, the others in its menu. Pure."""

from enum import StrEnum
from typing import Final

from app.models.view import LocalModelView, ModelState, ModelUse


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
    """Return the action of a card's button; ``None`` if there is nothing to do now."""
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
    offered = {
        CardAction.FETCH_ONLY: state is ModelState.MISSING
        and main is not CardAction.FETCH
        and not model.about.exported_from,
        CardAction.VERIFY: state is ModelState.INSTALLED,
        CardAction.IMPORT: state in _IMPORTS,
        CardAction.CANCEL: state in {ModelState.QUEUED, ModelState.FETCHING},
        CardAction.DISCARD: state in _LEFT_OVER and bool(model.done or state is ModelState.PAUSED),
        CardAction.DELETE: state in {ModelState.INSTALLED, ModelState.DAMAGED},
    }
    return [action for action, there in offered.items() if there]


def can_be_done(action: CardAction, model: LocalModelView) -> bool:
    """Return whether an offered action is possible now: a model in use cannot be deleted."""
    if action is CardAction.DELETE:
        return model.use is ModelUse.NOBODY
    return not model.stopping
