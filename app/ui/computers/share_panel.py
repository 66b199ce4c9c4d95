"""Panel that shares this computer's gateway with other devices: switch, addresses and devices."""

from collections.abc import Callable, Iterable

from PySide6.QtGui import QGuiApplication, QHideEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.messages.actions import Action
from app.settings.actions import ChangeSetting
from app.settings.sections import Settings
from app.sharing.actions import LookAtSharing, SharingAction
from app.sharing.view import InviteView, SharingState, SharingView
from app.ui.computers.device_row import DeviceRow
from app.ui.computers.invite_dialog import InviteDialog
from app.ui.computers.wording import SHAPES, fingerprint_text, places_text, sharing_text
from app.ui.onboarding.step_page import tell, wrapping
from app.ui.strings.texts import Texts
from app.ui.strings.wording import note_text
from app.ui.theme.theme import SCALE, SPACING, Theme
from app.ui.widgets.basic import Shape, Switch, label, reveal

SETTING = "gateway.share"


class SharingPanel(QFrame):
    """Panel of the sharing state, updated only while visible.

    Settings go to ``ask``, all other actions to ``ask_sharing``.
    """

    def __init__(
        self,
        theme: Theme,
        texts: Texts,
        ask: Callable[[Action], None],
        ask_sharing: Callable[[SharingAction], None],
    ) -> None:
        super().__init__()
        self._theme, self._texts, self._ask, self._ask_sharing = theme, texts, ask, ask_sharing
        self._view, self._on = SharingView(), False
        self.setProperty("role", "card")
        self.heading, self.says = label(size=SCALE.heading, bold=True), label(role="muted")
        self.switch, self.shape = Switch(theme), Shape(theme, SHAPES[SharingState.OFF])
        self.state, self.told = label(), label(role="warning")
        self.where, self.fingerprint = Fact(texts), Fact(texts)
        self.devices_heading, self.nobody = label(bold=True), label(role="muted")
        self.rows: dict[str, DeviceRow] = {}
        self.add, self.hint = QPushButton(), label(size=SCALE.caption, role="muted")
        self.dialog = InviteDialog(theme, texts, ask_sharing, self)
        wrapping([self.heading, self.says, self.state, self.told, self.devices_heading, self.nobody, self.hint])
        self._lay_out()
        self.switch.clicked.connect(self._switched)
        self.add.clicked.connect(lambda: self.dialog.begin(self._view.name))
        texts.changed.connect(self.refresh)
        theme.changed.connect(self.refresh)
        self.refresh()

    def words(self) -> Iterable[str]:
        """Yield the words by which the settings search finds this panel."""
        texts = self._texts
        yield from (texts("sharing.find"), texts("sharing.name"), texts("sharing.says"), texts("sharing.devices"))

    def show_settings(self, settings: Settings) -> None:
        """Show whether sharing is switched on in the settings."""
        self._on = settings.gateway.share
        self._show()

    def show_sharing(self, view: SharingView) -> None:
        """Show the current state of sharing and the devices."""
        if view != self._view:
            self._view = view
            self._show()

    def show_invite(self, invite: InviteView) -> None:
        """Pass the current pairing code to the dialog."""
        self.dialog.show_invite(invite)

    def refresh(self) -> None:
        """Update all texts to the current language and colours."""
        texts = self._texts
        self.heading.setText(texts("sharing.name"))
        self.says.setText(texts("sharing.says"))
        self.switch.setAccessibleName(texts("sharing.name"))
        self.devices_heading.setText(texts("sharing.devices"))
        self.add.setText(texts("sharing.add"))
        self._show()

    def showEvent(self, event: QShowEvent) -> None:
        """Start updates while the panel is visible."""
        self._ask_sharing(LookAtSharing(True))

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop updates while the panel is hidden."""
        self._ask_sharing(LookAtSharing(False))

    def _switched(self, on: bool) -> None:
        self.switch.setChecked(self._on)  # the switch follows the setting in effect, not the click
        self._ask(ChangeSetting(SETTING, on))

    def _show(self) -> None:
        texts, view = self._texts, self._view
        self.switch.setChecked(self._on)
        said = sharing_text(texts, view)
        self.switch.setAccessibleDescription(said)
        self.shape.show_state(SHAPES[view.state], said)
        tell(self.state, said, "warning" if view.state is SharingState.FAILED else "")
        shared = view.state is SharingState.ON
        self.where.show_fact(texts("sharing.where"), places_text(view) if shared else "")
        digest = fingerprint_text(view.certificate_sha256) if shared else ""
        self.fingerprint.show_fact(texts("sharing.fingerprint"), digest, view.certificate_sha256)
        tell(self.told, note_text(texts, view.told) if view.told else "", "warning")
        self.add.setEnabled(shared)
        tell(self.hint, "" if shared or self._on else texts("sharing.add-first"))
        self._show_devices()

    def _show_devices(self) -> None:
        view, texts = self._view, self._texts
        devices = view.devices or ()
        for gone in self.rows.keys() - {device.id for device in devices}:
            row = self.rows.pop(gone)
            reveal(row, False, self.add)
            self._devices.removeWidget(row)
            row.deleteLater()
        for device in devices:
            if device.id not in self.rows:
                self.rows[device.id] = DeviceRow(texts, self._ask_sharing)
                self._devices.addWidget(self.rows[device.id])
            self.rows[device.id].show_device(device)
        nobody = texts("sharing.loading" if view.devices is None else "sharing.none")
        tell(self.nobody, "" if devices else nobody)
        shared = view.state is SharingState.ON
        self.nobody.setVisible(not devices and shared)
        self.devices_heading.setVisible(bool(devices) or shared)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(SPACING.medium)
        head.addWidget(self.heading, 1)
        head.addWidget(self.switch)
        state = QHBoxLayout()
        state.setSpacing(SPACING.small)
        state.addWidget(self.shape)
        state.addWidget(self.state, 1)
        self._devices = QVBoxLayout()
        self._devices.setSpacing(0)
        adding = QHBoxLayout()
        adding.setSpacing(SPACING.medium)
        adding.addWidget(self.add)
        adding.addWidget(self.hint, 1)
        adding.addStretch(0)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACING.large, SPACING.large, SPACING.large, SPACING.large)
        column.setSpacing(SPACING.medium)
        column.addLayout(head)
        column.addWidget(self.says)
        column.addLayout(state)
        for shown in (self.where, self.fingerprint, self.devices_heading):
            column.addWidget(shown)
        column.addLayout(self._devices)
        column.addWidget(self.nobody)
        column.addWidget(self.told)
        column.addLayout(adding)


class Fact(QWidget):
    """Name and value with a button that copies the value; hidden while the value is empty."""

    def __init__(self, texts: Texts) -> None:
        super().__init__()
        self._texts, self._copied = texts, ""
        self.name, self.value, self.copy = label(size=SCALE.caption, role="muted"), label(), QPushButton()
        self.copy.setProperty("role", "quiet")
        wrapping([self.value])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING.hair)
        head = QHBoxLayout()
        head.addWidget(self.name, 1)
        head.addWidget(self.copy)
        column.addLayout(head)
        column.addWidget(self.value)
        self.copy.clicked.connect(self._copy)
        self.hide()

    def show_fact(self, name: str, value: str, copied: str = "") -> None:
        """Show a name and a value; ``copied`` is the text to copy if it differs from the value."""
        self._copied = copied or value
        self.name.setText(name)
        self.value.setText(value)
        self.value.setAccessibleName(f"{name}: {value}")
        self.copy.setText(self._texts("sharing.copy"))
        self.copy.setAccessibleName(self._texts("sharing.copy-of", what=name))
        self.setVisible(bool(value))

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._copied)
