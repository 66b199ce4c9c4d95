"""Draw gateways and pairing in each of their states, for ``scripts.screenshots``."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from app.core.notes import Note
from app.gateways.view import (
    FoundView,
    GatewayHealth,
    GatewaysView,
    GatewayView,
    PairingStage,
    PairingView,
    QueryResult,
)
from app.ui.computers.use_panel import GatewaysPanel
from app.ui.shell.shell import usual_size
from app.ui.strings.texts import Texts
from app.ui.theme.theme import SPACING, Theme
from scripts.screenshots import Look, column, dressed, grabbed, ground

_WELL: Final = QueryResult(GatewayHealth.WELL, 1.8, ("RTX 5060 Ti · SenseVoiceSmall", "cpu · whisper-base"))
TOWER: Final = GatewayView("tower", "desktop-gpu", "192.168.1.20:8765", True, _WELL)
TEAM: Final = GatewayView("team", "Studio", "studio.example:8765", answer=QueryResult(GatewayHealth.NOBODY, 14.0))
PLAIN: Final = GatewayView("", "https://10.0.0.7:8765", "10.0.0.7:8765")
ATTIC: Final = FoundView("attic", ("https://192.168.1.31:8765",), "c" * 64)
FOUND: Final = (ATTIC, FoundView("Anna 的台式机 & friends", ("https://192.168.1.32:8765",), "d" * 64))
FULL: Final = GatewaysView((TOWER, TEAM), FOUND, here=False, device="laptop")
Do = Callable[[GatewaysPanel, GatewaysView], GatewaysView]


def full(made: GatewaysPanel, view: GatewaysView) -> GatewaysView:
    """Show several gateways, one of them chosen."""
    return FULL


def nothing(made: GatewaysPanel, view: GatewaysView) -> GatewaysView:
    """Show an empty list of gateways."""
    return GatewaysView()


def away(made: GatewaysPanel, view: GatewaysView) -> GatewaysView:
    """Show a chosen gateway that is away, another that refuses, and one about to be removed.

    This computer stands in for the gateway that is away.
    """
    lost = replace(TOWER, answer=QueryResult(GatewayHealth.AWAY, note=Note("gateway-unreachable")))
    refused = replace(TEAM, answer=QueryResult(GatewayHealth.REFUSED, note=Note("gateway-other-certificate")))
    told = Note("gateway-still-listed", {"gateway": "old laptop"})
    shown = GatewaysView((lost, refused, PLAIN), instead_of="desktop-gpu", device="laptop", told=told)
    made.show_gateways(shown)
    card = made.cards["team"]
    card.forget.click()
    made.cards["tower"].rename.click()
    card.forget.setFocus()
    card.forget.click()
    return replace(shown, problem=Note("gateways-damaged", {"file": "gateways.json.damaged"}))


def typing(made: GatewaysPanel, view: GatewaysView) -> GatewaysView:
    """Show the form with an invalid address."""
    made.show_gateways(GatewaysView(device="laptop"))
    made.open_form(None)
    made.form.address.setText("ftp://desk")
    made.form.address.textEdited.emit("ftp://desk")
    made.form.code.setText("1234 56")
    return GatewaysView(device="laptop")


def _asked(made: GatewaysPanel, view: GatewaysView) -> GatewaysView:
    made.show_gateways(view)
    made.open_form(ATTIC)
    made.form.code.setText("1234 5678")
    made.form.code.textEdited.emit("12345678")
    made.form.go.click()
    return view


def asking(made: GatewaysPanel, view: GatewaysView) -> GatewaysView:
    """Show a pairing in progress with a gateway that was found."""
    shown = GatewaysView(found=FOUND, device="laptop")
    return replace(_asked(made, shown), pairing=PairingView(PairingStage.ASKING))


def refused(made: GatewaysPanel, view: GatewaysView) -> GatewaysView:
    """Show a pairing refused for a wrong code or an intruder in between."""
    asked = asking(made, view)
    note = Note("pair-wrong-code", {"tries": "4"})
    return replace(asked, pairing=PairingView(PairingStage.REFUSED, note=note))


def paired(made: GatewaysPanel, view: GatewaysView) -> GatewaysView:
    """Show a pairing that has succeeded."""
    asked = asking(made, view)
    return replace(asked, found=(), pairing=PairingView(PairingStage.PAIRED, "attic", "attic"))


STATES: Final[tuple[Do, ...]] = (full, nothing, away, typing, asking, refused, paired)


def panel(look: Look, do: Do) -> QImage:
    """Draw the panel at the width that the settings give it."""

    def draw(theme: Theme, texts: Texts) -> QImage:
        page, inside = QScrollArea(), QWidget()
        inside.setObjectName("list")
        around = QVBoxLayout(inside)
        around.setContentsMargins(SPACING.wide, SPACING.wide, SPACING.wide, SPACING.wide)
        made = GatewaysPanel(theme, texts, lambda action: None, lambda action: None)
        around.addWidget(made)
        around.addStretch(1)
        page.setWidget(inside)
        page.setWidgetResizable(True)
        page.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        width = max(round(usual_size().width() * 0.72), inside.minimumSizeHint().width())
        page.resize(width, 10)
        page.show()
        page.setFocus()
        QGuiApplication.processEvents()
        made.show_gateways(do(made, GatewaysView()))
        QGuiApplication.processEvents()
        page.resize(width, around.totalHeightForWidth(width))
        return grabbed(page)

    return dressed(look, draw)


def states(look: Look) -> QImage:
    """Draw all states, one below the other."""
    return column([panel(look, do) for do in STATES], ground(look))
