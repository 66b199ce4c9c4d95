"""Listeners of each mode: never beyond loopback unasked, never with keys in plain text."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core.errors import InvalidSettings
from backend.http.modes import (
    GatewayMode,
    ListenAddress,
    is_among,
    is_loopback,
    is_near,
    listeners,
    networks,
    page_origins,
)

PROXY = networks(["10.0.0.7"])
HOSTS = st.sampled_from(
    ["127.0.0.1", "127.8.9.1", "::1", "localhost", "0.0.0.0", "::", "*", "192.168.1.4", "host"]
)


def test_local_mode_listens_only_on_loopback() -> None:
    assert listeners(GatewayMode.LOCAL, "127.0.0.1", 0, False, ()) == (ListenAddress("127.0.0.1", 0),)
    for host in ("0.0.0.0", "::", "192.168.1.4", "a.host"):
        with pytest.raises(InvalidSettings, match="--mode shared"):
            listeners(GatewayMode.LOCAL, host, 0, False, ())


def test_shared_mode_keeps_loopback_port() -> None:
    assert listeners(GatewayMode.SHARED, "0.0.0.0", 8765, True, ()) == (
        ListenAddress("127.0.0.1", 0),
        ListenAddress("0.0.0.0", 8765, tls=True),
    )
    with pytest.raises(InvalidSettings, match="certificate"):
        listeners(GatewayMode.SHARED, "0.0.0.0", 8765, False, ())


def test_all_addresses_need_tls() -> None:
    assert listeners(GatewayMode.SHARED, "*", 8765, True, ())[1] == ListenAddress("*", 8765, tls=True)
    with pytest.raises(InvalidSettings, match="--certificate"):
        listeners(GatewayMode.SERVER, "*", 8765, False, PROXY)
    with pytest.raises(InvalidSettings, match="--mode shared"):
        listeners(GatewayMode.LOCAL, "*", 0, False, ())


@pytest.mark.parametrize(
    ("peer", "own", "near"),
    [
        ("198.51.100.7", "192.168.1.4", True),
        ("::ffff:198.51.100.7", "::ffff:192.168.1.4", True),
        ("2a00:1:2:3::7", "2a00:1:2:3:ffff::1", True),
        ("2a00:1:2:4::7", "2a00:1:2:3::1", False),
        ("2a00:1:2:4::7", "fd00::1", False),
        ("2001:0:5ef5::7", "2a00:1:2:3::1", False),
        ("2001:db8:1::7", "2a00:1:2:3::1", False),
        ("64:ff9b::c633:6407", "2a00:1:2:3::1", False),
        ("fd00:9::7", "fd00::1", True),
        ("fe80::7%eth0", "fe80::1%eth0", True),
        ("::1", "::1", True),
    ],
)
def test_peers_of_ipv6_are_near_when_private_or_in_one_network(peer: str, own: str, near: bool) -> None:
    assert is_near(peer, own) is near


def test_server_mode_needs_proxy_or_certificate() -> None:
    assert listeners(GatewayMode.SERVER, "127.0.0.1", 8765, False, ()) == (ListenAddress("127.0.0.1", 8765),)
    assert listeners(GatewayMode.SERVER, "0.0.0.0", 8765, False, PROXY) == (ListenAddress("0.0.0.0", 8765),)
    assert ListenAddress("0.0.0.0", 8765, True) in listeners(GatewayMode.SERVER, "0.0.0.0", 8765, True, ())
    with pytest.raises(InvalidSettings, match="--trusted-proxy"):
        listeners(GatewayMode.SERVER, "0.0.0.0", 8765, False, ())


@given(st.sampled_from(GatewayMode), HOSTS, st.integers(0, 65_535), st.booleans(), st.sampled_from([(), PROXY]))
def test_listener_beyond_loopback_has_tls_or_named_proxy(
    mode: GatewayMode, host: str, port: int, tls: bool, proxies: tuple[ipaddress.IPv4Network, ...]
) -> None:
    try:
        found = listeners(mode, host, port, tls, proxies)
    except InvalidSettings:
        return
    beyond = [one for one in found if not is_loopback(one.host)]
    assert all(one.tls or (mode is GatewayMode.SERVER and proxies) for one in beyond)
    assert not (beyond and mode is GatewayMode.LOCAL)


@pytest.mark.parametrize(
    ("address", "among"),
    [
        ("10.0.0.7", True),
        ("::ffff:10.0.0.7", True),
        ("10.0.0.8", False),
        ("fd00::5", True),
        ("fd01::5", False),
        ("", False),
        ("a.host", False),
    ],
)
def test_address_is_matched_against_networks(address: str, among: bool) -> None:
    assert is_among(address, networks([" 10.0.0.7", "fd00::/16"])) is among


@pytest.mark.parametrize("text", ["", "proxy", "10.0.0.1/8", "10.0.0.0/40"])
def test_malformed_network_is_refused(text: str) -> None:
    with pytest.raises(InvalidSettings, match="addresses like"):
        networks([text])


def test_origins_are_those_that_browsers_send() -> None:
    sent = ["https://a.example", "http://[::1]:8080", "chrome-extension://abc", "null"]
    assert page_origins(sent) == set(sent)


@pytest.mark.parametrize("text", ["", "*", "a.example", "https://a.example/", "https://A.example", "https://a/b"])
def test_origin_that_no_browser_sends_is_refused(text: str) -> None:
    with pytest.raises(InvalidSettings, match="no page has the origin"):
        page_origins([text])
