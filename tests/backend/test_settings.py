"""What a gateway is told."""

from backend.settings import GatewaySettings, owner_of


def test_the_owner_is_not_the_key() -> None:
    assert owner_of("secret") == owner_of("secret") != owner_of("Secret")
    assert "secret" not in owner_of("secret")


def test_a_gateway_is_local_unless_told_otherwise() -> None:
    assert GatewaySettings().host == "127.0.0.1"
    assert GatewaySettings().origins == frozenset()
