"""The user types or pastes a code, reads what is sent where, and sees the result."""

from functools import partial

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from app.core.errors import Note
from app.gateways.view import EndPairing, FoundView, PairGateway, PairingProgress, PairingView
from app.messages.kinds import Action
from app.settings.sections import ChangeSetting
from app.sharing.view import EndEnlisting, Enlist, LendingAction
from app.ui.computers.code_form import LendingForm, PairingForm
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from protocol.pairing import PairingLink, PairRefusal, encode_link
from tests.app.ui.steady import on_a_page, places

ATTIC = FoundView("attic", ("https://10.0.0.3:8765", "https://[fd00::3]:8765"), "c" * 64)
LINK = PairingLink(("https://10.0.0.4:8765",), "00112233", "d" * 64)
ASKING = PairingView(PairingProgress.ASKING)


class World:
    def __init__(self, theme: Theme, texts: Texts, qtbot: QtBot) -> None:
        self.asked, self.closed = list[Action](), list[int]()
        self.form = PairingForm(theme, texts, self.asked.append, lambda: self.closed.append(1))
        qtbot.addWidget(self.form)

    @property
    def used(self) -> list[object]:
        return [action.value for action in self.asked if isinstance(action, ChangeSetting)]


@pytest.fixture
def world(theme: Theme, texts: Texts, qtbot: QtBot) -> World:
    return World(theme, texts, qtbot)


def paste(field: QLineEdit, text: str) -> None:
    field.clear()
    field.insert(text)
    field.textEdited.emit(field.text())


def test_found_gateway_needs_only_its_code(world: World, texts: Texts) -> None:
    form = world.form
    form.open(ATTIC, "laptop")
    assert not form.address.isVisible() and form.device.text() == "laptop" and not form.go.isEnabled()
    assert "attic" in form.sends.text() and "attic" in form.heading.text()
    QTest.keyClicks(form.code, "12345678")
    assert form.code.text() == "1234 5678" and form.go.isEnabled()
    QTest.keyClick(form.code, Qt.Key.Key_Return)
    assert world.asked == [PairGateway(ATTIC.urls, "1234 5678", "laptop", "c" * 64)]
    form.show_pairing(ASKING)
    assert not form.go.isEnabled() and form.note.text() == texts("pairing.asking")
    QTest.keyClick(form.code, Qt.Key.Key_Return)
    assert len(world.asked) == 1


def test_gateway_is_paired_by_typed_address(world: World, texts: Texts) -> None:
    form = world.form
    form.open(None, "laptop")
    paste(form.code, "your code: 1234-5678")
    assert form.code.text() == "1234 5678" and not form.go.isEnabled() and not form.note.isVisible()
    paste(form.address, "ftp://x")
    assert form.note.text() == texts("pairing.bad-address")
    paste(form.address, "desk.local")
    form.device.setText("my laptop")
    form.go.click()
    assert world.asked == [PairGateway(("https://desk.local:8765",), "1234 5678", "my laptop")]


@pytest.mark.parametrize("into", ["address", "code"])
def test_pairing_link_fills_address_and_code(world: World, into: str) -> None:
    world.form.open(None, "laptop")
    paste(getattr(world.form, into), encode_link(LINK))
    assert world.form.code.text() == "0011 2233"
    world.form.go.click()
    assert world.asked == [PairGateway(LINK.urls, "0011 2233", "laptop", LINK.certificate_sha256)]


@pytest.mark.parametrize("reason", PairRefusal)
def test_pairing_form_shows_refusal_and_accepts_new_code(world: World, texts: Texts, reason: PairRefusal) -> None:
    form = world.form
    form.open(ATTIC, "laptop")
    paste(form.code, "12345678")
    form.go.click()
    form.show_pairing(ASKING)
    note = Note(f"pair-{reason.value.replace('_', '-')}", {"tries": "4"})
    form.show_pairing(PairingView(PairingProgress.REFUSED, note=note))
    assert form.note.text() and form.go.text() == texts("pairing.again") and form.code.isEnabled()
    paste(form.code, "8765")
    assert not form.note.text() and not form.go.isEnabled()


def test_paired_computer_is_used_at_once(world: World) -> None:
    form = world.form
    form.open(ATTIC, "laptop")
    paste(form.code, "12345678")
    form.go.click()
    form.show_pairing(PairingView(PairingProgress.PAIRED, "its-id", "attic"))
    assert not form.isVisible() and world.closed == [1]
    form.show_pairing(PairingView(PairingProgress.PAIRED, "its-id", "attic"))
    assert world.asked[-2:] == [EndPairing(), ChangeSetting("gateway.chosen", "its-id")]


