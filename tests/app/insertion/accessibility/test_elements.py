"""Elements of real programs on a real accessibility bus."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from app.bus.errors import BusError
from app.insertion.accessibility.elements import EDITABLE, FOCUSED, Element, open_elements
from tests.helpers.accessible_desktop import start_bus, start_field
from tests.helpers.desktop import Desktop, running_desktop
from tests.helpers.waiting import wait_until


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
            return await elements.focused(windows)

        found = await wait_until(focused, "the field is told")
        assert isinstance(found, Element)
        state = await elements.state(found)
        assert state & EDITABLE and state & FOCUSED and await elements.role(found)
        gone = Element(found.program, "/no/such/element")
        assert await elements.state(gone) == await elements.role(gone) == 0
        assert await elements.children(gone) == [] and await elements.get(gone, "Text", "CaretOffset") is None
        assert await elements.process(Element(":1.9999", "/")) == 0


async def test_missing_bus_is_reported(tmp_path: Path) -> None:
    for environment in ({}, {"XDG_RUNTIME_DIR": str(tmp_path)}):
        with pytest.raises(BusError):
            async with open_elements(environment):
                pass
