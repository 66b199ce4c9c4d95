"""Settings of a gateway."""

from backend.history.records import SessionOwner
from backend.history.settings import HistorySettings
from backend.settings import GatewaySettings


def test_default_gateway_is_local() -> None:
    assert GatewaySettings().host == "127.0.0.1"
    assert GatewaySettings().origins == frozenset()


def test_history_field_is_empty_without_history() -> None:
    kept = HistorySettings("sqlite:////x")
    assert GatewaySettings().history_field(SessionOwner("o")) == ""
    assert GatewaySettings(history=kept).history_field(SessionOwner("o")) == '10000 {"owner":"o"}'
    assert (
        GatewaySettings(history=kept, redis="redis://h").history_field(SessionOwner("o")) == '100000 {"owner":"o"}'
    )
