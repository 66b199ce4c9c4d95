"""Run KDE's own portal on a KWin without a screen, for proofs.

The portal opens no RemoteDesktop session unless KWin can record the screen, which needs a graphics card. Keys need
none, so ``screencast_global`` stands between portal and KWin and announces that ability. All else is KWin's own.
"""

import os
import socket
import struct
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from glob import glob
from pathlib import Path
from typing import Final

from app.bus.connection import BUS_PROGRAM, BusConnection, BusObject
from app.core.identity import APP_ID
from app.wayland.wire import HEADER_BYTES, WireEvent, packed, split, unpacked
from tests.helpers.waiting import wait_until
from tests.helpers.wayland_desktop import WaylandDesktop

_STORE: Final = "org.freedesktop.impl.portal.PermissionStore"
_DISPLAY, _REGISTRY_OF_DISPLAY, _BIND, _GLOBAL = 1, 1, 0, 0
_RECORDING: Final = "zkde_screencast_unstable_v1"
_STAND_IN: Final = "wp_viewporter"
"""Interface that the compositor creates in place of the missing one, because it counts the ids of objects."""
_NUMBER: Final = 0xFFFF
_HEADER: Final = struct.Struct("=II")
_AT_ONCE: Final = 65_536
_DESCRIPTORS: Final = 28
"""Most descriptors beside one part of the stream, according to libwayland."""


async def start_kde_portal(screen: WaylandDesktop, address: str, **environment: str) -> "subprocess.Popen[bytes]":
    """Start KDE's portal and the desktop portal with this environment; return the latter."""
    async with await BusConnection.open(address) as bus:

        async def runs(name: str) -> bool:
            (names,) = await bus.call(BUS_PROGRAM, "ListNames")
            return name in names

        own = {"XDG_CURRENT_DESKTOP": "KDE", **environment}
        screen.start(*glob("/usr/lib/*/libexec/xdg-desktop-portal-kde"), **own)
        await wait_until(partial(runs, "org.freedesktop.impl.portal.desktop.kde"), "the portal of KDE runs")
        portal = screen.start("/usr/libexec/xdg-desktop-portal", XDG_CURRENT_DESKTOP="KDE")
        await wait_until(partial(runs, "org.freedesktop.portal.Desktop"), "the portal of the desktop runs")
        return portal


async def allow_keys(screen: WaylandDesktop, address: str) -> None:
    """Allow the app to press keys, as an administrator of KDE may, so that no dialog asks."""
    store = BusObject(_STORE, "/org/freedesktop/impl/portal/PermissionStore", _STORE)
    async with await BusConnection.open(address) as bus:

        async def runs() -> bool:
            (names,) = await bus.call(BUS_PROGRAM, "ListNames")
            return _STORE in names

        screen.start("/usr/libexec/xdg-permission-store")
        await wait_until(runs, "the store of permissions runs")
        allowed = ("kde-authorized", True, "remote-desktop", APP_ID, ["yes"])
        await bus.call(store, "SetPermission", "sbssas", *allowed)


@contextmanager
def screencast_global(compositor: Path, place: Path) -> Iterator[None]:
    """Pass programs that connect at ``place`` on to the compositor, and announce that it records the screen."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(place))
        server.listen()

        def accept() -> None:
            with suppress(OSError):
                while True:
                    _Relay(server.accept()[0], compositor)

        accepting = threading.Thread(target=accept, daemon=True)
        accepting.start()
        try:
            yield
        finally:
            server.shutdown(socket.SHUT_RDWR)
            accepting.join()


class _Relay:
    """A program's connection, and its counterpart to the compositor."""

    def __init__(self, program: socket.socket, compositor: Path) -> None:
        self._registries = dict[int, bool]()  # whether the ability is announced there
        self._stand_ins = set[int]()
        self._stand_in = 0
        upstream = socket.socket(socket.AF_UNIX)
        upstream.connect(str(compositor))
        for source, target, change in (
            (program, upstream, self._change_request),
            (upstream, program, self._change_event),
        ):
            threading.Thread(target=_pass_on, args=(source, target, change), daemon=True).start()

    def _change_request(self, request: WireEvent) -> bytes:
        """Return what the compositor gets instead of a request."""
        if (request.sender, request.opcode) == (_DISPLAY, _REGISTRY_OF_DISPLAY):
            self._registries[unpacked("n", request.body, int)[0]] = False
        elif request.sender in self._stand_ins:
            return b""
        elif request.sender in self._registries and request.opcode == _BIND:
            number, _, _, identifier = unpacked("usun", request.body, int)
            if number == _NUMBER:
                self._stand_ins.add(identifier)
                return packed(request.sender, _BIND, "usun", (self._stand_in, _STAND_IN, 1, identifier))[0]
        return _message(request)

    def _change_event(self, event: WireEvent) -> bytes:
        """Return what the program gets instead of an event."""
        message = _message(event)
        if event.sender in self._registries and event.opcode == _GLOBAL:
            number, interface, _ = unpacked("usu", event.body, int)
            if interface == _STAND_IN and not self._registries[event.sender]:
                self._stand_in, self._registries[event.sender] = number, True
                message += packed(event.sender, _GLOBAL, "usu", (_NUMBER, _RECORDING, 1))[0]
        return message


def _message(event: WireEvent) -> bytes:
    return _HEADER.pack(event.sender, (HEADER_BYTES + len(event.body)) << 16 | event.opcode) + event.body


def _pass_on(source: socket.socket, target: socket.socket, change: Callable[[WireEvent], bytes]) -> None:
    """Pass on changed messages, and the descriptors beside them, until one side ends."""
    rest, descriptors = b"", list[int]()
    with suppress(OSError), source, target:
        while (received := socket.recv_fds(source, _AT_ONCE, _DESCRIPTORS))[0]:
            messages, rest = split(rest + received[0])
            descriptors += received[1]
            if data := b"".join(map(change, messages)):
                target.sendall(data[socket.send_fds(target, [data], descriptors) :])
                for descriptor in descriptors:
                    os.close(descriptor)
                descriptors.clear()
        target.shutdown(socket.SHUT_RDWR)
