"""List of this computer's models: one card each, and the free disk space."""

from collections.abc import Callable, Iterable

from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.messages.actions import Action
from app.models.actions import LookAtModels, ModelAction
from app.models.view import ModelsView
from app.settings.actions import ChangeSetting
from app.ui.models.model_card import ModelCard
from app.ui.models.wording import advice_text, room_text
from app.ui.strings.texts import Texts
from app.ui.theme.theme import SPACING, Theme
from app.ui.widgets.basic import label
from app.ui.widgets.file_dialogs import Dialogs, SystemDialogs

CHOSEN = "worker.model"


class ModelsPanel(QWidget):
    """Panel of model cards, updated only while visible.

    Settings go to ``ask``, all other actions to ``ask_models``.
    """

    def __init__(
        self,
        theme: Theme,
        texts: Texts,
        ask: Callable[[Action], None],
        ask_models: Callable[[ModelAction], None],
        dialogs: Dialogs | None = None,
    ) -> None:
        super().__init__()
        self._theme, self._texts, self._ask, self._ask_models = theme, texts, ask, ask_models
        self._dialogs = dialogs or SystemDialogs()
        self._view = ModelsView()
        self.cards: dict[str, ModelCard] = {}
        self.room, self.advice = label(role="muted"), label()
        self.room.setWordWrap(True)
        self.advice.setWordWrap(True)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(SPACING.medium)
        self._column.addWidget(self.advice)
        self._column.addWidget(self.room)
        theme.changed.connect(self.refresh)
        texts.changed.connect(self.refresh)
        self.refresh()

    def show_models(self, view: ModelsView) -> None:
        """Show the current models; cheap enough to call ten times a second."""
        self._view = view
        self._show()

    def words(self) -> Iterable[str]:
        """Yield the words by which the settings search finds this panel."""
        yield self._texts("models.find")
        for card in self.cards.values():
            yield from (card.name.text(), card.about.text(), card.model.about.licence)

    def refresh(self) -> None:
        """Redraw all cards in the current language and colours."""
        self._show(again=True)

    def showEvent(self, event: QShowEvent) -> None:
        """Start updates while the panel is visible."""
        self._ask_models(LookAtModels(True))

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop updates while the panel is hidden."""
        self._ask_models(LookAtModels(False))

    def _show(self, *, again: bool = False) -> None:
        view = self._view
        self.room.setText(room_text(self._texts, view) if view.models else self._texts("models.looking"))
        said = advice_text(self._texts, view)
        self.advice.setText(said)
        self.advice.setVisible(bool(said))
        for model in view.models:
            card = self.cards.get(model.name) or self._new_card(model.name)
            card.show_model(model, view.free, view.speeds.get(model.name), again=again)

    def _new_card(self, name: str) -> ModelCard:
        card = self.cards[name] = ModelCard(
            self._theme, self._texts, self._ask_models, self._choose, self._dialogs
        )
        self._column.addWidget(card)
        return card

    def _choose(self, name: str) -> None:
        self._ask(ChangeSetting(CHOSEN, name))
