"""Tests that locks of the screen are noticed over real buses, and that the screen stays on while it is wanted."""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from dbus_fast import Variant

from app.bus.connection import Signal
from app.system.screen_lock import ScreenLock, is_lock
from runtime.tasks import Tasks
from tests.helpers.bus_service import BusProgram, bus_program
from tests.helpers.message_bus import running_bus
from tests.helpers.waiting import wait_until

LOGIN = "org.freedesktop.login1"
SESSION, OTHER = f"/{LOGIN.replace('.', '/')}/session/_32", f"/{LOGIN.replace('.', '/')}/session/_33"
SAVER = "org.freedesktop.ScreenSaver"


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    with running_bus(tmp_path) as bus:
        yield bus.address


@pytest.fixture
def login(address: str) -> Iterator[BusProgram]:
    """Run a logind with a session of this user and one of another."""
    sessions = [["2", os.getuid(), "me", "seat0", SESSION], ["3", os.getuid() + 1, "other", "seat0", OTHER]]
    with bus_program(address, LOGIN, {"ListSessions": lambda call: ("a(susso)", (sessions,))}) as program:
        yield program


@asynccontextmanager
async def watching(address: str, locks: list[None]) -> AsyncIterator[ScreenLock]:
    environment = {"DBUS_SESSION_BUS_ADDRESS": address, "DBUS_SYSTEM_BUS_ADDRESS": address}
    async with ScreenLock(lambda: locks.append(None), environment) as lock, Tasks("test") as tasks:
        tasks.start(lock.watch(), "watch")
        yield lock


def emit(program: BusProgram, path: str, interface: str, member: str, *values: Any) -> None:
    program.loop.call_soon_threadsafe(partial(program.bus.emit, path, interface, member, *values))


@pytest.mark.parametrize("path", [SESSION, OTHER])
@pytest.mark.parametrize(
    ("member", "values", "locks"),
    [
        ("Lock", (), True),
        ("Unlock", (), False),
        ("PropertiesChanged", ("x", {"LockedHint": True}, []), True),
        ("PropertiesChanged", ("x", {"LockedHint": False}, []), False),
        ("PropertiesChanged", ("x", {"IdleHint": True}, []), False),
        ("ActiveChanged", (True,), False),
    ],
)
def test_only_locks_of_own_sessions_count(member: str, values: tuple[object, ...], locks: bool, path: str) -> None:
    signal = Signal(":1.2", path, f"{LOGIN}.Session", member, values)
    assert is_lock(signal, frozenset({SESSION})) is (locks and path == SESSION)


def test_screen_saver_that_ends_is_no_lock() -> None:
    assert is_lock(Signal(":1.2", "/", SAVER, "ActiveChanged", (True,)), frozenset())
    assert not is_lock(Signal(":1.2", "/", SAVER, "ActiveChanged", (False,)), frozenset())


@pytest.mark.parametrize("member", ["Lock", "PropertiesChanged"])
async def test_lock_of_session_is_noticed(member: str, address: str, login: BusProgram) -> None:
    locks: list[None] = []
    properties: tuple[Any, ...] = ("sa{sv}as", f"{LOGIN}.Session", {"LockedHint": Variant("b", True)}, [])

    def lock() -> bool:
        emit(login, SESSION, f"{LOGIN}.Session", member, *(properties if member == "PropertiesChanged" else ()))
        return bool(locks)

    async with watching(address, locks):
        await wait_until(lock, "the lock is noticed")


@pytest.mark.parametrize("desktop", ["cinnamon", "freedesktop", "gnome", "mate", "xfce"])
async def test_active_screen_saver_counts_as_lock(desktop: str, address: str) -> None:
    locks: list[None] = []
    name = f"org.{desktop}.ScreenSaver"
    with bus_program(address, name, {}) as saver:
        async with watching(address, locks):

            def activate() -> bool:
                emit(saver, "/", name, "ActiveChanged", "b", True)
                return bool(locks)

            await wait_until(activate, "it is noticed")


async def test_screen_stays_on_only_while_wanted(address: str) -> None:
    answers = {"Inhibit": lambda call: ("u", (7,)), "UnInhibit": lambda call: ("", ())}
    with bus_program(address, SAVER, answers) as saver:
        async with watching(address, []) as lock:
            lock.keep_on(True)
            lock.keep_on(True)
            await wait_until(lambda: saver.calls, "locking is inhibited")
            lock.keep_on(False)
            await wait_until(lambda: len(saver.calls) == 2, "it is allowed again")
    assert [call.member for call in saver.calls] == ["Inhibit", "UnInhibit"] and saver.calls[1].values == (7,)


async def test_missing_buses_are_no_error(tmp_path: Path) -> None:
    missing = f"unix:path={tmp_path / 'none'}"
    async with watching(missing, []) as lock:
        lock.keep_on(True)
        await wait_until(lambda: lock._keeping._task is not None and lock._keeping._task.done(), "it gave up")
