"""Place of the focused text, as a real program reports it over real buses."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from app.core.area import Area
from app.insertion.accessibility import elements
from app.insertion.accessibility.elements import Element, Elements, open_elements
from app.insertion.accessibility.text_reader import find_text
from app.insertion.helper.inserter import HelperInserter
from app.insertion.outcome import Target, TextPlace
from tests.helpers.accessible_desktop import start_bus, start_field
from tests.helpers.desktop import Desktop, Terminal, running_desktop
from tests.helpers.waiting import wait_until


@pytest.fixture(scope="module")
def desktop() -> Iterator[Desktop]:
    with TemporaryDirectory() as folder, running_desktop(Path(folder), tray=False) as desktop:
        start_bus(desktop)
        yield desktop


@pytest.fixture
def field(desktop: Desktop) -> tuple[int, int]:
    """A focused text field: its window and its process."""
    found = start_field(desktop, f"field {len(desktop.processes)}")
    desktop.xdotool("windowsize", "--sync", str(found[0]), "400", "200")
    return found


async def place_of(desktop: Desktop, target: Target) -> TextPlace | None:
    return await find_text(target, {"XDG_RUNTIME_DIR": str(desktop.folder)})


async def caret_of(desktop: Desktop, target: Target, there: bool = True) -> Area | None:
    """Wait until the program reports a place with a cursor, and return the cursor."""
    found: list[TextPlace] = []

    async def told() -> bool:
        place = await place_of(desktop, target)
        found[:] = [place] if place else []
        return place is not None and (place.caret is not None) is there

    await wait_until(told, "the program tells where its text is")
    return found[0].caret


async def test_field_and_text_cursor_are_found(desktop: Desktop, field: tuple[int, int]) -> None:
    target = Target(field[0], area=Area(300, 200, 400, 200), process=field[1])
    desktop.xdotool("type", "kia ora")
    end = await caret_of(desktop, target)
    place = await place_of(desktop, target)
    assert place is not None and end is not None
    assert place.field == (300, 200, 400, 200), "the field fills the window"
    assert place.field.shared_pixels(end) == end.width * end.height
    desktop.xdotool("key", "Home")
    await wait_until(lambda: before(desktop, target, end.x), "the cursor is at the beginning of the line")
    desktop.xdotool("key", "End", "Return", "a")
    await wait_until(lambda: below(desktop, target, end.y), "the cursor is in the next line")


async def before(desktop: Desktop, target: Target, x: int) -> bool:
    place = await place_of(desktop, target)
    return place is not None and place.caret is not None and place.caret.x < x - 20


async def below(desktop: Desktop, target: Target, y: int) -> bool:
    place = await place_of(desktop, target)
    return place is not None and place.caret is not None and place.caret.y > y + 8


async def test_empty_field_has_no_known_text_cursor(desktop: Desktop, field: tuple[int, int]) -> None:
    target = Target(field[0], area=Area(300, 200, 400, 200), process=field[1])
    assert await caret_of(desktop, target, there=False) is None


async def test_text_is_unknown_in_other_or_silent_program(
    desktop: Desktop, field: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    area = Area(300, 200, 400, 200)
    await caret_of(desktop, Target(field[0], area=area, process=field[1]), there=False)
    assert await place_of(desktop, Target(field[0], process=field[1])) is None, "the window's place is unknown"
    silent = int(Terminal(desktop, "silent").focus())
    process = desktop.processes[-1].pid
    with monkeypatch.context() as patch:
        patch.setattr("app.insertion.accessibility.text_reader._PLACE_TRIES_S", (0.1,))  # they never answer
        assert await place_of(desktop, Target(field[0], area=area, process=1)) is None
        assert await place_of(desktop, Target(silent, area=area, process=process)) is None
    assert await place_of(desktop, Target(field[0], area=area, process=field[1])) is None, "it lost the focus"


async def test_text_is_found_in_the_window_that_x11_reports(desktop: Desktop, field: tuple[int, int]) -> None:
    inserter = await HelperInserter.on_x11(desktop.display)
    try:
        target = await inserter.target()
    finally:
        await inserter.close()
    assert target is not None and target.window == field[0] and target.area is not None
    desktop.xdotool("type", "kia ora")
    caret = await caret_of(desktop, target)
    assert caret is not None and target.area.shared_pixels(caret)


async def test_text_is_found_in_program_that_answers_late(
    desktop: Desktop, field: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = list[float]()

    def counted(environment: Mapping[str, str], silent_s: float) -> AbstractAsyncContextManager[Elements]:
        tries.append(silent_s)
        return open_elements(environment, silent_s)

    target = Target(field[0], area=Area(300, 200, 400, 200), process=field[1])
    await caret_of(desktop, target, there=False)
    monkeypatch.setattr(elements, "open_elements", counted)
    os.kill(field[1], signal.SIGSTOP)
    try:
        finding = asyncio.create_task(place_of(desktop, target))
        await wait_until(lambda: len(tries) > 1, "it is asked again")
    finally:
        os.kill(field[1], signal.SIGCONT)
    assert await finding is not None and tries == sorted(tries)


async def test_cursor_is_found_in_program_that_reports_it_late(
    desktop: Desktop, field: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = list[float]()

    @asynccontextmanager
    async def slow(environment: Mapping[str, str], silent_s: float) -> AsyncIterator[Elements]:
        """Let the program hang when it is asked for the cursor, until the second try."""
        os.kill(field[1], signal.SIGCONT)
        async with open_elements(environment, silent_s) as elements:
            tries.append(silent_s)
            answers = elements.ask

            async def ask(element: Element, interface: str, member: str, *rest: Any) -> tuple[Any, ...] | None:
                if member == "GetCharacterExtents" and len(tries) == 1:
                    os.kill(field[1], signal.SIGSTOP)
                return await answers(element, interface, member, *rest)

            monkeypatch.setattr(elements, "ask", ask)
            yield elements

    target = Target(field[0], area=Area(300, 200, 400, 200), process=field[1])
    desktop.xdotool("type", "kia ora")
    await caret_of(desktop, target)
    monkeypatch.setattr(elements, "open_elements", slow)
    place = await place_of(desktop, target)
    assert place is not None and place.caret is not None and len(tries) > 1


async def test_text_is_found_once_its_window_has_the_focus_again(
    desktop: Desktop, field: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hotkey that goes down takes the focus from the window for a moment."""
    tries = list[float]()

    async def nothing(programs: Iterable[Element]) -> list[Element]:
        return []

    @asynccontextmanager
    async def grabbed(environment: Mapping[str, str], silent_s: float) -> AsyncIterator[Elements]:
        async with open_elements(environment, silent_s) as elements:
            tries.append(silent_s)
            if len(tries) == 1:
                monkeypatch.setattr(elements, "active", nothing)
            yield elements

    target = Target(field[0], area=Area(300, 200, 400, 200), process=field[1])
    await caret_of(desktop, target, there=False)
    monkeypatch.setattr(elements, "open_elements", grabbed)
    assert await place_of(desktop, target) is not None and len(tries) > 1


async def test_text_is_unknown_without_a_bus(tmp_path: Path) -> None:
    target = Target(1, area=Area(0, 0, 9, 9), process=1)
    assert await find_text(target, {}) is None
    assert await find_text(target, {"XDG_RUNTIME_DIR": str(tmp_path)}) is None
    assert await find_text(target, {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent"}) is None
