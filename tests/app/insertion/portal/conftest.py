"""A portal with a keyboard and a clipboard on a real message bus."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from app.bus.portal import Portal, variants
from app.insertion.portal.permission import NAME, Permission
from app.insertion.portal.session import RemoteSession, SessionTimes
from tests.helpers.desktop_portal import GRANTED, DesktopPortal
from tests.helpers.message_bus import running_bus
from tests.helpers.waiting import DEADLINE_S

START = "RemoteDesktop.Start"
KEY = "RemoteDesktop.NotifyKeyboardKeycode"
TIMES = SessionTimes(ask_s=DEADLINE_S, wait_s=DEADLINE_S)


@dataclass
class RemoteDesktop:
    """The desktop's side: the copied contents, and the reads of other programs."""

    portal: DesktopPortal
    copied: dict[str, bytes] = field(default_factory=dict)
    owned: list[str] | None = None
    pipes: dict[int, asyncio.Future[bytes]] = field(default_factory=dict)
    writers: dict[int, tuple[int, int]] = field(default_factory=dict)
    sent: list[int] = field(default_factory=list)
    ending: Any = None
    reads_itself: bool = True
    selections: list[list[str]] = field(default_factory=list)
    announcing: set["asyncio.Future[None]"] = field(default_factory=set)

    def __post_init__(self) -> None:
        allowed = {"devices": ("u", 1), "clipboard_enabled": ("b", True), "restore_token": ("s", "token 1")}
        self.allowed = self.portal.answers[START] = (GRANTED, allowed)
        self.portal.started = self._announce
        self.portal.replies["Clipboard.SelectionRead"] = self._read
        self.portal.replies["Clipboard.SetSelection"] = self._set
        self.portal.replies["Clipboard.SelectionWrite"] = self._write
        self.portal.replies["Clipboard.SelectionWriteDone"] = self._written

    @property
    def keys(self) -> list[tuple[int, int]]:
        """Codes and states of the keys that arrived."""
        return [(call.values[2], call.values[3]) for call in self.portal.calls_of(KEY)]

    async def allow(self) -> None:
        """Answer the newest dialog, which was left open."""
        call = self.portal.calls_of(START)[-1]
        sender = call.sender.removeprefix(":").replace(".", "_")
        path = f"/org/freedesktop/portal/desktop/request/{sender}/{call.values[-1]['handle_token'].value}"
        self.owned = None
        await self._changed()
        code, results = self.allowed
        await self.portal.emit("Request", "Response", "ua{sv}", code, variants(results), path=path)

    async def copy(self, contents: dict[str, bytes]) -> None:
        """Copy, as another program does."""
        self.copied, self.owned = contents, None
        await self._changed()

    async def paste(self, name: str = "text/plain", serial: int = 1) -> bytes:
        """Read the clipboard, as another program does."""
        self.pipes[serial] = asyncio.get_running_loop().create_future()
        await self.portal.emit("Clipboard", "SelectionTransfer", "osu", self.portal.sessions[-1], name, serial)
        async with asyncio.timeout(DEADLINE_S):
            return await self.pipes[serial]

    async def _changed(self) -> None:
        names = list(self.copied) if self.owned is None else self.owned
        about = variants({"mime_types": ("(as)", [names]), "session_is_owner": ("b", self.owned is not None)})
        if names and self.portal.sessions:
            await self.portal.emit("Clipboard", "SelectionOwnerChanged", "oa{sv}", self.portal.sessions[-1], about)

    async def _own_read(self) -> None:
        """Announce the new owner and read its text once, as GNOME does."""
        await self._changed()
        if self.reads_itself:
            await self.paste("text/plain", 1000 + len(self.selections))

    def _announce(self) -> None:
        self.owned = None
        self._start(self._changed())

    def _read(self, values: tuple[Any, ...]) -> tuple[str, list[Any], list[int]]:
        reading, writing = os.pipe()
        os.write(writing, self.copied[values[1]])
        os.close(writing)
        self.sent.append(reading)
        return "h", [0], [reading]

    def _set(self, values: tuple[Any, ...]) -> tuple[str, list[Any], list[int]]:
        self.owned = values[1]["mime_types"].value
        self.selections.append(self.owned)
        self._start(self._own_read())
        return "", [], []

    def _write(self, values: tuple[Any, ...]) -> tuple[str, list[Any], list[int]]:
        reading, writing = os.pipe()
        self.writers[values[1]] = (reading, writing)
        return "h", [0], [writing]

    def _written(self, values: tuple[Any, ...]) -> tuple[str, list[Any], list[int]]:
        _, serial, done = values
        data = b""
        if done:
            reading, writing = self.writers.pop(serial)
            os.close(writing)  # the library keeps what it sends
            with os.fdopen(reading, "rb") as file:
                data = file.read()
        self.pipes[serial].set_result(data)
        return "", [], []

    def _start(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self.announcing.add(task)
        task.add_done_callback(self.announcing.discard)


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Return the address of a message bus."""
    with running_bus(tmp_path) as bus:
        yield bus.address


@pytest.fixture
async def desktop(address: str) -> AsyncIterator[RemoteDesktop]:
    """Return a desktop that allows everything."""
    async with await DesktopPortal.start(address, {"RemoteDesktop": 2, "Clipboard": 1}) as portal:
        desktop = RemoteDesktop(portal)
        yield desktop
        for pipe in (*desktop.sent, *(end for ends in desktop.writers.values() for end in ends)):
            os.close(pipe)


@pytest.fixture
def permission(tmp_path: Path) -> Permission:
    """Return an answer file of a user who has not answered yet."""
    return Permission(tmp_path / NAME, 7)


@pytest.fixture
async def opener(address: str, permission: Permission) -> AsyncIterator[Callable[..., RemoteSession]]:
    """Return a function that makes sessions of the portal, which end with the test."""
    made = list[RemoteSession]()

    def make(*, clipboard: bool = False, times: SessionTimes = TIMES) -> RemoteSession:
        opened = partial(Portal.open, {"DBUS_SESSION_BUS_ADDRESS": address})
        made.append(RemoteSession(opened, permission, clipboard=clipboard, times=times))
        return made[-1]

    yield make
    for session in made:
        await session.close()
