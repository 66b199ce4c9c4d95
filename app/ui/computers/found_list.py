"""List of gateways on the local network that are not paired with this computer."""

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.gateways.view import FoundView
from app.ui.strings.texts import Texts
from app.ui.theme.theme import SPACING
from app.ui.widgets.basic import Elided


class FoundRow(QWidget):
    """Row of one gateway, with a button to pair.

    ``said``: keys of the button's text and accessible name.
    """

    def __init__(
        self, texts: Texts, pair: Callable[[FoundView], None], found: FoundView, said: tuple[str, str]
    ) -> None:
        super().__init__()
        self.found = found
        self.name, self.pair = Elided(1), QPushButton()
        self.pair.clicked.connect(lambda: pair(found))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACING.small)
        row.addWidget(self.name, 1)
        row.addWidget(self.pair)
        self.name.show_text(found.name)
        self.pair.setText(texts(said[0]))
        self.pair.setAccessibleName(texts(said[1], gateway=found.name))


class FoundList(QWidget):
    """List of all found gateways.

    ``pair``: called with the gateway that the user wants to pair. ``said``: keys of the button's text and
    accessible name.
    """

    def __init__(
        self,
        texts: Texts,
        pair: Callable[[FoundView], None],
        said: tuple[str, str] = ("computers.pair", "computers.pair-name"),
    ) -> None:
        super().__init__()
        self._texts, self._pair, self._said = texts, pair, said
        self.rows: list[FoundRow] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(SPACING.small)
        self.hide()

    def show_found(self, found: Sequence[FoundView], *, again: bool = False) -> None:
        """Show these gateways in the list.

        The rows are rebuilt only if the gateways changed, or if ``again`` is set because the language changed.
        """
        if not again and [row.found for row in self.rows] == list(found):
            return
        focused = next((row.found for row in self.rows if row.pair.hasFocus()), None)
        for row in self.rows:
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        self.rows = [FoundRow(self._texts, self._pair, one, self._said) for one in found]
        for row in self.rows:
            self._column.addWidget(row)
            if row.found == focused:
                row.pair.setFocus()
        self.setVisible(bool(self.rows))
