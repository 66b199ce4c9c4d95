"""Button that recognises a take again, from a menu of models."""

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu, QPushButton, QWidgetAction

from app.history.view import HistoryModels, RerunOptions
from app.ui.strings.texts import Texts, model_name, note_text
from app.ui.theme.theme import SPACING
from app.ui.widgets.basic import opens_menu, refresh_with
from app.ui.widgets.parts import label, menu_name


class AgainButton(QPushButton):
    """Button whose menu lists the models that are loaded now, and once more for the recording with its pauses.

    ``opens``: emitted when the menu opens. ``chosen``: emitted with ``RerunOptions``. ``results``: emitted when
    the user wants to see the results of further recognitions.
    """

    opens, chosen, results = Signal(), Signal(object), Signal()

    def __init__(self, texts: Texts) -> None:
        super().__init__()
        self._texts = texts
        self._models, self._used, self._ran = HistoryModels(), "", False
        self._menu = QMenu(self)
        self.whole = QMenu(self)
        self._menu.aboutToShow.connect(self.opens.emit)
        opens_menu(self, self._menu)
        refresh_with(self.refresh, texts)

    def show_models(self, models: HistoryModels) -> None:
        """Offer these models, or say why none is known."""
        if models != self._models:
            self._models = models
            self.refresh()

    def show_take(self, used: str, *, ran: bool) -> None:
        """Offer the model ``used`` last; ``ran``: there are results of further recognitions."""
        if (used, ran) != (self._used, self._ran):
            self._used, self._ran = used, ran
            self.refresh()

    def refresh(self) -> None:
        """Update the texts to the current language."""
        texts, menu = self._texts, self._menu
        self.setText(texts("history.again.open"))
        menu.clear()
        self._list_models(menu, vad=True)
        if self._models.note is not None:
            self._add_note(note_text(texts, self._models.note))
        menu.addSeparator()
        menu.addMenu(self.whole).setText(texts("history.again.whole"))
        self.whole.clear()
        self._list_models(self.whole, vad=False)
        if self._ran:
            menu.addAction(texts("history.again.results"), self.results.emit)

    def _list_models(self, menu: QMenu, *, vad: bool) -> None:
        texts = self._texts
        for name in sorted(self._models.names, key=self._used.__eq__) or ("",):
            shown = model_name(texts, name) if name else texts("history.again.any-model")
            title = texts("history.again.used", model=shown) if name and name == self._used else shown
            menu.addAction(menu_name(title), partial(self.chosen.emit, RerunOptions(name, vad)))

    def _add_note(self, text: str) -> None:
        """Add a note in several lines, which an entry of a menu cannot have."""
        words = label(text, role="warning", wraps=True)
        words.setContentsMargins(SPACING.large, SPACING.hair, SPACING.large, SPACING.hair)
        entry = QWidgetAction(self._menu)
        entry.setDefaultWidget(words)
        self._menu.addAction(entry)
