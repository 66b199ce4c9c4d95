"""Every health of a gateway has its own text in both languages."""

import pytest

from app.core.notes import Note
from app.core.sentences import LANGUAGES
from app.gateways.view import GatewayHealth, GatewaysView, GatewayView, QueryResult
from app.ui.gateways.wording import answer_role, answer_text, goes_text, here_text, menu_text
from app.ui.strings.texts import Texts

EN = Texts("en")
WELL = QueryResult(GatewayHealth.WELL, 1.4, ("GPU · m", "cpu · n"))


def of(answer: QueryResult, gateway: str = "id", *, chosen: bool = False) -> GatewayView:
    return GatewayView(gateway, "desk", "10.0.0.1:8765", chosen, answer)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_health_has_own_text(language: str) -> None:
    note = Note("gateway-unauthorised")
    said = {answer_text(Texts(language), of(QueryResult(health, 1.0, note=note))) for health in GatewayHealth}
    assert len(said) == len(GatewayHealth) and all(said)


def test_texts_name_workers_and_latency() -> None:
    assert answer_text(EN, of(WELL)) == "Responds in 1 ms · GPU · m, cpu · n"
    assert answer_text(EN, of(QueryResult(GatewayHealth.WELL, 0.2))) == "Responds in 1 ms"
    assert menu_text(EN, of(WELL)) == "desk · 1 ms" and menu_text(EN, of(QueryResult())) == "desk"


def test_unpaired_gateway_is_checked_only_when_chosen() -> None:
    assert answer_text(EN, of(QueryResult(), "")) == EN("gateways.not-asked")
    assert answer_text(EN, of(QueryResult(), "", chosen=True)) == EN("gateways.asking")
    assert "looked for" not in answer_text(EN, of(QueryResult(GatewayHealth.AWAY), ""))


@pytest.mark.parametrize("language", LANGUAGES)
def test_goes_text_names_actual_destination(language: str) -> None:
    texts, chosen = Texts(language), of(WELL, chosen=True)
    assert goes_text(texts, GatewaysView((of(WELL, "other"),))) == texts("place.goes-here")
    assert goes_text(texts, GatewaysView((of(WELL, "other"), chosen), here=False)).endswith("desk")
    instead = goes_text(texts, GatewaysView((chosen,), instead_of="desk"))
    assert "desk" in instead and instead.startswith(texts("place.goes-here"))


def test_answer_role_marks_problems() -> None:
    roles = [
        answer_role(of(QueryResult(health)))
        for health in (GatewayHealth.WELL, GatewayHealth.AWAY, GatewayHealth.REFUSED)
    ]
    assert roles == ["muted", "warning", "warning"]


def test_here_text_names_replaced_gateway() -> None:
    assert "desk" in here_text(EN, GatewaysView(instead_of="desk"))
    assert here_text(EN, GatewaysView()) == EN("gateways.here-says")
