"""Form for a code: the computer comes from the list, from an address or from a link."""

from collections.abc import Sequence

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.core.errors import Note
from app.gateways.pairing_address import GatewayAddress
from app.gateways.view import FoundView, PairingProgress, PairingView
from app.ui.computers.code_form import CodeForm, FoundList
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from tests.app.ui.showing import kept
from tests.helpers.legibility import unnamed

ATTIC = FoundView("attic", ("https://10.0.0.3:8765",), "c" * 64)
CELLAR = FoundView("cellar", ("https://10.0.0.4:8765",), "d" * 64)


class Form(CodeForm):
    def __init__(self, theme: Theme, texts: Texts) -> None:
        self.sent, self.ended = list[GatewayAddress](), list[int]()
        self.focus: Sequence[bool] = ()
        super().__init__(theme, texts, "lending", lambda: self.ended.append(0))

    def _send(self, place: GatewayAddress) -> None:
        self.sent.append(place)

    def _end_request(self) -> None:
        self.ended.append(1)

    def answer(self, note: Note | None = None) -> None:
        self.show_pairing(PairingView(PairingProgress.REFUSED if note else PairingProgress.ASKING, note=note))


@pytest.fixture
def form(theme: Theme, texts: Texts, qtbot: QtBot) -> Form:
    made = Form(theme, texts)
    qtbot.addWidget(made)
    made.begin(None)
    return made


def test_listed_computer_needs_only_its_code(form: Form, texts: Texts, qtbot: QtBot) -> None:
    assert form.nobody.isVisible()
    form.show_found((ATTIC, CELLAR))
    assert not form.nobody.isVisible() and unnamed(form) == []
    form.activateWindow()
    qtbot.waitUntil(form.isActiveWindow)
    pick = form.found.rows[0].pair
    assert pick.accessibleName() == texts("lending.to", gateway="attic")
    QTest.keyClick(pick, Qt.Key.Key_Space)
    assert form.code.hasFocus() and "attic" in form.heading.text()
    assert not form.found.isVisible() and not form.address.isVisible()
    QTest.keyClicks(form.code, "4815")
    QTest.keyClick(form.code, Qt.Key.Key_Return)
    assert form.sent == []
    QTest.keyClicks(form.code, "0623")
    QTest.keyClick(form.code, Qt.Key.Key_Return)
    assert form.sent == [GatewayAddress(ATTIC.urls, certificate_sha256="c" * 64)]


def test_digit_in_the_middle_of_a_code_can_be_corrected(form: Form) -> None:
    QTest.keyClicks(form.code, "48150623")
    form.code.setCursorPosition(3)
    QTest.keyClick(form.code, Qt.Key.Key_Backspace)
    QTest.keyClicks(form.code, "7")
    assert form.code.text() == "4875 0623"
    form.code.setCursorPosition(len("4875"))
    QTest.keyClick(form.code, Qt.Key.Key_Delete)
    assert (form.code.text(), form.code.cursorPosition()) == ("4875 0623", 4), "the gap is not part of the code"


def test_first_listed_computer_has_focus(form: Form) -> None:
    form.close_form()
    form.show_found((ATTIC,))
    form.begin(None)
    assert form.focusWidget() is form.found.rows[0].pair


def test_answer_locks_fields_and_note_frees_them(form: Form, texts: Texts) -> None:
    form.address.setText("10.0.0.7")
    QTest.keyClicks(form.code, "48150623")
    form.go.click()
    form.answer()
    assert not form.code.isEnabled() and not form.go.isEnabled() and form.note.text() == texts("lending.asking")
    form.answer(Note("gateway-unreachable"))
    assert form.code.isEnabled() and form.note.text() == texts("computers.unreachable")
    assert form.go.text() == texts("pairing.again") and form.note.property("role") == "warning"


def test_escape_closes_form_once(form: Form) -> None:
    QTest.keyClick(form.code, Qt.Key.Key_Escape)
    form.close_form()
    assert not form.isVisible() and form.ended == [0, 1]


ATTIC = FoundView("attic", ("https://10.0.0.3:8765",), "c" * 64)
STUDIO = FoundView("studio", ("https://10.0.0.4:8765",), "d" * 64)


@pytest.fixture
def wanted() -> list[FoundView]:
    return []


@pytest.fixture
def found(theme: Theme, texts: Texts, wanted: list[FoundView], qtbot: QtBot) -> FoundList:
    return kept(qtbot, FoundList(texts, wanted.append))


def test_found_gateways_can_be_paired(found: FoundList, wanted: list[FoundView]) -> None:
    found.show_found((ATTIC, STUDIO))
    found.rows[1].pair.click()
    assert wanted == [STUDIO] and "studio" in found.rows[1].pair.accessibleName()
    assert not found.isHidden()
    found.show_found(())
    assert not found.rows and found.isHidden()


def test_found_rows_are_rebuilt_only_when_changed(found: FoundList) -> None:
    found.show_found((ATTIC,))
    (row,) = found.rows
    found.show_found((ATTIC,))
    assert found.rows == [row]
    found.show_found((ATTIC,), again=True)
    assert found.rows != [row]


def test_focus_stays_on_its_gateway_when_list_grows(found: FoundList, qtbot: QtBot) -> None:
    found.show_found((STUDIO,))
    found.show()
    found.activateWindow()
    qtbot.waitUntil(found.isActiveWindow)
    found.rows[0].pair.setFocus()
    found.show_found((ATTIC, STUDIO))
    assert found.rows[1].pair.hasFocus()
