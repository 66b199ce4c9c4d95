"""The active window in a real labwc and a real sway."""

from pathlib import Path

import pytest

from app.insertion.errors import FocusUnknown
from app.insertion.focus.toplevels import Toplevel, ToplevelFocus, target_of
from app.insertion.outcome import Target
from tests.app.insertion.focus.panel import panel_with_keyboard
from tests.app.insertion.focus.test_toplevels_keyboard_takers import named
from tests.helpers.desktop import TextField
from tests.helpers.waiting import wait_until
from tests.helpers.wayland_desktop import WaylandDesktop

FOOT = ("foot", "--config=/dev/null", "cat")


async def active(focus: ToplevelFocus, other_than: int = 0) -> Target:
    async def found() -> Target | None:
        target = await focus.target()
        return target if target is not None and target.window != other_than and target.program else None

    target = await wait_until(found, "a window is active")
    assert isinstance(target, Target)
    return target


async def test_active_window_is_reported_with_its_program(labwc: WaylandDesktop) -> None:
    focus = await ToplevelFocus.open(labwc.environment)
    assert await focus.target() is None
    TextField(labwc)
    field = await active(focus)
    assert not field.terminal and not field.own and not field.process
    terminal = labwc.start(*FOOT)
    assert (await active(focus, field.window)).terminal
    terminal.terminate()
    terminal.wait(30)

    async def returned() -> bool:
        return await focus.target() == field

    await wait_until(returned, "the field is active again")
    await focus.close()
    assert await focus.target() is None


async def test_focus_is_unknown_on_labwc_while_a_launcher_runs(labwc: WaylandDesktop, tmp_path: Path) -> None:
    focus = await ToplevelFocus.open(labwc.environment)
    TextField(labwc)
    field = await active(focus)
    launcher = labwc.start(str(named(tmp_path, "fuzzel")), "60")

    async def unknown() -> bool:
        return await focus.target() is None

    await wait_until(unknown, "the launcher may have the keyboard")
    launcher.terminate()
    launcher.wait(30)
    assert await focus.target() == field
    await focus.close()


async def test_number_of_a_closed_window_is_not_given_again(labwc: WaylandDesktop) -> None:
    focus = await ToplevelFocus.open(labwc.environment)
    numbers = []
    for _ in range(2):
        terminal = labwc.start(*FOOT)
        numbers.append((await active(focus)).window)
        terminal.terminate()
        terminal.wait(30)

        async def closed() -> bool:
            return await focus.target() is None

        await wait_until(closed, "the window is closed")
    assert len(set(numbers)) == 2
    await focus.close()


async def test_own_window_is_recognised_by_its_program(labwc: WaylandDesktop) -> None:
    labwc.start("foot", "--config=/dev/null", "--app-id=our.own", "cat")
    focus = await ToplevelFocus.open(labwc.environment, "our.own")
    assert (await active(focus)).own
    await focus.close()


async def test_no_window_is_active_while_a_panel_has_the_keyboard(sway: WaylandDesktop) -> None:
    focus = await ToplevelFocus.open(sway.environment)
    TextField(sway)
    target = await active(focus)
    async with panel_with_keyboard(sway.environment):
        assert await focus.target() is None
    assert await active(focus) == target
    await focus.close()


async def test_window_of_x_program_is_reported_with_its_class(sway: WaylandDesktop) -> None:
    focus = await ToplevelFocus.open(sway.environment)
    sway.start("xterm", "-e", "cat")
    target = await active(focus)
    assert (target.program, target.terminal) == ("XTerm", True)
    await focus.close()


async def test_focus_is_unknown_when_the_compositor_has_ended(labwc: WaylandDesktop) -> None:
    focus = await ToplevelFocus.open(labwc.environment)
    compositor = labwc.processes[1]
    compositor.terminate()
    compositor.wait(30)
    assert await focus.target() is None
    await focus.close()
    with pytest.raises(FocusUnknown):
        await ToplevelFocus.open(labwc.environment)


def test_several_active_windows_leave_the_focus_unknown() -> None:
    windows = [Toplevel(1, "a", True), Toplevel(2, "b", True)]
    assert target_of(windows, "") is None
    assert target_of(windows[:1], "a") == Target(1, "a")
