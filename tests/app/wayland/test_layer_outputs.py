"""The outputs of a real compositor: places and scales, and outputs that come and go."""

from pathlib import Path

from app.core.area import Area
from app.wayland.connection import WaylandConnection
from app.wayland.layer import WaylandOutput, WaylandOutputs
from tests.helpers.waiting import wait_until
from tests.helpers.wayland_desktop import running_sway
from tests.helpers.wayland_eye import swaymsg


async def test_outputs_are_known_with_place_and_scale_as_they_come_and_go(tmp_path: Path) -> None:
    with running_sway(tmp_path) as desktop:
        async with await WaylandConnection.open(desktop.environment) as wayland:
            outputs = WaylandOutputs(wayland)
            await wayland.roundtrip()
            (first,) = outputs
            changes = list[int]()
            outputs.on_change = lambda: changes.append(len(list(outputs)))
            assert (first.area, first.scale) == (Area(0, 0, 1280, 800), 1)

            swaymsg(desktop, "create_output")
            swaymsg(desktop, "output HEADLESS-1 position 0 0; output HEADLESS-2 scale 2 position 1280 0")

            def second() -> WaylandOutput | None:
                return next((one for one in outputs if one.scale == 2), None)

            found: WaylandOutput = await wait_until(second, "the second output is known")
            await wait_until(lambda: found.area == Area(1280, 0, 640, 400), "and its place")
            assert [outputs.at(place) for place in ((1300, 10), (1279, 10))] == [found, first]
            assert outputs.at((5000, 10)) is None
            assert outputs.of(found.bound) is found
            assert outputs.of(None) is None

            swaymsg(desktop, "output HEADLESS-2 unplug")
            await wait_until(lambda: list(outputs) == [first], "it is gone again")
            assert 2 in changes and changes[-1] == 1
            await wayland.roundtrip()
