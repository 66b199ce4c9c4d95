"""The focused window of KWin: its script's calls over a real bus, and a real KWin."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from errno import ENOSPC
from pathlib import Path

import pytest

from app.bus.connection import BUS_PROGRAM, Answer, BusConnection, BusObject, MethodCall, session_address
from app.insertion.errors import FocusUnknown
from app.insertion.focus.kwin import KWinFocus, target_of
from app.insertion.outcome import Target
from tests.helpers.kwin_desktop import running_kwin
from tests.helpers.message_bus import running_bus
from tests.helpers.waiting import wait_until

WINDOW = "{0f8fad5b-d9cb-469f-a165-70867728950e}"
NUMBER = 0x0F8FAD5BD9CB469FA16570867728950E >> 65
"""Of the window's 128 bits the first 63."""


class Desktop:
    """A program that answers as KWin does. ``active``: the window that its script reports."""

    def __init__(self, bus: BusConnection) -> None:
        self.bus = bus
        self.active = (WINDOW, "konsole", "42")
        self.locked = False
        self.scripts: dict[str, BusObject] = {}
        self.sources: list[str] = []
        self.calls = asyncio.ensure_future(asyncio.sleep(0, ()))

    def answer(self, call: MethodCall) -> Answer | None:
        match call.member, call.values:
            case "isScriptLoaded", (name,):
                return "b", (name in self.scripts,)
            case "loadScript", (place, name):
                self.sources.append(Path(place).read_text())
                self.scripts[name] = BusObject(call.sender, "/", "io.github.kikipounamu.Focus")
                return "i", (len(self.sources),)
            case "run", _:
                self.tell()
                return "", ()
            case "unloadScript", (name,):
                return "b", (self.scripts.pop(name, None) is not None,)
            case "GetActive", _:
                return "b", (self.locked,)
        return None

    def tell(self) -> None:
        for place in self.scripts.values():
            self.calls = asyncio.ensure_future(self.bus.call(place, "Activated", "sss", *self.active))


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """Run a session's bus for the test; files of this program are in a folder of its own."""
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path / "home"))
    with running_bus(tmp_path) as bus:
        yield {"DBUS_SESSION_BUS_ADDRESS": bus.address}


@asynccontextmanager
async def desktop(environment: dict[str, str]) -> AsyncIterator[Desktop]:
    """Run a program with the names of KWin and of its lock screen."""
    async with await BusConnection.open(session_address(environment)) as bus:
        running = Desktop(bus)
        bus.serve(running.answer)
        for name in ("org.kde.KWin", "org.freedesktop.ScreenSaver"):
            await bus.call(BUS_PROGRAM, "RequestName", "su", name, 0)
        yield running
        await asyncio.wait([running.calls])


async def test_active_window_is_reported_by_the_script(environment: dict[str, str]) -> None:
    async with desktop(environment) as running:
        focus = await KWinFocus.open(environment, 7)
        assert await focus.target() == Target(NUMBER, "konsole", True, process=42)
        running.active = (WINDOW, "kikipounamu", "7")
        running.tell()
        await running.calls
        target = await focus.target()
        assert target is not None and target.own
        running.active = ("", "", "")
        running.tell()
        await running.calls
        assert await focus.target() is None
        await focus.close()
        assert not running.scripts
        await focus.close()


async def test_locked_screen_has_no_focus(environment: dict[str, str]) -> None:
    async with desktop(environment) as running:
        focus = await KWinFocus.open(environment)
        running.locked = True
        assert await focus.target() is None
        await focus.close()


async def test_script_is_loaded_again_when_kwin_restarts(environment: dict[str, str]) -> None:
    async with desktop(environment):
        focus = await KWinFocus.open(environment)
    assert await focus.target() is None
    async with desktop(environment) as running:
        assert await focus.target() == Target(NUMBER, "konsole", True, process=42)
        assert len(running.scripts) == 1
        await focus.close()


async def test_call_of_another_program_changes_nothing(environment: dict[str, str]) -> None:
    async with desktop(environment) as running, await BusConnection.open(session_address(environment)) as other:
        focus = await KWinFocus.open(environment)
        (place,) = running.scripts.values()
        with pytest.raises(Exception, match="UnknownMethod"):
            await other.call(place, "Activated", "sss", "", "", "")
        assert await focus.target() is not None
        await focus.close()


async def test_missing_kwin_is_reported(environment: dict[str, str]) -> None:
    with pytest.raises(FocusUnknown, match="version 6"):
        await KWinFocus.open(environment)
    with pytest.raises(FocusUnknown):
        await KWinFocus.open({})


async def test_full_temporary_folder_does_not_matter(
    environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "full"))
    async with desktop(environment):
        focus = await KWinFocus.open(environment)
        assert await focus.target() is not None
        await focus.close()


async def test_full_disk_is_reported_and_holds_texts(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desktop(environment) as running:
        focus = await KWinFocus.open(environment)
        monkeypatch.setattr("app.insertion.focus.kwin._write_script", full)
        running.scripts.clear()  # KWin has restarted
        assert await focus.target() is None
        await focus.close()
        with pytest.raises(FocusUnknown, match="No space left"):
            await KWinFocus.open(environment)


def full(folder: str, name: str) -> str:
    raise OSError(ENOSPC, "No space left on device")


@pytest.mark.parametrize("process", ["", "-1", "none"])
def test_window_without_a_known_process_is_a_target(process: str) -> None:
    for app in (0, 7):
        found = target_of(WINDOW, "kate", process, app=app)
        assert found == Target(NUMBER, "kate") and not found.own


async def opened(environment: dict[str, str]) -> KWinFocus:
    async def attempt() -> KWinFocus | None:
        try:
            return await KWinFocus.open(environment)
        except FocusUnknown:
            return None

    focus = await wait_until(attempt, "KWin answers")
    assert isinstance(focus, KWinFocus)
    return focus


@pytest.mark.proof(minutes=1)
async def test_real_kwin_reports_its_active_window(tmp_path: Path, environment: dict[str, str]) -> None:
    with running_kwin(tmp_path, environment) as screen:
        focus = await opened(environment)
        assert await focus.target() is None
        field = screen.start("foot", "--config=/dev/null", "cat")

        async def active() -> Target | None:
            return await focus.target()

        target = await wait_until(active, "the window is active")
        assert isinstance(target, Target)
        assert (target.program, target.terminal, target.process) == ("foot", True, field.pid)
        other = screen.start("foot", "--config=/dev/null", "--app-id=other", "cat")

        async def moved() -> bool:
            found = await focus.target()
            return found is not None and found.process == other.pid

        await wait_until(moved, "the other window is active")
        other.terminate()

        async def returned() -> bool:
            return await focus.target() == target

        await wait_until(returned, "the first window is active again")
    assert await focus.target() is None
    with running_kwin(tmp_path, environment) as screen:
        again = screen.start("foot", "--config=/dev/null", "cat")

        async def told() -> bool:
            found = await focus.target()
            return found is not None and found.process == again.pid

        await wait_until(told, "the script is loaded again")
        await focus.close()
