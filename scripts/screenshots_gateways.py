"""Draw the panel of other computers, and pairing, in each of their states, for ``scripts.screenshots``."""

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
from app.local_services.worker_view import LocalWorkerState, WorkerView
from app.sharing.view import LendingView, LentView, SharedDevice, SharingState, SharingView
from app.ui.computers.panel import ComputersPanel
from app.ui.strings.texts import Texts
from app.ui.theme.theme import CONTENT_WIDTH, SPACING, Theme
from scripts.screenshots import Look, column, dressed, grabbed, ground

_WELL: Final = QueryResult(GatewayHealth.WELL, 1.8, ("RTX 5060 Ti · SenseVoiceSmall", "cpu · whisper-base"))
TOWER: Final = GatewayView("tower", "desktop-gpu", "192.168.1.20:8765", True, _WELL)
TEAM: Final = GatewayView("team", "Studio", "studio.example:8765", answer=QueryResult(GatewayHealth.NOBODY, 14.0))
PLAIN: Final = GatewayView("", "https://10.0.0.7:8765", "10.0.0.7:8765")
ATTIC: Final = FoundView("attic", ("https://192.168.1.31:8765",), "c" * 64)
FOUND: Final = (ATTIC, FoundView("Anna 的台式机 & friends", ("https://192.168.1.32:8765",), "d" * 64))
FULL: Final = GatewaysView((TOWER, TEAM), FOUND, here=False, device="laptop")
SHARING: Final = SharingView(
    SharingState.ON,
    "laptop",
    ("https://192.168.1.44:8765",),
    "e" * 64,
    (
        SharedDevice("a", "Anna's laptop", connected=True),
        SharedDevice("b", "tower", worker=True, seen_s=1_763_720_000),
        SharedDevice("c", "平板电脑"),
    ),
)
_BUSY: Final = WorkerView(LocalWorkerState.BUSY, "RTX 5060 Ti · SenseVoiceSmall", jobs=3)
_GONE: Final = WorkerView(LocalWorkerState.FAILED, reason=Note("lent-unknown", {"gateway": "old-tower"}))
LENDING: Final = LendingView(
    (LentView("a", "server-room", True, _BUSY), LentView("d", "old-tower", True, _GONE), LentView("e", "studio"))
)
Do = Callable[[ComputersPanel, GatewaysView], GatewaysView]


def full(made: ComputersPanel, view: GatewaysView) -> GatewaysView:
    """Show computers of every kind, one of them chosen."""
    made.show_sharing(SHARING)
    made.show_lending(LENDING)
    return FULL


def nothing(made: ComputersPanel, view: GatewaysView) -> GatewaysView:
    """Show this computer alone."""
    made.show_worker(WorkerView(LocalWorkerState.IDLE, "cpu · whisper-base"))
    return GatewaysView()


def away(made: ComputersPanel, view: GatewaysView) -> GatewaysView:
    """Show a chosen computer that is away, another that refuses, and one about to be removed.

    This computer stands in for the one that is away.
    """
    lost = replace(TOWER, answer=QueryResult(GatewayHealth.AWAY, note=Note("gateway-unreachable")))
    refused = replace(TEAM, answer=QueryResult(GatewayHealth.REFUSED, note=Note("gateway-other-certificate")))
    told = Note("gateway-still-listed", {"gateway": "old laptop"})
    shown = GatewaysView((lost, refused, PLAIN), instead_of="desktop-gpu", device="laptop", told=told)
    made.show_gateways(shown)
    made.rows["gateway tower"].rename.trigger()
    made.rows["gateway team"].about.trigger()
    made.rows["gateway team"].remove.trigger()
    return replace(shown, problem=Note("gateways-damaged", {"file": "gateways.json.damaged"}))


def typing(made: ComputersPanel, view: GatewaysView) -> GatewaysView:
    """Show the form with an invalid address."""
    made.show_gateways(GatewaysView(device="laptop"))
    made.pair(None)
    made.form.address.setText("ftp://desk")
    made.form.address.textEdited.emit("ftp://desk")
    made.form.code.setText("1234 56")
    return GatewaysView(device="laptop")


def choosing(made: ComputersPanel, view: GatewaysView) -> GatewaysView:
    """Show the form with the computers found."""
    made.show_gateways(GatewaysView(found=FOUND, device="laptop"))
    made.pair(None)
    return GatewaysView(found=FOUND, device="laptop")


def _asked(made: ComputersPanel, view: GatewaysView) -> GatewaysView:
    made.show_gateways(view)
    made.pair(ATTIC)
    made.form.code.setText("1234 5678")
    made.form.code.textEdited.emit("12345678")
    made.form.go.click()
    return view


def asking(made: ComputersPanel, view: GatewaysView) -> GatewaysView:
    """Show a pairing in progress with a computer that was found."""
    shown = GatewaysView(found=FOUND, device="laptop")
    return replace(_asked(made, shown), pairing=PairingView(PairingStage.ASKING))


def refused(made: ComputersPanel, view: GatewaysView) -> GatewaysView:
    """Show a pairing refused for a wrong code or an intruder in between."""
    asked = asking(made, view)
    note = Note("pair-wrong-code", {"tries": "4"})
    return replace(asked, pairing=PairingView(PairingStage.REFUSED, note=note))


def paired(made: ComputersPanel, view: GatewaysView) -> GatewaysView:
    """Show a pairing that has succeeded."""
    asked = asking(made, view)
    used = GatewayView("attic", "attic", "192.168.1.31:8765", True)
    done = PairingView(PairingStage.PAIRED, "attic", "attic")
    return replace(asked, gateways=(used,), found=(), here=False, pairing=done)


STATES: Final[tuple[Do, ...]] = (full, nothing, away, typing, choosing, asking, refused, paired)


def panel(look: Look, do: Do) -> QImage:
    """Draw the panel at the width that the settings give it."""

    def draw(theme: Theme, texts: Texts) -> QImage:
        page, inside = QScrollArea(), QWidget()
        inside.setObjectName("list")
        around = QVBoxLayout(inside)
        around.setContentsMargins(SPACING.wide, SPACING.wide, SPACING.wide, SPACING.wide)
        made = ComputersPanel(theme, texts, lambda action: None)
        around.addWidget(made)
        around.addStretch(1)
        page.setWidget(inside)
        page.setWidgetResizable(True)
        page.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        width = max(CONTENT_WIDTH + 2 * SPACING.wide, inside.minimumSizeHint().width())
        page.resize(width, 10)
        page.show()
        page.setFocus()
        QGuiApplication.processEvents()
        made.show_gateways(do(made, GatewaysView()))
        QGuiApplication.processEvents()
        QGuiApplication.processEvents()
        page.resize(width, around.totalHeightForWidth(width))
        return grabbed(page)

    return dressed(look, draw)


def states(look: Look) -> QImage:
    """Draw all states, one below the other."""
    return column([panel(look, do) for do in STATES], ground(look))
