"""Card of one gateway: its name, address and health, and the actions for it."""

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QEvent, QObject, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from app.gateways.actions import ForgetGateway, GatewayAction, RenameGateway
from app.gateways.view import GatewayHealth, GatewayView
from app.ui.computers.wording import answer_role, answer_text
from app.ui.models.model_widgets import Pick
from app.ui.onboarding.step_page import tell
from app.ui.strings.texts import Texts
from app.ui.theme import icons
from app.ui.theme.theme import SCALE, SPACING, Theme, font
from app.ui.widgets.basic import control_height, label
from app.ui.widgets.flow_layout import FlowRow
from protocol.devices import LONGEST_NAME

_SHAPES: Final = {
    GatewayHealth.ASKING: ("waiting", "muted"),
    GatewayHealth.WELL: ("done", "accent"),
    GatewayHealth.NOBODY: ("pause", "warning"),
    GatewayHealth.AWAY: ("failed", "warning"),
    GatewayHealth.REFUSED: ("failed", "warning"),
}


class HealthShape(QWidget):
    """Icon for the health of a gateway.

    The card also says it in words.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme, self.health = theme, GatewayHealth.ASKING
        side = QFontMetrics(font()).ascent()
        self.setFixedSize(side, side)
        theme.changed.connect(self.update)

    def show_health(self, health: GatewayHealth) -> None:
        """Draw the icon of ``health``."""
        if health is not self.health:
            self.health = health
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the icon in its colour."""
        name, colour = _SHAPES[self.health]
        icons.draw(QPainter(self), name, QRectF(self.rect()), self._theme.colour(colour))


