"""Forms for a code: the computer comes from the list, an address or a link; the user reads what is sent and sees
the result."""

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
from app.sharing.view import EndEnlisting, Enlist
from app.ui.computers.code_form import FoundList, LendingForm, PairingForm
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from protocol.pairing import PairingLink, PairRefusal, encode_link
from tests.app.ui.showing import kept
from tests.app.ui.steady import on_a_page, places
from tests.helpers.legibility import unnamed

ATTIC = FoundView("attic", ("https://10.0.0.3:8765", "https://[fd00::3]:8765"), "c" * 64)
KNOWN = FoundView("desk", ("https://10.0.0.4:8765",), "")
LINK = PairingLink(("https://10.0.0.7:8765",), "48150623", "d" * 64)
ASKING, PAIRED = PairingView(PairingProgress.ASKING), PairingView(PairingProgress.PAIRED, "its-id", "attic")


def refused(key: str) -> PairingView:
    return PairingView(PairingProgress.REFUSED, note=Note(key, {"tries": "4"}))


class World:
    """Form without a computer to begin with, and what it asks for."""

    def __init__(self, kind: str, theme: Theme, texts: Texts, qtbot: QtBot) -> None:
        self.kind, self.asked, self.closed, self.lent = kind, list[Action](), list[int](), list[str]()
        lent, closed = self.lent.append, lambda: self.closed.append(1)
        pairing = PairingForm(theme, texts, self.asked.append, closed)
        lending = LendingForm(theme, texts, self.asked.append, lent, closed)
        self.form = kept(qtbot, pairing if kind == "pairing" else lending)
        self.end = EndPairing() if kind == "pairing" else EndEnlisting()
        self.open(None)

    def open(self, found: FoundView | None) -> None:
        if isinstance(self.form, PairingForm):
            self.form.open(found, "laptop")
        else:
            self.form.begin(found)

    def request(self, urls: tuple[str, ...], certificate: str) -> Action:
        """Return what the form is to ask for with the code 4815 0623."""
        if self.kind == "pairing":
            return PairGateway(urls, "4815 0623", "laptop", certificate)
        return Enlist(urls, "4815 0623", certificate)

    def ask(self) -> None:
        """Open the form for a computer, and send a code to it."""
        self.open(ATTIC)
        paste(self.form.code, "48150623")
        self.form.go.click()


@pytest.fixture(params=["pairing", "lending"])
def world(request: pytest.FixtureRequest, theme: Theme, texts: Texts, qtbot: QtBot) -> World:
    return World(request.param, theme, texts, qtbot)


@pytest.fixture
def pairing(theme: Theme, texts: Texts, qtbot: QtBot) -> World:
    return World("pairing", theme, texts, qtbot)


def paste(field: QLineEdit, text: str) -> None:
    field.clear()
    field.insert(text)
    field.textEdited.emit(field.text())


@pytest.mark.parametrize("place", [0, 1])
def test_listed_computer_needs_only_its_code(world: World, texts: Texts, qtbot: QtBot, place: int) -> None:
    form, found = world.form, (ATTIC, KNOWN)[place]
    assert form.nobody.isVisible()
    form.show_found((ATTIC, KNOWN))
    assert not form.nobody.isVisible() and unnamed(form) == []
    form.activateWindow()
    qtbot.waitUntil(form.isActiveWindow)
    pick = form.found.rows[place].pair
    assert pick.accessibleName() == texts(f"{world.kind}.to", gateway=found.name)
    QTest.keyClick(pick, Qt.Key.Key_Space)
    assert form.code.hasFocus() and found.name in form.heading.text()
    assert form.sends.text() == texts(f"{world.kind}.sends", gateway=found.name)
    assert not form.found.isVisible() and not form.address.isVisible()
    QTest.keyClicks(form.code, "4815062")
    QTest.keyClick(form.code, Qt.Key.Key_Return)
    assert world.asked == [] and not form.go.isEnabled()
    QTest.keyClicks(form.code, "3")
    QTest.keyClick(form.code, Qt.Key.Key_Return)
    form.show_pairing(ASKING)
    assert not form.go.isEnabled() and form.note.text() == texts(f"{world.kind}.asking")
    QTest.keyClick(form.code, Qt.Key.Key_Return)
    assert world.asked == [world.request(found.urls, found.certificate_sha256)], "once"


def test_computer_is_given_by_its_address(world: World, texts: Texts) -> None:
    form = world.form
    paste(form.code, "your code: 4815-0623")
    assert form.code.text() == "4815 0623" and not form.go.isEnabled() and not form.note.isVisible()
    paste(form.address, "ftp://x")
    assert form.note.text() == texts("pairing.bad-address")
    paste(form.address, "desk.local")
    form.go.click()
    assert world.asked == [world.request(("https://desk.local:8765",), "")]


