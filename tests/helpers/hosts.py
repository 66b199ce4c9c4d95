"""Simulate computers: network namespaces at one switch, each with its folders and programs.

A program started on a host sees only that host's networks. The network of the test's own computer stays unchanged.
"""

import ctypes
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple, TypeVar
from uuid import uuid4

import pytest

from tests.helpers.chain import Chain

T = TypeVar("T")

SUBNET: Final = "192.168.77"
_CLONE_NEWNET: Final = 0x40000000
_ESTABLISHED: Final = "01"


class Listening(NamedTuple):
    """A socket that listens for connections or datagrams."""

    protocol: str
    host: str
    port: int


@dataclass
class Host:
    """A simulated computer; ``address``: its current address."""

    name: str
    namespace: str
    switch: str
    address: str
    chain: Chain

    def ip(self, *arguments: str) -> None:
        """Run the command ``ip`` on the host."""
        _ip("-n", self.namespace, *arguments)

    def output(self, *command: str) -> str:
        """Run a command on the host, and return its output."""
        return subprocess.run(
            [*self.chain.inside, *command], capture_output=True, text=True, check=True, timeout=30
        ).stdout

    def listening(self) -> set[Listening]:
        """Return all listening sockets of the host."""
        lines = (line.split() for line in self.output("ss", "--no-header", "-tuln").splitlines())
        ends = ((line[0], *line[4].rsplit(":", 1)) for line in lines)
        return {Listening(protocol, host.partition("%")[0], int(port)) for protocol, host, port in ends}

    def listening_at(self, port: int) -> bool:
        """Return whether a socket listens at this port."""
        return any(one.port == port for one in self.listening())

    def connected_to(self, port: int) -> int:
        """Count the open connections to this remote port."""
        lines = (line.split() for line in self.output("cat", "/proc/self/net/tcp").splitlines()[1:])
        return sum(line[3] == _ESTABLISHED and int(line[2].rpartition(":")[2], 16) == port for line in lines)

    # -- changes of its network ----------------------------------------------------------------------------

    def unplug(self) -> None:
        """Disconnect the host from the switch."""
        _ip("-n", self.switch, "link", "set", self.name, "down")

    def plug(self) -> None:
        """Connect the host to the switch again."""
        _ip("-n", self.switch, "link", "set", self.name, "up")

    def move(self, number: int) -> None:
        """Replace the host's address by a new one."""
        before, self.address = self.address, f"{SUBNET}.{number}"
        self.ip("address", "add", f"{self.address}/24", "dev", "eth0")
        self.ip("address", "delete", f"{before}/24", "dev", "eth0")
        if self.address not in self.output("ip", "-4", "address", "show", "dev", "eth0"):
            # Linux deletes the secondary addresses together with the primary.
            self.ip("address", "add", f"{self.address}/24", "dev", "eth0")


@dataclass
class Hosts:
    """All hosts of a test; ``switch``: the namespace that all their traffic passes."""

    switch: str
    all: list[Host] = field(default_factory=list)

    def logs(self) -> str:
        """Return the output of every program on every host."""
        return "\n".join(host.chain.logs() for host in self.all)


@contextmanager
def hosts(root: Path, names: Sequence[str], quiet: bool = False) -> Iterator[Hosts]:
    """Make a host for each name, with the addresses 11, 12, …; skip the test without root, and only then."""
    if sys.platform != "linux":
        pytest.skip("needs Linux")
    if os.geteuid() != 0:
        pytest.skip("needs root, for network namespaces")
    mark = uuid4().hex[:8]
    there = Hosts(f"kiki-{mark}")
    namespaces: list[str] = []
    try:
        _make(there.switch, namespaces)
        _ip("-n", there.switch, "link", "add", "switch", "type", "bridge", "mcast_snooping", "0")
        _ip("-n", there.switch, "link", "set", "switch", "up")
        for number, name in enumerate(names, 11):
            there.all.append(_host(root, name, there.switch, number, namespaces))
        yield there
    finally:
        for host in reversed(there.all):  # the others depend on the first ones
            host.chain.close()
        for namespace in namespaces:
            _ip("netns", "delete", namespace)
        if not quiet:
            sys.stderr.write(there.logs())


def _host(root: Path, name: str, switch: str, number: int, namespaces: list[str]) -> Host:
    namespace, address = f"{switch}-{name}", f"{SUBNET}.{number}"
    _make(namespace, namespaces)
    folder = root / name
    folder.mkdir()
    chain = Chain(folder, inside=("ip", "netns", "exec", namespace))
    host = Host(name, namespace, switch, address, chain)
    _ip("link", "add", name, "netns", switch, "type", "veth", "peer", "name", "eth0", "netns", namespace)
    _ip("-n", switch, "link", "set", name, "master", "switch", "up")
    host.ip("address", "add", f"{address}/24", "dev", "eth0")
    host.ip("link", "set", "eth0", "multicast", "on", "up")
    host.ip("link", "set", "lo", "up")
    return host


def inside(namespace: str, make: Callable[[], T]) -> T:
    """Call ``make`` in the namespace and return its result, such as a socket, which stays in that namespace."""
    results: list[T] = []
    failed: list[BaseException] = []

    def enter() -> None:
        try:
            with open(f"/run/netns/{namespace}", "rb") as place:
                if ctypes.CDLL(None, use_errno=True).setns(place.fileno(), _CLONE_NEWNET) != 0:
                    raise OSError(ctypes.get_errno(), "setns")
            results.append(make())
        except BaseException as error:  # noqa: BLE001 - raised again where it was asked for
            failed.append(error)

    thread = threading.Thread(target=enter)  # only this short-lived thread enters the namespace
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return results[0]


def _make(namespace: str, namespaces: list[str]) -> None:
    _ip("netns", "add", namespace)
    namespaces.append(namespace)


def _ip(*arguments: str) -> None:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, f"ip {' '.join(arguments)}: {done.stderr}"
