"""Form that shares this computer: it shows a pairing code for another one, as digits and as a QR code."""

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QGuiApplication, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QLayout, QSizePolicy, QWidget

from app.core.states import State
from app.messages.kinds import Action
from app.settings.sections import ChangeSetting, Settings
from app.sharing.view import EndInvite, InviteDevice, InviteView, SharingState, SharingView
from app.ui.computers.wording import (
    code_left_text,
    code_result_text,
    code_text,
    fingerprint_text,
    places_text,
    sharing_text,
)
from app.ui.strings.texts import Texts
from app.ui.theme.theme import SCALE, SPACING, Theme, font
from app.ui.widgets.basic import Card, Shape, action_button, on_escape, refresh_with, reveal, timer
from app.ui.widgets.controls import OptionButtons
from app.ui.widgets.panels import FlowRow, bring_into_sight
from app.ui.widgets.parts import (
    SPACE,
    at_left,
    horizontal,
    label,
    lay_beside,
    remark,
    set_caption,
    set_visible,
    show_text,
    stretched,
    vertical,
    worded,
)
from protocol.pairing import PairingStage

QUIET: Final = 4
"""Width of the quiet zone in modules, as ISO/IEC 18004 requires."""
LIGHT: Final = QColor("white")
DARK: Final = QColor("black")
_PIXELS: Final = range(4, 7)  # pixels per module


def modules(text: str) -> tuple[tuple[bool, ...], ...]:
    """Return the rows of the QR code for a text; True is dark."""
    import segno  # imported here, because few windows show a code

    made = segno.make(text, error="m", micro=False)
    return tuple(tuple(bool(module) for module in line) for line in made.matrix)


