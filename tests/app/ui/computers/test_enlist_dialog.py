"""Lending to another gateway: by a gateway on the network and its code, by address and code, or by link."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.core.notes import Note
from app.gateways.actions import GatewayAction, LookAtGateways
from app.gateways.view import FoundView, GatewaysView, GatewayView
from app.sharing.actions import EndEnlisting, Enlist, LendingAction
from app.sharing.view import EnlistStage, LendingView, LentView
from app.ui.computers.enlist_dialog import EnlistDialog
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from protocol.pairing import PairingLink, encode_link
from tests.app.ui.steady import places
from tests.helpers.legibility import unnamed

ATTIC = FoundView("attic", ("https://10.0.0.3:8765", "https://10.1.0.3:8765"), "c" * 64)
LINK = encode_link(PairingLink(("https://10.0.0.7:8765",), "48150623", "ab" * 32))


@pytest.fixture
def asked() -> list[LendingAction]:
    return []


@pytest.fixture
def looks() -> list[GatewayAction]:
    return []


@pytest.fixture
def dialog(
    theme: Theme, texts: Texts, asked: list[LendingAction], looks: list[GatewayAction], qtbot: QtBot
) -> EnlistDialog:
    made = EnlistDialog(theme, texts, asked.append, looks.append)
    qtbot.addWidget(made)
    made.begin()
    return made


def test_lending_needs_address_and_complete_code(
    dialog: EnlistDialog, asked: list[LendingAction], texts: Texts
) -> None:
    dialog.enlist.click()
    assert dialog.told.text() == texts("lending.bad-where") and asked == []
    dialog.where.setText("10.0.0.7")
    QTest.keyClicks(dialog.code, "4815062")
    assert dialog.code.text() == "4815 062"
    dialog.enlist.click()
    assert dialog.told.text() == texts("lending.bad-code") and asked == []
    QTest.keyClicks(dialog.code, "3")
    assert not dialog.told.isVisible()
    dialog.enlist.click()
    assert asked == [Enlist("10.0.0.7", "4815 0623")]


def test_gateways_are_searched_only_while_dialog_is_visible(
    dialog: EnlistDialog, looks: list[GatewayAction]
) -> None:
    assert looks == [LookAtGateways(True, "lending")] and dialog.nobody.isVisible()
    dialog.reject()
    assert looks[1:] == [LookAtGateways(False, "lending")]


def test_gateway_from_network_needs_only_its_code(
    dialog: EnlistDialog, asked: list[LendingAction], texts: Texts, qtbot: QtBot
) -> None:
    dialog.show_gateways(GatewaysView(found=(ATTIC,)))
    assert not dialog.nobody.isVisible()
    pick = dialog.found.rows[0].pair
    assert pick.accessibleName() == texts("lending.to", gateway="attic") and unnamed(dialog) == []
    dialog.activateWindow()
    qtbot.waitUntil(dialog.isActiveWindow)
    pick.setFocus()
    QTest.keyClick(pick, Qt.Key.Key_Space)
    assert dialog.code.hasFocus() and "attic" in dialog.heading.text()
    QTest.keyClicks(dialog.code, "4815")
    QTest.keyClick(dialog.code, Qt.Key.Key_Return)
    assert dialog.told.text() == texts("lending.bad-code") and asked == []
    QTest.keyClicks(dialog.code, "0623")
    QTest.keyClick(dialog.code, Qt.Key.Key_Return)
    assert asked == [Enlist(encode_link(PairingLink(ATTIC.urls, "48150623", ATTIC.certificate_sha256)))]
    dialog.show_lending(LendingView(stage=EnlistStage.ASKING))
    assert not pick.isEnabled()
    dialog.show_lending(LendingView((LentView("c" * 16, "attic"),), EnlistStage.DONE, "attic"))
    assert dialog.found.rows == [] and not dialog.nobody.isVisible()


def test_edited_address_discards_clicked_gateway(dialog: EnlistDialog, asked: list[LendingAction]) -> None:
    dialog.show_gateways(GatewaysView(found=(ATTIC,)))
    dialog.found.rows[0].pair.click()
    dialog.where.setText("10.0.0.9")
    QTest.keyClicks(dialog.code, "48150623")
    dialog.enlist.click()
    assert asked == [Enlist("10.0.0.9", "4815 0623")] and "attic" not in dialog.heading.text()


def test_paired_gateway_can_be_lent_to(dialog: EnlistDialog, asked: list[LendingAction]) -> None:
    dialog.show_gateways(GatewaysView((GatewayView("d" * 16, "desk", "10.0.0.4:8765"),)))
    dialog.found.rows[0].pair.click()
    QTest.keyClicks(dialog.code, "48150623")
    dialog.enlist.click()
    assert asked == [Enlist("10.0.0.4:8765", "4815 0623")]


def test_first_gateway_found_has_focus(dialog: EnlistDialog, qtbot: QtBot) -> None:
    dialog.reject()
    dialog.show_gateways(GatewaysView(found=(ATTIC,)))
    dialog.begin()
    dialog.activateWindow()
    qtbot.waitUntil(dialog.found.rows[0].pair.hasFocus)
    dialog.reject()


def test_link_with_code_needs_no_code_field(dialog: EnlistDialog, asked: list[LendingAction]) -> None:
    dialog.where.setText(LINK)
    assert not dialog.code.isVisible()
    dialog.enlist.click()
    assert asked == [Enlist(LINK)]


def test_lending_progress_and_result_are_shown(dialog: EnlistDialog, texts: Texts) -> None:
    dialog.where.setText(LINK)
    dialog.enlist.click()
    dialog.show_lending(LendingView(stage=EnlistStage.ASKING))
    assert not dialog.enlist.isEnabled() and dialog.told.text() == texts("lending.asking")
    dialog.show_lending(LendingView(stage=EnlistStage.REFUSED, note=Note("pair-locked")))
    assert dialog.told.text() == texts("note.pair-locked") and dialog.told.property("role") == "warning"
    assert dialog.enlist.isEnabled()
    dialog.enlist.click()
    dialog.show_lending(LendingView(stage=EnlistStage.DONE, gateway="desk"))
    assert "desk" in dialog.told.text() and not dialog.where.isVisible() and not dialog.enlist.isVisible()


def test_result_of_earlier_gateway_is_not_shown_again(dialog: EnlistDialog, asked: list[LendingAction]) -> None:
    done = LendingView(stage=EnlistStage.DONE, gateway="desk")
    dialog.show_lending(done)
    assert dialog.where.isVisible() and not dialog.told.isVisible()
    dialog.reject()
    assert asked == [EndEnlisting()]
    dialog.show_lending(replace(done, stage=EnlistStage.NONE))
    dialog.begin()
    assert dialog.where.text() == "" and dialog.where.isVisible()
    dialog.reject()


def test_lending_answers_move_no_button(dialog: EnlistDialog) -> None:
    dialog.where.setText("10.0.0.7")
    QTest.keyClicks(dialog.code, "48150623")
    asking = LendingView(stage=EnlistStage.ASKING)
    refused = LendingView(stage=EnlistStage.REFUSED, note=Note("pair-locked"))
    seen = places(
        (dialog.enlist, dialog.close_button),
        [
            lambda: None,
            dialog.enlist.click,
            lambda: dialog.show_lending(asking),
            lambda: dialog.show_lending(refused),
        ],
    )
    assert [len(found) for found in seen] == [1, 1]
