"""Texts about other computers: every state has its own."""

from dataclasses import replace
from datetime import date, datetime

import pytest

from app.core.errors import Note
from app.core.sentences import LANGUAGES
from app.gateways.view import GatewayHealth, GatewaysView, GatewayView, QueryResult
from app.sharing.view import InviteView, SharedDevice, SharingState, SharingView
from app.ui.computers.wording import (
    answer_text,
    code_left_text,
    code_result_text,
    code_text,
    destination_text,
    device_text,
    fingerprint_text,
    menu_text,
    places_text,
    problem_text,
    sharing_text,
)
from app.ui.strings.texts import Texts
from protocol.pairing import PairingStage
from tests.app.ui.languages import in_each_language


@in_each_language
def test_every_sharing_state_has_text(texts: Texts) -> None:
    said = {sharing_text(texts, SharingView(state, "desk", ("https://h:1",))) for state in SharingState}
    assert len(said) == len(SharingState)
    on = SharingView(SharingState.ON, "desk", ("https://10.0.0.7:8765", "https://[fd00::1]:8765"))
    assert "desk" in sharing_text(texts, on) and places_text(on) == "10.0.0.7:8765\n[fd00::1]:8765"
    assert sharing_text(texts, replace(on, urls=())) == texts("sharing.no-network")
    failed = SharingView(SharingState.FAILED, note=Note("sharing-port-taken", {"port": "1234"}))
    assert "1234" in sharing_text(texts, failed)


def test_codes_and_fingerprints_are_grouped() -> None:
    assert (code_text("48150623"), code_text("")) == ("4815 0623", "")
    assert fingerprint_text("ab" * 32).count("\n") == 1 and fingerprint_text("ab" * 32).split() == ["abab"] * 16


@in_each_language
def test_device_text_shows_purpose_and_last_connection(texts: Texts) -> None:
    seen = datetime(2026, 3, 4, 15, 6)
    device = SharedDevice("a", "a", True, int(seen.timestamp()))
    assert device_text(texts, device, seen.date()).endswith("15:06")
    assert device_text(texts, device, date(2026, 3, 5)).endswith("2026-03-04")
    assert texts("sharing.connected") in device_text(texts, replace(device, connected=True))
    assert device_text(texts, SharedDevice("a", "a")) == (
        f"{texts('computers.dictates')} · {texts('sharing.never-seen')}"
    )


@in_each_language
def test_code_texts_show_time_left_and_result(texts: Texts) -> None:
    invite = InviteView(PairingStage.WAITING, code="48150623", left_s=107, tries_left=1)
    assert "1:47" in code_left_text(texts, invite) and code_result_text(texts, invite) == ""
    assert "tower" in code_result_text(texts, replace(invite, stage=PairingStage.PAIRED, device="tower"))
    for stage in (PairingStage.EXPIRED, PairingStage.LOCKED, PairingStage.INTERCEPTED):
        assert code_result_text(texts, replace(invite, stage=stage)) == texts(f"sharing.invite.{stage.value}")
    assert code_result_text(texts, InviteView(note=Note("gateway-unreachable"))) == texts(
        "sharing.invite.not-ready"
    )
    assert code_result_text(texts, InviteView(note=Note("invite-not-kept"))) == texts("note.invite-not-kept")


@in_each_language
def test_problem_text_reports_what_to_do_when_computer_is_unreachable(texts: Texts) -> None:
    assert problem_text(texts, Note("gateway-unreachable")) == texts("computers.unreachable")
    assert problem_text(texts, Note("pair-closed")) == texts("note.pair-closed")


EN = Texts("en")
WELL = QueryResult(GatewayHealth.WELL, 1.4, ("GPU · m", "cpu · n"))


def of(answer: QueryResult, gateway: str = "id", *, chosen: bool = False) -> GatewayView:
    return GatewayView(gateway, "desk", "10.0.0.1:8765", chosen, answer)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_health_has_own_text(language: str) -> None:
    note = Note("gateway-unauthorised")
    said = {answer_text(Texts(language), of(QueryResult(health, 1.0, note=note))) for health in GatewayHealth}
    assert len(said) == len(GatewayHealth) and all(said)


def test_texts_name_latency() -> None:
    assert answer_text(EN, of(WELL)) == "Responds in 1 ms"
    assert answer_text(EN, of(QueryResult(GatewayHealth.WELL, 0.2))) == "Responds in 1 ms"
    assert menu_text(EN, of(WELL)) == "desk · 1 ms" and menu_text(EN, of(QueryResult())) == "desk"


def test_unpaired_gateway_is_checked_only_when_chosen() -> None:
    assert answer_text(EN, of(QueryResult(), "")) == EN("computers.not-asked")
    assert answer_text(EN, of(QueryResult(), "", chosen=True)) == EN("computers.asking")
    assert "looked for" not in answer_text(EN, of(QueryResult(GatewayHealth.AWAY), ""))


@pytest.mark.parametrize("language", LANGUAGES)
def test_goes_text_names_actual_destination(language: str) -> None:
    texts, chosen = Texts(language), of(WELL, chosen=True)
    assert destination_text(texts, GatewaysView((of(WELL, "other"),))) == texts("place.goes-here")
    assert destination_text(texts, GatewaysView((of(WELL, "other"), chosen), here=False)).endswith("desk")
    instead = destination_text(texts, GatewaysView((chosen,), instead_of="desk"))
    assert "desk" in instead and instead.startswith(texts("place.goes-here"))
