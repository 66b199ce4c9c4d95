"""Draw sharing, adding a device, and lending, in each of their states, for ``scripts.screenshots``."""

from dataclasses import replace
from typing import Final

from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QWidget

from app.core.notes import Note
from app.settings.sections import Settings
from app.sharing.view import (
    EnlistStage,
    InviteView,
    LendingView,
    SharedDevice,
    SharingState,
    SharingView,
)
from app.ui.computers.lending_form import LendingForm
from app.ui.computers.share_form import CLIENT, WORKER, ShareForm
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
ENLISTINGS: Final = (
    LendingView(),
    LendingView(stage=EnlistStage.ASKING),
    LendingView(stage=EnlistStage.REFUSED, note=Note("pair-wrong-code", {"tries": "4"})),
)
_PANEL: Final = 760


def states(look: Look) -> QImage:
    """Draw all states in one look."""
    shared = [sharing(look, view) for view in SHARINGS]
    shared += [enlisting(look, view) for view in ENLISTINGS]
    codes = [inviting(look, invite) for invite in INVITES]
    return row([column(shared, ground(look)), column(codes, ground(look))], ground(look))


def sharing(look: Look, view: SharingView) -> QImage:
    """Draw the part that shares this computer, before a code came."""

    def draw(theme: Theme, texts: Texts) -> QImage:
        form = _share(theme, texts)
        form.show_sharing(view)
        form.about.setChecked(True)
        form.refresh()
        return _drawn(form, _PANEL * look.scale)

    return dressed(look, draw)


def inviting(look: Look, invite: InviteView) -> QImage:
    """Draw the part with a pairing code or its outcome."""

    def draw(theme: Theme, texts: Texts) -> QImage:
        form = _share(theme, texts)
        form.show_sharing(SHARED)
        form.purpose.setCurrentIndex(form.purpose.findData(WORKER if invite.worker else CLIENT))
        form.show_invite(invite)
        return _drawn(form, _PANEL * look.scale)

    return dressed(look, draw)


def enlisting(look: Look, view: LendingView) -> QImage:
    """Draw the form that asks for a computer to recognise for."""

    def draw(theme: Theme, texts: Texts) -> QImage:
        form = LendingForm(theme, texts, _nothing, _nothing)
        form.begin(None)
        if view.stage is not EnlistStage.NONE:
            form.address.setText("192.168.1.20:8765")
            form.code.setText("4815 0623")
            form.address.textEdited.emit("")
            form.go.click()
        form.show_lending(view)
        return _drawn(form, _PANEL * look.scale)

    return dressed(look, draw)


def _share(theme: Theme, texts: Texts) -> ShareForm:
    form = ShareForm(theme, texts, _nothing)
    form.show_settings(replace(Settings(), gateway=replace(Settings().gateway, share=True)))
    form.begin()
    return form


def _drawn(widget: QWidget, width: float) -> QImage:
    widget.setFixedWidth(round(width))
    widget.show()
    for _ in range(3):  # the place of the code follows the width
        QApplication.processEvents()
    wanted = widget.heightForWidth(widget.width()) if widget.hasHeightForWidth() else widget.sizeHint().height()
    widget.resize(widget.width(), wanted)
    return grabbed(widget)


def _nothing(action: object) -> None:
    """Ignore the action of a part."""
