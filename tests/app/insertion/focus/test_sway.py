"""The focused window in a real sway."""

import asyncio
import struct
from pathlib import Path

import msgspec
import pytest

from app.core.area import Area
from app.insertion.errors import FocusUnknown
from app.insertion.focus.sway import Node, SwayFocus, loaded_configuration, target_of
from app.insertion.outcome import Target
from tests.app.insertion.focus.panel import panel_with_keyboard
from tests.helpers.desktop import TextField
from tests.helpers.waiting import wait_until
from tests.helpers.wayland_desktop import WaylandDesktop

FOOT = ("foot", "--config=/dev/null", "cat")


async def focused(focus: SwayFocus, process: int) -> Target:
    async def found() -> Target | None:
        target = await focus.target()
        return target if target is not None and target.process == process else None

    target = await wait_until(found, "the window has the focus")
    assert isinstance(target, Target)
    return target


async def test_focused_window_is_reported_with_its_program_and_process(sway: WaylandDesktop) -> None:
    focus = await SwayFocus.open(sway.environment)
    assert await focus.target() is None  # an empty workspace has the focus
    TextField(sway)
    field = sway.processes[-1]
    target = await focused(focus, field.pid)
    assert target.program and not target.terminal and not target.own
    assert target.area is not None and target.area.width > 100
    terminal = sway.start(*FOOT)
    assert (await focused(focus, terminal.pid)).terminal
    sway.focus("text field")
    assert await focused(focus, field.pid) == target
    await focus.close()


async def test_window_of_x_program_is_reported_with_its_class(sway: WaylandDesktop) -> None:
    focus = await SwayFocus.open(sway.environment)
    terminal = sway.start("xterm", "-e", "cat")
    target = await focused(focus, terminal.pid)
    assert (target.program, target.terminal) == ("XTerm", True)


async def test_own_window_is_recognised_by_its_process(sway: WaylandDesktop) -> None:
    TextField(sway)
    field = sway.processes[-1]
    focus = await SwayFocus.open(sway.environment, field.pid)
    assert (await focused(focus, field.pid)).own


async def test_no_window_has_the_focus_while_a_panel_has_the_keyboard(sway: WaylandDesktop) -> None:
    focus = await SwayFocus.open(sway.environment)
    TextField(sway)
    target = await focused(focus, sway.processes[-1].pid)
    async with panel_with_keyboard(sway.environment):
        assert await focus.target() is None

    async def returned() -> bool:
        return await focus.target() == target

    await wait_until(returned, "the window has the focus again")


async def test_focus_is_unknown_when_sway_has_ended(sway: WaylandDesktop) -> None:
    focus = await SwayFocus.open(sway.environment)
    compositor = sway.processes[1]
    compositor.terminate()
    compositor.wait(30)
    assert await focus.target() is None
    with pytest.raises(FocusUnknown, match="SWAYSOCK"):
        await SwayFocus.open(sway.environment)


async def test_missing_sway_is_reported() -> None:
    with pytest.raises(FocusUnknown, match="set SWAYSOCK"):
        await SwayFocus.open({})


async def test_configuration_has_one_leading_slash_although_sway_reports_two(tmp_path: Path) -> None:
    """Debian's sway is built this way. A path with two slashes would be another file than the system's."""
    reply = b'{"loaded_config_file_name": "//etc/sway/config"}'

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(14)
        writer.write(struct.pack("=6sII", b"i3-ipc", len(reply), 7) + reply)
        writer.close()

    async with await asyncio.start_unix_server(answer, tmp_path / "sway"):
        assert await loaded_configuration({"SWAYSOCK": str(tmp_path / "sway")}) == "/etc/sway/config"


def test_container_without_a_window_is_no_target() -> None:
    assert target_of(Node(1, nodes=(Node(2, focused=True),)), 0) is None


def test_floating_window_is_found_with_its_place() -> None:
    tree = msgspec.json.decode(
        '{"id": 1, "nodes": [], "floating_nodes": [{"id": 7, "focused": true, "pid": 3, "app_id": "kitty",'
        '"rect": {"x": 10, "y": 20, "width": 102, "height": 52},'
        '"window_rect": {"x": 1, "y": 1, "width": 100, "height": 50}}]}',
        type=Node,
    )
    found = target_of(tree, 0)
    assert found == Target(7, "kitty", True, process=3)
    assert found.area == Area(11, 21, 100, 50)
