"""Computers of their own for a test: network namespaces at one switch, each with its folders and its programs.

A program started in one sees that host's networks alone. Nothing of it is in the network of whoever runs the test.
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
    """Something that waits for others."""

    protocol: str
    host: str
    port: int


@dataclass
class Host:
    """``address`` is the one that it has at this moment."""

    name: str
    namespace: str
    switch: str
    address: str
    chain: Chain

    def ip(self, *arguments: str) -> None:
        """``ip`` as it is typed there."""
        _ip("-n", self.namespace, *arguments)

    def output(self, *command: str) -> str:
        """What a command says there."""
        return subprocess.run(
            [*self.chain.inside, *command], capture_output=True, text=True, check=True, timeout=30
        ).stdout

    def listening(self) -> set[Listening]:
        """All of it."""
        lines = (line.split() for line in self.output("ss", "--no-header", "-tuln").splitlines())
        ends = ((line[0], *line[4].rsplit(":", 1)) for line in lines)
        return {Listening(protocol, host.partition("%")[0], int(port)) for protocol, host, port in ends}

    def listening_at(self, port: int) -> bool:
        """Whether something waits for others there."""
        return any(one.port == port for one in self.listening())

    def connected_to(self, port: int) -> int:
        """How many connections to this port somewhere are open."""
        lines = (line.split() for line in self.output("cat", "/proc/self/net/tcp").splitlines()[1:])
        return sum(line[3] == _ESTABLISHED and int(line[2].rpartition(":")[2], 16) == port for line in lines)

    # -- what people do to its network ---------------------------------------------------------------------

    def unplug(self) -> None:
        """Pull the cable."""
        _ip("-n", self.switch, "link", "set", self.name, "down")

    def plug(self) -> None:
        """Put it back."""
        _ip("-n", self.switch, "link", "set", self.name, "up")

    def move(self, number: int) -> None:
        """Another address, and no more the one before."""
        before, self.address = self.address, f"{SUBNET}.{number}"
        self.ip("address", "add", f"{self.address}/24", "dev", "eth0")
        self.ip("address", "delete", f"{before}/24", "dev", "eth0")
        if self.address not in self.output("ip", "-4", "address", "show", "dev", "eth0"):
            # Linux takes the addresses after the first one away with it.
            self.ip("address", "add", f"{self.address}/24", "dev", "eth0")


@dataclass
class Hosts:
    """``switch`` is a namespace too: what all of them say passes there."""

    switch: str
    all: list[Host] = field(default_factory=list)

    def logs(self) -> str:
        """What every program on every host wrote."""
        return "\n".join(host.chain.logs() for host in self.all)


@contextmanager
def hosts(root: Path, names: Sequence[str], quiet: bool = False) -> Iterator[Hosts]:
    """As many as there are names, with the addresses 11, 12, … Skips where nobody is root, and only there."""
    if sys.platform != "linux":
        pytest.skip("needs Linux")
    if os.geteuid() != 0:
        pytest.skip("needs root, for network namespaces")
    mark = uuid4().hex[:8]
    there = Hosts(f"kiki-{mark}")
    made: list[str] = []
    try:
        _make(there.switch, made)
        _ip("-n", there.switch, "link", "add", "switch", "type", "bridge", "mcast_snooping", "0")
        _ip("-n", there.switch, "link", "set", "switch", "up")
        for number, name in enumerate(names, 11):
            there.all.append(_host(root, name, there.switch, number, made))
        yield there
    finally:
        for host in reversed(there.all):  # the first ones are who the others rely on
            host.chain.close()
        for namespace in made:
            _ip("netns", "delete", namespace)
        if not quiet:
            sys.stderr.write(there.logs())


def _host(root: Path, name: str, switch: str, number: int, made: list[str]) -> Host:
    namespace, address = f"{switch}-{name}", f"{SUBNET}.{number}"
    _make(namespace, made)
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
    """What ``make`` makes there, such as a socket: it stays there, wherever it is used."""
    made: list[T] = []
    failed: list[BaseException] = []

    def enter() -> None:
        try:
            with open(f"/run/netns/{namespace}", "rb") as place:
                if ctypes.CDLL(None, use_errno=True).setns(place.fileno(), _CLONE_NEWNET) != 0:
                    raise OSError(ctypes.get_errno(), "setns")
            made.append(make())
        except BaseException as error:  # noqa: BLE001 - raised again where it was asked for
            failed.append(error)

    thread = threading.Thread(target=enter)  # the only one that is there, and only until it ends
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return made[0]


def _make(namespace: str, made: list[str]) -> None:
    _ip("netns", "add", namespace)
    made.append(namespace)


def _ip(*arguments: str) -> None:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, f"ip {' '.join(arguments)}: {done.stderr}"
