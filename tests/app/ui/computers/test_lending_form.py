"""Lending to another computer: by the list, by address and code, or by link."""

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from app.core.notes import Note
from app.gateways.view import FoundView
from app.sharing.actions import EndEnlisting, Enlist, LendingAction
from app.sharing.view import EnlistStage, LendingView
from app.ui.computers.lending_form import LendingForm
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from protocol.pairing import PairingLink, encode_link
from tests.app.ui.steady import on_a_page, places

ATTIC = FoundView("attic", ("https://10.0.0.3:8765", "https://10.1.0.3:8765"), "c" * 64)
PAIRED = FoundView("desk", ("https://10.0.0.4:8765",), "")
LINK = encode_link(PairingLink(("https://10.0.0.7:8765",), "48150623", "ab" * 32))
ASKING = LendingView(stage=EnlistStage.ASKING)
REFUSED = LendingView(stage=EnlistStage.REFUSED, note=Note("pair-locked"))
DONE = LendingView(stage=EnlistStage.DONE, gateway="desk")


class World:
    def __init__(self, theme: Theme, texts: Texts, qtbot: QtBot) -> None:
        self.asked, self.lent = list[LendingAction](), list[str]()
        self.form = LendingForm(theme, texts, self.asked.append, self.lent.append)
        qtbot.addWidget(self.form)
        self.form.begin(None)


@pytest.fixture
def world(theme: Theme, texts: Texts, qtbot: QtBot) -> World:
    return World(theme, texts, qtbot)


def paste(field: QLineEdit, text: str) -> None:
    field.setText(text)
    field.textEdited.emit(text)


def test_lending_needs_address_and_complete_code(world: World, texts: Texts) -> None:
    form = world.form
    paste(form.address, "10.0.0.7")
    QTest.keyClicks(form.code, "4815062")
    assert not form.go.isEnabled()
    QTest.keyClicks(form.code, "3")
    form.go.click()
    assert world.asked == [Enlist("10.0.0.7:8765", "4815 0623")]
    form.show_lending(ASKING)
    assert form.note.text() == texts("lending.asking")
    form.show_lending(REFUSED)
    assert form.note.text() == texts("note.pair-locked")


def test_listed_computer_must_present_its_certificate(world: World) -> None:
    world.form.show_found((ATTIC, PAIRED))
    world.form.found.rows[0].pair.click()
    QTest.keyClicks(world.form.code, "48150623")
    world.form.go.click()
    assert world.asked == [Enlist(encode_link(PairingLink(ATTIC.urls, "48150623", ATTIC.certificate_sha256)))]


def test_paired_computer_can_be_lent_to(world: World) -> None:
    world.form.show_found((ATTIC, PAIRED))
    world.form.found.rows[1].pair.click()
    QTest.keyClicks(world.form.code, "48150623")
    world.form.go.click()
    assert world.asked == [Enlist("10.0.0.4:8765", "4815 0623")]


def test_pasted_link_is_enough(world: World) -> None:
    paste(world.form.code, LINK)
    world.form.go.click()
    assert world.asked == [Enlist(LINK)]


def test_form_closes_when_computer_is_lent(world: World) -> None:
    world.form.show_lending(DONE)
    assert world.form.isVisible() and world.lent == [], "an earlier result"
    paste(world.form.address, LINK)
    world.form.go.click()
    world.form.show_lending(DONE)
    assert not world.form.isVisible() and world.lent == ["desk"] and world.asked[-1] == EndEnlisting()


def test_lending_answers_move_no_button(world: World) -> None:
    form = world.form
    paste(form.address, "10.0.0.7")
    paste(form.code, "48150623")
    with on_a_page(form):
        seen = places(
            (form.go, form.cancel),
            [form.go.click, lambda: form.show_lending(ASKING), lambda: form.show_lending(REFUSED)],
        )
    assert [len(found) for found in seen] == [1, 1]
