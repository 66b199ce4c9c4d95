"""Test that ports are given to one test only."""

import socket
from contextlib import suppress

from tests.helpers.ports import free_port


def test_ports_are_distinct_and_below_system_range() -> None:
    found = [free_port() for _ in range(10)]
    assert len(set(found)) == 10
    assert max(found) < 32_768


def test_port_in_use_is_skipped() -> None:
    following = free_port() + 1
    with suppress(OSError), socket.create_server(("127.0.0.1", following)):  # an error: the port is already in use
        assert free_port() != following
