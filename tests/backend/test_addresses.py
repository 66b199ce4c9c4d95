import ipaddress

import pytest

from backend.addresses import Interface, interfaces, reachable

FOUND = (
    Interface("lo", ("127.0.0.1", "::1")),
    Interface("wan", ("8.8.4.4", "fe80::1%wan")),
    Interface("wlan0", ("192.168.1.4", "169.254.3.3", "fd00::4", "fe80::2%wlan0", "no address")),
    Interface("docker", ("172.17.0.1",)),
)


@pytest.mark.parametrize(
    ("host", "at"),
    [
        ("0.0.0.0", ("172.17.0.1", "192.168.1.4", "8.8.4.4")),
        ("::", ("fd00::4",)),
        ("192.168.1.4", ("192.168.1.4",)),
        ("desk.example", ("desk.example",)),
        ("127.0.0.1", ()),
        ("::1", ()),
        ("localhost", ()),
    ],
)
def test_where_others_reach_it(host: str, at: tuple[str, ...]) -> None:
    assert reachable(host, FOUND) == at


def test_this_computer_has_loopback_at_least() -> None:
    addresses = [ipaddress.ip_address(text.partition("%")[0]) for one in interfaces() for text in one.addresses]
    assert any(address.is_loopback for address in addresses)
