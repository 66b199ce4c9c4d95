"""Test that the pictures of sharing and lending show every state."""

from PySide6.QtWidgets import QApplication

from app.sharing.view import EnlistStage, SharingState
from protocol.pairing import PairingStage
from scripts import screenshots_sharing
from scripts.screenshots import LOOKS


def test_sharing_pictures_cover_every_state() -> None:
    assert {view.state for view in screenshots_sharing.SHARINGS} == set(SharingState)
    assert {view.stage for view in screenshots_sharing.INVITES} == set(PairingStage)
    assert {view.stage for view in screenshots_sharing.ENLISTINGS} == set(EnlistStage) - {EnlistStage.DONE}


def test_each_panel_is_drawn(qapp: QApplication) -> None:
    sharing = screenshots_sharing.sharing(LOOKS[0], screenshots_sharing.SHARED)
    code = screenshots_sharing.inviting(LOOKS[0], screenshots_sharing.INVITE)
    ended = screenshots_sharing.inviting(LOOKS[0], screenshots_sharing.INVITES[-1])
    assert sharing.width() == 760 and sharing.height() > 150
    assert code.height() > ended.height() > 60, "a code needs room, what became of it little"
    for widget in qapp.topLevelWidgets():
        widget.deleteLater()
