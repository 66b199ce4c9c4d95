"""The panel of other computers: choices, list and forms; it fits every font size and works by keyboard."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtWidgets import QApplication, QScrollArea, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.core.errors import Note
from app.gateways.view import (
    EndPairing,
    FoundView,
    GatewayHealth,
    GatewaysView,
    GatewayView,
    PairGateway,
    PairingProgress,
    PairingView,
    QueryResult,
    WatchGateways,
)
from app.local_services.worker_view import LocalWorkerState, WorkerView
from app.messages.kinds import Action
from app.settings.sections import ChangeSetting, GatewaySection, Settings
from app.sharing.view import (
    EndInvite,
    InviteDevice,
    InviteView,
    LendingView,
    LentView,
    SharedDevice,
    SharingState,
    SharingView,
    WatchSharing,
)
from app.ui.computers.panel import ChoiceCard, ComputersPanel
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from tests.app.ui.languages import in_each_language
from tests.app.ui.showing import enlarge
from tests.helpers.legibility import cut, scrolling, unnamed, unreachable

DESK = GatewayView("desk", "desk", "10.0.0.1:8765", True, QueryResult(GatewayHealth.WELL, 2.0, ("GPU · m",)))
TEAM = GatewayView("team", "team", "10.0.0.2:8765")
PLAIN = GatewayView("", "http://gpu:1", "gpu:1")
ATTIC = FoundView("attic", ("https://10.0.0.3:8765",), "c" * 64)
VIEW = GatewaysView((DESK, TEAM), (ATTIC,), here=False, device="laptop")
SHARED = SharingView(SharingState.ON, "laptop", ATTIC.urls, "d" * 64, (SharedDevice("a", "phone"),))
LENT = LendingView((LentView("l", "lab", True, WorkerView(LocalWorkerState.BUSY, "cuda", model="m")),))
ON = replace(Settings(), gateway=GatewaySection(share=True))


class World:
    def __init__(self, theme: Theme, texts: Texts, qtbot: QtBot) -> None:
        self.asked = list[Action]()
        self.panel = ComputersPanel(theme, texts, self.asked.append)
        qtbot.addWidget(self.panel)
        self.panel.show_gateways(VIEW)
        self.panel.show()


@pytest.fixture
def world(theme: Theme, texts: Texts, qtbot: QtBot) -> World:
    return World(theme, texts, qtbot)


def chain(panel: ComputersPanel) -> Iterator[QWidget]:
    """Yield the widgets in the order of the Tab key."""
    control = panel.use.button.nextInFocusChain()
    while control is not None and control is not panel.use.button:
        yield control
        control = control.nextInFocusChain()


def test_computers_are_checked_only_while_panel_is_visible(world: World) -> None:
    world.panel.hide()
    on, off = [WatchGateways(True), WatchSharing(True)], [WatchGateways(False), WatchSharing(False)]
    assert world.asked == [*on, *off]


def test_list_shows_all_kinds_in_order(world: World, texts: Texts) -> None:
    panel = world.panel
    panel.show_worker(WorkerView(LocalWorkerState.IDLE))
    panel.show_sharing(SHARED)
    panel.show_lending(LENT)
    names = [row.view.name for row in panel.rows.values()]
    assert names == [texts("place.here"), "desk", "team", "phone", "lab", "attic"]
    assert [row.first for row in panel.rows.values()] == [True, *[False] * 5]
    assert not panel.none.isVisible() and unnamed(panel) == []


def test_tab_key_follows_the_page(world: World) -> None:
    world.panel.show_sharing(SHARED)
    rows, form = list(world.panel.rows.values()), world.panel.form
    assert [row.view.name for row in rows[-2:]] == ["phone", "attic"]
    wanted = [form.found.rows[0].pair, form.address, rows[-2].more, rows[-1].button, rows[-1].more]
    wanted.append(world.panel.lend)
    assert [one for one in chain(world.panel) if one in wanted] == wanted


def test_gateway_or_this_computer_is_chosen(world: World) -> None:
    world.panel.rows["gateway team"].button.click()
    world.panel.rows["here"].button.click()
    assert world.asked[2:] == [ChangeSetting("gateway.chosen", "team"), ChangeSetting("gateway.chosen", "")]


def test_removed_computers_lose_their_rows(world: World) -> None:
    world.panel.show_gateways(replace(VIEW, gateways=(), found=()))
    assert list(world.panel.rows) == ["here"] and world.panel.none.isVisible()


def test_focus_of_removed_row_goes_to_first_choice(world: World, qtbot: QtBot) -> None:
    panel = world.panel
    panel.activateWindow()
    qtbot.waitUntil(panel.isActiveWindow)
    panel.rows["gateway team"].button.setFocus()
    panel.show_gateways(replace(VIEW, gateways=(DESK,)))
    assert panel.use.button.hasFocus()


def test_panel_shows_problems_and_results(world: World) -> None:
    result = Note("gateway-forgotten", {"gateway": "old"})
    world.panel.show_gateways(replace(VIEW, problem=Note("gateways-not-kept"), result=result))
    world.panel.show_sharing(replace(SHARED, result=Note("device-not-changed")))
    assert world.panel.problem.text() and "old" in world.panel.result.text() and "\n" in world.panel.result.text()


def test_found_computer_is_paired_and_used_at_once(world: World) -> None:
    panel = world.panel
    panel.rows[f"found {'c' * 64} attic"].button.click()
    assert panel.form.isVisible() and "attic" in panel.form.heading.text()
    panel.form.code.setText("1234 5678")
    panel.form.code.textEdited.emit("1234 5678")
    panel.form.go.click()
    assert world.asked[-1] == PairGateway(ATTIC.urls, "1234 5678", "laptop", ATTIC.certificate_sha256)
    panel.show_gateways(replace(VIEW, found=(), pairing=PairingView(PairingProgress.PAIRED, "attic", "attic")))
    assert world.asked[-2:] == [EndPairing(), ChangeSetting("gateway.chosen", "attic")]
    assert not panel.form.isVisible()


def test_use_another_computer_lists_found_ones_once(world: World) -> None:
    panel = world.panel
    panel.use.button.click()
    assert [row.found for row in panel.form.found.rows] == [ATTIC] and panel.form.address.isVisible()
    assert not any(key.startswith("found") for key in panel.rows)
    panel.form.cancel.click()
    assert any(key.startswith("found") for key in panel.rows)


def test_typed_address_survives_updates_and_hiding(world: World) -> None:
    panel = world.panel
    panel.use.button.click()
    panel.form.address.setText("desk.lo")
    panel.show_gateways(replace(VIEW, found=()))
    panel.hide()
    panel.show()
    assert panel.form.isVisible() and panel.form.address.text() == "desk.lo"


def test_share_button_shares_and_shows_code(world: World) -> None:
    panel = world.panel
    panel.share.button.click()
    panel.show_settings(ON)
    panel.show_sharing(SHARED)
    assert "laptop" in panel.share.description.text()
    panel.code.show_invite(InviteView(code="48150623"))
    assert panel.code.digits.text() == "4815 0623"
    panel.use.button.click()
    assert not panel.code.isVisible() and panel.form.isVisible()
    assert world.asked[2:] == [ChangeSetting("gateway.share", True), InviteDevice(), EndInvite()]


def lend_to_attic(panel: ComputersPanel) -> None:
    """Lend to the first computer of the open list."""
    panel.lending.found.rows[0].pair.click()
    panel.lending.code.setText("1234 5678")
    panel.lending.code.textEdited.emit("1234 5678")
    panel.lending.go.click()
    panel.show_lending(replace(LENT, pairing=PairingView(PairingProgress.PAIRED, "a", "attic")))


def test_computer_is_lent_in_place(world: World, texts: Texts) -> None:
    panel = world.panel
    panel.lend.click()
    assert panel.lending.isVisible() and [row.found.name for row in panel.lending.found.rows] == [
        *("attic", "desk", "team")
    ]
    lend_to_attic(panel)
    assert panel.result.text() == texts("lending.done", gateway="attic") and not panel.lending.isVisible()
    texts.choose("zh" if texts.language == "en" else "en")
    assert panel.result.text() == texts("lending.done", gateway="attic")


def test_result_of_lending_disappears_when_it_stops(world: World, texts: Texts) -> None:
    """Lending stops by hand, by removal, or because the other computer refuses this one."""
    panel, lent = world.panel, LENT.lent[0]
    refused = replace(lent, worker=WorkerView(LocalWorkerState.FAILED))
    for stopped in (LendingView((replace(lent, on=False),)), LendingView(), LendingView((refused,))):
        panel.lend.click()
        lend_to_attic(panel)
        panel.show_lending(LENT)
        assert panel.result.text() == texts("lending.done", gateway="attic")
        panel.show_lending(stopped)
        assert panel.result.text() == ""


def test_lending_is_repeated_for_other_parts(world: World, qtbot: QtBot) -> None:
    with qtbot.waitSignal(world.panel.lending_shown) as shown:
        world.panel.show_lending(LENT)
    assert shown.args == [LENT]


def test_settings_search_finds_panel(world: World, texts: Texts) -> None:
    words = " ".join(world.panel.words())
    assert "desk" in words and texts("computers.find") in words


@in_each_language
@pytest.mark.parametrize("part", ["pair", "share_this", "lend_this"])
@pytest.mark.parametrize("scale", [1.0, 1.6, 2.0])
def test_panel_fits_and_is_reachable_at_each_font_size(
    theme: Theme, texts: Texts, qapp: QApplication, qtbot: QtBot, scale: float, part: str
) -> None:
    enlarge(scale)
    theme.dress(qapp)
    panel = ComputersPanel(theme, texts, lambda action: None)
    lost = replace(DESK, answer=QueryResult(GatewayHealth.REFUSED, note=Note("gateway-other-certificate")))
    panel.show_gateways(replace(VIEW, gateways=(lost, TEAM, PLAIN)))
    panel.show_settings(ON)
    panel.show_sharing(SHARED)
    panel.show_lending(LENT)
    panel.pair(None) if part == "pair" else getattr(panel, part)()
    panel.code.show_invite(InviteView(code="48150623", link="kikipounamu:" + "x" * 200, urls=ATTIC.urls))
    panel.code.about.setChecked(True)
    panel.code.refresh()
    panel.rows["gateway desk"].rename.trigger()
    panel.rows["device a"].remove.trigger()
    inside, page = QWidget(), QScrollArea()
    column = QVBoxLayout(inside)
    column.addWidget(panel)
    column.addStretch(1)
    page.setWidget(inside)
    page.setWidgetResizable(True)
    qtbot.addWidget(page)
    page.resize(760, 500)
    page.show()
    qtbot.waitUntil(lambda: cut(panel) == [])
    assert unnamed(panel) == [] and unreachable(panel) == [] and scrolling(page) == []


def test_choice_card_reports_what_its_button_does(theme: Theme, qtbot: QtBot) -> None:
    done = list[int]()
    card = ChoiceCard(theme, "share", lambda: done.append(1))
    qtbot.addWidget(card)
    card.show_choice("Share this computer", "Not shared.", "Show code", "warning")
    card.button.click()
    assert done == [1] and card.button.accessibleName() == "Share this computer: Show code"
    assert card.description.property("role") == "warning" and card.button.accessibleDescription() == "Not shared."
