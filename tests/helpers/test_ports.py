"""Ports that nobody else is given."""

import socket
from contextlib import suppress

from tests.helpers.ports import free_port


def test_each_is_another_one_and_none_that_the_system_gives() -> None:
    found = [free_port() for _ in range(10)]
    assert len(set(found)) == 10
    assert max(found) < 32_768


def test_one_that_somebody_has_is_passed_over() -> None:
    following = free_port() + 1
    with suppress(OSError), socket.create_server(("127.0.0.1", following)):  # an error: somebody has it already
        assert free_port() != following
