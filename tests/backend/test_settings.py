"""What a gateway is told."""

from backend.history.records import About
from backend.history.settings import HistorySettings
from backend.settings import GatewaySettings, owner_of


def test_the_owner_is_not_the_key() -> None:
    assert owner_of("secret") == owner_of("secret") != owner_of("Secret")
    assert "secret" not in owner_of("secret")


def test_a_gateway_is_local_unless_told_otherwise() -> None:
    assert GatewaySettings().host == "127.0.0.1"
    assert GatewaySettings().origins == frozenset()


def test_a_session_says_whose_it_is_only_where_a_history_is_kept() -> None:
    kept = HistorySettings("sqlite:////x")
    assert GatewaySettings().history_field(About("o")) == ""
    assert GatewaySettings(history=kept).history_field(About("o")) == '10000 {"owner":"o"}'
    assert GatewaySettings(history=kept, redis="redis://h").history_field(About("o")) == '100000 {"owner":"o"}'
