"""Draw sharing, adding a device, and lending, in each of their states, for ``scripts.screenshots``."""

from dataclasses import replace
from typing import Final

from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QDialog, QWidget

from app.core.notes import Note
from app.local_services.worker_view import LocalWorkerState, WorkerView
from app.settings.sections import Settings
from app.sharing.view import (
    EnlistStage,
    InviteView,
    LendingView,
    LentView,
    SharedDevice,
    SharingState,
    SharingView,
)
from app.ui.computers.enlist_dialog import EnlistDialog
from app.ui.computers.invite_dialog import InviteDialog
from app.ui.computers.lending_panel import LendingPanel
from app.ui.computers.share_panel import SharingPanel
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from protocol.pairing import PairingLink, PairingStage, encode_link
from scripts.screenshots import Look, column, dressed, grabbed, ground, row

URLS: Final = ("https://192.168.1.20:8765", "https://10.8.0.3:8765")
DIGEST: Final = "3f9c27a1d05be84476c2918f0ab35d7ee1640b92c8fd137a5502e6b9d4c83f61"
CODE: Final = "48150623"
DEVICES: Final = (
    SharedDevice("a", "Anna's laptop", connected=True),
    SharedDevice("b", "tower", worker=True, seen_s=1_763_720_000),
    SharedDevice("c", "平板电脑"),
)
SHARED: Final = SharingView(SharingState.ON, "desktop-gpu", URLS, DIGEST, DEVICES)
SHARINGS: Final = (
    SharingView(),
    SharingView(SharingState.STARTING),
    SharingView(SharingState.FAILED, note=Note("sharing-port-taken", {"port": "8765"})),
    replace(SHARED, devices=()),
    SHARED,
)
INVITE: Final = InviteView(
    PairingStage.WAITING,
    code=CODE,
    link=encode_link(PairingLink(URLS, CODE, DIGEST)),
    left_s=107,
    tries_left=5,
    urls=URLS,
)
INVITES: Final = (
    INVITE,
    replace(INVITE, worker=True, left_s=9, tries_left=1),
    InviteView(PairingStage.PAIRED, device="Anna's laptop"),
    InviteView(PairingStage.PAIRED, worker=True, device="tower"),
    InviteView(PairingStage.EXPIRED),
    InviteView(PairingStage.LOCKED),
    InviteView(PairingStage.INTERCEPTED),
    InviteView(note=Note("gateway-unreachable")),
)
_UNKNOWN: Final = Note("lent-unknown", {"gateway": "old-tower"})
LENT: Final = (
    LentView("a", "desktop-gpu", True, WorkerView(LocalWorkerState.BUSY, "RTX 5060 Ti · SenseVoiceSmall", jobs=3)),
    LentView("b", "server-room", True, WorkerView(LocalWorkerState.STARTING, reason=Note("lent-away"))),
    LentView("c", "studio", True, WorkerView(reason=Note("lent-rests"))),
    LentView(
        "d",
        "old-tower",
        True,
        WorkerView(LocalWorkerState.FAILED, reason=Note("lent-unknown", {"gateway": "old-tower"})),
    ),
    LentView("e", "attic"),
)
LENDINGS: Final = (LendingView(), LendingView(LENT))
ENLISTINGS: Final = (
    LendingView(),
    LendingView(stage=EnlistStage.ASKING),
    LendingView(stage=EnlistStage.REFUSED, note=Note("pair-wrong-code", {"tries": "4"})),
    LendingView(stage=EnlistStage.DONE, gateway="desktop-gpu"),
)
_PANEL: Final = 600


def states(look: Look) -> QImage:
    """Draw all states in one look."""
    panels = [*(sharing(look, view) for view in SHARINGS), *(lending(look, view) for view in LENDINGS)]
    dialogs = [choosing(look, worker=worker) for worker in (False, True)]
    dialogs += [inviting(look, invite) for invite in INVITES]
    dialogs += [enlisting(look, view) for view in ENLISTINGS]
    return row([column(panels, ground(look)), column(dialogs, ground(look))], ground(look))


def sharing(look: Look, view: SharingView) -> QImage:
    """Draw the panel of this computer's gateway."""

    def draw(theme: Theme, texts: Texts) -> QImage:
        panel = SharingPanel(theme, texts, _nothing, _nothing)
        on = view.state is not SharingState.OFF
        panel.show_settings(replace(Settings(), gateway=replace(Settings().gateway, share=on)))
        panel.show_sharing(view)
        return _drawn(panel, _PANEL * look.scale)

    return dressed(look, draw)


def lending(look: Look, view: LendingView) -> QImage:
    """Draw the panel of the gateways that this computer's worker is lent to."""

    def draw(theme: Theme, texts: Texts) -> QImage:
        panel = LendingPanel(theme, texts, _nothing, _nothing)
        panel.show_lending(view)
        return _drawn(panel, _PANEL * look.scale)

    return dressed(look, draw)


def choosing(look: Look, *, worker: bool) -> QImage:
    """Draw the choice of the new device's purpose."""

    def draw(theme: Theme, texts: Texts) -> QImage:
        dialog = InviteDialog(theme, texts, _nothing)
        dialog.begin("desktop-gpu")
        (dialog.worker if worker else dialog.client).setChecked(True)
        return _drawn(dialog)

    return dressed(look, draw)


def inviting(look: Look, invite: InviteView) -> QImage:
    """Draw the dialog with a pairing code or its outcome."""

    def draw(theme: Theme, texts: Texts) -> QImage:
        dialog = InviteDialog(theme, texts, _nothing)
        dialog.begin("desktop-gpu")
        dialog.worker.setChecked(invite.worker)
        dialog.show_code.click()
        dialog.show_invite(invite)
        return _drawn(dialog)

    return dressed(look, draw)


def enlisting(look: Look, view: LendingView) -> QImage:
    """Draw the dialog that asks for a gateway to lend to."""

    def draw(theme: Theme, texts: Texts) -> QImage:
        dialog = EnlistDialog(theme, texts, _nothing, _nothing)
        dialog.begin()
        if view.stage is not EnlistStage.NONE:
            dialog.where.setText("192.168.1.20:8765")
            dialog.code.setText("4815 0623")
            dialog.enlist.click()
        dialog.show_lending(view)
        return _drawn(dialog)

    return dressed(look, draw)


def _drawn(widget: QWidget, width: float = 0) -> QImage:
    if width:
        widget.setFixedWidth(round(width))
    widget.show()
    QApplication.processEvents()
    if not isinstance(widget, QDialog):  # a dialog sets its own size
        wanted = widget.heightForWidth(widget.width()) if widget.hasHeightForWidth() else widget.height()
        widget.resize(widget.width(), wanted)
    return grabbed(widget)


def _nothing(action: object) -> None:
    """Ignore the action of a panel."""
