"""Found gateways on the network have a button to pair."""

import pytest
from pytestqt.qtbot import QtBot

from app.gateways.view import FoundView
from app.ui.computers.found_list import FoundList
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme

ATTIC = FoundView("attic", ("https://10.0.0.3:8765",), "c" * 64)
STUDIO = FoundView("studio", ("https://10.0.0.4:8765",), "d" * 64)


@pytest.fixture
def wanted() -> list[FoundView]:
    return []


@pytest.fixture
def found(theme: Theme, texts: Texts, wanted: list[FoundView], qtbot: QtBot) -> FoundList:
    made = FoundList(texts, wanted.append)
    qtbot.addWidget(made)
    return made


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
