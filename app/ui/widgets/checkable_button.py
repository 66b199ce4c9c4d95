"""Base of drawn buttons that are checked: tabs, pages, options, switches."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QButtonGroup

from app.ui.theme.theme import Theme


class CheckableButton(QAbstractButton):
    """Button that is checked by a click, or in the same way by assistive technology.

    Qt toggles a checkable button on behalf of assistive technology, without a click: nothing would follow.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._own = False
        self.setCheckable(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.toggled.connect(self._follow)

    def setChecked(self, checked: bool) -> None:
        """Check or uncheck the button without a click."""
        self._own = True
        super().setChecked(checked)
        self._own = False

    def nextCheckState(self) -> None:
        """Change the state at a click, which Qt announces itself."""
        self._own = True
        super().nextCheckState()
        self._own = False

    def _follow(self, checked: bool) -> None:
        """Emit a click for a change by assistive technology, which Qt does not announce as one."""
        if not self._own and (checked or not self._is_one_of_many()):
            self.clicked[bool].emit(checked)  # type: ignore[index] # the stubs know no overloads

    def _is_one_of_many(self) -> bool:
        """Return whether the button is unchecked when another one is checked."""
        group: QButtonGroup | None = self.group()
        return self.autoExclusive() or (group is not None and group.exclusive())
