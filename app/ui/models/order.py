"""Order of the models in their list: installed ones first, then the recommended one, then the others. Pure."""

from enum import StrEnum

from app.models.view import LocalModelView, ModelState, ModelsView, Purpose


class ModelGroup(StrEnum):
    """Groups of models, in the order of the list."""

    HERE = "here"
    RECOMMENDED = "recommended"
    MORE = "more"
    PARTS = "parts"


_HERE = frozenset({ModelState.INSTALLED, ModelState.VERIFYING, ModelState.DAMAGED, ModelState.REMOVING})


def groups(view: ModelsView, language: str = "") -> dict[ModelGroup, list[LocalModelView]]:
    """Return the models of each group that has some.

    ``language``: leave out models that do not know it; empty: none. A model in use is shown in any case.
    """
    found: dict[ModelGroup, list[LocalModelView]] = {group: [] for group in ModelGroup}
    for model in sorted(view.models, key=lambda one: _rank(view, one)):
        if _knows(model, language):
            found[_group(view, model)].append(model)
    return {group: models for group, models in found.items() if models}


def languages_of(view: ModelsView) -> list[str]:
    """Return the languages that a recogniser knows, without order."""
    models = (model for model in view.models if model.about.purpose is Purpose.RECOGNISER)
    return list(dict.fromkeys(code for model in models for code in model.about.languages))


def is_recommended(view: ModelsView, model: LocalModelView) -> bool:
    """Return whether this model is the recommended one."""
    return view.recommended is not None and view.recommended.model == model.name


def _group(view: ModelsView, model: LocalModelView) -> ModelGroup:
    if model.about.purpose is not Purpose.RECOGNISER:
        return ModelGroup.PARTS
    if model.state in _HERE:
        return ModelGroup.HERE
    return ModelGroup.RECOMMENDED if is_recommended(view, model) else ModelGroup.MORE


def _rank(view: ModelsView, model: LocalModelView) -> tuple[bool, ...]:
    """Return the place within a group; models of the same rank keep the order of the catalogue."""
    return not model.chosen, not is_recommended(view, model), model.about.later, bool(model.lacks)


def _knows(model: LocalModelView, language: str) -> bool:
    known = model.about.languages
    return not language or model.chosen or not known or language in known