class QrCode(QWidget):
    """QR code, empty until a text is set."""

    def __init__(self) -> None:
        super().__init__(sizePolicy=QSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed))
        self._text = ""
        self._rows: tuple[tuple[bool, ...], ...] = ()

    def show_text(self, text: str) -> None:
        """Show the code of a text; repaint only if it changed."""
        if text != self._text:
            self._text, self._rows = text, modules(text) if text else ()
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        """Return a size in which each module is a whole number of pixels."""
        side = (len(self._rows) + 2 * QUIET) * self._module if self._rows else 0
        return QSize(side, side)

    @property
    def _module(self) -> int:
        """Pixels per module, which grow with the font within limits."""
        return min(max(_PIXELS[0], QFontMetrics(font()).height() // _PIXELS[0]), _PIXELS[-1])

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the code in the middle with whole pixels per module; the quiet zone shrinks with the modules."""
        if not self._rows:
            return
        painter, across = QPainter(self), len(self._rows) + 2 * QUIET
        side = max(1, min(self.width(), self.height()) // across)
        left, top = (self.width() - across * side) // 2, (self.height() - across * side) // 2
        painter.fillRect(left, top, across * side, across * side, LIGHT)
        for y, line in enumerate(self._rows):
            for x, is_dark in enumerate(line):
                if is_dark:
                    painter.fillRect(left + (x + QUIET) * side, top + (y + QUIET) * side, side, side, DARK)


SETTING: Final = "gateway.share"
CLIENT: Final = "client"
WORKER: Final = "worker"
_DIGITS: Final = 2.2  # font size of the code, relative to the system font


class ShareForm(Card):
    """Form that ``begin`` opens; closing it invalidates the code. ``closed`` is called before it closes."""

    def __init__(
        self, theme: Theme, texts: Texts, ask: Callable[[Action], None], closed: Callable[[], None] = lambda: None
    ) -> None:
        super().__init__()
        self._texts, self._ask, self._closed = texts, ask, closed
        self._view, self._invite, self._on, self._asked = SharingView(), InviteView(), False, False
        self.heading = worded(texts, label(bold=True, wraps=True), "sharing.name")
        self.state = label(role="muted", wraps=True)
        self.description = label(role="muted", wraps=True)
        self.purpose_name = worded(texts, label(size=SCALE.caption, role="muted"), "sharing.invite.kind")
        self.purpose, self._worker = OptionButtons(theme), False
        self.trust = worded(texts, remark("warning"), "sharing.invite.trust")
        self.digits = label(size=_DIGITS, bold=True)
        self.qr = worded(texts, QrCode(), accessibleName="sharing.invite.qr")
        self.digits.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.left, self.where = label(role="muted", wraps=True), remark()
        self.scan = remark()
        self.shape, self.ended = Shape(theme, State.DONE), label(wraps=True)
        self.place, self.fingerprint = Fact(texts, "sharing.where"), Fact(texts, "sharing.fingerprint")
        self.again, self.copy = action_button(self._request, "primary"), action_button(self._copy)
        self.about = worded(texts, action_button(self._show_details), "computers.details")
        self.stop = worded(texts, action_button(lambda: ask(ChangeSetting(SETTING, False))), "sharing.stop")
        self.about.setCheckable(True)
        self.close_button = worded(texts, action_button(self.close_form), "sharing.invite.done")
        self.buttons = FlowRow((self.again, self.copy, self.about, self.stop, self.close_button))
        self._laid_out = timer(self, 0, lambda: bring_into_sight(self.qr if self._invite.link else self))
        self._lay_out()
        self.purpose.chosen.connect(self._choose)
        self._show_purposes()
        on_escape(self, (*self.purpose.buttons, *self.buttons.controls), self.close_form)
        self.hide()
        refresh_with(self.refresh, texts, theme)

    @property
    def controls(self) -> tuple[QWidget, ...]:
        """Controls in reading order."""
        return *self.purpose.buttons, self.place.copy, self.fingerprint.copy, *self.buttons.controls

    # -- values --------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Open the form, switch sharing on, and request a code once it is on."""
        self._asked, self._invite = False, InviteView()
        self.about.setChecked(False)
        self._worker = False
        self.show()
        self.refresh()
        self.close_button.setFocus()
        self._laid_out.start()
        if not self._on:
            self._ask(ChangeSetting(SETTING, True))
        self._request_once()

    def close_form(self) -> None:
        """Close the form and invalidate its code."""
        if self.isHidden():
            return
        self._closed()
        self.hide()
        if self._asked:
            self._asked = False
            self._ask(EndInvite())

    def show_settings(self, settings: Settings) -> None:
        """Close the form when sharing is switched off."""
        was, self._on = self._on, settings.gateway.share
        if was and not self._on:
            self.close_form()
        self._request_once()

    def show_sharing(self, view: SharingView) -> None:
        """Show the state of sharing; request a code once it is on."""
        self._view = view
        self._request_once()
        self._show()

    def show_invite(self, invite: InviteView) -> None:
        """Show the current code or the result of pairing; close when the paired device is removed."""
        if self._asked and self._invite.stage is PairingStage.PAIRED and invite == InviteView():
            self.close_form()
        elif self._asked:
            came = bool(invite.code) and not self._invite.code
            self._invite = invite
            self._show()
            if came:
                self._laid_out.start()

    def refresh(self) -> None:
        """Update all texts to the current language, fonts and colours."""
        self.setAccessibleName(self.heading.text())
        self._show_purposes()
        self.qr.updateGeometry()
        self._show()
        self._arrange()

    # -- user actions --------------------------------------------------------------------------------------

    def _choose(self, purpose: str) -> None:
        """Request a code for this purpose, unless the current code already has it."""
        if self._worker is not (purpose == WORKER):
            self._worker = not self._worker
            self._request()

    def _request_once(self) -> None:
        """Request the first code as soon as this computer is shared."""
        if self._on and not self.isHidden() and not self._asked and self._view.state is SharingState.ON:
            self._request()

    def _request(self) -> None:
        self._asked, self._invite = True, InviteView(worker=self._worker)
        self._ask(InviteDevice(self._worker))
        self._show()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._invite.link)
        self.copy.setText(self._texts("sharing.invite.copied"))

    # -- display -------------------------------------------------------------------------------------------

    def _show_purposes(self) -> None:
        entries = [(one, self._texts(f"sharing.invite.{one}")) for one in (CLIENT, WORKER)]
        self.purpose.show_entries(entries, WORKER if self._worker else CLIENT)
        self.purpose.describe(self.purpose_name.text(), "")

    def _show(self) -> None:
        texts, invite = self._texts, self._invite
        ended = code_result_text(texts, invite) if self._asked else ""
        waits = self._asked and bool(invite.code)
        failed = self._view.state is SharingState.FAILED
        on = self._view.state is SharingState.ON
        show_text(
            self.state, "" if on and self._view.urls else self._state(), "warning" if failed or on else "muted"
        )
        set_visible(self._asked, self.purpose_name, self.purpose)
        show_text(self.description, self._sentence(waits=waits) if self._asked and not ended else "", "muted")
        self.trust.setVisible(self._worker and waits)
        self._show_code(waits=waits)
        good = invite.stage is PairingStage.PAIRED
        self.shape.show_state(State.DONE if good else State.FAILED, ended)
        self.shape.setVisible(bool(ended))
        show_text(self.ended, ended, "" if good else "warning")
        self.again.setText(texts("sharing.invite.another" if good else "sharing.invite.new-code"))
        reveal(self.again, bool(ended), self.close_button)
        self.about.setVisible(on)
        self._show_details()
        self.buttons.arrange()

    def _state(self) -> str:
        """Return the state of sharing; off counts as starting, because the form has just switched it on."""
        off = self._view.state is SharingState.OFF
        return self._texts("sharing.starting") if off else sharing_text(self._texts, self._view)

    def _show_code(self, *, waits: bool) -> None:
        texts, invite = self._texts, self._invite
        self.digits.setText(code_text(invite.code))
        self.digits.setFont(font(_DIGITS, self.digits.font().weight()))
        self.digits.setAccessibleName(texts("sharing.invite.code", digits=" ".join(invite.code)))
        self.qr.show_text(invite.link if waits else "")
        self.qr.setVisible(waits and bool(invite.link))
        self.digits.setVisible(waits)
        show_text(self.scan, texts("sharing.invite.scan") if waits and invite.link else "", "muted")
        show_text(self.left, code_left_text(texts, invite) if waits else "", "muted")
        places = places_text(invite).replace("\n", " · ")
        show_text(self.where, texts("sharing.invite.where", where=places) if waits and places else "", "muted")
        if not waits or not self.copy.isVisible():
            self.copy.setText(texts("sharing.invite.copy-link"))
        reveal(self.copy, waits and bool(invite.link), self.close_button)

    def _show_details(self) -> None:
        view = self._view
        shown = self.about.isChecked() and view.state is SharingState.ON
        self.place.show_fact(places_text(view) if shown else "")
        digest = fingerprint_text(view.certificate_sha256) if shown else ""
        self.fingerprint.show_fact(digest, view.certificate_sha256)

    def _sentence(self, *, waits: bool) -> str:
        texts = self._texts
        if not waits:
            return texts("sharing.invite.asking")
        if self._invite.worker:
            return texts("sharing.invite.worker-do")
        return texts("sharing.invite.client-do", gateway=self._view.name)

    # -- layout --------------------------------------------------------------------------------------------

    def minimumSizeHint(self) -> QSize:
        """Return the minimum size, with the digits below the QR code."""
        rows = self.buttons.minimumSizeHint(), self.purpose.minimumSizeHint()
        parts = (self.qr.sizeHint(), self.digits.sizeHint(), *rows)
        across = max(part.width() for part in parts) + 2 * SPACING.large + 2
        return QSize(across, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Place the digits beside the QR code if both fit, otherwise below."""
        self._arrange()

    def _arrange(self) -> None:
        needed = self.qr.sizeHint().width() + self.digits.sizeHint().width() + 3 * SPACING.large
        lay_beside(self._code, needed <= self.width())

    def _lay_out(self) -> None:
        words = vertical(self.digits, self.left, self.where, self.scan, SPACE)
        self._code = horizontal(self.qr, stretched(words), gap=SPACING.large)
        end = horizontal(self.shape, stretched(self.ended))
        kind = vertical(self.purpose_name, at_left(self.purpose), gap=SPACING.hair)
        column = vertical(
            self.heading,
            self.state,
            kind,
            self.description,
            self._code,
            end,
            self.trust,
            self.place,
            self.fingerprint,
            self.buttons,
            within=self,
            margins=SPACING.large,
            gap=SPACING.medium,
        )
        column.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)


class Fact(QWidget):
    """Name and value with a button that copies the value; hidden while the value is empty."""

    def __init__(self, texts: Texts, key: str) -> None:
        super().__init__()
        self._texts, self._copied = texts, ""
        self.name = worded(texts, label(size=SCALE.caption, role="muted"), key)
        self.value = label(wraps=True)
        self.copy = worded(texts, action_button(self._copy, "quiet"), "sharing.copy")
        head = horizontal(self.name, self.copy, SPACE, gap=None)
        vertical(head, self.value, within=self, gap=SPACING.hair)
        self.hide()

    def show_fact(self, value: str, copied: str = "") -> None:
        """Show a value; ``copied`` is the text to copy if it differs from the value."""
        self._copied, name = copied or value, self.name.text()
        set_caption(self.value, value, f"{name}: {value}")
        self.copy.setAccessibleName(self._texts("sharing.copy-of", what=name))
        self.setVisible(bool(value))

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._copied)
