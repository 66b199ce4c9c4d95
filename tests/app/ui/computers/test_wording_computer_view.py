"""Rows of the list of computers: states, buttons and removals."""

from dataclasses import replace

import pytest

from app.core.errors import Note
from app.core.sentences import LANGUAGES
from app.gateways.view import (
    ForgetGateway,
    FoundView,
    GatewayHealth,
    GatewaysView,
    GatewayView,
    QueryResult,
    RenameGateway,
)
from app.local_services.worker_view import LocalWorkerState, SwitchWorker, WorkerView
from app.settings.sections import ChangeSetting
from app.sharing.view import (
    ForgetLent,
    Lend,
    LendingView,
    LentView,
    RenameDevice,
    RevokeDevice,
    SharedDevice,
    SharingState,
    SharingView,
)
from app.ui.computers.wording import computers, device_row, found_row, gateway_row, lent_row, this_computer
from app.ui.strings.texts import Texts

EN = Texts("en")
WELL = QueryResult(GatewayHealth.WELL, 2.0, ("GPU · m",))
DESK = GatewayView("desk", "desk", "10.0.0.1:8765", True, WELL)
TEAM = GatewayView("team", "team", "10.0.0.2:8765", answer=WELL)
PLAIN = GatewayView("", "http://gpu:1", "gpu:1")
ATTIC = FoundView("attic", ("https://10.0.0.3:8765",), "c" * 64)
IDLE = WorkerView(LocalWorkerState.IDLE, "cpu", model="m")


