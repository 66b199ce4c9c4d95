"""Text fields in the usual size."""

from typing import Final

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLineEdit

from app.ui.strings.texts import Texts
from app.ui.theme import icons
from app.ui.theme.theme import Theme, font
from app.ui.widgets.basic import control_height, refresh_with
from app.ui.widgets.labels import worded

_MOST: Final = 32_767


class Field(QLineEdit):
    """Field for at most ``most`` letters, as high as a button."""

    def __init__(self, theme: Theme, most: int = _MOST) -> None:
        super().__init__(maxLength=most)
        refresh_with(self.fit, theme)

    def fit(self) -> None:
        """Take the current font and the height of a button."""
        self.setFont(font())
        self.setMinimumHeight(control_height())


class SearchField(Field):
    """Field for a search, named by the text ``key``; ``clear``: the text of a button that empties the field."""

    def __init__(self, theme: Theme, texts: Texts, key: str, *, clear: str = "", most: int = _MOST) -> None:
        self._theme = theme
        self._icons: dict[QAction, str] = {}
        super().__init__(theme, most)
        worded(texts, self, placeholderText=key, accessibleName=key)
        if clear:
            empty = worded(texts, self.add_icon("cancel", at_end=True), clear, toolTip=clear)
            empty.triggered.connect(self.clear)
            empty.setVisible(False)
            self.textChanged.connect(lambda text: empty.setVisible(bool(text)))

    def add_icon(self, name: str, *, at_end: bool = False) -> QAction:
        """Show an icon at an end of the field, and return its action."""
        place = QLineEdit.ActionPosition.TrailingPosition if at_end else QLineEdit.ActionPosition.LeadingPosition
        action = self.addAction(icons.icon(name, self._theme.colour("muted")), place)
        self._icons[action] = name
        return action

    def fit(self) -> None:
        """Take the current font, height and colours."""
        super().fit()
        for action, name in self._icons.items():
            action.setIcon(icons.icon(name, self._theme.colour("muted")))
