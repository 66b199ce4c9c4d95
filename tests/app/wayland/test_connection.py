"""The connection to a compositor, whose part the test plays."""

import asyncio
import os
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from app.wayland.connection import WaylandConnection
from app.wayland.errors import CompositorGone, CompositorMissing, InterfaceMissing
from app.wayland.interfaces import OUTPUT, SEAT, VIRTUAL_KEYBOARD_MANAGER
from app.wayland.wire import WireEvent, packed, split
from tests.helpers.waiting import wait_until

GLOBALS = (("wl_seat", 7), ("wl_output", 4), ("wl_output", 3))


@dataclass
class Compositor:
    """A compositor with two screens, which answers the first requests and records the others."""

    requests: list[WireEvent] = field(default_factory=list)
    descriptors: list[int] = field(default_factory=list)
    connection: socket.socket | None = None
    answers: bool = True

    async def serve(self, listener: socket.socket) -> None:
        loop, rest = asyncio.get_running_loop(), b""
        self.connection, _ = await loop.sock_accept(listener)
        self.connection.setblocking(False)
        while True:
            readable = asyncio.Event()
            loop.add_reader(self.connection.fileno(), readable.set)
            await readable.wait()
            loop.remove_reader(self.connection.fileno())
            data, descriptors, _, _ = socket.recv_fds(self.connection, 65_536, 8)
            self.descriptors += descriptors
            if not data:
                return
            events, rest = split(rest + data)
            for event in events:
                self._answer(event)

    def send(self, object_id: int, opcode: int, signature: str, *values: Any) -> None:
        assert self.connection is not None
        data, descriptors = packed(object_id, opcode, signature, values)
        socket.send_fds(self.connection, [data], descriptors)

    def _answer(self, event: WireEvent) -> None:
        if event.sender != 1 or not self.answers:
            self.requests.append(event)
            return
        (new,) = struct.unpack("=I", event.body)
        if event.opcode == 1:
            for number, (name, version) in enumerate(GLOBALS):
                self.send(new, 0, "usu", number, name, version)
        else:
            self.send(new, 0, "u", 0)
            self.send(1, 1, "u", new)


@asynccontextmanager
async def compositor(folder: Path) -> AsyncIterator[tuple[Compositor, WaylandConnection]]:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(folder / "screen"))
    listener.listen()
    listener.setblocking(False)
    played = Compositor()
    serving = asyncio.ensure_future(played.serve(listener))
    environment = {"XDG_RUNTIME_DIR": str(folder), "WAYLAND_DISPLAY": "screen"}
    try:
        async with await WaylandConnection.open(environment) as connection:
            yield played, connection
    finally:
        serving.cancel()
        listener.close()
        if played.connection is not None:
            played.connection.close()


async def test_globals_are_known_after_opening(tmp_path: Path) -> None:
    async with compositor(tmp_path) as (_, wayland):
        assert wayland.globals == {"wl_seat": 7, "wl_output": 3}
        assert len(wayland.names(OUTPUT)) == 2 and not wayland.names(VIRTUAL_KEYBOARD_MANAGER)


async def test_object_is_bound_with_the_version_that_both_know(tmp_path: Path) -> None:
    async with compositor(tmp_path) as (played, wayland):
        wayland.bind(SEAT)
        await wait_until(lambda: played.requests, "the request arrives")
        body = played.requests[0].body
        assert struct.unpack("=I", body[:4]) == (0,) and b"wl_seat\0" in body
        assert struct.unpack("=II", body[-8:])[0] == SEAT.version


async def test_each_of_several_globals_is_bound_with_its_own_version(tmp_path: Path) -> None:
    """A global of version 3 does not lower the others, and one of version 4 does not raise them."""
    async with compositor(tmp_path) as (played, wayland):
        bound = [wayland.bind(OUTPUT, instance) for instance in (0, 1)]
        await wait_until(lambda: len(played.requests) == 2, "the requests arrive")
        sent = [struct.unpack("=I", one.body[:4]) + struct.unpack("=II", one.body[-8:]) for one in played.requests]
        assert sent == [(1, 4, bound[0].object_id), (2, 3, bound[1].object_id)]
        assert [one.version for one in bound] == [4, 3]


async def test_event_reaches_its_handler(tmp_path: Path) -> None:
    async with compositor(tmp_path) as (played, wayland):
        seat, names = wayland.bind(SEAT), list[str]()
        seat.on("name", names.append)
        await wait_until(lambda: played.requests, "the request arrives")
        played.send(seat.object_id, 1, "s", "seat zero")
        await wait_until(lambda: names == ["seat zero"], "the name arrives")


async def test_descriptor_without_handler_is_closed(tmp_path: Path) -> None:
    async with compositor(tmp_path) as (played, wayland):
        keyboard = wayland.bind(SEAT).request("get_keyboard")
        await wait_until(lambda: len(played.requests) == 2, "the requests arrive")
        reading, writing = os.pipe()
        played.send(keyboard.object_id, 0, "uhu", 1, writing, 10)
        os.close(writing)
        await wait_until(lambda: _ended(reading), "no process holds the pipe open")
        os.close(reading)


