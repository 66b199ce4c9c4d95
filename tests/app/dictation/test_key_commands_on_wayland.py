"""The lines for compositors in a real sway and a real labwc: a key of the keyboard dictates."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from app.control.server import ControlServer
from app.core.child_process import find_program
from app.core.states import State
from app.desktop.configuration import places, with_lines
from app.desktop.service import change, read_files
from app.dictation.actions import KeyCommand, SettleHeld, Verb
from app.dictation.dictation_options import DictationOptions
from app.dictation.gestures import TAP_S, TalkMode
from app.dictation.view import View
from app.hotkeys.compositor_lines import Compositor, lines
from app.transcription.pipeline import Samples
from client.connection import Locate
from tests.app.dictation.world import World, dictating
from tests.helpers.waiting import wait_until
from tests.helpers.wayland_desktop import WaylandDesktop, running_labwc, running_sway

BINDINGS = {"dictate": "f9", "paste-held": "ctrl+alt+v"}
OPTIONS = DictationOptions(TalkMode.HOLD, keys={"dictate": "f9"})


def written(compositor: Compositor) -> tuple[str, ...]:
    return lines(compositor, BINDINGS, find_program("kikipounamu")).lines


@asynccontextmanager
async def commanded(world: World) -> AsyncIterator[list[KeyCommand]]:
    """Pass on the reports of commands, and return them."""
    reports = list[KeyCommand]()

    async def take(action: Verb | SettleHeld | KeyCommand) -> None:
        assert isinstance(action, KeyCommand)
        reports.append(action)
        world.dictating.ask(action)

    async with ControlServer(take, lambda: world.dictating.view):
        yield reports


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the app and the compositor's commands a home of their own."""
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path / "home"))
    return tmp_path


async def hold(desktop: WaylandDesktop, world: World) -> None:
    """Hold the key until everything is said, then release it."""
    await asyncio.to_thread(desktop.press, "F9")
    await world.is_in(State.LISTENING)
    clock = asyncio.get_running_loop().time
    began = clock()
    await world.all_heard()
    await wait_until(lambda: clock() - began > TAP_S, "it is held for longer than a tap")
    await asyncio.to_thread(desktop.release, "F9")
    await world.over()


async def test_held_key_talks_until_its_release_on_sway(
    home: Path, models: Path, talk: Samples, locate: Locate
) -> None:
    with running_sway(home, *written(Compositor.SWAY)) as desktop:
        async with dictating(home, models, locate, talk, OPTIONS) as world, commanded(world) as reports:
            await hold(desktop, world)
            assert [one.move for one in reports] == ["press", "release"]
            assert world.inserter.text() and world.states.count(State.LISTENING) == 1
            await asyncio.to_thread(desktop.tap, "ctrl+alt+v")
            await wait_until(lambda: len(reports) == 4, "the other key arrives")
            assert {one.action for one in reports[2:]} == {"paste-held"}


async def test_lines_in_an_included_file_work_on_sway(
    home: Path, models: Path, talk: Samples, locate: Locate
) -> None:
    main = home / "config"
    main.write_text("set $mod Mod4\n")
    where = places(Compositor.SWAY, main)
    assert where is not None
    change(where, read_files(where), with_lines(read_files(where), where, written(Compositor.SWAY)))
    with running_sway(home, *main.read_text().splitlines()) as desktop:
        async with dictating(home, models, locate, talk, OPTIONS) as world, commanded(world):
            await hold(desktop, world)
            assert world.inserter.text()


async def test_key_with_a_letter_works_in_a_later_layout_without_latin_letters(home: Path) -> None:
    """If the first layout lacks the letter, sway cannot find its place."""
    reports = list[Verb | SettleHeld | KeyCommand]()

    async def take(action: Verb | SettleHeld | KeyCommand) -> None:
        reports.append(action)

    with running_sway(home, "input * xkb_layout us,ru", *written(Compositor.SWAY)) as desktop:
        async with ControlServer(take, View):
            desktop.layout("ru")
            await asyncio.to_thread(desktop.tap, "ctrl+alt+v")
            await wait_until(lambda: len(reports) == 2, "its press and its release arrive")


async def test_each_press_toggles_on_labwc_which_reports_no_releases(
    home: Path, models: Path, talk: Samples, locate: Locate
) -> None:
    with running_labwc(home, *written(Compositor.LABWC)) as desktop:
        async with dictating(home, models, locate, talk, OPTIONS) as world, commanded(world) as reports:
            await asyncio.to_thread(desktop.tap, "F9")
            await world.is_in(State.LISTENING)
            await world.all_heard()
            await asyncio.to_thread(desktop.tap, "F9")
            await world.over()
            assert [one.move for one in reports] == ["tap", "tap"] and world.inserter.text()
