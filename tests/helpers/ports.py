"""Choose ports on which a program of a test listens later, or none ever does, and look at sockets.

After the system's own free port is closed, the system may give it to another program or connection. So these ports
are below the system's range (32768 on Linux, 49152 on other systems).
"""

import itertools
import os
import socket
from pathlib import Path

import psutil

_FIRST, _COUNT = 20_000, 12_000
_EACH = 97  # ports of one test process
_numbers = itertools.count(os.getpid() * _EACH)


def free_port() -> int:
    """Return a port that is free now; each call and each test process gets a different one."""
    for number in itertools.islice(_numbers, _COUNT):
        port = _FIRST + number % _COUNT
        try:
            with socket.create_server(("", port)):
                return port
        except OSError:  # the port is in use
            continue
    raise AssertionError(f"none of the ports from {_FIRST} on is free")


def sockets_to(port: int) -> int:
    """Return how many sockets of this process are connected to a port, or are still being closed."""
    connections = psutil.Process().net_connections("tcp")
    return sum(bool(connection.raddr) and connection.raddr.port == port for connection in connections)


def accepts(place: Path) -> bool:
    """Return whether a program accepts connections at this Unix socket, which exists a moment before."""
    with socket.socket(socket.AF_UNIX) as connection:
        return connection.connect_ex(str(place)) == 0
