"""Lending to one more gateway: an address and a code, or a link that has both."""

from dataclasses import replace

import pytest
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.sharing.actions import EndEnlisting, Enlist, LendingAction
from app.sharing.view import EnlistStage, LendingView
from app.ui.sharing_enlist import EnlistDialog
from app.ui.texts import Texts
from app.ui.theme import Theme
from app.view import Note
from protocol.pairing import PairingLink, encode_link

LINK = encode_link(PairingLink(("https://10.0.0.7:8765",), "48150623", "ab" * 32))


@pytest.fixture
def asked() -> list[LendingAction]:
    return []


@pytest.fixture
def dialog(theme: Theme, texts: Texts, asked: list[LendingAction], qtbot: QtBot) -> EnlistDialog:
    made = EnlistDialog(theme, texts, asked.append)
    qtbot.addWidget(made)
    made.begin()
    return made


def test_an_address_and_a_code_are_asked_for(
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


def test_a_link_has_the_code_in_it(dialog: EnlistDialog, asked: list[LendingAction]) -> None:
    dialog.where.setText(LINK)
    assert not dialog.code.isVisible()
    dialog.enlist.click()
    assert asked == [Enlist(LINK)]


def test_how_it_goes_is_told(dialog: EnlistDialog, texts: Texts) -> None:
    dialog.where.setText(LINK)
    dialog.enlist.click()
    dialog.show_lending(LendingView(stage=EnlistStage.ASKING))
    assert not dialog.enlist.isEnabled() and dialog.told.text() == texts("lending.asking")
    dialog.show_lending(LendingView(stage=EnlistStage.REFUSED, note=Note("pair-locked")))
    assert dialog.told.text() == texts("note.pair-locked") and dialog.told.property("role") == "danger"
    assert dialog.enlist.isEnabled()
    dialog.enlist.click()
    dialog.show_lending(LendingView(stage=EnlistStage.DONE, gateway="desk"))
    assert "desk" in dialog.told.text() and not dialog.where.isVisible() and not dialog.enlist.isVisible()


def test_what_was_told_of_another_one_is_not_told_again(dialog: EnlistDialog, asked: list[LendingAction]) -> None:
    done = LendingView(stage=EnlistStage.DONE, gateway="desk")
    dialog.show_lending(done)
    assert dialog.where.isVisible() and not dialog.told.isVisible()
    dialog.reject()
    assert asked == [EndEnlisting()]
    dialog.show_lending(replace(done, stage=EnlistStage.NONE))
    dialog.begin()
    assert dialog.where.text() == "" and dialog.where.isVisible()
    dialog.reject()
