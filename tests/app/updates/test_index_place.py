"""The settings replace the place that this build names."""

import pytest

from app.updates import index
from app.updates.index import IndexPlace, is_key, place_of


def test_settings_replace_the_place_of_this_build() -> None:
    assert place_of("https://a.example", "key") == IndexPlace("https://a.example", ("key",))
    assert place_of("", "") == IndexPlace(index.URL, index.KEYS)


@pytest.mark.parametrize(
    ("url", "keys", "known"), [("https://a", ("k",), True), ("https://a", (), False), ("", ("k",), False)]
)
def test_place_is_known_with_address_and_key(url: str, keys: tuple[str, ...], known: bool) -> None:
    assert IndexPlace(url, keys).known is known


def test_keys_of_this_build_are_public_keys() -> None:
    assert all(map(is_key, index.KEYS)) and (not index.URL or index.URL.startswith("https://"))
