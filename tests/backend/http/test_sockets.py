"""Listening sockets of one host, over both versions of IP."""

import errno
import socket
from collections.abc import Callable

import pytest

from backend.http.sockets import listening_sockets

Make = Callable[..., socket.socket]


def without_ipv6(make: Make) -> Make:
    """Return ``socket.create_server`` as it is on a computer that has switched IPv6 off."""

    def made(address: tuple[str, int], *, family: int, backlog: int) -> socket.socket:
        if family == socket.AF_INET6:
            raise OSError(errno.EADDRNOTAVAIL, "Cannot assign requested address")
        return make(address, family=family, backlog=backlog)

    return made


def close_all(found: tuple[socket.socket, ...]) -> list[tuple[str, int]]:
    """Close the sockets and return their addresses."""
    where = [one.getsockname()[:2] for one in found]
    for one in found:
        one.close()
    return where


def test_host_star_listens_on_both_versions_of_ip_at_one_port() -> None:
    found = listening_sockets("*", 0)
    assert all(not one.getblocking() for one in found)
    with socket.create_connection(("127.0.0.1", found[0].getsockname()[1])):
        pass
    with socket.create_connection(("::1", found[0].getsockname()[1])):
        pass
    (older, port), (newer, same) = close_all(found)
    assert (older, newer, port) == ("0.0.0.0", "::", same)


def test_port_used_in_one_version_of_ip_is_an_error_and_leaves_no_socket() -> None:
    with socket.create_server(("::", 0), family=socket.AF_INET6) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match="in use"):
            listening_sockets("*", port)
        socket.create_server(("0.0.0.0", port)).close()


def test_host_star_means_ipv4_where_ipv6_is_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "create_server", without_ipv6(socket.create_server))
    assert [host for host, _ in close_all(listening_sockets("*", 0))] == ["0.0.0.0"]
    with pytest.raises(OSError, match="requested address"):
        listening_sockets("::", 0)


def test_named_hosts_have_a_socket_for_each_address() -> None:
    assert [host for host, _ in close_all(listening_sockets("127.0.0.1", 0))] == ["127.0.0.1"]
    assert [host for host, _ in close_all(listening_sockets("::", 0))] == ["::"]
