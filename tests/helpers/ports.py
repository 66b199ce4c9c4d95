"""Ports at which a program of a test listens later, or nobody ever does.

A port that the system gave, and got back, may be anybody's by then: it gives them to all who ask for any, and to
every connection. So these are below those (32768 on Linux, 49152 elsewhere).
"""

import itertools
import os
import socket

_FIRST, _COUNT = 20_000, 12_000
_EACH = 97  # for one process, until it comes to those of another
_numbers = itertools.count(os.getpid() * _EACH)


def free_port() -> int:
    """One at which nobody listens now; another one each time, and in each process of tests."""
    for number in itertools.islice(_numbers, _COUNT):
        port = _FIRST + number % _COUNT
        try:
            with socket.create_server(("", port)):
                return port
        except OSError:  # somebody has it
            continue
    raise AssertionError(f"none of the ports from {_FIRST} on is free")
