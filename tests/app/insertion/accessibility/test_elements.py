"""Elements of real programs on a real accessibility bus."""

import asyncio
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from app.bus.connection import BUS_PROGRAM, Answer, BusConnection, BusObject, MethodCall, Variant
from app.bus.errors import BusError, BusRefused
from app.insertion.accessibility.elements import EDITABLE, FOCUSED, Element, Elements, ask_in_time, open_elements
from tests.helpers.accessible_desktop import start_bus, start_field
from tests.helpers.desktop import Desktop, running_desktop
from tests.helpers.packages import require
from tests.helpers.ports import accepts
from tests.helpers.waiting import DEADLINE_S, wait_until, wait_until_sync


@pytest.fixture
def desktop() -> Iterator[Desktop]:
    with TemporaryDirectory() as folder, running_desktop(Path(folder), tray=False) as desktop:
        start_bus(desktop)
        yield desktop


async def test_focused_element_of_the_active_window_is_found(desktop: Desktop) -> None:
    _, process = start_field(desktop, "field")
    async with open_elements({"XDG_RUNTIME_DIR": str(desktop.folder)}) as elements:

        async def focused() -> Element | None:
            programs = await elements.programs()
            windows = await elements.active(one for one, its in programs.items() if its == process)
            return await elements.focused_element(windows)

        found = await wait_until(focused, "the field is told")
        assert isinstance(found, Element)
        state = await elements.state(found)
        assert state & EDITABLE and state & FOCUSED and await elements.role(found)
        gone = Element(found.program, "/no/such/element")
        assert await elements.state(gone) == await elements.role(gone) == 0
        assert await elements.children(gone) == [] and await elements.get(gone, "Text", "CaretOffset") is None
        assert await elements.process(Element(":1.9999", "/")) == 0


def made_up_children(call: MethodCall) -> Answer:
    """Answer as a program whose only element has a child of a program that cannot exist."""
    answers: dict[str, Answer] = {
        "Get": ("v", (Variant("i", 1),)),
        "GetChildren": ("a(so)", ([["no name", "/a"]],)),
        "GetState": ("au", ([1 << 25, 0],)),
    }
    return answers[call.member]


async def test_child_of_a_program_that_cannot_exist_is_left_out(desktop: Desktop) -> None:
    async with asked_of(desktop, made_up_children) as (program, elements):
        window = Element(program, "/window")
        assert await elements.children(window) == [Element("no name", "/a")]
        assert await elements.focused_element([window]) is None


@pytest.mark.parametrize(
    "answer", [("s", ("text",)), ("as", (["a"],)), ("a(s)", ([["a"]],)), ("ss", ("a", "b")), ("", ())]
)
async def test_answer_of_a_wrong_type_is_none(desktop: Desktop, answer: Answer) -> None:
    def serve(call: MethodCall) -> Answer:
        return ("v", (Variant("i", 1),)) if call.member == "Get" else answer

    async with asked_of(desktop, serve) as (program, elements):
        window = Element(program, "/window")
        assert await elements.children(window) == []
        assert await elements.state(window) == await elements.role(window) == 0
        assert await elements.ask(window, "Component", "GetExtents", "u", 1) is None


@asynccontextmanager
async def asked_of(desktop: Desktop, serve: Callable[[MethodCall], Answer]) -> AsyncIterator[tuple[str, Elements]]:
    """Yield the name of a program on the accessibility bus that answers with ``serve``, and all elements."""
    launcher = BusObject("org.a11y.Bus", "/org/a11y/bus", "org.a11y.Bus")
    async with await BusConnection.open(f"unix:path={desktop.folder / 'bus'}") as session:
        (address,) = await wait_until(lambda: answered(session.call(launcher, "GetAddress")), "there is a bus")
    async with (
        await BusConnection.open(address) as program,
        open_elements({"XDG_RUNTIME_DIR": str(desktop.folder)}) as elements,
    ):
        program.serve(serve)
        yield program.name, elements


async def answered(call: Awaitable[tuple[Any, ...]]) -> tuple[Any, ...]:
    """Return the answer to a call; empty if it fails."""
    try:
        return await call
    except BusError:
        return ()


async def test_program_that_hangs_is_asked_once(desktop: Desktop) -> None:
    _, process = start_field(desktop, "field")
    async with open_elements({"XDG_RUNTIME_DIR": str(desktop.folder)}) as elements:

        async def there() -> Element | None:
            programs = await elements.programs()
            return next((one for one, its in programs.items() if its == process), None)

        program = await wait_until(there, "the program takes part")
        assert isinstance(program, Element)
        os.kill(process, signal.SIGSTOP)
        try:
            assert await elements.role(program) == 0
            asked = [elements.role(program) for _ in range(100)]
            async with asyncio.timeout(10):  # not 0.3 s each
                assert [await one for one in asked] == [0] * 100
        finally:
            os.kill(process, signal.SIGCONT)

        async def answers() -> int:
            return await elements.role(program)

        await wait_until(answers, "the program is asked again")


@pytest.mark.parametrize(("busy_from_s", "tries"), [(0.0, 3), (60.0, 2)])
async def test_busy_computer_gets_another_try(
    desktop: Desktop, monkeypatch: pytest.MonkeyPatch, busy_from_s: float, tries: int
) -> None:
    start_field(desktop, "field")
    asked = list[Elements]()

    async def ask(elements: Elements) -> None:
        asked.append(elements)

    monkeypatch.setattr("app.insertion.accessibility.elements._BUSY_S", busy_from_s)
    await ask_in_time({"XDG_RUNTIME_DIR": str(desktop.folder)}, (DEADLINE_S, DEADLINE_S), ask, lambda *_: False)
    assert len(asked) == tries


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[str]:
    """Run a session bus that could start the accessibility bus; return its address."""
    require(("dbus-daemon", "at-spi2-core"))
    address = f"unix:path={tmp_path / 'bus'}"
    daemon = subprocess.Popen(["dbus-daemon", "--session", "--nofork", f"--address={address}"])
    wait_until_sync(lambda: accepts(tmp_path / "bus"), "the session has a bus")
    yield address
    daemon.terminate()
    daemon.wait(DEADLINE_S)


async def test_bus_of_accessibility_is_not_started_by_asking(bare: str) -> None:
    with pytest.raises(BusRefused, match="started"):
        async with open_elements({"DBUS_SESSION_BUS_ADDRESS": bare}):
            pass
    async with await BusConnection.open(bare) as bus:
        assert await bus.call(BUS_PROGRAM, "NameHasOwner", "s", "org.a11y.Bus") == (False,)


async def test_missing_bus_is_reported(tmp_path: Path) -> None:
    for environment in ({}, {"XDG_RUNTIME_DIR": str(tmp_path)}):
        with pytest.raises(BusError):
            async with open_elements(environment):
                pass
