"""Owner ids, which replace keys in logs and in the broker."""

from backend.core.keys import owner_of


def test_owner_id_does_not_contain_key() -> None:
    assert owner_of("secret") == owner_of("secret") != owner_of("Secret")
    assert "secret" not in owner_of("secret")
