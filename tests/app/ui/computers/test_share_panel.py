"""Sharing in the settings: switch, addresses, copying, and the list of devices."""

from dataclasses import replace

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.core.notes import Note
from app.messages.actions import Action
from app.settings.actions import ChangeSetting
from app.settings.sections import GatewaySection, Settings
from app.sharing.actions import LookAtSharing, SharingAction
from app.sharing.view import InviteView, SharedDevice, SharingState, SharingView
from app.ui.computers.share_panel import SharingPanel
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from protocol.pairing import PairingStage

DIGEST = "3f9c27a1d05be84476c2918f0ab35d7ee1640b92c8fd137a5502e6b9d4c83f61"
DEVICES = (SharedDevice("a", "laptop"), SharedDevice("b", "tower", worker=True))
SHARED = SharingView(SharingState.ON, "desk", ("https://10.0.0.7:8765",), DIGEST, DEVICES)


@pytest.fixture
def asked() -> list[Action]:
    return []


@pytest.fixture
def shared() -> list[SharingAction]:
    return []


@pytest.fixture
def panel(
    theme: Theme, texts: Texts, asked: list[Action], shared: list[SharingAction], qtbot: QtBot
) -> SharingPanel:
    made = SharingPanel(theme, texts, asked.append, shared.append)
    qtbot.addWidget(made)
    made.resize(600, 700)
    made.show()
    return made


def test_sharing_switch_follows_setting_in_effect(panel: SharingPanel, asked: list[Action]) -> None:
    assert not panel.switch.isChecked() and not panel.add.isEnabled() and panel.hint.isVisible()
    panel.switch.click()
    assert asked == [ChangeSetting("gateway.share", True)] and not panel.switch.isChecked()
    panel.show_settings(replace(Settings(), gateway=GatewaySection(share=True)))
    assert panel.switch.isChecked()
    panel.switch.click()
    assert asked[1:] == [ChangeSetting("gateway.share", False)]


def test_address_and_certificate_are_shown_and_copied(panel: SharingPanel) -> None:
    assert not panel.where.isVisible() and not panel.fingerprint.isVisible()
    panel.show_sharing(SHARED)
    assert panel.where.value.text() == "10.0.0.7:8765" and panel.add.isEnabled()
    panel.fingerprint.copy.click()
    assert QGuiApplication.clipboard().text() == DIGEST
    panel.where.copy.click()
    assert QGuiApplication.clipboard().text() == "10.0.0.7:8765"
    QGuiApplication.clipboard().clear()


def test_device_rows_follow_devices(panel: SharingPanel, texts: Texts) -> None:
    panel.show_sharing(SHARED)
    assert list(panel.rows) == ["a", "b"] and not panel.nobody.isVisible()
    panel.show_sharing(replace(SHARED, devices=DEVICES[1:]))
    assert list(panel.rows) == ["b"]
    panel.show_sharing(replace(SHARED, devices=()))
    assert panel.nobody.text() == texts("sharing.none")
    panel.show_sharing(replace(SHARED, devices=None))
    assert panel.nobody.text() == texts("sharing.loading")
    panel.show_sharing(replace(SHARED, told=Note("device-not-changed")))
    assert panel.told.text() == texts("note.device-not-changed")


def test_sharing_failure_reason_is_shown(panel: SharingPanel) -> None:
    panel.show_sharing(SharingView(SharingState.FAILED, note=Note("sharing-port-taken", {"port": "8765"})))
    assert "8765" in panel.state.text() and panel.state.property("role") == "warning"
    assert panel.switch.accessibleDescription() == panel.state.text()


def test_sharing_is_watched_only_while_panel_is_visible(panel: SharingPanel, shared: list[SharingAction]) -> None:
    panel.hide()
    assert shared == [LookAtSharing(True), LookAtSharing(False)]


def test_add_button_opens_dialog_that_shows_code(panel: SharingPanel) -> None:
    panel.show_sharing(SHARED)
    panel.add.click()
    assert panel.dialog.isVisible()
    panel.dialog.show_code.click()
    panel.show_invite(InviteView(PairingStage.WAITING, code="48150623"))
    assert panel.dialog.digits.text() == "4815 0623"
    panel.dialog.reject()


def test_sharing_panel_fits_double_font_size_in_other_language(
    panel: SharingPanel, texts: Texts, theme: Theme
) -> None:
    panel.show_sharing(SHARED)
    larger = QApplication.font()
    larger.setPointSizeF(larger.pointSizeF() * 2)
    QApplication.setFont(larger)
    texts.choose("zh" if texts.language == "en" else "en")
    theme.changed.emit()
    assert list(panel.words()) and panel.heading.text() == texts("sharing.name")
    assert panel.minimumSizeHint().width() <= 700
    for row in panel.rows.values():
        assert row.revoke.width() >= row.revoke.minimumSizeHint().width()
