import ipaddress
from pathlib import Path

import pytest

from backend.core.errors import InvalidSettings
from backend.http.addresses import (
    NetworkInterface,
    interfaces,
    is_inner,
    listen_addresses,
    local_url,
    reachable,
)
from backend.http.modes import GatewayMode, ListenAddress
from backend.http.settings import HttpSettings

INTERFACES = (
    NetworkInterface("lo", ("127.0.0.1", "::1", "0.0.0.0", "::")),
    NetworkInterface("wan", ("8.8.4.4", "fe80::1%wan")),
    NetworkInterface("wlan0", ("192.168.1.4", "169.254.3.3", "fd00::4", "fe80::2%wlan0", "no address")),
    NetworkInterface("docker0", ("172.17.0.1",), inner=True),
    NetworkInterface("virbr0", ("10.0.3.1",), inner=True),
)


@pytest.mark.parametrize(
    ("host", "at"),
    [
        ("0.0.0.0", ("192.168.1.4", "8.8.4.4", "10.0.3.1", "172.17.0.1")),
        ("::", ("fd00::4",)),
        ("*", ("192.168.1.4", "8.8.4.4", "fd00::4", "10.0.3.1", "172.17.0.1")),
        ("192.168.1.4", ("192.168.1.4",)),
        ("desk.example", ("desk.example",)),
        ("127.0.0.1", ()),
        ("::1", ()),
        ("localhost", ()),
    ],
)
def test_reachable_addresses_are_sorted_by_likelihood(host: str, at: tuple[str, ...]) -> None:
    assert reachable(host, INTERFACES) == at


def test_bridge_is_inner_unless_hardware_is_below(tmp_path: Path) -> None:
    """The layout follows sysfs: a bond is below the bridge, a network card below the bond."""
    below = {
        "docker0": ["veth1"],
        "br0": ["tap1", "bond0"],
        "bond0": ["eth0"],
        "eth0": [],
        "veth1": [],
        "tap1": [],
    }
    for name in below:
        (tmp_path / name).mkdir()
    for name, others in below.items():
        for other in others:
            (tmp_path / name / f"lower_{other}").symlink_to(tmp_path / other)
    (tmp_path / "eth0" / "device").mkdir()
    for name in ("docker0", "br0"):
        (tmp_path / name / "bridge").mkdir()
    assert [name for name in (*below, "nothing") if is_inner(name, tmp_path)] == ["docker0"]


def test_interfaces_include_loopback() -> None:
    addresses = [ipaddress.ip_address(text.partition("%")[0]) for one in interfaces() for text in one.addresses]
    assert any(address.is_loopback for address in addresses)


def test_listen_addresses_follow_the_mode_and_need_a_key_beyond_this_computer() -> None:
    assert listen_addresses(HttpSettings()) == (ListenAddress("127.0.0.1", 0),)
    server = HttpSettings(mode=GatewayMode.SERVER, port=8765, key="k")
    assert listen_addresses(server) == (ListenAddress("127.0.0.1", 8765),)
    with pytest.raises(InvalidSettings, match="key"):
        listen_addresses(HttpSettings(mode=GatewayMode.SERVER))


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:1"),
        ("0.0.0.0", "http://127.0.0.1:1"),
        ("::", "http://[::1]:1"),
        ("10.0.0.7", "http://10.0.0.7:1"),
    ],
)
def test_local_url_is_reachable_from_this_computer(host: str, url: str) -> None:
    assert local_url(host, 1) == url