@pytest.mark.parametrize("into", ["address", "code"])
def test_link_fills_address_and_code(world: World, into: str) -> None:
    paste(getattr(world.form, into), encode_link(LINK))
    assert world.form.code.text() == "4815 0623"
    world.form.go.click()
    assert world.asked == [world.request(LINK.urls, LINK.certificate_sha256)]


def test_other_computer_receives_the_name_of_this_one(pairing: World) -> None:
    assert isinstance(pairing.form, PairingForm) and pairing.form.device.text() == "laptop"
    pairing.form.device.setText("my laptop")
    paste(pairing.form.address, encode_link(LINK))
    pairing.form.go.click()
    assert pairing.asked == [PairGateway(LINK.urls, "4815 0623", "my laptop", LINK.certificate_sha256)]


def test_digit_in_the_middle_of_a_code_can_be_corrected(pairing: World) -> None:
    form = pairing.form
    QTest.keyClicks(form.code, "48150623")
    form.code.setCursorPosition(3)
    QTest.keyClick(form.code, Qt.Key.Key_Backspace)
    QTest.keyClicks(form.code, "7")
    assert form.code.text() == "4875 0623"
    form.code.setCursorPosition(len("4875"))
    QTest.keyClick(form.code, Qt.Key.Key_Delete)
    assert (form.code.text(), form.code.cursorPosition()) == ("4875 0623", 4), "the gap is not part of the code"


def test_first_listed_computer_has_focus(world: World) -> None:
    world.form.close_form()
    world.form.show_found((ATTIC,))
    world.open(None)
    assert world.form.focusWidget() is world.form.found.rows[0].pair


@pytest.mark.parametrize("reason", PairRefusal)
def test_refusal_is_shown_until_a_new_code_is_typed(world: World, texts: Texts, reason: PairRefusal) -> None:
    world.ask()
    form = world.form
    form.show_pairing(ASKING)
    assert not form.code.isEnabled() and not form.go.isEnabled()
    form.show_pairing(refused(f"pair-{reason.value.replace('_', '-')}"))
    assert form.note.text() and form.note.property("role") == "warning"
    assert form.go.text() == texts("pairing.again") and form.code.isEnabled()
    paste(form.code, "8765")
    assert not form.note.text() and not form.go.isEnabled()


def test_computer_that_does_not_answer_is_reported(world: World, texts: Texts) -> None:
    world.ask()
    world.form.show_pairing(refused("gateway-unreachable"))
    assert world.form.note.text() == texts("computers.unreachable")


def test_form_closes_when_the_code_is_accepted(world: World) -> None:
    world.form.show_pairing(PAIRED)
    assert world.form.isVisible() and world.asked == world.lent == [], "an earlier result"
    world.ask()
    world.form.show_pairing(PAIRED)
    assert not world.form.isVisible() and world.closed == [1]
    world.form.show_pairing(PAIRED)
    if world.kind == "pairing":
        assert world.asked[1:] == [world.end, ChangeSetting("gateway.chosen", "its-id")]
    else:
        assert world.asked[1:] == [world.end] and world.lent == ["attic"]


@pytest.mark.parametrize("by", ["cancel", "escape"])
def test_form_that_was_left_uses_no_computer(world: World, by: str) -> None:
    world.ask()
    if by == "cancel":
        world.form.cancel.click()
    else:
        QTest.keyClick(world.form.code, Qt.Key.Key_Escape)
    world.form.close_form()
    world.form.show_pairing(PAIRED)
    assert not world.form.isVisible() and world.asked[1:] == [world.end]
    assert (world.closed, world.lent) == ([1], [])


def test_answers_move_no_controls(world: World) -> None:
    form = world.form
    paste(form.address, "10.0.0.7")
    paste(form.code, "48150623")
    answers = [partial(form.show_pairing, answer) for answer in (ASKING, refused("gateway-busy"))]
    with on_a_page(form):
        seen = places((form.code, form.go, form.cancel), [form.go.click, *answers])
    assert [len(found) for found in seen] == [1, 1, 1]


@pytest.fixture
def found(texts: Texts, qtbot: QtBot) -> FoundList:
    return kept(qtbot, FoundList(texts, lambda found: None, "pairing"))


def test_found_rows_are_rebuilt_only_when_changed(found: FoundList) -> None:
    found.show_found((ATTIC,))
    (row,) = found.rows
    found.show_found((ATTIC,))
    assert found.rows == [row] and not found.isHidden()
    found.show_found((ATTIC,), again=True)
    assert found.rows != [row]
    found.show_found(())
    assert not found.rows and found.isHidden()


def test_focus_stays_on_its_gateway_when_list_grows(found: FoundList, qtbot: QtBot) -> None:
    found.show_found((KNOWN,))
    found.show()
    found.activateWindow()
    qtbot.waitUntil(found.isActiveWindow)
    found.rows[0].pair.setFocus()
    found.show_found((ATTIC, KNOWN))
    assert found.rows[1].pair.hasFocus()