def test_cancelled_pairing_is_not_used(world: World) -> None:
    form = world.form
    form.open(ATTIC, "laptop")
    paste(form.code, "12345678")
    form.go.click()
    form.cancel.click()
    form.show_pairing(PairingView(PairingProgress.PAIRED, "its-id", "attic"))
    assert world.used == [] and world.asked[-1] == EndPairing()


def test_pairing_form_ignores_earlier_pairing_and_ends_on_cancel(world: World) -> None:
    form = world.form
    form.open(ATTIC, "laptop")
    form.show_pairing(PairingView(PairingProgress.PAIRED, "old", "old"))
    assert form.go.isVisible()
    form.cancel.click()
    form.close_form()
    assert world.asked == [EndPairing()] and world.closed == [1]


def test_pairing_answers_move_no_controls(world: World) -> None:
    form = world.form
    form.open(ATTIC, "laptop")
    QTest.keyClicks(form.code, "12345678")
    form.go.click()
    refused = PairingView(PairingProgress.REFUSED, note=Note("gateway-busy"))
    with on_a_page(form):
        seen = places(
            (form.code, form.go, form.cancel),
            [lambda: None, partial(form.show_pairing, ASKING), partial(form.show_pairing, refused)],
        )
    assert [len(found) for found in seen] == [1, 1, 1]


NEARBY = FoundView("attic", ("https://10.0.0.3:8765", "https://10.1.0.3:8765"), "c" * 64)
KNOWN = FoundView("desk", ("https://10.0.0.4:8765",), "")
LENDING_LINK = PairingLink(("https://10.0.0.7:8765",), "48150623", "ab" * 32)
REFUSED = PairingView(PairingProgress.REFUSED, note=Note("pair-locked"))
PAIRED = PairingView(PairingProgress.PAIRED, "its-id", "desk")


class LendingWorld:
    def __init__(self, theme: Theme, texts: Texts, qtbot: QtBot) -> None:
        self.asked, self.lent = list[LendingAction](), list[str]()
        self.form = LendingForm(theme, texts, self.asked.append, self.lent.append)
        qtbot.addWidget(self.form)
        self.form.begin(None)


@pytest.fixture
def lending(theme: Theme, texts: Texts, qtbot: QtBot) -> LendingWorld:
    return LendingWorld(theme, texts, qtbot)


def put_in(field: QLineEdit, text: str) -> None:
    field.setText(text)
    field.textEdited.emit(text)


def test_lending_needs_address_and_complete_code(lending: LendingWorld, texts: Texts) -> None:
    form = lending.form
    put_in(form.address, "10.0.0.7")
    QTest.keyClicks(form.code, "4815062")
    assert not form.go.isEnabled()
    QTest.keyClicks(form.code, "3")
    form.go.click()
    assert lending.asked == [Enlist(("https://10.0.0.7:8765",), "4815 0623")]
    form.show_pairing(ASKING)
    assert form.note.text() == texts("lending.asking")
    form.show_pairing(REFUSED)
    assert form.note.text() == texts("note.pair-locked")


def test_listed_computer_must_present_its_certificate(lending: LendingWorld) -> None:
    lending.form.show_found((NEARBY, KNOWN))
    lending.form.found.rows[0].pair.click()
    QTest.keyClicks(lending.form.code, "48150623")
    lending.form.go.click()
    assert lending.asked == [Enlist(NEARBY.urls, "4815 0623", NEARBY.certificate_sha256)]


def test_paired_computer_can_be_lent_to(lending: LendingWorld) -> None:
    lending.form.show_found((NEARBY, KNOWN))
    lending.form.found.rows[1].pair.click()
    QTest.keyClicks(lending.form.code, "48150623")
    lending.form.go.click()
    assert lending.asked == [Enlist(KNOWN.urls, "4815 0623")]


def test_pasted_link_is_enough(lending: LendingWorld) -> None:
    put_in(lending.form.code, encode_link(LENDING_LINK))
    lending.form.go.click()
    assert lending.asked == [Enlist(LENDING_LINK.urls, "4815 0623", LENDING_LINK.certificate_sha256)]


def test_form_closes_when_computer_is_lent(lending: LendingWorld) -> None:
    lending.form.show_pairing(PAIRED)
    assert lending.form.isVisible() and lending.lent == [], "an earlier result"
    put_in(lending.form.address, encode_link(LENDING_LINK))
    lending.form.go.click()
    lending.form.show_pairing(PAIRED)
    assert not lending.form.isVisible() and lending.lent == ["desk"] and lending.asked[-1] == EndEnlisting()


def test_lending_answers_move_no_button(lending: LendingWorld) -> None:
    form = lending.form
    put_in(form.address, "10.0.0.7")
    put_in(form.code, "48150623")
    with on_a_page(form):
        seen = places(
            (form.go, form.cancel),
            [form.go.click, lambda: form.show_pairing(ASKING), lambda: form.show_pairing(REFUSED)],
        )
    assert [len(found) for found in seen] == [1, 1]
