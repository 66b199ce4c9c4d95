"""Adding a device: its purpose, the code, and the result."""

from dataclasses import replace

import pytest
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from app.core.notes import Note
from app.sharing.actions import EndInvite, InviteDevice, SharingAction
from app.sharing.view import InviteView
from app.ui.computers.invite_dialog import InviteDialog
from app.ui.computers.wording import ended_text, left_text
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from protocol.pairing import PairingLink, PairingStage, encode_link

URLS = ("https://10.0.0.7:8765", "https://10.0.0.8:8765")
LINK = encode_link(PairingLink(URLS, "48150623", "ab" * 32))
WAITING = InviteView(PairingStage.WAITING, False, "48150623", LINK, 107, 5, urls=URLS)


@pytest.fixture
def asked() -> list[SharingAction]:
    return []


@pytest.fixture
def dialog(theme: Theme, texts: Texts, asked: list[SharingAction], qtbot: QtBot) -> InviteDialog:
    made = InviteDialog(theme, texts, asked.append)
    qtbot.addWidget(made)
    made.begin("desk")
    return made


def test_code_is_requested_for_purpose_of_device(
    dialog: InviteDialog, asked: list[SharingAction], texts: Texts
) -> None:
    assert not dialog.trust.isVisible() and not dialog.digits.isVisible()
    dialog.show_code.click()
    assert asked == [InviteDevice(worker=False)] and not dialog.client.isVisible()
    assert dialog.says.text() == texts("sharing.invite.asking")
    dialog.show_invite(WAITING)
    assert (dialog.digits.text(), dialog.left.text()) == ("4815 0623", left_text(texts, WAITING))
    assert dialog.digits.accessibleName() == texts("sharing.invite.code", digits="4 8 1 5 0 6 2 3")
    assert dialog.qr.isVisible() and "10.0.0.8:8765" in dialog.where.text() and "desk" in dialog.says.text()
    assert dialog.scan.isVisible() and dialog.scan.text() == texts("sharing.invite.scan")
    assert not dialog.trust.isVisible() and not dialog.show_code.isVisible()


def test_worker_warning_is_shown_before_and_with_code(dialog: InviteDialog, asked: list[SharingAction]) -> None:
    dialog.worker.setChecked(True)
    assert dialog.trust.isVisible()
    dialog.show_code.click()
    assert asked == [InviteDevice(worker=True)]
    dialog.show_invite(replace(WAITING, worker=True))
    assert dialog.trust.isVisible()


def test_invite_link_is_copied(dialog: InviteDialog, texts: Texts) -> None:
    dialog.show_code.click()
    dialog.show_invite(WAITING)
    dialog.copy.click()
    assert QGuiApplication.clipboard().text() == LINK and dialog.copy.text() == texts("sharing.invite.copied")
    QGuiApplication.clipboard().clear()


@pytest.mark.parametrize(
    "ended",
    [
        InviteView(PairingStage.EXPIRED),
        InviteView(PairingStage.LOCKED),
        InviteView(PairingStage.INTERCEPTED),
        InviteView(note=Note("gateway-unreachable")),
    ],
)
def test_failed_invite_is_explained_and_offers_new_code(
    dialog: InviteDialog, asked: list[SharingAction], texts: Texts, ended: InviteView
) -> None:
    dialog.show_code.click()
    dialog.show_invite(WAITING)
    dialog.show_invite(ended)
    assert dialog.ended.text() == ended_text(texts, ended) and dialog.ended.property("role") == "warning"
    assert not dialog.digits.isVisible() and not dialog.qr.isVisible() and not dialog.copy.isVisible()
    assert dialog.show_code.text() == texts("sharing.invite.new-code")
    dialog.show_code.click()
    assert asked == [InviteDevice(), InviteDevice()]


def test_paired_device_is_named_and_another_can_be_added(
    dialog: InviteDialog, asked: list[SharingAction], texts: Texts
) -> None:
    dialog.show_code.click()
    dialog.show_invite(InviteView(PairingStage.PAIRED, device="laptop"))
    assert "laptop" in dialog.ended.text() and dialog.close_button.text() == texts("sharing.invite.done")
    dialog.show_code.click()
    assert asked == [InviteDevice()] and dialog.client.isVisible(), "what the next one is for is asked again"


def test_closed_dialog_ends_code(dialog: InviteDialog, asked: list[SharingAction]) -> None:
    dialog.reject()
    assert asked == [], "there was none"
    dialog.begin("desk")
    dialog.show_code.click()
    dialog.show_invite(WAITING)
    dialog.reject()
    assert asked == [InviteDevice(), EndInvite()]
    dialog.show_invite(WAITING)
    dialog.begin("desk")
    assert not dialog.digits.isVisible(), "of before"
    dialog.reject()
