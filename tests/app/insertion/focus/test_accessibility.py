"""The focused window, as real programs of Qt and GTK report it."""

import asyncio
import os
from functools import partial
from pathlib import Path

import pytest

from app.insertion.accessibility.elements import Element
from app.insertion.accessibility.text_reader import read_around
from app.insertion.errors import FocusUnknown
from app.insertion.focus.accessibility import AccessibleFocus, number_of, program_of
from app.insertion.outcome import FocusKind, Target, TextSurroundings
from tests.helpers.accessible_desktop import Form, start_accessibility
from tests.helpers.gnome_desktop import running_gnome
from tests.helpers.waiting import wait_until
from tests.helpers.wayland_desktop import WaylandDesktop


@pytest.fixture
def accessible(sway: WaylandDesktop) -> WaylandDesktop:
    """Let the programs of sway take part in accessibility."""
    start_accessibility(sway)
    return sway


async def focused(focus: AccessibleFocus, form: Form) -> Target:
    async def told() -> Target | None:
        target = await focus.target()
        return target if target is not None and target.process == form.process else None

    target = await wait_until(told, f"{form.title} has the focus")
    assert isinstance(target, Target)
    return target


async def test_active_window_is_reported_with_its_process(accessible: WaylandDesktop) -> None:
    focus = await AccessibleFocus.open(accessible.environment)
    assert await focus.target() is None
    gtk = Form(accessible, "gtk", "")
    first = await focused(focus, gtk)
    assert first.program and not first.own and not first.terminal
    qt = Form(accessible, "qt", "")
    assert (await focused(focus, qt)).window != first.window
    accessible.focus(gtk.title)
    assert await focused(focus, gtk) == first
    own = await AccessibleFocus.open(accessible.environment, gtk.process)
    assert (await focused(own, gtk)).own
    await own.close()
    accessible.start("foot", "--config=/dev/null", "--title=silent", "cat")
    accessible.focus("silent")

    async def unknown() -> bool:
        return await focus.target() is None

    await wait_until(unknown, "a program that takes no part has the focus")
    await focus.close()
    await focus.close()


async def test_bus_that_comes_back_is_used_again(accessible: WaylandDesktop) -> None:
    focus = await AccessibleFocus.open(accessible.environment)
    launcher = accessible.processes[-1]
    launcher.terminate()
    launcher.wait(30)
    assert await focus.target() is None
    await asyncio.to_thread(start_accessibility, accessible)
    form = Form(accessible, "qt", "")
    await focused(focus, form)
    await focus.close()


@pytest.mark.proof(minutes=1)
async def test_real_gnome_reports_window_and_field(tmp_path: Path) -> None:
    with running_gnome(tmp_path) as gnome:
        gtk = Form(gnome, "gtk", "I think")
        gnome.tap("shift")  # the seat has a keyboard from now on
        focus = await AccessibleFocus.open(gnome.environment)
        first = await focused(focus, gtk)

        async def tells(kind: FocusKind, before: str | None) -> bool:
            return await read_around(first, gnome.environment) == TextSurroundings(kind, before)

        await wait_until(partial(tells, FocusKind.FIELD, "I think"), "the field has the focus")
        gnome.tap("Tab")
        await wait_until(partial(tells, FocusKind.PASSWORD, None), "the password field has the focus")
        await focused(focus, Form(gnome, "qt", ""))
        gnome.focus(gtk.title)
        assert await focused(focus, gtk) == first
        gnome.tap("super")

        async def unknown() -> bool:
            return await focus.target() is None

        await wait_until(unknown, "the overview of the shell has the focus")
        await focus.close()


async def test_missing_bus_is_reported(tmp_path: Path) -> None:
    with pytest.raises(FocusUnknown, match="at-spi2-core"):
        await AccessibleFocus.open({"XDG_RUNTIME_DIR": str(tmp_path)})


async def test_terminal_is_known_by_its_file(sway: WaylandDesktop) -> None:
    terminal = sway.start("foot", "--config=/dev/null", "cat").pid
    await wait_until(lambda: program_of("Console", terminal) == "foot", "the terminal runs")
    assert program_of("Editor", os.getpid()) == program_of("Editor", 0) == "Editor"


def test_number_belongs_to_one_window() -> None:
    numbers = {number_of(Element(program, path)) for program in (":1.2", ":1.3") for path in ("/a", "/b")}
    assert len(numbers) == 4 and all(0 <= number < 2**63 for number in numbers)
