"""Parsing the place of a gateway, and formatting a code while it is typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.gateways.pairing_address import GatewayAddress, format_code, is_whole, place_of, url_text
from protocol.pairing import PairingLink, clean_code, encode_link


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("192.168.1.20", "https://192.168.1.20:8765"),
        (" desktop.local:9000 ", "https://desktop.local:9000"),
        ("http://desktop:8765/", "https://desktop:8765"),
        ("https://Desktop/v1", "https://desktop:8765"),
        ("fe80::1", "https://[fe80::1]:8765"),
        ("[fd00::2]:1", "https://[fd00::2]:1"),
    ],
)
def test_address_is_completed_with_scheme_and_port(typed: str, url: str) -> None:
    assert place_of(typed) == GatewayAddress((url,))


@pytest.mark.parametrize(
    "typed", ["", "   ", "a b", "ftp://desktop", "https://", "desktop:port", "desktop:0", "a@b", "kikipounamu://x"]
)
def test_text_that_is_no_address_gives_none(typed: str) -> None:
    assert place_of(typed) is None


@given(st.text(max_size=30))
def test_any_text_gives_an_https_place_or_none(typed: str) -> None:
    place = place_of(typed)
    assert place is None or all(url.startswith("https://") for url in place.urls)


def test_pairing_link_gives_addresses_code_and_certificate() -> None:
    link = PairingLink(("https://10.0.0.1:8765", "https://[fd00::2]:8765"), "01234567", "a" * 64)
    assert place_of(f" {encode_link(link)}\n") == GatewayAddress(*link)


@pytest.mark.parametrize(
    ("typed", "seen"),
    [("", ""), ("123", "123"), ("1234", "1234"), ("12345", "1234 5"), ("code: 1234-5678.", "1234 5678")],
)
def test_code_is_shown_in_two_groups(typed: str, seen: str) -> None:
    assert format_code(typed) == seen


@given(st.text() | st.text("0123456789 -.", min_size=8))
def test_whole_code_is_valid(typed: str) -> None:
    code = format_code(typed)
    assert format_code(code) == code
    if is_whole(code):
        assert clean_code(code) == code.replace(" ", "")


def test_shown_address_has_no_scheme() -> None:
    assert (url_text("https://desk:8765"), url_text("desk")) == ("desk:8765", "desk")
