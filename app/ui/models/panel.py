"""List of this computer's models: a card for each, in groups, a filter by language, and the free disk space."""

from collections.abc import Callable, Iterable
from typing import Final

from PySide6.QtWidgets import QLabel, QWidget

from app.messages.kinds import Action
from app.models.view import LocalModelView, ModelState, ModelsView, Purpose, WatchModels
from app.ui.models.model_card import ModelCard
from app.ui.models.wording import room_text
from app.ui.settings.pick_controls import PickOneControl
from app.ui.settings.picker_entries import PickerEntry, spoken_entries
from app.ui.strings.texts import Texts, language_name
from app.ui.theme.theme import SPACING, Theme
from app.ui.widgets.basic import refresh_with
from app.ui.widgets.dialogs import SYSTEM_DIALOGS
from app.ui.widgets.panels import follow_visibility
from app.ui.widgets.parts import SPACE, horizontal, label, remark, show_text, vertical, worded

GROUPS: Final = ("here", "recommended", "more", "parts")
"""Groups of models, in the order of the list."""

_HERE = frozenset({ModelState.INSTALLED, ModelState.VERIFYING, ModelState.DAMAGED, ModelState.REMOVING})


def groups(view: ModelsView, language: str = "") -> dict[str, list[LocalModelView]]:
    """Return the models by group, without empty groups.

    ``language``: leave out models that do not support it, except the model in use; empty: leave out none.
    """
    found: dict[str, list[LocalModelView]] = {group: [] for group in GROUPS}
    for model in sorted(view.models, key=lambda one: _rank(view, one)):
        if _covers(model, language):
            found[_group(view, model)].append(model)
    return {group: models for group, models in found.items() if models}


def languages_of(view: ModelsView) -> list[str]:
    """Return the languages that at least one recogniser supports, in no particular order."""
    models = (model for model in view.models if model.about.purpose is Purpose.RECOGNISER)
    return list(dict.fromkeys(code for model in models for code in model.about.languages))


def is_recommended(view: ModelsView, model: LocalModelView) -> bool:
    """Return whether this model is the recommended one."""
    return view.recommended is not None and view.recommended.model == model.name


def _group(view: ModelsView, model: LocalModelView) -> str:
    if model.about.purpose is not Purpose.RECOGNISER:
        return "parts"
    if model.state in _HERE:
        return "here"
    return "recommended" if is_recommended(view, model) else "more"


def _rank(view: ModelsView, model: LocalModelView) -> tuple[bool, ...]:
    """Return the sort key within a group; models with equal keys keep the order of the catalogue."""
    return not model.chosen, not is_recommended(view, model), model.about.later, bool(model.lacks)


def _covers(model: LocalModelView, language: str) -> bool:
    known = model.about.languages
    return not language or model.chosen or not known or language in known


_ANY: Final = ""


class ModelsPanel(QWidget):
    """Panel of model cards, updated only while visible."""

    def __init__(self, theme: Theme, texts: Texts, ask: Callable[[Action], None]) -> None:
        super().__init__()
        self._theme, self._texts, self._ask = theme, texts, ask
        self._view = ModelsView()
        self._arranged: list[tuple[str, list[str]]] = []
        self.cards: dict[str, ModelCard] = {}
        self.room, self.empty = remark(), label(role="muted", wraps=True)
        self.language, self.filter_name = _ANY, worded(texts, label(), "models.filter")
        self.filter = PickOneControl(theme, texts, self._languages, self._filter_changed)
        self.headings: dict[str, QLabel] = {
            group: worded(texts, label(bold=True), f"models.group.{group}") for group in GROUPS
        }
        row = horizontal(self.filter_name, self.filter, SPACE)
        self._list = vertical(gap=SPACING.medium)
        vertical(row, self._list, self.empty, self.room, within=self, gap=SPACING.medium)
        for heading in self.headings.values():
            heading.setParent(self)
            heading.hide()
        refresh_with(self.refresh, theme, texts)
        follow_visibility(self, lambda on: ask(WatchModels(on)))

    def show_models(self, view: ModelsView) -> None:
        """Show the current models; cheap enough to call ten times a second."""
        self._view = view
        self._show()

    def words(self) -> Iterable[str]:
        """Yield the texts by which the search of the settings finds this panel."""
        yield self._texts("models.find")
        for card in self.cards.values():
            about = card.model.about
            yield from (card.name.text(), about.name, card.about.text(), about.licence)
        yield from (language_name(self._texts, code) for code in languages_of(self._view))

    def refresh(self) -> None:
        """Update all cards to the current language and colours."""
        self._show_filter()
        self._show(again=True)

    def _show(self, *, again: bool = False) -> None:
        view, texts = self._view, self._texts
        self.room.setText(room_text(texts, view) if view.models else texts("models.looking"))
        for model in view.models:
            card = self.cards.get(model.name) or self._new_card(model.name)
            card.show_model(model, view, language=self.language, again=again)
        found = groups(view, self.language)
        lacks = bool(view.models) and not found.keys() - {"parts"}
        show_text(self.empty, texts("models.empty", language=language_name(texts, self.language)) if lacks else "")
        self._arrange([(group, [model.name for model in models]) for group, models in found.items()])

    def _show_filter(self) -> None:
        self.filter.describe(self.filter_name.text(), "")
        self.filter.show_value(self.language)

    def _languages(self) -> list[PickerEntry]:
        """Return the entries of the filter: any language, then the user's languages, then all others."""
        own, known = self._view.languages, set(languages_of(self._view))
        entries = [entry for entry in spoken_entries(self._texts) if entry.value in known]
        entries.sort(key=lambda entry: entry.value not in own)
        return [PickerEntry(_ANY, self._texts("models.any")), *entries]

    def _filter_changed(self, language: str | bool | int | None) -> None:
        self.language = str(language)
        self._show_filter()
        self._show()

    def _new_card(self, name: str) -> ModelCard:
        card = self.cards[name] = ModelCard(self._theme, self._texts, self._ask, SYSTEM_DIALOGS)
        card.setParent(self)
        return card

    def _arrange(self, wanted: list[tuple[str, list[str]]]) -> None:
        """Put headings and cards into this order, and make the Tab key follow it."""
        if wanted == self._arranged:
            return
        self._arranged = wanted
        for widget in (*self.headings.values(), *self.cards.values()):
            self._list.removeWidget(widget)
        shown = {name for _, names in wanted for name in names}
        for group, heading in self.headings.items():
            heading.setVisible(any(group is one for one, _ in wanted))
        for name, card in self.cards.items():
            card.setVisible(name in shown)
        before: QWidget = self.filter.field
        for group, names in wanted:
            self._list.addWidget(self.headings[group])
            for name in names:
                self._list.addWidget(self.cards[name])
                for control in self.cards[name].controls:
                    QWidget.setTabOrder(before, control)
                    before = control
