"""Addresses allowed without TLS: only those of this computer."""

import pytest

from client.cleartext import is_cleartext

HERE = ("127.0.0.1:8765", "127.3.2.1", "[::1]:8765", "localhost", "LocalHost:1/")
ELSEWHERE = (
    "192.0.2.2:8765",
    "desk.local",
    "[fe80::1%25eth0]:1",
    "0.0.0.0:1",
    "localhost.example",
    "localhost@192.0.2.2",
    "127.0.0.1@desk:1",
    "127.0.0.1.example",
    "127.1",
)


@pytest.mark.parametrize("scheme", ["http", "HTTP", "ws", "ftp"])
def test_addresses_without_tls_are_clear_unless_on_this_computer(scheme: str) -> None:
    assert [place for place in HERE if is_cleartext(f"{scheme}://{place}")] == []
    assert [place for place in ELSEWHERE if not is_cleartext(f"{scheme}://{place}")] == []


@pytest.mark.parametrize("scheme", ["https", "wss", "HTTPS"])
def test_addresses_with_tls_are_never_clear(scheme: str) -> None:
    assert [place for place in (*HERE, *ELSEWHERE) if is_cleartext(f"{scheme}://{place}")] == []


@pytest.mark.parametrize(
    "text", ["", "desk", "http://", "http://[", "http://desk:99999", "http://desk\\@localhost", "/path"]
)
def test_invalid_addresses_are_not_reported_as_clear(text: str) -> None:
    assert not is_cleartext(text)
