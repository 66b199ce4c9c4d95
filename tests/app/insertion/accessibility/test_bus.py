"""Calls over a real bus."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from app.insertion.accessibility.bus import BUS, connected, socket_path
from app.insertion.accessibility.bus_values import Call
from app.insertion.errors import BusRefused
from tests.helpers.accessible_desktop import start_bus
from tests.helpers.desktop import Desktop

PATH = "/org/freedesktop/DBus"


@pytest.fixture
def desktop() -> Iterator[Desktop]:
    with TemporaryDirectory() as folder:  # short: the path of a socket has at most 107 bytes
        made = Desktop(Path(folder), ":0")
        yield made
        made.close()


def pid_of(name: str) -> Call:
    return Call(BUS, PATH, BUS, "GetConnectionUnixProcessID", "s", (name,))


async def test_calls_are_answered_each_with_its_own(desktop: Desktop) -> None:
    address = start_bus(desktop)
    async with connected(address) as bus:
        calls = [pid_of(BUS), Call(BUS, PATH, BUS, "ListNames"), pid_of(BUS)]
        (first,), (names,), (last,) = await asyncio.gather(*map(bus.call, calls))
    assert first == last == desktop.processes[0].pid and BUS in names


async def test_call_is_refused_when_nobody_has_the_name(desktop: Desktop) -> None:
    async with connected(start_bus(desktop)) as bus:
        with pytest.raises(BusRefused, match="GetConnectionUnixProcessID"):
            await bus.call(pid_of("org.nobody.Here"))
        assert await bus.call(pid_of(BUS)), "the connection goes on"


async def test_waiting_call_fails_when_bus_ends(desktop: Desktop) -> None:
    async with connected(start_bus(desktop)) as bus:
        desktop.close()
        with pytest.raises((BusRefused, OSError)):
            await bus.call(pid_of(BUS))
        with pytest.raises((BusRefused, OSError)):
            await bus.call(pid_of(BUS))


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("unix:path=/run/user/1000/bus,guid=12", "/run/user/1000/bus"),
        ("tcp:host=x,port=1;unix:guid=1,path=/a%20b", "/a b"),
        ("unix:abstract=/tmp/x", "\0/tmp/x"),
    ],
)
def test_socket_is_found_in_address(address: str, path: str) -> None:
    assert socket_path(address) == path


@pytest.mark.parametrize("address", ["", "tcp:host=x,port=1", "unix:", "nonsense"])
def test_address_without_local_socket_is_refused(address: str) -> None:
    with pytest.raises(BusRefused):
        socket_path(address)
