"""Button that recognises a take again, from a menu of models."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu, QPushButton

from app.ui.models.wording import model_name
from app.ui.strings.texts import Texts
from app.ui.widgets.untrusted_text import menu_name


class AgainButton(QPushButton):
    """Button whose menu lists the models that are loaded now.

    ``opens``: emitted when the menu opens. ``chosen``: emitted with a model, or an empty name for any.
    ``options``: emitted when the user wants to choose more than the model.
    """

    opens, chosen, options = Signal(), Signal(str), Signal()

    def __init__(self, texts: Texts) -> None:
        super().__init__()
        self._texts = texts
        self._names: Sequence[str] = ()
        self._used = ""
        self._menu = QMenu(self)
        self._menu.aboutToShow.connect(self.opens.emit)
        self.setMenu(self._menu)
        self.refresh()

    def show_models(self, names: Sequence[str], used: str) -> None:
        """Offer these models; ``used`` recognised the take before."""
        if (tuple(names), used) != (tuple(self._names), self._used):
            self._names, self._used = tuple(names), used
            self.refresh()

    def refresh(self) -> None:
        """Update the texts to the current language."""
        texts = self._texts
        self.setText(texts("history.again.open"))
        self._menu.clear()
        for name in sorted(self._names, key=self._used.__eq__) or ("",):
            shown = model_name(texts, name) if name else texts("history.again.any-model")
            title = texts("history.again.used", model=shown) if name and name == self._used else shown
            self._menu.addAction(menu_name(title)).triggered.connect(partial(self._choose, name))
        self._menu.addSeparator()
        self._menu.addAction(texts("history.again.options")).triggered.connect(self.options.emit)

    def _choose(self, name: str, _: bool = False) -> None:
        self.chosen.emit(name)