def _ended(reading: int) -> bool:
    os.set_blocking(reading, False)
    try:
        return os.read(reading, 1) == b""
    except BlockingIOError:
        return False


async def test_missing_interface_is_named(tmp_path: Path) -> None:
    async with compositor(tmp_path) as (_, wayland):
        with pytest.raises(InterfaceMissing, match="zwp_virtual_keyboard_manager_v1"):
            wayland.bind(VIRTUAL_KEYBOARD_MANAGER)


async def test_fault_ends_the_connection_with_its_reason(tmp_path: Path) -> None:
    async with compositor(tmp_path) as (played, wayland):
        seat = wayland.bind(SEAT)
        await wait_until(lambda: played.requests, "the request arrives")
        played.send(1, 0, "ous", seat.object_id, 3, "not now")
        with pytest.raises(CompositorGone, match="wl_seat.*not now"):
            await wayland.until(asyncio.Event())
        with pytest.raises(CompositorGone):
            seat.request("release")


async def test_silent_compositor_is_given_up_at_the_deadline(tmp_path: Path) -> None:
    async with compositor(tmp_path) as (played, wayland):
        played.answers = False
        with pytest.raises(CompositorGone, match="does not answer"):
            await wayland.roundtrip(0.05)


async def test_ended_compositor_is_noticed(tmp_path: Path) -> None:
    async with compositor(tmp_path) as (played, wayland):
        assert played.connection is not None
        played.connection.shutdown(socket.SHUT_RDWR)
        await wait_until(wayland.gone.is_set, "the end is noticed")


def test_hung_compositor_without_new_connections_is_reported_at_once(tmp_path: Path) -> None:
    environment = {"XDG_RUNTIME_DIR": str(tmp_path), "WAYLAND_DISPLAY": "wayland-9"}
    with ExitStack() as opened, pytest.raises(CompositorMissing, match="temporarily unavailable"):
        listener = opened.enter_context(socket.socket(socket.AF_UNIX))
        listener.bind(str(tmp_path / "wayland-9"))
        listener.listen(0)
        waiting = opened.enter_context(socket.socket(socket.AF_UNIX))
        waiting.connect(str(tmp_path / "wayland-9"))  # of another program; there is no place for more
        loop = opened.enter_context(closing(asyncio.new_event_loop()))
        WaylandConnection.begin(environment, loop)


@pytest.mark.parametrize("environment", [{}, {"XDG_RUNTIME_DIR": "/nonexistent"}])
async def test_missing_compositor_is_reported(environment: dict[str, str]) -> None:
    with pytest.raises(CompositorMissing, match="no Wayland compositor"):
        await WaylandConnection.open(environment)


class Watching:
    """Event loop that remembers what it watches, and calls only when told."""

    def __init__(self) -> None:
        self.readers: dict[int, Callable[[], None]] = {}
        self.writers: dict[int, Callable[[], None]] = {}

    def add_reader(self, descriptor: int, callback: Callable[[], None], /) -> None:
        self.readers[descriptor] = callback

    def remove_reader(self, descriptor: int, /) -> None:
        self.readers.pop(descriptor, None)

    def add_writer(self, descriptor: int, callback: Callable[[], None], /) -> None:
        self.writers[descriptor] = callback

    def remove_writer(self, descriptor: int, /) -> None:
        self.writers.pop(descriptor, None)


def test_connection_lives_in_any_event_loop_and_reports_changes_and_end(tmp_path: Path) -> None:
    watching, told = Watching(), list[str]()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "screen"))
        listener.listen()
        environment = {"XDG_RUNTIME_DIR": str(tmp_path), "WAYLAND_DISPLAY": "screen"}
        wayland = WaylandConnection.begin(environment, watching)
        wayland.on_globals = lambda: told.append(f"{len(wayland.names(SEAT))} seats")
        wayland.on_gone = lambda: told.append("gone")
        compositor, _ = listener.accept()
    (readable,) = watching.readers.values()
    with compositor:
        compositor.send(packed(2, 0, "usu", (7, "wl_seat", 5))[0])
        readable()
        compositor.send(packed(2, 1, "u", (7,))[0])
        readable()
    readable()
    assert told == ["1 seats", "0 seats", "gone"] and not watching.readers
    with pytest.raises(CompositorGone):
        wayland.after(readable)
    wayland.end()  # safe to call twice


def test_handler_that_finds_the_connection_ended_harms_nothing(tmp_path: Path) -> None:
    watching = Watching()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "screen"))
        listener.listen()
        environment = {"XDG_RUNTIME_DIR": str(tmp_path), "WAYLAND_DISPLAY": "screen"}
        wayland = WaylandConnection.begin(environment, watching)
        compositor, _ = listener.accept()
    (readable,) = watching.readers.values()
    with compositor:
        compositor.send(packed(2, 0, "usu", (7, "wl_seat", 5))[0] * 2)

    def bind() -> None:
        wayland.bind(SEAT)
        wayland.bind(SEAT)

    wayland.on_globals = bind
    readable()
    assert wayland.gone.is_set()
