"""Interpretation of mDNS announcements; real discovery is in ``tests/backend/devices/test_announcement.py``."""

import ipaddress
import socket
from types import SimpleNamespace

import psutil
import pytest
from zeroconf.asyncio import AsyncServiceInfo

from client.discovery import MOST, GatewayFound, KnownGateways, _parse_announcement, own_addresses
from protocol.discovery import SERVICE, Announcement, encode_text

SAID = Announcement("ab" * 32, "1")


def said(addresses: list[str], port: int = 8765, name: str = "desk", **text: str) -> AsyncServiceInfo:
    record = encode_text(SAID) | text
    return AsyncServiceInfo(
        SERVICE, f"{name}.{SERVICE}", port=port, parsed_addresses=addresses, properties=record, server="h.local."
    )


def test_found_gateway_lists_ipv4_urls_first() -> None:
    found = _parse_announcement(said(["fd00::4", "192.168.1.4", "fe80::1"]))
    assert found == GatewayFound(
        f"desk.{SERVICE}", "desk", ("https://192.168.1.4:8765", "https://[fd00::4]:8765"), "ab" * 32, "1"
    )


@pytest.mark.parametrize(
    "info",
    [
        said([]),
        said(["fe80::1"]),
        said(["10.0.0.1"], port=0),
        said(["10.0.0.1"], certificate="x"),
        said(["10.0.0.1"], v="9"),
    ],
)
def test_unusable_announcements_are_ignored(info: AsyncServiceInfo) -> None:
    assert _parse_announcement(info) is None


def test_announced_name_is_cleaned() -> None:
    found = _parse_announcement(said(["10.0.0.1"], name="a\u202eb"))
    assert found is not None and found.name == "a b"


def test_own_addresses_include_loopback_of_ipv4() -> None:
    assert any(ipaddress.ip_address(address).is_loopback for address in own_addresses())


def test_own_addresses_of_ipv6_are_those_that_other_computers_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [*((socket.AF_INET6, one) for one in ("fd00::4", "fe80::1%eth0", "::1")), (socket.AF_INET, "10.0.0.4")]
    addresses = {"eth0": [SimpleNamespace(family=family, address=one) for family, one in found]}
    monkeypatch.setattr(psutil, "net_if_stats", lambda: {"eth0": SimpleNamespace(isup=True)})
    monkeypatch.setattr(psutil, "net_if_addrs", lambda: addresses)
    assert own_addresses() == ("10.0.0.4", "fd00::4")


def found(service: str = "desk", *urls: str) -> GatewayFound:
    return GatewayFound(service, service, urls or ("https://192.168.1.4:8765",), "ab" * 32, "1")


def test_gateway_is_gone_only_when_the_last_listener_lost_it() -> None:
    known, older, newer = KnownGateways(), object(), object()
    assert known.put(older, found()) and not known.put(newer, found())
    assert not known.lose(newer, "desk")
    assert known.services() == ("desk",)
    assert known.lose(older, "desk") and not known.lose(older, "desk")
    assert known.services() == ()
    assert known.put(newer, found())


def test_gateway_is_reported_again_only_when_it_changed() -> None:
    known, listener = KnownGateways(), object()
    assert known.put(listener, found()) and not known.put(listener, found())
    assert known.put(listener, found("desk", "https://[fd00::4]:8765"))
    assert known.lose(listener, "desk")


def test_known_gateways_have_a_bound() -> None:
    known, listener = KnownGateways(), object()
    for number in range(MOST):
        assert known.has_room(str(number))
        known.put(listener, found(str(number)))
    assert known.has_room("0") and not known.has_room("one more")
    assert not known.lose(listener, "one more")
    known.lose(listener, "0")
    assert known.has_room("one more")