def test_list_has_found_computers_last() -> None:
    view = GatewaysView((DESK, PLAIN), (ATTIC,), here=False)
    sharing = SharingView(devices=(SharedDevice("a", "laptop"),))
    rows = computers(EN, view, IDLE, sharing, LendingView((LentView("l", "lab"),)))
    assert [row.key for row in rows] == [
        *("here", "gateway desk", "gateway gpu:1", "device a", "lent l"),
        f"found {'c' * 64} attic",
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_spoken_name_of_each_button_has_the_words_that_are_seen(language: str) -> None:
    texts, view = Texts(language), GatewaysView((DESK, TEAM, PLAIN), (ATTIC,), here=False)
    rows = computers(texts, view, IDLE, SharingView(), LendingView((LentView("l", "lab"),)))
    buttons = [row.button for row in rows if row.button is not None]
    assert len(buttons) == 5
    assert [button for button in buttons if button.text.rstrip("…") not in button.name] == []


def test_computer_recognised_for_is_not_listed_as_found() -> None:
    view = GatewaysView((), (ATTIC, replace(ATTIC, name="cellar", certificate_sha256="d" * 64)))
    lent = LendingView((LentView("c" * 16, "attic"),))
    rows = [row.key for row in computers(EN, view, IDLE, SharingView(), lent)]
    assert rows == ["here", f"lent {'c' * 16}", f"found {'d' * 64} cellar"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("state", LocalWorkerState)
def test_this_computer_reports_its_state(language: str, state: LocalWorkerState) -> None:
    row = this_computer(Texts(language), GatewaysView(), WorkerView(state))
    assert row.description and row.warns is (state is LocalWorkerState.FAILED)


def test_this_computer_is_switched_on_or_used() -> None:
    off = this_computer(EN, GatewaysView(), WorkerView())
    assert off.button and off.button.actions == (SwitchWorker(True),) and off.description == EN("computers.off")
    assert this_computer(EN, GatewaysView(), IDLE).button is None
    rests = this_computer(EN, GatewaysView(), WorkerView(reason=Note("rests-on-battery")))
    assert rests.button is None and EN("note.rests-on-battery") in rests.description
    unused = this_computer(EN, GatewaysView((DESK, PLAIN), here=False), IDLE)
    assert unused.description == EN("computers.unused") and unused.button
    assert set(unused.button.actions) == {ChangeSetting("gateway.url", ""), ChangeSetting("gateway.chosen", "")}


def test_this_computer_names_the_one_that_it_replaces() -> None:
    row = this_computer(EN, GatewaysView((DESK,), instead_of="desk"), IDLE)
    assert "desk" in row.description and row.button is not None


def test_paired_computer_is_in_use_chosen_or_ready() -> None:
    used = gateway_row(EN, DESK, used=True)
    assert used.description == "In use · Responds in 2 ms" and used.button is None
    assert gateway_row(EN, DESK, used=False).description.startswith(EN("computers.chosen"))
    ready = gateway_row(EN, TEAM, used=True)
    assert ready.description.startswith(EN("computers.ready")) and ready.button
    assert ready.button.actions == (ChangeSetting("gateway.chosen", "team"),)
    assert "10.0.0.2:8765" in ready.details and "GPU · m" in ready.details
    assert ready.rename == RenameGateway("team", "") and ready.removal
    assert ready.removal.action == ForgetGateway("team")


def test_computer_of_settings_is_neither_renamed_nor_forgotten() -> None:
    row = gateway_row(EN, PLAIN, used=False)
    assert row.rename is None and row.removal is None and row.details == "" and row.button


@pytest.mark.parametrize("reason", ["gateway-unauthorised", "gateway-other-certificate"])
def test_computer_that_refuses_the_key_is_paired_again(reason: str) -> None:
    refused = QueryResult(GatewayHealth.REFUSED, note=Note(reason))
    row = gateway_row(EN, replace(DESK, answer=refused), used=True)
    assert row.warns and row.button and row.button.pairs == FoundView("desk", ("https://10.0.0.1:8765",), "")


def test_computer_that_refuses_this_one_is_not_said_to_return() -> None:
    refused = replace(DESK, answer=QueryResult(GatewayHealth.REFUSED, note=Note("gateway-unauthorised")))
    row = this_computer(EN, GatewaysView((refused,), instead_of="desk"), IDLE)
    assert row.description == EN("computers.instead-refused", gateway="desk")
    assert gateway_row(EN, refused, used=False).description.endswith(EN("computers.refused"))
    nameless = gateway_row(EN, replace(refused, id=""), used=False)
    assert "KIKIPOUNAMU_KEY" in nameless.description, "the variables name this computer"


def test_other_refusals_need_no_pairing() -> None:
    refused = QueryResult(GatewayHealth.REFUSED, note=Note("gateway-refuses"))
    row = gateway_row(EN, replace(TEAM, answer=refused), used=True)
    assert row.button and row.button.pairs is None


def test_device_is_renamed_and_removed() -> None:
    row = device_row(EN, SharedDevice("a", "laptop", connected=True))
    assert row.description.startswith(EN("computers.dictates")) and row.button is None
    assert row.rename == RenameDevice("a", "") and row.removal and row.removal.action == RevokeDevice("a")
    worker = device_row(EN, SharedDevice("b", "tower", worker=True))
    assert worker.description.startswith(EN("computers.lends")) and worker.icon != row.icon


@pytest.mark.parametrize("state", SharingState)
def test_device_does_not_use_this_computer_while_sharing_is_off(state: SharingState) -> None:
    sharing = SharingView(state, devices=(SharedDevice("a", "laptop"),))
    row = list(computers(EN, GatewaysView(), IDLE, sharing, LendingView()))[-1]
    expected = "computers.unshared" if state is SharingState.OFF else "computers.dictates"
    assert row.description.startswith(EN(expected))


def test_computer_does_not_recognise_for_one_that_refuses_it() -> None:
    refused = WorkerView(LocalWorkerState.FAILED, reason=Note("lent-unknown", {"gateway": "lab"}))
    row = lent_row(EN, LentView("l", "lab", True, refused))
    assert row.description.startswith(EN("computers.lent-off")) and row.warns


@pytest.mark.parametrize("on", [True, False])
def test_lending_starts_and_stops(on: bool) -> None:
    row = lent_row(EN, LentView("l", "lab", on, IDLE if on else WorkerView()))
    assert row.button and row.button.actions == (Lend("l", not on),) and "lab" in row.button.name
    assert row.removal and row.removal.action == ForgetLent("l")
    assert row.description.startswith(EN("computers.lent" if on else "computers.lent-off"))


def test_found_computer_is_paired() -> None:
    row = found_row(EN, ATTIC)
    assert row.button and row.button.pairs == ATTIC and row.removal is None and "10.0.0.3:8765" in row.details
