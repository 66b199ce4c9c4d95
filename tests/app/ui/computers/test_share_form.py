"""Sharing this computer: one click shows a code; its purpose, its end, and details."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QBoxLayout
from pytestqt.qtbot import QtBot

from app.core.errors import Note
from app.messages.kinds import Action
from app.settings.sections import ChangeSetting, GatewaySection, Settings
from app.sharing.view import EndInvite, InviteDevice, InviteView, SharingState, SharingView
from app.ui.computers.share_form import ShareForm
from app.ui.computers.wording import code_left_text, code_result_text
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from protocol.pairing import PairingLink, PairingStage, encode_link
from tests.app.ui.languages import in_each_language
from tests.helpers.legibility import cut, unnamed

URLS = ("https://10.0.0.7:8765", "https://10.0.0.8:8765")
DIGEST = "3f9c27a1d05be84476c2918f0ab35d7ee1640b92c8fd137a5502e6b9d4c83f61"
LINK = encode_link(PairingLink(URLS, "48150623", DIGEST))
WAITING = InviteView(PairingStage.WAITING, False, "48150623", LINK, 107, 5, urls=URLS)
SHARED = SharingView(SharingState.ON, "desk", URLS, DIGEST)
ON = replace(Settings(), gateway=GatewaySection(share=True))


class World:
    def __init__(self, theme: Theme, texts: Texts, qtbot: QtBot) -> None:
        self.asked, self.closed = list[Action](), list[int]()
        self.form = ShareForm(theme, texts, self.asked.append, lambda: self.closed.append(1))
        qtbot.addWidget(self.form)
        self.form.resize(700, 600)

    def share(self) -> None:
        """Open the part of a computer that is shared already, and get a code."""
        self.form.show_settings(ON)
        self.form.show_sharing(SHARED)
        self.form.begin()
        self.form.show_invite(WAITING)


@pytest.fixture
def world(theme: Theme, texts: Texts, qtbot: QtBot) -> World:
    return World(theme, texts, qtbot)


def test_code_is_requested_once_sharing_is_on(world: World, texts: Texts) -> None:
    form = world.form
    form.begin()
    assert world.asked == [ChangeSetting("gateway.share", True)]
    assert form.state.text() == texts("sharing.starting")
    form.show_settings(ON)
    form.show_sharing(SharingView(SharingState.STARTING))
    assert len(world.asked) == 1
    for _ in range(2):
        form.show_sharing(SHARED)
    assert world.asked[1:] == [InviteDevice()] and form.description.text() == texts("sharing.invite.asking")
    form.show_invite(WAITING)
    assert (form.digits.text(), form.left.text()) == ("4815 0623", code_left_text(texts, WAITING))
    assert form.digits.accessibleName() == texts("sharing.invite.code", digits="4 8 1 5 0 6 2 3")
    assert form.qr.isVisible() and "10.0.0.8:8765" in form.where.text() and "desk" in form.description.text()
    assert not form.state.isVisible() and not form.again.isVisible() and unnamed(form) == []


def test_shared_computer_shows_code_without_change_of_settings(world: World) -> None:
    world.share()
    assert world.asked == [InviteDevice()] and world.form.digits.isVisible()


def test_old_state_of_sharing_gives_no_code(world: World) -> None:
    world.form.show_sharing(SHARED)
    world.form.begin()
    assert world.asked == [ChangeSetting("gateway.share", True)], "it was just switched off"
    world.form.show_settings(ON)
    assert world.asked[1:] == [InviteDevice()]


def test_failed_sharing_reports_why(world: World) -> None:
    world.form.begin()
    world.form.show_sharing(SharingView(SharingState.FAILED, note=Note("sharing-port-taken", {"port": "8765"})))
    assert "8765" in world.form.state.text() and world.form.state.property("role") == "warning"
    world.form.show_sharing(replace(SHARED, urls=()))
    assert world.form.state.isVisible(), "there is no network"


@in_each_language
def test_purpose_of_other_computer_is_chosen_from_two_that_are_seen(world: World, texts: Texts) -> None:
    world.share()
    form = world.form
    assert not form.trust.isVisible()
    client, worker = form.purpose.buttons
    assert (client.text(), worker.text()) == (texts("sharing.invite.client"), texts("sharing.invite.worker"))
    assert client.isVisible() and worker.isVisible() and cut(form) == []
    client.click()
    assert world.asked == [InviteDevice()], "the code is for that computer already"
    worker.click()
    assert world.asked == [InviteDevice(), InviteDevice(worker=True)] and worker.isChecked()
    form.show_invite(replace(WAITING, worker=True))
    assert form.trust.isVisible() and form.description.text() == texts("sharing.invite.worker-do")
    form.close_form()
    form.begin()
    assert world.asked[-1] == InviteDevice(), "a code for a computer that dictates is more likely"
    assert form.purpose.buttons[0].isChecked()


def test_invite_link_is_copied(world: World, texts: Texts) -> None:
    world.share()
    world.form.copy.click()
    copied = world.form.copy.text()
    assert QGuiApplication.clipboard().text() == LINK and copied == texts("sharing.invite.copied")
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
def test_ended_code_is_explained_and_replaced(world: World, texts: Texts, ended: InviteView) -> None:
    world.share()
    form = world.form
    form.show_invite(ended)
    assert form.ended.text() == code_result_text(texts, ended) and form.ended.property("role") == "warning"
    assert not form.digits.isVisible() and not form.qr.isVisible() and not form.copy.isVisible()
    form.again.click()
    assert world.asked == [InviteDevice(), InviteDevice()] and not form.again.isVisible()


def test_paired_device_is_named(world: World, texts: Texts) -> None:
    world.share()
    world.form.show_invite(InviteView(PairingStage.PAIRED, device="laptop"))
    assert "laptop" in world.form.ended.text() and world.form.again.text() == texts("sharing.invite.another")


def test_removed_device_is_no_longer_said_to_be_allowed(world: World) -> None:
    world.share()
    world.form.show_invite(InviteView(PairingStage.PAIRED, device="laptop"))
    world.form.show_invite(InviteView())
    assert world.form.isHidden() and world.closed == [1]
    world.share()
    world.form.show_invite(InviteView())
    assert not world.form.isHidden(), "a code that is being asked for is none that was used"


def test_closing_ends_code(world: World) -> None:
    world.share()
    QTest.keyClick(world.form.close_button, Qt.Key.Key_Escape)
    world.form.close_form()
    assert world.asked == [InviteDevice(), EndInvite()] and world.closed == [1]
    world.form.show_invite(WAITING)
    world.form.begin()
    assert not world.form.digits.isVisible(), "the code of before"


def test_sharing_is_stopped_and_closes_part(world: World) -> None:
    world.share()
    world.form.stop.click()
    assert world.form.isVisible()
    world.form.show_settings(Settings())
    assert not world.form.isVisible()
    assert world.asked == [InviteDevice(), ChangeSetting("gateway.share", False), EndInvite()]


def test_details_show_and_copy_address_and_certificate(world: World) -> None:
    world.share()
    form = world.form
    assert not form.place.isVisible() and not form.fingerprint.isVisible()
    form.about.click()
    assert form.place.value.text() == "10.0.0.7:8765\n10.0.0.8:8765"
    form.fingerprint.copy.click()
    assert QGuiApplication.clipboard().text() == DIGEST
    form.place.copy.click()
    assert QGuiApplication.clipboard().text() == form.place.value.text()
    QGuiApplication.clipboard().clear()
    form.about.click()
    assert not form.place.isVisible()


@in_each_language
def test_digits_stand_below_code_when_narrow(world: World, qtbot: QtBot) -> None:
    world.share()
    code = world.form._code
    qtbot.waitUntil(lambda: code.direction() is QBoxLayout.Direction.LeftToRight)
    world.form.resize(world.form.minimumSizeHint().width() // 2, 900)
    world.form.setMinimumWidth(1)
    qtbot.waitUntil(lambda: code.direction() is QBoxLayout.Direction.TopToBottom)
