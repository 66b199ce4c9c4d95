"""Row of one device that may use this computer's gateway: renamed in place, removed after confirmation."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from app.sharing.actions import RenameDevice, RevokeDevice, SharingAction
from app.sharing.view import SharedDevice
from app.ui.computers.wording import device_text
from app.ui.onboarding.step_page import tell, wrapping
from app.ui.strings.texts import Texts
from app.ui.theme.theme import SCALE, SPACING
from app.ui.widgets.basic import Elided, control_height, label
from protocol.devices import LONGEST_NAME, clean_name


class DeviceRow(QWidget):
    """Row that shows one device and passes actions to ``ask``."""

    def __init__(self, texts: Texts, ask: Callable[[SharingAction], None]) -> None:
        super().__init__()
        self._texts, self._ask = texts, ask
        self.device = SharedDevice("", "")
        self._sure = False
        self.name, self.field = Elided(1), QLineEdit()
        self.about = label(size=SCALE.caption, role="muted")
        self.warning = label(size=SCALE.caption, role="warning")
        wrapping([self.about, self.warning])
        self.rename, self.revoke = QPushButton(), QPushButton()
        self.rename.setProperty("role", "quiet")
        self.field.setMaxLength(LONGEST_NAME)
        self.field.hide()
        self.warning.hide()
        words = QVBoxLayout()
        words.setSpacing(SPACING.hair)
        for shown in (self.name, self.field, self.about, self.warning):
            words.addWidget(shown)
        sides = QHBoxLayout(self)
        sides.setContentsMargins(0, SPACING.small, 0, SPACING.small)
        sides.setSpacing(SPACING.medium)
        sides.addLayout(words, 1)
        for button in (self.rename, self.revoke):
            sides.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        self.rename.clicked.connect(self._begin)
        self.field.editingFinished.connect(self._keep)
        self.field.installEventFilter(self)
        self.revoke.clicked.connect(self._revoke)
        self.revoke.installEventFilter(self)

    def show_device(self, device: SharedDevice) -> None:
        """Show the device's current values."""
        self.device = device
        self.refresh()

    def refresh(self) -> None:
        """Update all texts to the current language."""
        texts, name = self._texts, self.device.name
        self.name.show_text(name)
        self.about.setText(device_text(texts, self.device))
        self.field.setAccessibleName(texts("sharing.name-of", device=name))
        self.field.setMinimumHeight(control_height())
        self.rename.setText(texts("sharing.rename"))
        self.rename.setAccessibleName(texts("sharing.rename-of", device=name))
        self._show_revoke()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Cancel renaming on Esc, and the removal when the focus leaves; ignore double clicks on remove."""
        if watched is self.field and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            if event.type() == QEvent.Type.KeyPress:
                self._end()
            return True
        if watched is self.revoke and event.type() == QEvent.Type.MouseButtonDblClick:
            return True
        if watched is self.revoke and event.type() == QEvent.Type.FocusOut and self._sure:
            self._sure = False
            self._show_revoke()
        return super().eventFilter(watched, event)

    def _begin(self) -> None:
        self.field.setText(self.device.name)
        self.name.hide()
        self.field.show()
        self.field.setFocus()
        self.field.selectAll()

    def _keep(self) -> None:
        name = clean_name(self.field.text())
        if self.field.isHidden():
            return
        self._end()
        if name and name != self.device.name:
            self._ask(RenameDevice(self.device.id, name))

    def _end(self) -> None:
        had = self.field.hasFocus()
        self.field.blockSignals(True)  # hiding the field would emit editingFinished
        self.field.hide()
        self.field.blockSignals(False)
        self.name.show()
        if had:
            self.rename.setFocus()

    def _revoke(self) -> None:
        if self._sure:
            self._ask(RevokeDevice(self.device.id))
        self._sure = not self._sure
        self.revoke.setFocus()
        self._show_revoke()

    def _show_revoke(self) -> None:
        texts, name = self._texts, self.device.name
        self.revoke.setText(texts("sharing.revoke-sure" if self._sure else "sharing.revoke"))
        says = texts("sharing.revoke-says", device=name)
        named = texts("sharing.revoke-of", device=name)
        self.revoke.setAccessibleName(f"{named}: {self.revoke.text()}")
        self.revoke.setAccessibleDescription(says)
        self.revoke.setProperty("role", "danger" if self._sure else "quiet")
        self.revoke.style().polish(self.revoke)
        tell(self.warning, says if self._sure else "", "danger")