class GatewayCard(QFrame):
    """Card of one gateway.

    ``use``: called with the gateway's id when the user selects it.
    """

    def __init__(
        self, theme: Theme, texts: Texts, ask: Callable[[GatewayAction], None], use: Callable[[str], None]
    ) -> None:
        super().__init__()
        self._theme, self._texts, self._ask, self._use = theme, texts, ask, use
        self.gateway = GatewayView("", "", "")
        self._sure = False
        self.setProperty("role", "card")
        self.shape, self.pick = HealthShape(theme), Pick(theme)
        self.name, self.where, self.says = (
            label(),
            label(size=SCALE.caption, role="muted"),
            label(size=SCALE.caption),
        )
        self.rename, self.forget = _quiet(self._begin_rename), _quiet(self._forget)
        self.field, self.save = QLineEdit(), QPushButton()
        self.field.setMaxLength(LONGEST_NAME)
        self.field.returnPressed.connect(self._rename)
        self.field.installEventFilter(self)
        self.save.clicked.connect(self._rename)
        self.forget.installEventFilter(self)
        self.pick.clicked.connect(self._picked)
        self.buttons = FlowRow((self.pick, self.rename, self.forget))
        self._lay_out()

    def show_gateway(self, gateway: GatewayView) -> None:
        """Show the gateway's current state in the current language."""
        self.gateway, texts = gateway, self._texts
        self.shape.show_health(gateway.answer.health)
        self.name.setText(gateway.name)
        where = gateway.where if gateway.id else " · ".join((gateway.where, texts("gateways.unpaired")))
        self.where.setText(where)
        tell(self.says, answer_text(texts, gateway), answer_role(gateway))
        self._show_buttons()
        self.setAccessibleName(", ".join(filter(None, (gateway.name, where, self.says.text()))))

    def show_here(self, name: str, says: str, *, chosen: bool) -> None:
        """Show this computer instead of a gateway."""
        self.gateway = GatewayView("", name, "", chosen)
        for widget in (self.shape, self.where):
            widget.hide()
        self.name.setText(name)
        tell(self.says, says)
        self._show_buttons()
        self.setAccessibleName(f"{name}, {says}")

    def _show_buttons(self) -> None:
        texts, gateway = self._texts, self.gateway
        named = {"gateway": gateway.name}
        self.name.setFont(font(weight=QFont.Weight.DemiBold))
        self.pick.setFont(font())
        self.pick.setText(texts("gateways.chosen") if gateway.chosen else texts("gateways.use"))
        self.pick.setAccessibleName(texts("gateways.use-name", **named))
        self.pick.setChecked(gateway.chosen)
        self.pick.updateGeometry()
        self.rename.setText(texts("gateways.rename"))
        self.rename.setAccessibleName(texts("gateways.rename-name", **named))
        self.forget.setText(texts("gateways.sure") if self._sure else texts("gateways.forget"))
        self.forget.setAccessibleName(texts("gateways.forget-name", **named))
        self.forget.setProperty("role", "danger" if self._sure else "quiet")
        self.forget.style().polish(self.forget)
        for button in (self.rename, self.forget):
            button.setMinimumHeight(control_height())
            button.setVisible(bool(gateway.id))
        self.field.setFont(font())
        self.field.setMinimumHeight(control_height())
        self.field.setPlaceholderText(texts("gateways.rename-title"))
        self.field.setAccessibleName(texts("gateways.new-name"))
        self.save.setText(texts("gateways.save"))
        self.buttons.arrange()

    # -- user actions --------------------------------------------------------------------------------------

    def _picked(self) -> None:
        self.pick.setChecked(self.gateway.chosen)  # the mark follows the setting in force, not the click
        if not self.gateway.chosen:
            self._use(self.gateway.id)

    def _begin_rename(self) -> None:
        self.field.setText(self.gateway.name)
        self._renaming(True)
        self.field.setFocus()
        self.field.selectAll()

    def _rename(self) -> None:
        self._ask(RenameGateway(self.gateway.id, self.field.text()))
        self._renaming(False)

    def _renaming(self, on: bool) -> None:
        for widget in (self.field, self.save):
            widget.setVisible(on)
        self.rename.setEnabled(not on)
        if not on:
            self.rename.setFocus()

    def _forget(self) -> None:
        """Forget the gateway on the second click; the first asks for confirmation."""
        if self._sure:
            self._ask(ForgetGateway(self.gateway.id))
        self._sure = not self._sure
        self.forget.setFocus()
        self._show_buttons()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Swallow double clicks on "forget", cancel its confirmation on focus loss, and end renaming on Esc."""
        if watched is self.field:
            if event.type() == QEvent.Type.KeyPress and event.key() == Qt.Key.Key_Escape:  # type: ignore[attr-defined]  # a key event
                self._renaming(False)
                return True
            return super().eventFilter(watched, event)
        if event.type() == QEvent.Type.MouseButtonDblClick:
            return True
        if event.type() == QEvent.Type.FocusOut and self._sure:
            self._sure = False
            self._show_buttons()
        return super().eventFilter(watched, event)

    # -- layout --------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        for words in (self.name, self.where, self.says):
            words.setWordWrap(True)
        head = QHBoxLayout()
        head.setSpacing(SPACING.small)
        head.addWidget(self.shape)
        head.addWidget(self.name, 1)
        naming = QHBoxLayout()
        naming.setSpacing(SPACING.small)
        naming.addWidget(self.field, 1)
        naming.addWidget(self.save)
        card = QVBoxLayout(self)
        card.setContentsMargins(SPACING.large, SPACING.medium, SPACING.large, SPACING.medium)
        card.setSpacing(SPACING.small)
        card.addLayout(head)
        for widget in (self.where, self.says, self.buttons):
            card.addWidget(widget)
        card.addLayout(naming)
        self._hide_field()

    def _hide_field(self) -> None:
        for widget in (self.field, self.save):
            widget.hide()


def _quiet(do: Callable[[], None]) -> QPushButton:
    made = QPushButton()
    made.setProperty("role", "quiet")
    made.setCursor(Qt.CursorShape.PointingHandCursor)
    made.clicked.connect(do)
    return made
